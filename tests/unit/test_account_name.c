/* Whose account a name stands for, with a name service that answers as it is told, and counts. */
#include "store_fixture.h"

#include "asp/account_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the name service knows: each name and, after it, what she is called. */
static const char *const directory[][2] = {
    {"alice", "alice"}, {"ALICE", "alice"},  {"alice@corp", "alice"}, {"CORP\\alice", "alice"},
    {"a*", "alice"},    {"Bob", "Bob"},      {"carol", "Carol"},      {"odd", "-odd"},
    {"long", ""},       {" alice", "alice"}, {"ODD", "-odd"},         {"X", "x"},
};

static struct asp_conf *conf;
static struct asp_account_name found;
static char asked[1 << 17]; /* each that was asked for, before a space */
static const char *failing;

static enum asp_answer answer(void *context, const char *name, char *called, size_t size)
{
    ck_assert_ptr_eq(context, asked);
    ck_assert_uint_eq(size, ASP_USER_MAX + 1);
    (void)strcat(strcat(asked, name), " ");
    if (failing != NULL && strcmp(name, failing) == 0)
        return ASP_USER_NOT_TOLD;
    for (size_t i = 0; i < UNIT_COUNT(directory); i++) {
        if (strcmp(name, directory[i][0]) == 0) {
            strcpy(called, directory[i][1]);
            return ASP_USER_KNOWN;
        }
    }
    return ASP_USER_NOT_KNOWN;
}

static const struct asp_name_service names = {answer, asked};

static void begin(const char *text)
{
    unit_store(&store);
    conf = unit_conf(text);
    failing = NULL;
}

static void end(void)
{
    asp_conf_free(conf);
    asp_store_close(&store);
}

static void ask_nothing_yet(void)
{
    store_error = (struct asp_error){0};
    memset(&found, 'x', sizeof found);
    asked[0] = '\0';
}

/* Both ways to ask say the same, and have asked for `questions`. */
static enum asp_status whose(const char *name, const char *questions)
{
    struct asp_account account;
    enum asp_status loaded;
    enum asp_status status;

    ask_nothing_yet();
    loaded = asp_account_load(conf, &store, &names, name, NULL, &account, &found, &store_error);
    unit_need(strcmp(asked, questions) == 0, "%s: asked for: %s", name, asked);
    if (loaded == ASP_OK) {
        ck_assert_str_eq(account.user, found.name);
        asp_account_free(&account);
    }
    ask_nothing_yet();
    status = asp_account_name(conf, &store, &names, name, &found, &store_error);
    unit_need(strcmp(asked, questions) == 0, "%s: asked for: %s", name, asked);
    ck_assert_int_eq(status, loaded);
    return status;
}

static void is_account_of(const char *name, const char *user, const char *questions)
{
    ck_assert_int_eq(whose(name, questions), ASP_OK);
    ck_assert_str_eq(found.name, user);
    ck_assert_int_eq(found.known, questions[0] != '\0');
}

/* There is no account; `user`: whose it would be, empty where there can be none. */
static void is_no_account(const char *name, const char *user, bool known, const char *questions)
{
    ck_assert_int_eq(whose(name, questions), ASP_NOT_FOUND);
    ck_assert_str_eq(found.name, user);
    ck_assert_int_eq(found.known, known);
}

static void is_ambiguous(const char *name, const char *user, const char *questions)
{
    ck_assert_int_eq(whose(name, questions), ASP_AMBIGUOUS);
    ck_assert_str_eq(found.name, user);
    store_says(name);
    store_says(user);
    store_says("asp-admin remove");
}

/* Without domains or folding: S = T. */

START_TEST(an_account_of_the_very_name_is_taken_and_nobody_is_asked)
{
    begin("");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("virtual@example.org", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("ALICE", "7k"), ASP_OK);
    failing = "alice";
    is_account_of("alice", "alice", "");
    is_account_of("virtual@example.org", "virtual@example.org", "");
    /* Of an older version: nothing is merged. */
    is_account_of("ALICE", "ALICE", "");
    end();
}
END_TEST

/* Lesson: identity by spelling. */
START_TEST(another_spelling_is_the_account_of_whom_it_stands_for)
{
    begin("");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    is_account_of("ALICE", "alice", "ALICE ");
    is_account_of("alice@corp", "alice", "alice@corp ");
    is_account_of("CORP\\alice", "alice", "CORP\\alice ");
    is_no_account("Alice", "Alice", false, "Alice ");
    end();
}
END_TEST

START_TEST(whom_the_name_service_knows_and_who_has_none_has_no_account)
{
    begin("");
    is_no_account("alice", "alice", true, "alice ");
    is_no_account("ALICE", "alice", true, "ALICE ");
    is_no_account("nobody", "nobody", false, "nobody ");
    end();
}
END_TEST

/* Lesson: identity by spelling. */
START_TEST(local_users_who_differ_by_a_capital_are_two)
{
    begin("");
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    is_no_account("Bob", "Bob", true, "Bob ");
    is_account_of("bob", "bob", "");
    ck_assert_int_eq(add_id("Bob", "7k"), ASP_OK);
    is_account_of("Bob", "Bob", "");
    is_account_of("bob", "bob", "");
    end();
}
END_TEST

START_TEST(a_name_that_is_not_well_formed_is_asked_for_like_any_other)
{
    static char endless[1001];

    memset(endless, 'a', sizeof endless - 1);
    begin("");
    is_no_account("a*", "alice", true, "a* ");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    is_account_of("a*", "alice", "a* ");
    is_no_account("b*", "", false, "b* ");
    is_no_account("", "", false, " ");
    /* Whose own name is none of which there can be an account. */
    is_no_account("odd", "", true, "odd ");
    is_no_account("long", "", true, "long ");
    failing = "c*";
    ck_assert_int_eq(whose("c*", "c* "), ASP_IO);
    asked[0] = '\0';
    end();
}
END_TEST

START_TEST(a_question_that_fails_leaves_it_open)
{
    begin("user_domains = [ \"example.org\" ];");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    failing = "ALICE";
    ck_assert_int_eq(whose("ALICE", "ALICE "), ASP_IO);
    store_says("name service");
    store_says("nsswitch.conf");
    /* The first question or the second. */
    failing = "alice@example.org";
    ck_assert_int_eq(whose("alice@example.org", "alice@example.org "), ASP_IO);
    failing = "dave";
    ck_assert_int_eq(whose("dave@example.org", "dave@example.org dave "), ASP_IO);
    /* Also of a name that has an account of its own. */
    ck_assert_int_eq(add_id("dave@example.org", "7k"), ASP_OK);
    ck_assert_int_eq(whose("dave@example.org", "dave@example.org dave "), ASP_IO);
    end();
}
END_TEST

START_TEST(where_nobody_may_be_asked_it_is_told_that_a_question_is_due)
{
    static const struct asp_name_service nobody = {NULL, NULL};
    static const struct asp_name_service *const none[] = {NULL, &nobody};
    struct asp_account account;

    begin("user_domains = [ \"example.org\" ];");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(none); i++) {
        static const char *const open[] = {"ALICE", "bob", "alice@example.org", "a*"};

        for (size_t k = 0; k < UNIT_COUNT(open); k++) {
            ck_assert_int_eq(asp_account_name(conf, &store, none[i], open[k], &found, NULL),
                             ASP_QUESTION);
            ck_assert_int_eq(
                asp_account_load(conf, &store, none[i], open[k], NULL, &account, &found, NULL),
                ASP_QUESTION);
        }
        ck_assert_int_eq(asp_account_name(conf, &store, none[i], "alice", &found, NULL), ASP_OK);
        ck_assert_int_eq(
            asp_account_load(conf, &store, none[i], "alice", NULL, &account, &found, NULL), ASP_OK);
        asp_account_free(&account);
    }
    end();
}
END_TEST

/* With them: S is another than T. */

START_TEST(a_listed_domain_is_the_systems_own)
{
    begin("user_domains = [ \"example.org\", \"EXAMPLE\" ];");
    ck_assert_int_eq(add_id("dave", "7k"), ASP_OK);
    is_account_of("dave", "dave", "");
    ck_assert_int_eq(whose("dave@example.org", "dave@example.org "), ASP_OK);
    ck_assert_str_eq(found.name, "dave");
    ck_assert(!found.known);
    ck_assert_int_eq(whose("dave@EXAMPLE.org", "dave@EXAMPLE.org "), ASP_OK);
    ck_assert_int_eq(whose("example\\dave", "example\\dave "), ASP_OK);
    ck_assert_str_eq(found.name, "dave");
    ck_assert_int_eq(whose("example.org\\dave", "example.org\\dave "), ASP_OK);

    /* What is not listed, and what is no domain. */
    is_no_account("dave@example.com", "dave@example.com", false, "dave@example.com ");
    is_no_account("dave@example.orga", "dave@example.orga", false, "dave@example.orga ");
    is_no_account("dave@example.org.", "dave@example.org.", false, "dave@example.org. ");
    is_no_account("dave@fxample.org", "dave@fxample.org", false, "dave@fxample.org ");
    is_no_account("dave@", "dave@", false, "dave@ ");
    is_no_account("OTHER\\dave", "OTHER\\dave", false, "OTHER\\dave ");
    is_no_account("Dave@example.org", "Dave", false, "Dave@example.org Dave ");
    /* One is taken away and no more, and never the whole name. */
    is_no_account("EXAMPLE\\dave@example.org", "EXAMPLE\\dave", false,
                  "EXAMPLE\\dave@example.org EXAMPLE\\dave ");
    is_no_account("dave@example.org@example.org", "dave@example.org", false,
                  "dave@example.org@example.org dave@example.org ");
    is_no_account("@example.org", "@example.org", false, "@example.org ");
    is_no_account("EXAMPLE\\", "EXAMPLE\\", false, "EXAMPLE\\ ");
    end();
}
END_TEST

START_TEST(a_name_is_spelled_without_its_domain_and_a_domain_alone_is_one)
{
    static const char *const names_of[][2] = {
        {"dave@example.org", "dave"},
        {"d@example.org", "d"},
        {"EXAMPLE\\dave", "dave"},
        {"EXAMPLE\\d", "d"},
        {"dave", "dave"},
        {"", ""},
        {"@example.org", "@example.org"},
        {"EXAMPLE\\", "EXAMPLE\\"},
        {"@", "@"},
        {"\\", "\\"},
    };
    char spelled[ASP_USER_MAX + 1];

    begin("user_domains = [ \"example.org\", \"EXAMPLE\" ];");
    for (size_t i = 0; i < UNIT_COUNT(names_of); i++) {
        asp_account_spell(conf, names_of[i][0], spelled);
        ck_assert_str_eq(spelled, names_of[i][1]);
    }
    end();
}
END_TEST

/* LENGTH bytes of a name, with what stands before and behind it; good until the next call. */
static const char *long_name(const char *before, size_t length, const char *after)
{
    static char name[1 << 16];
    size_t at = strlen(before);

    ck_assert_uint_lt(at + length + strlen(after), sizeof name);
    strcpy(name, before);
    memset(name + at, 'a', length);
    strcpy(name + at + length, after);
    return name;
}

/* T may be as long as it is typed: the limit is that of S. */
START_TEST(a_domain_is_not_counted_where_a_name_has_a_limit)
{
    static const char *const domains[][2] = {{"", "@example.org"}, {"EXAMPLE\\", ""}};
    static const size_t lengths[] = {ASP_USER_MAX + 1, ASP_USER_MAX + 2, 2000, 65000};
    char user[ASP_USER_MAX + 1];
    char *questions = malloc(sizeof asked);

    ck_assert_ptr_nonnull(questions);
    begin("user_domains = [ \"example.org\", \"EXAMPLE\" ];");
    for (size_t i = 0; i < UNIT_COUNT(domains); i++) {
        for (size_t length = ASP_USER_MAX - 14; length <= ASP_USER_MAX; length++) {
            const char *typed;

            strcpy(user, long_name("", length, ""));
            typed = long_name(domains[i][0], length, domains[i][1]);
            (void)snprintf(questions, sizeof asked, "%s %s ", typed, user);
            is_no_account(typed, user, false, questions);
            ck_assert_int_eq(add_id(user, "7k"), ASP_OK);
            (void)snprintf(questions, sizeof asked, "%s ", typed);
            ck_assert_int_eq(whose(typed, questions), ASP_OK);
            ck_assert_str_eq(found.name, user);
            ck_assert_int_eq(asp_store_remove(&store, user, &store_error), ASP_OK);
        }
        for (size_t k = 0; k < UNIT_COUNT(lengths); k++) {
            const char *typed = long_name(domains[i][0], lengths[k], domains[i][1]);

            (void)snprintf(questions, sizeof asked, "%s ", typed);
            is_no_account(typed, "", false, questions);
        }
    }
    free(questions);
    end();
}
END_TEST

START_TEST(capitals_are_folded_if_the_configuration_says_so)
{
    begin("user_name = \"lower\"; user_domains = [ \"example.org\" ];");
    ck_assert_int_eq(add_id("dave", "7k"), ASP_OK);
    is_account_of("dave", "dave", "");
    ck_assert_int_eq(whose("Dave", "Dave "), ASP_OK);
    ck_assert_str_eq(found.name, "dave");
    ck_assert_int_eq(whose("DAVE@Example.Org", "DAVE@Example.Org "), ASP_OK);
    ck_assert_str_eq(found.name, "dave");
    is_no_account("Erna", "erna", false, "Erna erna ");
    /* ASCII alone. */
    is_no_account("AzZ@[`{", "azz@[`{", false, "AzZ@[`{ azz@[`{ ");
    is_no_account("\xc3\x89\xc1\xda", "\xc3\x89\xc1\xda", false, "\xc3\x89\xc1\xda ");
    end();
}
END_TEST

START_TEST(whom_the_name_service_knows_by_the_text_that_was_typed_she_is)
{
    begin("user_name = \"lower\";");
    ck_assert_int_eq(add_id("bob", "7k"), ASP_OK);
    /* A system that has bob and Bob: Bob is never let in as bob. */
    is_no_account("Bob", "Bob", true, "Bob ");
    ck_assert_int_eq(add_id("Bob", "7k"), ASP_OK);
    is_account_of("Bob", "Bob", "Bob ");
    is_account_of("bob", "bob", "");
    end();
}
END_TEST

START_TEST(who_is_not_known_as_it_was_typed_is_asked_for_without_the_domain)
{
    begin("user_name = \"lower\"; user_domains = [ \"example.org\" ];");
    is_no_account("carol@example.org", "Carol", true, "carol@example.org carol ");
    ck_assert_int_eq(add_id("Carol", "7k"), ASP_OK);
    is_account_of("carol@example.org", "Carol", "carol@example.org carol ");
    is_account_of("CAROL", "Carol", "CAROL carol ");
    /* Of a name that is not well-formed likewise. */
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    is_account_of("a*@example.org", "alice", "a*@example.org a* ");
    is_no_account("b*@example.org", "", false, "b*@example.org b* ");
    end();
}
END_TEST

START_TEST(an_account_of_the_text_that_was_typed_is_never_passed_over)
{
    begin("user_name = \"lower\"; user_domains = [ \"corp\" ];");
    ck_assert_int_eq(add_id("ALICE", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("alice@corp", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("Dave", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("Erna", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("erna", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("Bob", "7k"), ASP_OK);
    /* Known as another, with an account of that name or without. */
    is_ambiguous("ALICE", "alice", "ALICE ");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    is_ambiguous("ALICE", "alice", "ALICE ");
    is_ambiguous("alice@corp", "alice", "alice@corp ");
    /* Not known. */
    is_ambiguous("Dave", "dave", "Dave dave ");
    is_ambiguous("Erna", "erna", "Erna ");
    /* Known as what was typed. */
    is_account_of("Bob", "Bob", "Bob ");
    ck_assert_int_eq(add_id("X", "7k"), ASP_OK);
    is_ambiguous("X", "x", "X ");
    store_says("which stands for x");
    /* Known as one of whom there can be no account. */
    ck_assert_int_eq(add_id("ODD", "7k"), ASP_OK);
    is_ambiguous("ODD", "", "ODD ");
    store_says("which stands for another");
    end();
}
END_TEST

/* What stands in the store */

START_TEST(an_account_that_is_damaged_is_somebodys_and_cannot_be_loaded)
{
    static const struct {
        const char *text;
        enum asp_status status;
    } cases[] = {{"damaged", ASP_CORRUPT}, {"asp-account 3 user=\"alice\"\n", ASP_NEWER}};
    struct asp_account account;

    begin("user_name = \"lower\";");
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        unit_put_bytes(&store, "alice", cases[i].text, strlen(cases[i].text));
        for (size_t k = 0; k < 2; k++) {
            const char *name = k == 0 ? "alice" : "ALICE";

            ask_nothing_yet();
            ck_assert_int_eq(asp_account_name(conf, &store, &names, name, &found, NULL), ASP_OK);
            ck_assert_str_eq(found.name, "alice");
            ck_assert_int_eq(
                asp_account_load(conf, &store, &names, name, NULL, &account, &found, &store_error),
                cases[i].status);
        }
    }
    /* Nor is it passed over. */
    unit_put_bytes(&store, "ALICE", "damaged", 7);
    ask_nothing_yet();
    ck_assert_int_eq(asp_account_name(conf, &store, &names, "ALICE", &found, &store_error),
                     ASP_AMBIGUOUS);
    ck_assert_int_eq(
        asp_account_load(conf, &store, &names, "ALICE", NULL, &account, &found, &store_error),
        ASP_CORRUPT);
    end();
}
END_TEST

START_TEST(an_account_that_is_not_to_be_trusted_is_somebodys_all_the_same)
{
    begin("");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(chmod(in_store("users/alice"), 0666), 0);
    ask_nothing_yet();
    ck_assert_int_eq(asp_account_name(conf, &store, &names, "alice", &found, NULL), ASP_OK);
    ck_assert_str_eq(asked, "");
    end();
}
END_TEST

/* Nobody is asked meanwhile whose it would be. */
START_TEST(where_the_store_does_not_say_whether_there_is_an_account_it_is_not_known)
{
    static const char *const typed[] = {"alice", " erna"};
    static const struct unit_plan plan = {.first = 1, .number = EIO};
    enum asp_status status;

    begin("");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    for (size_t i = 0; i < UNIT_COUNT(typed); i++) {
        ask_nothing_yet();
        unit_calls_begin(&plan);
        status = asp_account_name(conf, &store, &names, typed[i], &found, &store_error);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(status, ASP_IO);
        ck_assert_str_eq(asked, "");
    }
    end();
}
END_TEST

static void look_often(int times)
{
    static const char *const typed[] = {"ALICE", "Dave", "Bob", " erna"};
    struct asp_account account;

    for (int n = 0; n < times * (int)UNIT_COUNT(typed); n++) {
        const char *name = typed[n % (int)UNIT_COUNT(typed)];

        ask_nothing_yet();
        (void)asp_account_name(conf, &store, &names, name, &found, NULL);
        if (asp_account_load(conf, &store, &names, name, NULL, &account, &found, NULL) == ASP_OK)
            asp_account_free(&account);
    }
}

START_TEST(no_account_that_was_looked_at_is_kept)
{
    static const char *const users[] = {"alice", "ALICE", "Dave", "Bob", " erna"};
    enum { TIMES = 50, LESS = TIMES * 64 };
    size_t before;
    size_t after;

    if (unit_is_watched() || !heap_bytes(&before)) {
        puts("skipped: memory that is not given back: what watches has an allocator of its own, or "
             "it does not count");
        return;
    }
    begin("user_name = \"lower\";");
    for (size_t i = 0; i < UNIT_COUNT(users); i++)
        ck_assert_int_eq(add_id(users[i], "7k"), ASP_OK);
    look_often(2);
    (void)heap_bytes(&before);
    look_often(TIMES);
    (void)heap_bytes(&after);
    ck_assert_uint_lt(after, before + LESS);
    end();
}
END_TEST

/* Lesson: linux-pam CVE-2024-10041. */
START_TEST(the_entry_that_is_asked_for_is_read_and_no_other)
{
    struct asp_account account;

    begin("");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("alice", "zz"), ASP_OK);
    ask_nothing_yet();
    ck_assert_int_eq(
        asp_account_load(conf, &store, &names, "ALICE", "zz", &account, &found, &store_error),
        ASP_OK);
    ck_assert_uint_eq(account.count, 1);
    ck_assert_str_eq(account.entries[0].id, "zz");
    asp_account_free(&account);
    end();
}
END_TEST

/* Version 0.1.0 made accounts of names with a blank at an end. */
START_TEST(an_account_whose_name_is_none_any_more_is_nobodys)
{
    begin("");
    ck_assert_int_eq(add_id("alice", "7k"), ASP_OK);
    ck_assert_int_eq(whose(" erna", " erna "), ASP_NOT_FOUND);
    store_says("the user's name is not well-formed");
    ck_assert_str_eq(found.name, "");
    is_account_of(" alice", "alice", " alice ");
    ck_assert_int_eq(add_id(" erna", "7k"), ASP_OK);
    ck_assert_int_eq(add_id(" alice", "7k"), ASP_OK);
    ck_assert_int_eq(whose(" erna", ""), ASP_AMBIGUOUS);
    store_says("\" erna\"");
    store_says("blank at one end");
    store_says("asp-admin remove");
    ck_assert_str_eq(found.name, "");
    ck_assert_int_eq(whose(" alice", ""), ASP_AMBIGUOUS);
    unit_put_bytes(&store, " erna", "rubbish", 7);
    ck_assert_int_eq(whose(" erna", ""), ASP_AMBIGUOUS);
    /* Without a store it is a name like any other that is not well-formed. */
    ask_nothing_yet();
    ck_assert_int_eq(asp_account_name(conf, NULL, &names, " erna", &found, &store_error),
                     ASP_NOT_FOUND);
    ck_assert_str_eq(asked, " erna ");
    ck_assert_str_eq(found.name, "");
    /* And of none there is an account. */
    ck_assert_int_eq(asp_account_name(conf, NULL, &names, "alice", &found, NULL), ASP_NOT_FOUND);
    ck_assert_str_eq(found.name, "alice");
    ck_assert(found.known);
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add_on_engines(suite, an_account_whose_name_is_none_any_more_is_nobodys);
    unit_add_on_engines(suite, an_account_of_the_very_name_is_taken_and_nobody_is_asked);
    unit_add_on_engines(suite, another_spelling_is_the_account_of_whom_it_stands_for);
    unit_add_on_engines(suite, whom_the_name_service_knows_and_who_has_none_has_no_account);
    unit_add_on_engines(suite, local_users_who_differ_by_a_capital_are_two);
    unit_add_on_engines(suite, a_name_that_is_not_well_formed_is_asked_for_like_any_other);
    unit_add_on_engines(suite, a_question_that_fails_leaves_it_open);
    unit_add_on_engines(suite, where_nobody_may_be_asked_it_is_told_that_a_question_is_due);
    unit_add_on_engines(suite, a_listed_domain_is_the_systems_own);
    unit_add(suite, a_name_is_spelled_without_its_domain_and_a_domain_alone_is_one);
    unit_add_on_engines(suite, a_domain_is_not_counted_where_a_name_has_a_limit);
    unit_add_on_engines(suite, capitals_are_folded_if_the_configuration_says_so);
    unit_add_on_engines(suite, whom_the_name_service_knows_by_the_text_that_was_typed_she_is);
    unit_add_on_engines(suite, who_is_not_known_as_it_was_typed_is_asked_for_without_the_domain);
    unit_add_on_engines(suite, an_account_of_the_text_that_was_typed_is_never_passed_over);
    unit_add_on_engines(suite, an_account_that_is_damaged_is_somebodys_and_cannot_be_loaded);
    unit_add_on_engines(suite, the_entry_that_is_asked_for_is_read_and_no_other);
    unit_add(suite, an_account_that_is_not_to_be_trusted_is_somebodys_all_the_same);
    unit_add(suite, where_the_store_does_not_say_whether_there_is_an_account_it_is_not_known);
    unit_add(suite, no_account_that_was_looked_at_is_kept);
}

int main(void)
{
    return unit_run("account_name", fill);
}
