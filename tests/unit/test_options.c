/* The command line: each option sets what is its own, and nothing else. */
#include "unit.h"

#include "asp-admin/commands/commands.h"
#include "asp-admin/options.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 80, VALUE_SIZE = 8 };

static char said[1024];

static bool note(void *context, enum console_stream stream, const char *text, size_t length)
{
    (void)context;
    ck_assert_int_eq(stream, CONSOLE_ERR);
    ck_assert_uint_lt(length, sizeof said);
    memcpy(said, text, length);
    said[length] = '\0';
    return true;
}

static const struct console console = {.program = "asp-admin", .write = note};

static bool read_words(char **words, struct options *options)
{
    int count = 0;

    said[0] = '\0';
    while (words[count] != NULL)
        count++;
    return options_read(count, words, &console, command_options_of, options);
}

/* What one option alone is to leave in an empty struct. */
struct expected {
    const char *name;
    bool takes_value;
    unsigned given;
    struct options options;
};

static char value[VALUE_SIZE] = "value";

static const struct expected options_alone[] = {
    {"config", true, 0, {.config = value}},
    {"json", false, 0, {.json = true}},
    {"help", false, 0, {.help = true}},
    {"version", false, 0, {.version = true}},
    {"all", false, OPTION_BIT(OPTION_ALL), {.all = true}},
    {"app", true, OPTION_BIT(OPTION_APP), {.app = value}},
    {"confirm", false, OPTION_BIT(OPTION_CONFIRM), {.confirm = true}},
    {"expires", true, OPTION_BIT(OPTION_EXPIRES), {.expires = value}},
    {"file", true, OPTION_BIT(OPTION_FILE), {.files = {value}, .file_count = 1}},
    {"fix", false, OPTION_BIT(OPTION_FIX), {.fix = true}},
    {"from", true, OPTION_BIT(OPTION_FROM), {.from = {value}, .from_count = 1}},
    {"label", true, OPTION_BIT(OPTION_LABEL), {.label = value}},
    {"new-app", false, OPTION_BIT(OPTION_NEW_APP), {.new_app = true}},
    {"once", false, OPTION_BIT(OPTION_ONCE), {.once = true}},
    {"primary", false, OPTION_BIT(OPTION_PRIMARY), {.primary = true}},
    {"quiet", false, OPTION_BIT(OPTION_QUIET), {.quiet = true}},
    {"reason", true, OPTION_BIT(OPTION_REASON), {.reason = value}},
    {"refused", false, OPTION_BIT(OPTION_REFUSED), {.refused = true}},
    {"rhost", true, OPTION_BIT(OPTION_RHOST), {.rhost = value}},
    {"service", true, OPTION_BIT(OPTION_SERVICE), {.service = value}},
    {"since", true, OPTION_BIT(OPTION_SINCE), {.since = value}},
    {"unused", true, OPTION_BIT(OPTION_UNUSED), {.unused = value}},
    {"virtual", false, OPTION_BIT(OPTION_VIRTUAL), {.is_virtual = true}},
};

START_TEST(an_option_sets_its_own_field_and_no_other)
{
    const struct expected *expected = &options_alone[_i];
    char option[32];
    char *words[] = {"asp-admin", option, value, NULL};
    struct options found;
    struct options wanted = expected->options;

    (void)snprintf(option, sizeof option, "--%s", expected->name);
    if (!expected->takes_value)
        words[2] = NULL;
    wanted.given = expected->given;
    ck_assert(read_words(words, &found));
    ck_assert_uint_eq(found.typed_count, 1);
    ck_assert_str_eq(option_name(OPTION_BIT(found.typed[0].id)), expected->name);
    ck_assert_ptr_eq(found.typed[0].value, expected->takes_value ? value : NULL);
    ck_assert_uint_eq(found.typed[0].before, 0);
    memcpy(wanted.typed, found.typed, sizeof found.typed);
    wanted.typed_count = 1;
    ck_assert_msg(memcmp(&found, &wanted, sizeof found) == 0, "--%s", expected->name);
}
END_TEST

START_TEST(an_option_of_some_commands_has_its_name_by_its_bit)
{
    const struct expected *expected = &options_alone[_i];

    if (expected->given != 0)
        ck_assert_str_eq(option_name(expected->given), expected->name);
}
END_TEST

START_TEST(what_is_no_option_is_refused_with_a_line_that_says_which_one_is_meant)
{
    static const struct {
        char *command;
        char *word;
        const char *line;
    } bad[] = {
        {"create", "--whole", "--whole is no option: see asp-admin help create"},
        {"create", "--lable", "--lable is no option: did you mean --label?"},
        {"create", "--lable=Phone", "--lable=Phone is no option: did you mean --label?"},
        {"create", "--LABEL", "--LABEL is no option: did you mean --label?"},
        {"create", "-label", "-label is no option: did you mean --label?"},
        {"create", "--name", "--name is no option: did you mean --label TEXT?"},
        {"list", "--user", "--user is no option: did you mean USER by itself, behind the command?"},
        {"list", "--json=yes", "--json takes no value: see asp-admin help list"},
        {"list", "--js=yes", "--json takes no value: see asp-admin help list"},
        {"lsit", "--a", "--a is no option: did you mean --app or --all? See asp-admin help"},
        {"list", "-h", "-h is no option: did you mean --help? See asp-admin help list"},
        {"list", "-x", "-x is no option: see asp-admin help list"},
        {"list", "-xy", "-x is no option: see asp-admin help list"},
        {"list", "-\xc3\xa9", "-\\xc3 is no option: see asp-admin help list"},
        {"list", "--\x1b[2J", "--\\x1b[2J is no option: see asp-admin help list"},
        {"list", "--label", "--label needs a value behind it: see asp-admin help list"},
        /* what other commands take is not meant */
        {"list", "--lable", "--lable is no option: see asp-admin help list"},
        {"list", "--name", "--name is no option: see asp-admin help list"},
        {"list", "--a", "--a is no option: did you mean --all?"},
        {"list", "--fix=yes", "--fix takes no value: see asp-admin help list"},
        {"create", "--ip", "--ip is no option: did you mean --from CIDR?"},
        {"check", "--ip", "--ip is no option: did you mean --rhost ADDR?"},
        {"doctor", "-f", "-f is no option: did you mean --fix? See asp-admin help doctor"},
        {"crate", "--lable", "--lable is no option: did you mean --label?"},
    };

    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        for (int before = 0; before < 2; before++) {
            char *words[] = {"asp-admin", bad[i].command, bad[i].word, NULL};
            struct options options;
            char line[128];

            if (before != 0 && strcmp(bad[i].word, "--label") != 0) {
                words[1] = bad[i].word;
                words[2] = bad[i].command;
            }
            (void)snprintf(line, sizeof line, "asp-admin: %s\n", bad[i].line);
            ck_assert(!read_words(words, &options));
            ck_assert_str_eq(said, line);
        }
    }
}
END_TEST

START_TEST(it_is_known_what_stood_before_an_option)
{
    char *words[] = {"asp-admin", "--json",        "revoke", "alice", "--label", "Old",
                     "phone",     "--reason=lost", "in",     "--all", NULL};
    static const size_t before[] = {0, 2, 3, 4};
    struct options options;

    ck_assert(read_words(words, &options));
    ck_assert_uint_eq(options.typed_count, UNIT_COUNT(before));
    for (size_t i = 0; i < UNIT_COUNT(before); i++)
        ck_assert_uint_eq(options.typed[i].before, before[i]);
}
END_TEST

START_TEST(of_a_long_word_that_is_no_option_a_line_is_said)
{
    char word[600];
    char *words[] = {"asp-admin", "list", word, NULL};
    struct options options;

    memset(word, 'o', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    memcpy(word, "--", 2);
    ck_assert(!read_words(words, &options));
    ck_assert_ptr_nonnull(strstr(said, "o is no option: see asp-admin help list\n"));
}
END_TEST

START_TEST(networks_can_be_given_as_often_as_an_entry_holds_them)
{
    char *words[WORDS_MAX] = {"asp-admin"};
    struct options options;
    size_t count = 1;

    for (int i = 0; i < ASP_NETWORKS_MAX; i++) {
        words[count++] = "--from";
        words[count++] = value;
    }
    ck_assert(read_words(words, &options));
    ck_assert_uint_eq(options.from_count, ASP_NETWORKS_MAX);
    words[count++] = "--from";
    words[count++] = value;
    ck_assert(!read_words(words, &options));
    ck_assert_ptr_nonnull(strstr(said, "--from can be given"));
}
END_TEST

/* The line that is meant in place of the one that is read from `words`. */
static void meant(const char *expected, const struct options_line *line, char **words)
{
    struct options options;
    struct asp_buffer out = {0};

    ck_assert_msg(read_words(words, &options), "%s", said);
    options_add_line(&out, &options, line);
    ck_assert_str_eq(out.text, expected);
    asp_buffer_free(&out);
}

#define LINE(...) ((const struct options_line){__VA_ARGS__})
#define MEANT(expected, line, ...)                                                                 \
    meant(expected, &line, (char *[]){"asp-admin", __VA_ARGS__, NULL})

START_TEST(the_line_that_was_meant_can_be_pasted)
{
    static const char *const others[] = {"bob", "two words", NULL};
    char id[] = "7k";

    MEANT("asp-admin list", LINE(0), "list");
    MEANT("asp-admin create alice --app mail --from 192.0.2.1 --from ::1 --json", LINE(0), "--json",
          "create", "--ap=mail", "--from", "192.0.2.1", "alice", "--from=::1");
    MEANT("asp-admin label bob 'two words' --config '/a b'", LINE(.arguments = others), "label",
          "alice", "--config", "/a b", "--", "7k", "x");
    MEANT("asp-admin revoke alice 8m --all", LINE(.argument = id, .by = "8m"), "revoke", "alice",
          id, "--all");
    MEANT("asp-admin revoke alice --label 'It'\\''s' --json",
          LINE(.argument = id, .added = {"--label", "It's"}), "revoke", "alice", id, "--json");
    MEANT("asp-admin revoke alice --reason x --label b",
          LINE(.without = OPTION_BIT(OPTION_LABEL), .added = {"--label", "b"}), "revoke", "alice",
          "--label", "a", "--reason", "x");
    MEANT("asp-admin list --all -- -x", LINE(0), "list", "--all", "--", "-x");
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, an_option_sets_its_own_field_and_no_other, UNIT_COUNT(options_alone));
    unit_loop(suite, an_option_of_some_commands_has_its_name_by_its_bit, UNIT_COUNT(options_alone));
    unit_add(suite, what_is_no_option_is_refused_with_a_line_that_says_which_one_is_meant);
    unit_add(suite, it_is_known_what_stood_before_an_option);
    unit_add(suite, of_a_long_word_that_is_no_option_a_line_is_said);
    unit_add(suite, the_line_that_was_meant_can_be_pasted);
    unit_add(suite, networks_can_be_given_as_often_as_an_entry_holds_them);
}

int main(void)
{
    return unit_run("options", fill);
}
