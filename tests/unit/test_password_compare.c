/* A primary password that was set: whose app passwords hang on it, who is told before, and what
 * becomes of them. Nobody of these names has a line in the shadow file of this machine, but root.
 */
#include "store_fixture.h"

#include "asp/time_text.h"
#include "pam_asp/password_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN "nobody-of-this-name"

/* What the name service knows: each name and, after it, what she is called. */
static const char *const directory[][2] = {
    {OWN, OWN},
    {"NOBODY-of-this-name", OWN},
    {"blank-of-this-name ", OWN},
    {"spelling-of-this-name", "spelling-of-this-name"},
};
static const char *failing;
static const char *looked_at; /* whose account is looked at when the name service is asked, */
static bool was_active;       /* whether it was seen active then, */
static bool was_revoked;      /* or revoked */
static bool is_quick;         /* that user makes a new one meanwhile */

static struct asp_conf *conf;
static struct asp_error error;

static bool is_active(const char *user)
{
    struct asp_account account;
    bool active;

    ck_assert_int_eq(load(user, &account), ASP_OK);
    active = account.entries[0].revoked == ASP_NEVER;
    asp_account_free(&account);
    return active;
}

/* In the place of the system's. */
int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **result)
{
    *result = NULL;
    if (looked_at != NULL && is_active(looked_at))
        was_active = true;
    else if (looked_at != NULL)
        was_revoked = true;
    if (is_quick)
        ck_assert_int_eq(add_id(OWN, "8m"), ASP_OK);
    if (failing != NULL && strcmp(name, failing) == 0)
        return EIO;
    for (size_t i = 0; i < UNIT_COUNT(directory); i++) {
        if (strcmp(name, directory[i][0]) != 0)
            continue;
        (void)snprintf(room, size, "%s", directory[i][1]);
        *entry = (struct passwd){.pw_name = room};
        *result = entry;
    }
    return 0;
}

static void say_nothing(void *context, int level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static enum asp_status compare(const char *user)
{
    error = (struct asp_error){0};
    return password_compare(conf, NULL, user, "passwd", say_nothing, NULL, &error);
}

static uint64_t mark_of(const char *account)
{
    uint64_t mark;

    ck_assert_int_eq(asp_store_password_mark(&store, account, &mark, &store_error), ASP_OK);
    return mark;
}

static void begin(const char *more)
{
    char text[UNIT_PATH + 256];

    unit_store(&store);
    (void)snprintf(text, sizeof text, "store = \"%s\"; %s", store.path, more);
    conf = unit_conf(text);
    failing = NULL;
}

static void end(void)
{
    asp_conf_free(conf);
    asp_store_close(&store);
}

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

    if (!unit_is_root())
        return;
    begin("");
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

    if (!unit_is_root())
        return;
    begin("");
    before = mark_of(OWN);
    ck_assert_int_eq(compare("NOBODY-of-this-name"), ASP_OK);
    ck_assert_uint_ne(mark_of(OWN), before);
    ck_assert_int_eq(loads(OWN), ASP_NOT_FOUND);
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

/* The directory has made a user of what was another spelling of root. */
START_TEST(who_is_known_by_the_spelling_itself_follows_nobody)
{
    struct asp_account account;
    size_t length;
    char *written;

    if (!unit_is_root())
        return;
    begin("");
    unit_three_entries(&account);
    strcpy(account.user, "spelling-of-this-name");
    strcpy(account.follows, "root");
    memset(&account.primary, 0, sizeof account.primary); /* by root's line nothing has changed */
    written = unit_account_text(&account, &length);
    unit_put_bytes(&store, account.user, written, length);
    ck_assert(is_active(account.user));
    ck_assert_int_eq(compare(account.user), ASP_OK);
    ck_assert(!is_active(account.user));
    asp_account_free(&account);
    free(written);
    end();
}
END_TEST

/* By what was typed and, where nobody knows that, without the domain: which is not counted where a
 * name has a limit. */
START_TEST(with_a_domain_the_account_and_the_users_own_are_found_however_long_it_is_typed)
{
    char name[2 * ASP_USER_MAX];
    char typed[4 * ASP_USER_MAX];

    if (!unit_is_root())
        return;
    begin("user_domains = [ \"example.org\" ];");
    ck_assert_int_eq(add_id("NOBODY-of-this-name", "7k"), ASP_OK);
    ck_assert_int_eq(compare("NOBODY-of-this-name@example.org"), ASP_OK);
    ck_assert_uint_ne(mark_of(OWN), 0);
    ck_assert(!is_active("NOBODY-of-this-name"));

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
    if (!unit_is_root())
        return;
    begin("");
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
    if (!unit_is_root())
        return;
    begin("");
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

    if (!unit_is_root())
        return;
    begin("");
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

/* Of two of them the name service knows the user by neither. */
START_TEST(the_users_own_is_asked_for_where_there_are_two_of_her_spelling)
{
    if (!unit_is_root())
        return;
    begin("user_domains = [ \"example.org\" ];");
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
    unit_add(suite, with_a_domain_the_account_and_the_users_own_are_found_however_long_it_is_typed);
    unit_add(suite, what_was_found_is_compared_where_the_name_service_fails_at_the_rest);
}

int main(void)
{
    return unit_run("password_compare", fill);
}
