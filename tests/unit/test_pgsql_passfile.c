/* The file of the database's passwords: which one is a role's, and what is no such file. */
#include "unit.h"

#include "asp/pgsql/passfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIB_64 = 64 * 1024 };

static struct asp_error error;
static char password[PGSQL_PASSWORD_MAX + 1];

static const char *put(const char *text, size_t length)
{
    static char path[UNIT_PATH];
    int fd;

    (void)snprintf(path, sizeof path, "%s/pass", unit_folder());
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert(write(fd, text, length) == (ssize_t)length);
    ck_assert_int_eq(close(fd), 0);
    return path;
}

static void has(const char *text, const char *role, const char *expected)
{
    memset(password, 'x', sizeof password);
    error = (struct asp_error){0};
    ck_assert_msg(pgsql_password_read(put(text, strlen(text)), role, password, &error) == ASP_OK,
                  "%s: %s", text, error.text);
    ck_assert_str_eq(password, expected);
    ck_assert_str_eq(error.text, "");
}

/* With this at the end of what is said, and what the file is for at its beginning. */
static void has_not(const char *text, size_t length, const char *role, const char *why)
{
    const char *path = put(text, length);
    char line[sizeof error.text];

    error = (struct asp_error){0};
    ck_assert_int_eq(pgsql_password_read(path, role, password, &error), ASP_IO);
    (void)snprintf(line, sizeof line, "database.passfile: %s%s", path, why);
    ck_assert_str_eq(error.text, line);
}

static void lacks(const char *text, const char *role, const char *why)
{
    has_not(text, strlen(text), role, why);
}

START_TEST(each_role_has_the_password_of_its_line)
{
    static const char text[] = "asp_node\tone\n\nasp\ttwo\n# asp_admin\tno\nasp_admin\tth ree\n"
                               "asp_broker\tf\xc3\xbcr\x7f";

    has(text, "asp_node", "one");
    has(text, "asp", "two");
    has(text, "asp_admin", "th ree");
    has(text, "asp_broker", "f\xc3\xbcr\x7f");
    has("asp\t\xff", "asp", "\xff");
}
END_TEST

START_TEST(the_first_line_of_a_role_counts)
{
    has("asp\tone\nasp\ttwo\n", "asp", "one");
    has("asp one\nasp\ttwo\n", "asp", "two");
    has("asp\nasp\ttwo\n", "asp", "two");
}
END_TEST

START_TEST(a_role_without_a_line_has_none)
{
    static const char *const texts[] = {
        "",          "\n",          "asp",       "asp\n",        "other\tasp\tone\n",
        "as\tone\n", "asp_\tone\n", "ASP\tone",  "\tone\n",      " asp\tone\n",
        "asp:one\n", "xasp\tone\n", "as\np\ton", "asp\n\tone\n",
    };

    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        lacks(texts[i], "asp", " has no line of the role asp");
}
END_TEST

START_TEST(a_blank_in_the_place_of_the_tab_is_told_with_its_line)
{
    lacks("asp one\n", "asp", ":1: a tab is wanted between the role asp and its password");
    lacks("other\tx\nasp one\n\nasp two\nmore\ty", "asp",
          ":4: a tab is wanted between the role asp and its password");
}
END_TEST

START_TEST(a_password_has_1_to_255_bytes)
{
    char text[4 + PGSQL_PASSWORD_MAX + 2] = "asp\t";

    memset(text + 4, 'p', PGSQL_PASSWORD_MAX);
    has(text, "asp", text + 4);
    text[4 + PGSQL_PASSWORD_MAX] = 'p';
    lacks(text, "asp", ":1: a password has 1 to 255 bytes, and no control characters");
    has("asp\tp", "asp", "p");
    lacks("asp\t", "asp", ":1: a password has 1 to 255 bytes, and no control characters");
    lacks("x\ty\nasp\t\nasp\tp", "asp",
          ":2: a password has 1 to 255 bytes, and no control characters");
}
END_TEST

START_TEST(a_password_has_no_control_characters)
{
    char text[] = "asp\tpxp\n";

    for (unsigned byte = 0; byte < 256; byte++) {
        text[5] = (char)byte;
        if (byte >= ' ')
            has(text, "asp", (char[]){'p', (char)byte, 'p', '\0'});
        else if (byte != '\n')
            has_not(text, sizeof text - 1, "asp",
                    ":1: a password has 1 to 255 bytes, and no control characters");
    }
    /* As a file of Windows has it. */
    lacks("asp\tone\r\n", "asp", ":1: a password has 1 to 255 bytes, and no control characters");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_not_no_account)
{
    const char *path = unit_path(unit_folder(), "none");

    ck_assert_int_eq(pgsql_password_read(path, "asp", password, &error), ASP_IO);
    ck_assert(strncmp(error.text, "database.passfile: ", 19) == 0);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_nonnull(strstr(error.advice, "asp-store(7)"));
}
END_TEST

START_TEST(a_file_that_others_can_read_is_of_no_use_any_more)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
    const char *path = put("asp\tone\n", 8);

    for (size_t i = 0; i < UNIT_COUNT(modes); i++) {
        ck_assert_int_eq(chmod(path, modes[i]), 0);
        ck_assert_int_eq(pgsql_password_read(path, "asp", password, &error), ASP_UNSAFE);
        ck_assert(strncmp(error.text, "database.passfile: ", 19) == 0);
    }
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(pgsql_password_read(path, "asp", password, &error), ASP_UNSAFE);
    ck_assert_ptr_nonnull(strstr(error.advice, "chmod 600"));
    ck_assert_ptr_nonnull(strstr(error.advice, "give the roles other passwords"));
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert_int_eq(pgsql_password_read(path, "asp", password, &error), ASP_OK);
}
END_TEST

START_TEST(a_file_has_64_kib_at_most)
{
    char line[sizeof error.text];
    char *text = malloc(KIB_64 + 1);
    const char *path;

    ck_assert_ptr_nonnull(text);
    memset(text, '\n', KIB_64 + 1);
    memcpy(text, "asp\tone", 7);
    ck_assert_int_eq(pgsql_password_read(put(text, KIB_64), "asp", password, &error), ASP_OK);
    path = put(text, KIB_64 + 1);
    ck_assert_int_eq(pgsql_password_read(path, "asp", password, &error), ASP_CORRUPT);
    (void)snprintf(line, sizeof line, "database.passfile: %s has 65537 bytes, and may have 65536",
                   path);
    ck_assert_str_eq(error.text, line);
    free(text);
}
END_TEST

START_TEST(nothing_is_left_open)
{
    const size_t before = unit_names("/proc/self/fd");

    has("asp\tone", "asp", "one");
    lacks("asp one", "asp", ":1: a tab is wanted between the role asp and its password");
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
}
END_TEST

/* The memory that it was read to is the next one of that size. */
START_TEST(what_was_read_is_left_nowhere)
{
    enum { SIZE = 20000 };
    char *volatile text;

    if (unit_is_watched())
        return;
    text = malloc(SIZE);
    ck_assert_ptr_nonnull(text);
    memset(text, '\n', SIZE);
    memcpy(text + SIZE / 2, "asp\tthe-secret", 14);
    ck_assert_int_eq(pgsql_password_read(put(text, SIZE), "asp", password, &error), ASP_OK);
    ck_assert_str_eq(password, "the-secret");
    text = malloc(SIZE + 1);
    ck_assert_ptr_null(memmem(text, SIZE + 1, "the-secret", 10));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, each_role_has_the_password_of_its_line);
    unit_add(suite, the_first_line_of_a_role_counts);
    unit_add(suite, a_role_without_a_line_has_none);
    unit_add(suite, a_blank_in_the_place_of_the_tab_is_told_with_its_line);
    unit_add(suite, a_password_has_1_to_255_bytes);
    unit_add(suite, a_password_has_no_control_characters);
    unit_add(suite, a_file_that_is_not_there_is_not_no_account);
    unit_add(suite, a_file_that_others_can_read_is_of_no_use_any_more);
    unit_add(suite, a_file_has_64_kib_at_most);
    unit_add(suite, nothing_is_left_open);
    unit_add(suite, what_was_read_is_left_nowhere);
}

int main(void)
{
    return unit_run("pgsql_passfile", fill);
}
