/* Commands that are printed. */
#include "unit.h"

#include "asp-admin/ui/command_line.h"

#include <string.h>

static char shown[1024];

static const char *show(const char *config, const char *const words[])
{
    struct asp_buffer out = {0};

    command_line_add(&out, config, words);
    unit_need(!out.failed && out.length < sizeof shown, "%zu bytes", out.length);
    strcpy(shown, out.text);
    asp_buffer_free(&out);
    return shown;
}

START_TEST(a_command_of_plain_words_stands_as_it_is)
{
    ck_assert_str_eq(show(NULL, (const char *[]){"revoke", "alice", "7k", NULL}),
                     "asp-admin revoke alice 7k");
    ck_assert_str_eq(show("/srv/a-b/asp.conf", (const char *[]){"remove", "a.b+c_d@e-1", NULL}),
                     "asp-admin remove a.b+c_d@e-1 --config /srv/a-b/asp.conf");
}
END_TEST

START_TEST(what_a_shell_would_read_otherwise_is_quoted_in_it)
{
    ck_assert_str_eq(show("my conf", (const char *[]){"remove", "EX\\bob", NULL}),
                     "asp-admin remove 'EX\\bob' --config 'my conf'");
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_command_of_plain_words_stands_as_it_is);
    unit_add(suite, what_a_shell_would_read_otherwise_is_quoted_in_it);
}

int main(void)
{
    return unit_run("command_line", fill);
}
