/* A primary password that was set: whose app passwords hang on it, who is told before, and what
 * becomes of them. Nobody of these names has a line in the shadow file of this machine, but root.
 */
#include "password_compare_fixture.h"

#include "asp/time_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Whoever compares waits: for the account, which is held here. */
static pid_t begin_to_compare(const char *user, int *lock)
{
    char path[UNIT_PATH];
    pid_t child;

    (void)snprintf(path, sizeof path, "%.400s/locks/" OWN, store.path);
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(flock(*lock, LOCK_EX), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)close(*lock);
        _exit(compare(user) == ASP_OK ? 0 : 1);
    }
    return child;
}

/* Until it is noted, or the process has ended. */
static bool is_noted_meanwhile(const char *account, uint64_t before, pid_t child)
{
    const struct timespec look = {.tv_nsec = 20 * 1000000L};

    while (mark_of(account) == before) {
        if (waitpid(child, NULL, WNOHANG) != 0)
            return false;
        (void)nanosleep(&look, NULL);
    }
    return true;
}

/* What becomes of who compares, a kill in between, does not undo that there was a change. */
START_TEST(that_it_was_set_is_noted_of_each_account_before_it_is_compared)
{
    static const char *const typed[] = {OWN, "NOBODY-of-this-name"};
    uint64_t before;
    int status = -1;
    int lock;
    pid_t child;

    if (!begins(""))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    before = mark_of(OWN);
    child = begin_to_compare(typed[_i], &lock);
    ck_assert(is_noted_meanwhile(OWN, before, child));
    ck_assert(is_active(OWN));
    /* It still waits to compare. */
    ck_assert_int_eq(close(lock), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(!is_active(OWN));
    end();
}
END_TEST

/* She may be about to have her first app password. */
START_TEST(that_it_was_set_is_noted_of_who_has_no_account_too)
{
    uint64_t before;

    if (!begins(""))
        return;
    before = mark_of(OWN);
    ck_assert_int_eq(compare("NOBODY-of-this-name"), ASP_OK);
    ck_assert_uint_ne(mark_of(OWN), before);
    ck_assert_int_eq(loads(OWN), ASP_NOT_FOUND);
    ck_assert_int_eq(questions, 1);
    ck_assert_int_eq(compare("stranger-of-this-name"), ASP_OK);
    ck_assert_int_eq(questions, 2);
    end();
}
END_TEST

/* As 0.1.0 has made it of another spelling, and of one that is no name any more. */
START_TEST(an_account_of_the_very_spelling_is_compared_beside_the_users_own)
{
    static const char *const spellings[] = {"NOBODY-of-this-name", "blank-of-this-name "};

    if (!unit_is_root())
        return;
    for (size_t i = 0; i < UNIT_COUNT(spellings); i++) {
        begin("");
        ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
        ck_assert_int_eq(add_id(spellings[i], "7k"), ASP_OK);
        ck_assert_int_eq(compare(spellings[i]), ASP_OK);
        ck_assert_uint_ne(mark_of(OWN), 0);
        ck_assert_uint_ne(mark_of(spellings[i]), 0);
        ck_assert(!is_active(OWN));
        ck_assert(!is_active(spellings[i]));
        end();
    }
}
END_TEST

#define ROOT "root:*:19000:0:99999:7:::\n"

/* The directory has made a user of what was another spelling of root, however long. */
START_TEST(who_is_known_by_the_spelling_itself_follows_nobody)
{
    if (!begins(""))
        return;
    put_follower("spelling-of-this-name", "root");
    ck_assert_int_eq(compare("spelling-of-this-name"), ASP_OK);
    ck_assert(!is_active("spelling-of-this-name"));
    put_follower(longest, "root");
    ck_assert_int_eq(compare(longest), ASP_OK);
    ck_assert(is_active(longest));
    longest_is_known = true;
    ck_assert_int_eq(compare(longest), ASP_OK);
    ck_assert(!is_active(longest));
    longest_is_known = false;
    /* Nor one whose name is of one letter. */
    unit_shadow(ROOT "x:*:19000:0:99999:7:::\n");
    put_follower("spelling-of-this-name", "x");
    ck_assert_int_eq(compare("spelling-of-this-name"), ASP_OK);
    ck_assert(!is_active("spelling-of-this-name"));
    end();
}
END_TEST

/* An account of the very spelling is found without asking. */
START_TEST(the_users_own_is_found_however_long_it_is_called)
{
    if (!begins(""))
        return;
    ck_assert_int_eq(add_id("long-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(add_id(longest, "7k"), ASP_OK);
    ck_assert_int_eq(compare("long-of-this-name"), ASP_OK);
    ck_assert(!is_active("long-of-this-name"));
    ck_assert(!is_active(longest));
    ck_assert_int_eq(questions, 1);
    end();
}
END_TEST

/* The name service did not know it yet when the account without the domain was found. */
START_TEST(who_is_known_by_what_was_typed_is_not_asked_for_without_the_domain)
{
    if (!begins("user_domains = [ \"example.org\" ];"))
        return;
    learnt = "typed-of-this-name@example.org";
    ck_assert_int_eq(add_id("typed-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    ck_assert_int_eq(compare(learnt), ASP_OK);
    ck_assert(!is_active("typed-of-this-name"));
    ck_assert(!is_active(OWN));
    ck_assert_int_eq(questions, 2);
    learnt = NULL;
    end();
}
END_TEST

START_TEST(who_is_not_known_is_asked_for_once)
{
    static const char *const users[] = {"stranger-of-this-name", "x"};

    if (!unit_is_root())
        return;
    for (size_t i = 0; i < UNIT_COUNT(users); i++) {
        begin("");
        ck_assert_int_eq(add_id(users[i], "7k"), ASP_OK);
        ck_assert_int_eq(compare(users[i]), ASP_OK);
        ck_assert(!is_active(users[i]));
        ck_assert_int_eq(questions, 1);
        end();
    }
}
END_TEST

START_TEST(where_it_cannot_be_noted_that_is_told_and_it_is_compared)
{
    const struct unit_plan plan = {.call = "pwrite", .first = 1, .times = 1, .number = EIO};
    enum asp_status status;

    if (!begins(""))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    unit_calls_begin(&plan);
    status = compare(OWN);
    ck_assert(unit_calls_end());
    ck_assert_int_eq(status, ASP_IO);
    ck_assert(!is_active(OWN));
    end();
}
END_TEST

/* Who has a line, where another source is configured, is left to that source. */
START_TEST(of_who_has_a_line_shadow_alone_is_compared)
{
    static const char *const sources[] = {
        "primary: { source = \"shadow\"; };",
        "primary: { source = \"command\"; command = \"/bin/true\"; };",
    };

    if (!begins(sources[_i]))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    unit_shadow(ROOT OWN ":$6$salt$one:19000:0:99999:7:::\n");
    ck_assert_int_eq(compare(OWN), ASP_OK);
    ck_assert(is_active(OWN));
    unit_shadow(ROOT OWN ":$6$salt$two:19001:0:99999:7:::\n");
    ck_assert_int_eq(compare(OWN), ASP_OK);
    ck_assert(is_active(OWN) == (_i == 1));
    unit_shadow(ROOT);
    ck_assert_int_eq(compare(OWN), ASP_OK);
    ck_assert(!is_active(OWN));
    end();
}
END_TEST

/* Compares while so many readings of shadow fail with this. */
static enum asp_status compare_failing(const char *user, enum asp_status with, unsigned times)
{
    const struct unit_plan plan = {
        .call = "shadow", .first = 1, .times = times, .result = with, .returns = true};
    enum asp_status status;

    unit_calls_begin(&plan);
    status = compare(user);
    ck_assert(unit_calls_end());
    return status;
}

/* The first that fails, of what is done one by one. */
START_TEST(what_fails_is_told_and_the_rest_is_done)
{
    if (!begins(""))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    for (int status = ASP_UNKNOWN; status <= ASP_SLOW; status++) {
        if (status != ASP_NOT_FOUND && status != ASP_OK)
            ck_assert_int_eq(compare_failing(OWN, (enum asp_status)status, 0), status);
    }
    ck_assert(is_active(OWN));
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    failing = "NOBODY-of-this-name";
    ck_assert_int_eq(compare_failing(failing, ASP_NO_FILES, 1), ASP_NO_FILES);
    failing = NULL;
    ck_assert_int_eq(compare_failing("NOBODY-of-this-name", ASP_NO_FILES, 1), ASP_NO_FILES);
    ck_assert(is_active("NOBODY-of-this-name"));
    ck_assert(!is_active(OWN));
    end();
}
END_TEST

/* Then it is not known who is meant, and nothing is guessed. */
START_TEST(where_the_name_service_fails_at_first_nothing_is_compared)
{
    if (!begins(""))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    fails_first = 1;
    ck_assert_int_eq(compare("NOBODY-of-this-name"), ASP_IO);
    ck_assert(is_active(OWN));
    fails_first = questions = 0;
    ck_assert_int_eq(compare("NOBODY-of-this-name"), ASP_OK);
    ck_assert(!is_active(OWN));
    ck_assert_int_eq(questions, 1);
    ck_assert_int_eq(add_id("x", "7k"), ASP_OK);
    ck_assert_int_eq(compare("short-of-this-name"), ASP_OK);
    ck_assert(!is_active("x"));
    ck_assert_int_eq(questions, 2);
    end();
}
END_TEST

START_TEST(where_there_is_nothing_to_compare_with_nothing_is_done)
{
    if (!begins("primary: { source = \"none\"; };"))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    ck_assert_int_eq(compare(OWN), ASP_OK);
    ck_assert(is_active(OWN));
    ck_assert_uint_eq(mark_of(OWN), 0);
    end();
}
END_TEST

/* Nor is there an account in a store that is none. */
START_TEST(that_the_store_cannot_be_opened_is_told)
{
    struct asp_conf *other;

    if (!begins(""))
        return;
    other = unit_conf("store = \"/nowhere/of-this-test\";");
    ck_assert_int_eq(password_compare(other, NULL, OWN, "passwd", say_nothing, NULL, &error),
                     ASP_IO);
    asp_conf_free(other);
    end();
}
END_TEST

static char logged[512];

static void write_down(void *context, int level, const char *line)
{
    size_t used = strlen(logged);

    ck_assert_ptr_eq(context, &logged);
    (void)snprintf(logged + used, sizeof logged - used, "%d %s\n", level, line);
}

START_TEST(each_that_is_revoked_is_logged_with_who_did_it)
{
    size_t files;

    if (!begins(""))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    files = unit_names("/proc/self/fd");
    ck_assert_int_eq(password_compare(conf, NULL, OWN, "passwd", write_down, logged, &error),
                     ASP_OK);
    ck_assert_ptr_nonnull(strstr(logged, OWN));
    ck_assert_ptr_nonnull(strstr(logged, "id=7k"));
    ck_assert_ptr_nonnull(strstr(logged, "pam:passwd"));
    ck_assert_ptr_eq(strchr(logged, '\n'), logged + strlen(logged) - 1);
    logged[0] = '\0';
    ck_assert_int_eq(password_compare(conf, NULL, OWN, "passwd", write_down, logged, &error),
                     ASP_OK);
    ck_assert_str_eq(logged, "");
    ck_assert_uint_eq(unit_names("/proc/self/fd"), files); /* and nothing is left open */
    end();
}
END_TEST

START_TEST(that_it_was_not_compared_is_a_line_with_its_cause)
{
    const struct unit_plan plan = {.call = "malloc", .first = 1, .number = ENOMEM, .returns = true};

    error = (struct asp_error){.status = ASP_OK};
    (void)asp_fail(&error, ASP_IO, "it \"failed\"");
    password_not_compared(write_down, logged, "a b", &error);
    ck_assert_str_eq(logged, "3 " NOT_COMPARED "user=\"a b\" cause=\"it \\x22failed\\x22\"\n");
    logged[0] = '\0';
    unit_calls_begin(&plan);
    password_not_compared(write_down, logged, "a b", &error);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(logged, "");
}
END_TEST

/* By what was typed and, where nobody knows that, without the domain: which is not counted where a
 * name has a limit. */
START_TEST(with_a_domain_the_account_and_the_users_own_are_found_however_long_it_is_typed)
{
    char name[2 * ASP_USER_MAX];
    char typed[4 * ASP_USER_MAX];

    if (!begins("user_domains = [ \"example.org\" ];"))
        return;
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(compare("NOBODY-of-this-name@example.org"), ASP_OK);
    ck_assert_uint_ne(mark_of(OWN), 0);
    ck_assert(!is_active("NOBODY-of-this-name"));
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    ck_assert_int_eq(add_id("y", "7k"), ASP_OK);
    ck_assert_int_eq(compare("y@example.org"), ASP_OK);
    ck_assert(!is_active(OWN));

    memset(name, 'a', sizeof name);
    for (size_t length = ASP_USER_MAX - 13; length < sizeof name; length++) {
        bool is_name = length <= ASP_USER_MAX;

        name[length] = '\0';
        if (is_name)
            ck_assert_int_eq(add_id(name, "7k"), ASP_OK);
        (void)snprintf(typed, sizeof typed, "%s@example.org", name);
        ck_assert_int_eq(compare(typed), ASP_OK);
        ck_assert(!is_name || mark_of(name) != 0);
        ck_assert(!is_name || !is_active(name));
        name[length] = 'a';
    }
    end();
}
END_TEST

START_TEST(what_was_found_is_compared_where_the_name_service_fails_at_the_rest)
{
    if (!begins(""))
        return;
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    failing = "NOBODY-of-this-name";
    ck_assert_int_eq(compare("NOBODY-of-this-name"), ASP_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "name service"));
    ck_assert(!is_active("NOBODY-of-this-name"));
    ck_assert(is_active(OWN));
    end();
}
END_TEST

/* It may not answer, and the work has an end. */
START_TEST(what_is_found_without_asking_is_compared_before_anybody_is_asked)
{
    if (!begins(""))
        return;
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    looked_at = "NOBODY-of-this-name";
    ck_assert_int_eq(compare(looked_at), ASP_OK);
    ck_assert(was_revoked && !was_active);
    looked_at = NULL;
    end();
}
END_TEST

/* A user of a directory, of whom to be reached is all that can be seen. */
START_TEST(what_she_makes_with_the_new_password_while_she_is_asked_for_stays)
{
    struct asp_account account;

    if (!begins(""))
        return;
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    is_quick = true;
    ck_assert_int_eq(compare(OWN), ASP_OK);
    is_quick = false;
    ck_assert_int_eq(load(OWN, &account), ASP_OK);
    ck_assert_uint_eq(account.count, 2);
    for (size_t i = 0; i < account.count; i++) {
        bool is_old = strcmp(account.entries[i].id, "7k") == 0;

        ck_assert((account.entries[i].revoked != ASP_NEVER) == is_old);
    }
    asp_account_free(&account);
    end();
}
END_TEST

/* It was compared before. */
START_TEST(one_of_two_of_her_spelling_that_is_her_own_is_compared_once)
{
    struct asp_account account;

    if (!begins("user_domains = [ \"example.org\" ];"))
        return;
    learnt = "typed-of-this-name@example.org";
    learnt_is_own = true;
    ck_assert_int_eq(add_id("typed-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(add_id(learnt, "7k"), ASP_OK);
    ck_assert_int_eq(compare(learnt), ASP_OK);
    ck_assert_int_eq(load(learnt, &account), ASP_OK);
    ck_assert_uint_eq(account.count, 2);
    ck_assert((account.entries[0].revoked == ASP_NEVER) !=
              (account.entries[1].revoked == ASP_NEVER));
    asp_account_free(&account);
    end();
}
END_TEST

/* By the account of the very spelling, where there are two, root is followed as by any other. */
START_TEST(one_of_two_of_her_spelling_may_follow_another)
{
    if (!begins("user_domains = [ \"example.org\" ];"))
        return;
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    put_follower("NOBODY-of-this-name@example.org", "root");
    ck_assert_int_eq(compare("NOBODY-of-this-name@example.org"), ASP_OK);
    ck_assert(!is_active("NOBODY-of-this-name"));
    ck_assert(is_active("NOBODY-of-this-name@example.org"));
    end();
}
END_TEST

/* Of two of them the name service knows the user by neither. */
START_TEST(the_users_own_is_asked_for_where_there_are_two_of_her_spelling)
{
    if (!begins("user_domains = [ \"example.org\" ];"))
        return;
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(add_id("NOBODY-of-this-name@example.org", "7k"), ASP_OK);
    ck_assert_int_eq(add_id(OWN, "7k"), ASP_OK);
    ck_assert_int_eq(compare("NOBODY-of-this-name@example.org"), ASP_OK);
    ck_assert(!is_active("NOBODY-of-this-name"));
    ck_assert(!is_active("NOBODY-of-this-name@example.org"));
    ck_assert(!is_active(OWN));
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, what_she_makes_with_the_new_password_while_she_is_asked_for_stays);
    unit_add(suite, the_users_own_is_asked_for_where_there_are_two_of_her_spelling);
    unit_add(suite, what_is_found_without_asking_is_compared_before_anybody_is_asked);
    unit_loop(suite, that_it_was_set_is_noted_of_each_account_before_it_is_compared, 2);
    unit_add(suite, that_it_was_set_is_noted_of_who_has_no_account_too);
    unit_add(suite, an_account_of_the_very_spelling_is_compared_beside_the_users_own);
    unit_add(suite, who_is_known_by_the_spelling_itself_follows_nobody);
    unit_add(suite, the_users_own_is_found_however_long_it_is_called);
    unit_add(suite, who_is_known_by_what_was_typed_is_not_asked_for_without_the_domain);
    unit_add(suite, who_is_not_known_is_asked_for_once);
    unit_add(suite, where_it_cannot_be_noted_that_is_told_and_it_is_compared);
    unit_loop(suite, of_who_has_a_line_shadow_alone_is_compared, 2);
    unit_add(suite, what_fails_is_told_and_the_rest_is_done);
    unit_add(suite, that_it_was_not_compared_is_a_line_with_its_cause);
    unit_add(suite, one_of_two_of_her_spelling_may_follow_another);
    unit_add(suite, where_there_is_nothing_to_compare_with_nothing_is_done);
    unit_add(suite, that_the_store_cannot_be_opened_is_told);
    unit_add(suite, one_of_two_of_her_spelling_that_is_her_own_is_compared_once);
    unit_add(suite, where_the_name_service_fails_at_first_nothing_is_compared);
    unit_add(suite, each_that_is_revoked_is_logged_with_who_did_it);
    unit_add(suite, with_a_domain_the_account_and_the_users_own_are_found_however_long_it_is_typed);
    unit_add(suite, what_was_found_is_compared_where_the_name_service_fails_at_the_rest);
}

int main(void)
{
    return unit_run("password_compare", fill);
}
