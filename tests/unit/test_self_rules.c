/* What a user may say of her own account, and on whose account it is carried out: always on hers.
 */
#include "unit.h"

#include "asp-admin/self/self_rules.h"
#include "asp-admin/ui/console.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16 };

static char said[1024];

static bool note(void *context, enum console_stream stream, const char *text, size_t length)
{
    (void)context;
    unit_need(stream == CONSOLE_ERR, "%d", (int)stream);
    unit_need(strlen(said) + length < sizeof said, "%zu", length);
    strncat(said, text, length);
    return true;
}

static const struct unit_plan *plan; /* of the check of a line */
static bool is_short;                /* a call of it was reached */

/* A line, and what becomes of it. */
struct line {
    char *given[WORDS_MAX];
    char *words[WORDS_MAX + 1];
    struct options options;
    enum exit_code code;
};

static void say(struct line *line, const char *account, bool fold, const char *text)
{
    static const struct console console = {.program = "asp-admin", .write = note};
    static char copy[256];
    static struct asp_conf conf;
    static struct admin admin;
    char *rest = NULL;
    int count = 0;

    memset(line, 0, sizeof *line);
    said[0] = '\0';
    (void)snprintf(copy, sizeof copy, "asp-admin %s", text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        line->given[count++] = word;
    ck_assert(options_read(count, line->given, &console, command_options_of, &line->options));
    conf = (struct asp_conf){.fold_user_names = fold};
    admin = (struct admin){.conf = &conf, .console = &console};
    (void)snprintf(admin.user, sizeof admin.user, "%s", account);
    unit_calls_begin(plan);
    line->code =
        self_rules_check(&admin, command_find(line->options.command), &line->options, line->words);
    is_short = unit_calls_end();
}

/* The arguments that it comes to, and each on her account. */
static void comes_to(const char *account, bool fold, const char *text, const char *arguments)
{
    struct line line;
    char found[256] = "";

    say(&line, account, fold, text);
    ck_assert_msg(line.code == EXIT_DONE, "%s: %s", text, said);
    for (int i = 0; i < line.options.argument_count; i++) {
        strcat(found, i == 0 ? "" : " ");
        strcat(found, line.options.arguments[i]);
    }
    ck_assert_str_eq(found, arguments);
    ck_assert_str_eq(said, "");
}

static void is_refused(const char *account, bool fold, const char *text, enum exit_code code,
                       const char *why)
{
    struct line line;

    say(&line, account, fold, text);
    ck_assert_msg(line.code == code, "%s: %d", text, (int)line.code);
    ck_assert_msg(strstr(said, why) != NULL, "%s: %s", text, said);
}

START_TEST(where_user_is_left_out_it_is_hers)
{
    comes_to("alice", false, "create --label x", "alice");
    comes_to("alice", false, "list", "alice");
    comes_to("alice", false, "list --all", "alice");
    comes_to("alice", false, "label 7k Desk", "alice 7k Desk");
    comes_to("alice", false, "rotate 7k", "alice 7k");
    comes_to("alice", false, "revoke 7k", "alice 7k");
    comes_to("alice", false, "revoke 7k 8m 9n", "alice 7k 8m 9n");
    comes_to("alice", false, "revoke --all", "alice");
    comes_to("alice", false, "revoke --label Phone", "alice");
    comes_to("alice", false, "history", "alice");
    comes_to("alice", false, "check --service imap", "alice");
    comes_to("alice", false, "apps", "");
}
END_TEST

START_TEST(her_own_name_may_stand_there)
{
    comes_to("alice", false, "create alice --label x", "alice");
    comes_to("alice", false, "list alice", "alice");
    comes_to("alice", false, "label alice 7k Desk", "alice 7k Desk");
    comes_to("alice", false, "rotate alice 7k", "alice 7k");
    comes_to("alice", false, "revoke alice 7k 8m", "alice 7k 8m");
    comes_to("alice", false, "revoke alice --all", "alice");
    comes_to("alice", false, "history alice", "alice");
    comes_to("alice", false, "check alice --service imap", "alice");
}
END_TEST

START_TEST(any_other_name_is_refused)
{
    static const char *const lines[] = {
        "create bob --label x", "list bob",
        "label bob 7k Desk",    "rotate bob 7k",
        "history bob --json",   "revoke bob --all",
        "revoke bob 7k",        "revoke 7kk 7k",
        "history bob",          "check bob --service imap",
        "revoke bob --label x",
    };

    for (size_t i = 0; i < UNIT_COUNT(lines); i++)
        is_refused("alice", false, lines[i], EXIT_STORE,
                   i == 7 ? "you are alice: leave 7kk out" : "you are alice: leave bob out");
    is_refused("alice", false, "list alicea", EXIT_STORE, "you are alice: leave alicea out");
    is_refused("alice", false, "list alic", EXIT_STORE, "you are alice: leave alic out");
    is_refused("alice", true, "revoke alice2 --all", EXIT_STORE, "you are alice");
    is_refused("alice", false, "create Alice --label x", EXIT_STORE, "you are alice");
}
END_TEST

START_TEST(a_word_that_may_be_a_label_is_told_what_to_say_for_one)
{
    static const struct {
        const char *line;
        const char *word;
        const char *meant;
    } labels[] = {
        {"revoke bob", "bob", "for a label of yours: asp-admin revoke --label bob\n"},
        {"revoke Old phone --reason lost", "Old",
         "for a label of yours: asp-admin revoke --reason lost --label 'Old phone'\n"},
        {"revoke Old 7k phone", "Old",
         "for a label of yours: asp-admin revoke --label 'Old 7k phone'\n"},
        {"create Old phone --app mail", "Old",
         "for a label of yours: asp-admin create --app mail --label 'Old phone'\n"},
        {"rotate Old phone", "Old", "for an app password of yours say its ID: asp-admin list\n"},
        {"label Old phone Tablet", "Old",
         "for an app password of yours say its ID: asp-admin list\n"},
    };
    char why[128];

    for (size_t i = 0; i < UNIT_COUNT(labels); i++) {
        (void)snprintf(why, sizeof why,
                       "you are alice, and %s is not your name; for another user run asp-admin as "
                       "root, ",
                       labels[i].word);
        is_refused("alice", false, labels[i].line, EXIT_STORE, why);
        is_refused("alice", false, labels[i].line, EXIT_STORE, labels[i].meant);
    }
}
END_TEST

/* Each time that it asks for memory there is none. What it does without it does not hide that. */
static unsigned said_without_memory(const char *text)
{
    struct unit_plan each = {.call = "malloc", .first = 1, .times = 1, .number = ENOMEM};
    unsigned found = 0;

    plan = &each;
    for (is_short = true; is_short; each.first++) {
        is_refused("alice", false, text, EXIT_STORE, "asp-admin: ");
        found += strcmp(said, "asp-admin: out of memory\n") == 0;
        ck_assert_ptr_null(strstr(said, "(null)"));
    }
    plan = NULL;
    return found;
}

START_TEST(without_memory_a_line_is_refused_all_the_same)
{
    ck_assert_uint_eq(said_without_memory("rotate Old phone"), 1);
    ck_assert_uint_eq(said_without_memory("revoke Old phone"), 2);
}
END_TEST

/* Whatever the system knows of it. */
START_TEST(her_own_name_is_hers_whatever_it_is)
{
    comes_to("a/b", false, "list a/b", "a/b");
    is_refused("a/b", false, "list a/c", EXIT_STORE, "you are a/b: leave a/c out");
}
END_TEST

START_TEST(a_name_in_another_case_is_hers_where_names_are_folded)
{
    comes_to("alice", true, "list ALICE", "ALICE");
    comes_to("alice", true, "revoke Alice 7k", "Alice 7k");
    is_refused("alice", false, "list ALICE", EXIT_STORE, "you are alice");
    is_refused("alice", true, "list BOB", EXIT_STORE, "you are alice");
    is_refused("alice", true, "list alicE.", EXIT_STORE, "you are alice");
}
END_TEST

/* To everybody else 7k is an id. */
START_TEST(a_name_like_an_id_is_a_name_to_its_user)
{
    comes_to("7k", false, "list 7k", "7k");
    comes_to("7k", false, "revoke 7k --all", "7k");
    comes_to("7k", false, "revoke 7k 7k", "7k 7k");
    comes_to("7k", false, "revoke 8m", "7k 8m");
    comes_to("7k", false, "rotate 7k", "7k 7k");
    comes_to("7k", false, "label 7k Desk", "7k 7k Desk");
    comes_to("alice", false, "revoke 7k", "alice 7k");
    comes_to("alice", false, "rotate 7k", "alice 7k");
    is_refused("alice", false, "list 7k", EXIT_STORE, "you are alice");
    is_refused("alice", false, "rotate 7k 7k", EXIT_STORE, "you are alice");
}
END_TEST

START_TEST(what_is_roots_is_refused)
{
    is_refused("alice", false, "remove", EXIT_STORE, "remove is for root");
    is_refused("alice", false, "remove alice", EXIT_STORE, "remove is for root");
    is_refused("alice", false, "watch", EXIT_STORE, "watch is for root");
    is_refused("alice", false, "watch --once", EXIT_STORE, "watch is for root");
    is_refused("alice", false, "create --virtual --label x", EXIT_STORE, "--virtual is for root");
    is_refused("alice", false, "create --label x --app y --new-app", EXIT_STORE,
               "--new-app is for root");
    is_refused("alice", false, "rotate 7k --virtual", EXIT_STORE, "--virtual is for root");
}
END_TEST

START_TEST(a_line_that_is_wrong_is_an_error_of_usage)
{
    is_refused("alice", false, "create", EXIT_USAGE, "create needs --label");
    is_refused("alice", false, "label", EXIT_USAGE, "label needs ID,");
    is_refused("alice", false, "label 7k", EXIT_USAGE,
               "label needs TEXT, the new label: asp-admin label alice 7k TEXT\n");
    is_refused("alice", false, "label alice 7k Desk more", EXIT_USAGE,
               "stands in quotes: asp-admin label alice 7k 'Desk more'\n");
    is_refused("alice", false, "rotate", EXIT_USAGE, "asp-admin rotate alice ID\n");
    is_refused("alice", false, "check", EXIT_USAGE, "check needs --service");
    is_refused("alice", false, "apps alice", EXIT_USAGE, "apps takes no arguments");
    is_refused("alice", false, "history --quiet", EXIT_USAGE, "history takes no --quiet");
}
END_TEST

/* A new command is nobody's but root's until somebody says otherwise, here too. */
START_TEST(each_command_is_asked_for_unless_it_changes_and_shows_nothing)
{
    static const char *const asked[] = {"create", "label", "rotate", "revoke"};
    static const char *const unasked[] = {"apps", "list", "history", "check"};

    for (size_t i = 0; i < UNIT_COUNT(asked); i++)
        ck_assert_int_eq(command_find(asked[i])->self_use, SELF_ASKED);
    for (size_t i = 0; i < UNIT_COUNT(unasked); i++)
        ck_assert_int_eq(command_find(unasked[i])->self_use, SELF_FREE);
    ck_assert_int_eq(command_find("remove")->self_use, SELF_NO);
    ck_assert_int_eq(command_find("watch")->self_use, SELF_NO);
    ck_assert_ptr_null(command_find("dance"));
}
END_TEST

/* What is said of each option of each command: hers, or root's. */
static const struct {
    const char *command;
    const char *hers;
    const char *roots;
} said_of[] = {
    {"create", " label app from expires unused profile qr quiet ", " new-app virtual batch "},
    {"apps", "", ""},
    {"list", " all quiet ", ""},
    {"label", "", ""},
    {"rotate", " expires quiet ", " virtual "},
    {"revoke", " label all reason ", ""},
    {"history", "", ""},
    {"check", " service rhost ", ""},
};

static bool is_in(const char *list, const char *option)
{
    char word[64];

    (void)snprintf(word, sizeof word, " %s ", option);
    return strstr(list, word) != NULL;
}

/* What it comes to where that option alone is given. */
static enum exit_code try_option(const struct command *command, unsigned bit)
{
    static const struct console console = {.program = "asp-admin", .write = note};
    static struct asp_conf conf;
    struct admin admin = {.conf = &conf, .console = &console, .user = "alice"};
    struct options options = {.command = command->name, .given = bit};
    char *words[1];

    said[0] = '\0';
    return self_rules_check(&admin, command, &options, words);
}

START_TEST(of_each_option_of_each_command_it_is_said_whose_it_is)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        const size_t count = UNIT_COUNT(said_of);
        size_t place = 0;

        while (place < count && strcmp(said_of[place].command, command->name) != 0)
            place++;
        ck_assert_msg((place < count) == (command->self_use != SELF_NO), "%s", command->name);
        for (unsigned bit = 1; bit != 0; bit <<= 1) {
            const char *name = option_name(bit);
            enum exit_code code;

            if ((command_allowed(command) & bit) == 0)
                continue;
            code = try_option(command, bit);
            if (place < count && is_in(said_of[place].hers, name)) {
                ck_assert_msg(strstr(said, "for root") == NULL, "%s", said);
                continue;
            }
            ck_assert_msg(place == count || is_in(said_of[place].roots, name),
                          "nobody has said whose --%s of %s is", name, command->name);
            ck_assert_int_eq(code, EXIT_STORE);
            ck_assert_msg(strstr(said, "is for root: run asp-admin as root\n") != NULL, "%s", said);
            ck_assert_msg(strstr(said, place == count ? command->name : name) != NULL, "%s", said);
        }
    }
}
END_TEST

START_TEST(an_option_that_no_command_takes_is_one_for_all_of_them)
{
    static const char for_all[] = " config json help version ";
    const struct command *command;
    unsigned allowed = 0;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        allowed |= command_allowed(command);
    for (unsigned bit = 1; bit != 0; bit <<= 1) {
        const char *name = option_name(bit);

        ck_assert_msg(name[0] == '\0' || is_in(for_all, name) != ((allowed & bit) != 0), "%s",
                      name);
    }
}
END_TEST

static bool allows(const char *self_service, const char *name)
{
    char text[256];
    struct asp_conf *conf;
    bool allowed;

    (void)snprintf(text, sizeof text, "self_service: { %s };", self_service);
    conf = unit_conf(text);
    allowed = self_rules_admit(conf, name);
    asp_conf_free(conf);
    return allowed;
}

START_TEST(it_is_for_all_for_nobody_or_for_a_group)
{
    ck_assert(allows("", "root"));
    ck_assert(allows("", "nobody"));
    ck_assert(!allows("enabled = false;", "root"));
    ck_assert(allows("group = \"root\";", "root"));
    ck_assert(!allows("group = \"root\";", "nobody"));
    ck_assert(!allows("group = \"root\";", "no-such-user"));
    ck_assert(!allows("group = \"no-such-group\";", "root"));
    ck_assert(!allows("enabled = false; group = \"root\";", "root"));
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, where_user_is_left_out_it_is_hers);
    unit_add(suite, her_own_name_may_stand_there);
    unit_add(suite, any_other_name_is_refused);
    unit_add(suite, a_word_that_may_be_a_label_is_told_what_to_say_for_one);
    unit_add(suite, without_memory_a_line_is_refused_all_the_same);
    unit_add(suite, her_own_name_is_hers_whatever_it_is);
    unit_add(suite, a_name_in_another_case_is_hers_where_names_are_folded);
    unit_add(suite, a_name_like_an_id_is_a_name_to_its_user);
    unit_add(suite, what_is_roots_is_refused);
    unit_add(suite, a_line_that_is_wrong_is_an_error_of_usage);
    unit_add(suite, each_command_is_asked_for_unless_it_changes_and_shows_nothing);
    unit_add(suite, of_each_option_of_each_command_it_is_said_whose_it_is);
    unit_add(suite, an_option_that_no_command_takes_is_one_for_all_of_them);
    unit_add(suite, it_is_for_all_for_nobody_or_for_a_group);
}

int main(void)
{
    return unit_run("self_rules", fill);
}
