/* A request against a store in files that is damaged, fails, or is written by others meanwhile. The
 * primary password is left alone. */
#include "login_fixture.h"

#include "asp/time_text.h"
#include "asp/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RACERS = 6 };

/* What is broken is not "no account": no stack may fall through to the primary password. */
START_TEST(a_store_that_cannot_be_used_is_unavailable_with_its_cause)
{
    begin("", for_mail);
    file_write(in_store("users/alice"), "damaged", 7);
    ck_assert_str_eq(try("alice", "imap", typed), "unavailable");
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, "users/alice"));
    ck_assert_str_eq(outcome.id, "");
    ck_assert_int_eq(unlink(in_store("users/alice")), 0);
    ck_assert_int_eq(mkfifo(in_store("users/alice"), 0600), 0);
    ck_assert_str_eq(try("alice", "imap", typed), "unavailable");
    ck_assert_int_eq(unlink(in_store("users/alice")), 0);
    ck_assert_str_eq(try("alice", "imap", typed), "no-account");
    ck_assert_int_eq(rename(in_store("users"), in_store("gone")), 0);
    ck_assert_str_eq(try("alice", "imap", typed), "unavailable");
    ck_assert_str_eq(try("bob", "imap", typed), "unavailable");
    ck_assert_int_eq(rename(store.path, unit_path(unit_folder(), "moved")), 0);
    ck_assert_str_eq(try("alice", "imap", typed), "unavailable");
    ck_assert_ptr_nonnull(strstr(outcome.cause.text, store.path));
    end();
}
END_TEST

/* First use */

START_TEST(a_binding_that_cannot_be_written_is_unavailable_and_is_none)
{
    static const char *const calls[] = {"write", "fsync", "renameat"};

    begin("", NULL);
    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .number = ENOSPC};
        struct asp_request request = request_of("alice", "imap", typed);
        bool reached;

        unit_calls_begin(&plan);
        asp_login(conf, unit_kept(), &unit_strangers, &request, NOW, &outcome);
        reached = unit_calls_end();
        ck_assert(reached);
        ck_assert_str_eq(asp_verdict_word(outcome.verdict), "unavailable");
        ck_assert_ptr_nonnull(strstr(outcome.cause.text, "No space"));
        ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    }
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    end();
}
END_TEST

/* Of many who come at once by different doors one binds, and those of its app are let in. */
START_TEST(first_uses_that_race_bind_exactly_once)
{
    static const char *const services[RACERS] = {"imap", "radio", "pop3", "nginx", "smtp", "clock"};
    pid_t children[RACERS];
    struct asp_entry entry;

    begin("", NULL);
    for (size_t i = 0; i < RACERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            const char *verdict = try("alice", services[i], typed);

            _exit(strcmp(verdict, "accepted") == 0 ? 0 : strcmp(verdict, "wrong-app") == 0 ? 1 : 2);
        }
    }
    for (size_t i = 0; i < RACERS; i++) {
        struct asp_scope scope;
        int status;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        entry = entry_now();
        asp_scope_of(conf, services[i], NULL, &scope);
        ck_assert_int_eq(WEXITSTATUS(status) == 0, strcmp(entry.app, scope.app) == 0);
    }
    ck_assert_int_eq(entry.bound, NOW);
    end();
}
END_TEST

/* Somebody else was quicker: what is read under the lock counts, not what was read before. */
static void (*meanwhile)(struct asp_entry *entry);

static enum asp_status change_entry(struct asp_account *account, void *context,
                                    struct asp_error *why)
{
    (void)context;
    (void)why;
    if (meanwhile == NULL)
        asp_account_remove(account, &account->entries[0]);
    else
        meanwhile(&account->entries[0]);
    return ASP_OK;
}

static void be_quicker(void)
{
    if (asp_store_update(&store, "alice", false, change_entry, NULL, NULL) != ASP_OK)
        abort();
}

static void remove_account(void)
{
    if (asp_store_remove(&store, "alice", NULL) != ASP_OK)
        abort();
}

static void bind_to_radio(struct asp_entry *entry)
{
    strcpy(entry->app, "radio");
    strcpy(entry->bound_service, "radio");
    entry->bound = NOW - 1;
}

static void bind_to_mail(struct asp_entry *entry)
{
    strcpy(entry->app, "mail");
    strcpy(entry->bound_service, "smtp");
    entry->bound = NOW - 1;
}

static void make_another(struct asp_entry *entry)
{
    (void)unit_entry(entry, "alice", "7k", "Phone");
}

/* Lesson: pam_oath CVE-2024-47191. */
START_TEST(the_check_is_made_again_under_the_lock)
{
    static const struct {
        void (*meanwhile)(struct asp_entry *entry);
        void (*at)(void);
        const char *verdict;
        bool is_there; /* the entry: else it is not named */
    } cases[] = {
        {revoked, be_quicker, "revoked", true},
        {bind_to_radio, be_quicker, "wrong-app", true},
        {bind_to_mail, be_quicker, "accepted", true},
        {make_another, be_quicker, "not-an-app-password", false},
        {NULL, be_quicker, "not-an-app-password", false},
        {NULL, remove_account, "no-account", false},
    };
    struct asp_request request;
    /* The first lock is that of the binding. */
    struct unit_plan plan = {.call = "flock", .first = 1, .times = 1};

    begin("", NULL);
    meanwhile = cases[_i].meanwhile;
    plan.at = cases[_i].at;
    request = request_of("alice", "imap", typed);
    unit_calls_begin(&plan);
    asp_login(conf, unit_kept(), &unit_strangers, &request, NOW, &outcome);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), cases[_i].verdict);
    ck_assert_str_eq(outcome.id, cases[_i].is_there ? "7k" : "");
    ck_assert_str_eq(outcome.label, cases[_i].is_there ? "Phone" : "");
    ck_assert(!outcome.denied);
    ck_assert_uint_eq(unit_calls("renameat"), 0);
    if (cases[_i].is_there)
        ck_returned_str_eq(entry_now().label, "Phone");
    if (meanwhile == bind_to_mail)
        ck_returned_str_eq(entry_now().bound_service, "smtp");
    end();
}
END_TEST

/* Uses */

/* Lesson: pam_tally2, pam_faillock. */
START_TEST(nothing_is_written_for_what_was_refused)
{
    char wrong[sizeof typed];
    struct asp_use use;

    begin("", from_office);
    strcpy(wrong, typed);
    wrong[10] = wrong[10] == '5' ? '6' : '5';
    unit_calls_begin(NULL);
    (void)try("alice", "imap", wrong);
    (void)try("alice", "imap", "x");
    (void)try("alice", "imap", typed); /* wrong-network */
    (void)try("alice", "sshd", typed); /* wrong-app */
    (void)try("bob", "imap", typed);
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("pwrite") + unit_calls("renameat") + unit_calls("flock"), 0);
    ck_assert(!use_now(&use));
    ck_assert_uint_eq(unit_names(in_store("locks")), 1);
    ck_assert_uint_eq(unit_names(in_store("used")), 1);
    end();
}
END_TEST

START_TEST(a_use_that_cannot_be_written_decides_nothing)
{
    begin("", for_mail);
    ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    ck_assert_int_eq(mkfifo(in_store("used/alice"), 0600), 0);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    ck_assert_int_eq(rename(in_store("used"), in_store("gone")), 0);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    end();
}
END_TEST

/* Unused since its last use; a usage file that is lost starts the count anew and locks nobody out.
 */
START_TEST(an_entry_that_is_used_stays_and_one_that_is_not_is_refused)
{
    struct asp_request request;

    begin("usage_interval = 0;", soon_unused);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 999), "accepted");
    ck_assert_str_eq(decide(&request, 2998), "accepted");
    ck_assert_str_eq(decide(&request, 4998), "unused");
    ck_assert_str_eq(decide(&request, 4000), "accepted"); /* the clock was set right */
    ck_assert_str_eq(decide(&request, 6000), "unused");
    ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    ck_assert_str_eq(decide(&request, 100000), "accepted");
    ck_assert_str_eq(decide(&request, 101999), "accepted");
    ck_assert_str_eq(decide(&request, 104000), "unused");
    file_write(in_store("used/alice"), "damaged", 7);
    ck_assert_str_eq(decide(&request, 200000), "accepted");
    end();
}
END_TEST

static const struct asp_use use_of_other = {
    .id = "zz", .created = 1000, .last = NOW, .service = "imap", .host = "192.0.2.7"};

/* Another device's use is written all the while: what is read torn must not count as a use. */
START_TEST(the_uses_of_another_device_revive_nothing)
{
    long long until;
    pid_t child;
    size_t tried = 0;

    begin("", soon_unused);
    ck_assert_int_eq(asp_store_record(&store, "alice", &use_of_other), ASP_OK);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct asp_use use = use_of_other;

        for (;;) {
            strcpy(use.host, use.host[0] == '1' ? "2001:db8::7:2001:db8" : "192.0.2.7");
            (void)asp_store_record(&store, "alice", &use);
        }
    }
    until = now_ms() + (unit_is_watched() ? 500 : 3000);
    while (now_ms() < until) {
        struct asp_request request = request_of("alice", "imap", typed);
        const char *verdict = decide(&request, 5000);

        unit_need(strcmp(verdict, "unused") == 0, "%s after %zu logins", verdict, tried);
        tried++;
    }
    unit_kill(child);
    ck_assert_uint_gt(tried, 0);
    end();
}
END_TEST

/* The same, in the order that it needs. */
static int held = -1;

static void write_half(size_t from)
{
    uint8_t slot[ASP_SLOT_BYTES];

    asp_usage_write_slot(&use_of_other, slot);
    if (pwrite(held, slot + from, sizeof slot / 2, (off_t)(ASP_HEAD_BYTES + from)) !=
        sizeof slot / 2)
        abort();
}

static void write_rest(void)
{
    write_half(0);
    if (close(held) != 0)
        abort();
}

START_TEST(a_use_that_is_read_while_it_is_written_is_read_again)
{
    static const struct unit_plan plan = {
        .call = "clock_nanosleep", .first = 1, .times = 1, .at = write_rest};
    struct asp_request request;

    begin("", soon_unused);
    request = request_of("alice", "imap", typed);
    held = open(in_store("used/alice"), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(held, LOCK_EX), 0);
    write_half(ASP_SLOT_BYTES / 2);
    unit_calls_begin(&plan);
    (void)decide(&request, 5000);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "unused");
    end();
}
END_TEST

/* A power cut leaves an empty file, or none: the count begins anew with the first who may write,
 * and once. */
START_TEST(an_empty_file_of_uses_starts_the_count_once)
{
    struct asp_request request;
    struct asp_use use;

    begin("usage_interval = 0;", soon_unused);
    request = request_of("alice", "imap", typed);
    file_write(in_store("used/alice"), "", 0);
    request.dry = true;
    ck_assert_str_eq(decide(&request, 5000), "accepted");
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&request, 9000), "accepted");
    request.dry = false;
    request.service = "sshd"; /* it is not let in, and its secret is proven */
    ck_assert_str_eq(decide(&request, 5000), "wrong-app");
    request.service = "imap";
    ck_assert_str_eq(decide(&request, 7000), "unused");
    ck_assert_str_eq(decide(&request, 6999), "accepted");
    end();
}
END_TEST

START_TEST(uses_that_cannot_be_written_count_from_the_creation_and_are_asked_of_another)
{
    /* Opened are the store, the account, the uses to be read, twice, and to be written. */
    static const struct unit_plan plan = {
        .call = "openat2", .first = 5, .times = 1, .number = EROFS};
    struct asp_request request;

    begin("", soon_unused);
    request = request_of("alice", "imap", typed);
    file_write(in_store("used/alice"), "", 0);
    unit_calls_begin(&plan);
    (void)decide(&request, 1500);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), "unused");
    ck_assert(outcome.denied);
    ck_assert_int_eq(unlink(in_store("used/alice")), 0);
    ck_assert_int_eq(mkfifo(in_store("used/alice"), 0600), 0);
    ck_assert_str_eq(decide(&request, 999), "accepted");
    ck_assert_str_eq(decide(&request, 1000), "unused");
    ck_assert_str_eq(outcome.cause.text, "");
    end();
}
END_TEST

/* The verdict hangs on them where it does, and on nothing of them where it does not. */
START_TEST(uses_that_cannot_be_read_are_unavailable_where_the_entry_ends_by_them)
{
    static const int numbers[] = {EIO, EACCES};
    struct asp_request request;

    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        /* Opened are the store, the account and the uses. */
        struct unit_plan plan = {.call = "openat2", .first = 3, .times = 1, .number = numbers[i]};

        begin("", soon_unused);
        request = request_of("alice", "imap", typed);
        unit_calls_begin(&plan);
        (void)decide(&request, 0);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(outcome.verdict, ASP_UNAVAILABLE);
        ck_assert_str_eq(outcome.id, "7k");
        ck_assert_ptr_nonnull(strstr(outcome.cause.text, "used/alice"));
        ck_assert_int_eq(outcome.denied, numbers[i] == EACCES);

        /* What is damaged is read again. */
        file_write(in_store("used/alice"), "", 0);
        plan.first = 4;
        plan.times = 2;
        unit_calls_begin(&plan);
        (void)decide(&request, 0);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(outcome.verdict, ASP_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(outcome.cause.text, "used/alice"));
        ck_assert_int_eq(outcome.denied, numbers[i] == EACCES);
        end();

        begin("", for_mail);
        request = request_of("alice", "imap", typed);
        plan.first = 3;
        plan.times = 1;
        unit_calls_begin(&plan);
        (void)decide(&request, 0);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(outcome.verdict, ASP_ACCEPTED);
        ck_assert_int_eq(outcome.denied, numbers[i] == EACCES);
        end();

        /* What is said is of what was written. */
        begin("", NULL);
        request = request_of("alice", "imap", typed);
        unit_calls_begin(&plan);
        (void)decide(&request, 0);
        ck_assert(unit_calls_end());
        ck_assert_int_eq(outcome.verdict, ASP_ACCEPTED);
        ck_assert_str_eq(outcome.cause.text, "");
        end();
    }
}
END_TEST

/* It says what another would that may write, and that one leaves it to whoever writes. */
START_TEST(a_dry_request_counts_from_the_creation_while_another_writes)
{
    struct asp_request request;
    int fd;

    begin("", soon_unused);
    request = request_of("alice", "imap", typed);
    file_write(in_store("used/alice"), "", 0);
    fd = open(in_store("used/alice"), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    for (int dry = 1; dry >= 0; dry--) {
        request.dry = dry == 1;
        ck_assert_str_eq(decide(&request, 5000), "unused");
        ck_assert(!outcome.denied);
    }
    (void)close(fd);
    request.dry = true;
    ck_assert_str_eq(decide(&request, 5000), "accepted");
    ck_assert(!outcome.denied);
    end();
}
END_TEST

/* It takes a lock, which others may hold. */
START_TEST(uses_that_are_damaged_are_read_again_only_for_what_ends_by_them)
{
    char damaged[ASP_SLOT_BYTES];
    struct asp_request request;

    memset(damaged, 'x', sizeof damaged);
    begin("", for_mail);
    request = request_of("alice", "imap", typed);
    request.dry = true;
    file_write(in_store("used/alice"), damaged, sizeof damaged);
    unit_calls_begin(NULL);
    (void)decide(&request, 0);
    (void)unit_calls_end();
    ck_assert_int_eq(outcome.verdict, ASP_ACCEPTED);
    ck_assert_uint_eq(unit_calls("flock"), 0);
    end();

    /* Nor where its own is whole. */
    begin("", soon_unused);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 0), "accepted");
    held = open(in_store("used/alice"), O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(held, damaged, sizeof damaged), sizeof damaged);
    (void)close(held);
    request.dry = true;
    unit_calls_begin(NULL);
    (void)decide(&request, 1999);
    (void)unit_calls_end();
    ck_assert_int_eq(outcome.verdict, ASP_ACCEPTED);
    ck_assert_uint_eq(unit_calls("flock"), 0);
    end();
}
END_TEST

/* A clock that is behind what is stored begins nothing: set right, it would have destroyed. */
START_TEST(a_clock_that_is_behind_begins_no_file_of_uses)
{
    struct asp_request request;
    struct asp_use use;

    begin("", soon_unused);
    request = request_of("alice", "imap", typed);
    file_write(in_store("used/alice"), "", 0);
    ck_assert_str_eq(decide(&request, -2000), "accepted");
    ck_assert(!outcome.denied);
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&request, 5000), "accepted");
    end();
}
END_TEST

/* Nor does one that is behind the last use take that away: set right, what was used is not unused.
 */
START_TEST(a_clock_that_is_behind_takes_no_use_away)
{
    struct asp_request request;

    begin("usage_interval = 0;", soon_unused);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 900), "accepted");
    ck_assert_str_eq(decide(&request, -500), "accepted");
    ck_assert_str_eq(decide(&request, 2800), "accepted");
    request.host = "198.51.100.9"; /* which is written at once else */
    ck_assert_str_eq(decide(&request, -500), "accepted");
    ck_assert_str_eq(decide(&request, 4700), "accepted");
    ck_assert_str_eq(decide(&request, 6700), "unused");
    end();
}
END_TEST

static void unbind(struct asp_entry *entry)
{
    strcpy(entry->app, ASP_APP_FIRST_USE);
    entry->bound = ASP_NEVER;
    entry->bound_service[0] = '\0';
}

/* Each call of a login made to fail in turn: never accepted unbound, never an account that is none.
 */
START_TEST(no_failed_call_opens_a_door_or_says_no_account)
{
    static const int numbers[] = {EIO, EACCES, ENOMEM, ENOENT};
    size_t before;

    begin("", NULL);
    before = unit_names("/proc/self/fd");
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        bool reached = true;

        for (unsigned nth = 1; reached; nth++) {
            struct unit_plan plan = {.first = nth, .times = 1, .number = numbers[i], .hasty = true};
            struct asp_request request = request_of("alice", "imap", typed);
            struct asp_entry entry;

            unit_calls_begin(&plan);
            asp_login(conf, unit_kept(), &unit_strangers, &request, NOW, &outcome);
            reached = unit_calls_end();
            entry = entry_now();
            unit_need(outcome.verdict == ASP_ACCEPTED || outcome.verdict == ASP_UNAVAILABLE ||
                          (outcome.verdict == ASP_NO_ACCOUNT && numbers[i] == ENOENT),
                      "call %u, errno %d: %s", nth, numbers[i], asp_verdict_word(outcome.verdict));
            unit_need((outcome.verdict == ASP_ACCEPTED) == (strcmp(entry.app, "mail") == 0),
                      "call %u, errno %d: %s and %s", nth, numbers[i],
                      asp_verdict_word(outcome.verdict), entry.app);
            if (outcome.verdict == ASP_UNAVAILABLE)
                unit_need(outcome.cause.text[0] != '\0', "call %u: no cause", nth);
            if (outcome.verdict == ASP_ACCEPTED) {
                meanwhile = unbind;
                be_quicker();
            }
        }
    }
    ck_assert_uint_eq(unit_names("/proc/self/fd"), before);
    end();
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_store_that_cannot_be_used_is_unavailable_with_its_cause);
    unit_add(suite, a_binding_that_cannot_be_written_is_unavailable_and_is_none);
    unit_add(suite, first_uses_that_race_bind_exactly_once);
    unit_loop(suite, the_check_is_made_again_under_the_lock, 6);
    unit_add(suite, nothing_is_written_for_what_was_refused);
    unit_add(suite, a_use_that_cannot_be_written_decides_nothing);
    unit_add(suite, an_entry_that_is_used_stays_and_one_that_is_not_is_refused);
    unit_add(suite, the_uses_of_another_device_revive_nothing);
    unit_add(suite, a_use_that_is_read_while_it_is_written_is_read_again);
    unit_add(suite, an_empty_file_of_uses_starts_the_count_once);
    unit_add(suite, uses_that_cannot_be_written_count_from_the_creation_and_are_asked_of_another);
    unit_add(suite, uses_that_cannot_be_read_are_unavailable_where_the_entry_ends_by_them);
    unit_add(suite, a_dry_request_counts_from_the_creation_while_another_writes);
    unit_add(suite, uses_that_are_damaged_are_read_again_only_for_what_ends_by_them);
    unit_add(suite, a_clock_that_is_behind_begins_no_file_of_uses);
    unit_add(suite, a_clock_that_is_behind_takes_no_use_away);
    unit_add(suite, no_failed_call_opens_a_door_or_says_no_account);
}

int main(void)
{
    return unit_run("login-files", fill);
}
