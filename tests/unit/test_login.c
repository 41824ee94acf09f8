/* One request from beginning to end, against a real store. The primary password is left alone. */
#include "unit.h"

#include "asp/login.h"
#include "asp/network.h"
#include "asp/time_text.h"
#include "asp/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOW = 1700000000, RACERS = 6 };

static struct asp_store store;
static struct asp_conf *conf;
static char typed[ASP_SECRET_SHOWN + 1];
static struct asp_outcome outcome;

static const char *in_store(const char *name)
{
    return unit_path(store.path, name);
}

/* A store, its configuration with `text` besides, and alice with one entry, "7k", that is changed
 * by `prepare`. Its password is in `typed`. */
static void begin(const char *text, void (*prepare)(struct asp_entry *entry))
{
    struct asp_entry entry;
    struct asp_secret secret = unit_entry(&entry, "alice", "7k", "Phone");
    char whole[2048];

    unit_store(&store);
    (void)snprintf(whole, sizeof whole, "store = \"%s\"; primary: { source = \"none\"; };\n%s",
                   store.path, text);
    conf = unit_conf(whole);
    entry.created = NOW - 1000;
    if (prepare != NULL)
        prepare(&entry);
    unit_put(&store, "alice", &entry, 1);
    asp_store_begin_usage(&store, "alice", entry.created);
    asp_secret_show(&secret, typed);
}

static void end(void)
{
    asp_conf_free(conf);
    asp_store_close(&store);
}

static struct asp_request request_of(const char *user, const char *service, const char *secret)
{
    return (struct asp_request){
        .user = user, .service = service, .secret = secret, .secret_length = strlen(secret)};
}

/* The word of the verdict on a request at NOW + `later`. */
static const char *decide(const struct asp_request *request, time_t later)
{
    memset(&outcome, 'x', sizeof outcome);
    asp_login(conf, NULL, request, NOW + later, &outcome);
    return asp_verdict_word(outcome.verdict);
}

static const char *try(const char *user, const char *service, const char *secret)
{
    struct asp_request request = request_of(user, service, secret);

    return decide(&request, 0);
}

static struct asp_entry entry_now(void)
{
    struct asp_account account;
    struct asp_entry entry;
    struct asp_error error;

    ck_assert_int_eq(asp_store_load(&store, "alice", NULL, &account, &error), ASP_OK);
    ck_assert_uint_ge(account.count, 1);
    entry = account.entries[0];
    asp_account_free(&account);
    return entry;
}

static bool use_now(struct asp_use *use)
{
    struct asp_usage usage = unit_usage(&store, "alice");
    bool found = asp_usage_find(&usage, "7k", NOW - 1000, use);

    asp_usage_free(&usage);
    return found;
}

static void for_mail(struct asp_entry *entry)
{
    strcpy(entry->app, "mail");
}

static void for_any(struct asp_entry *entry)
{
    strcpy(entry->app, ASP_APP_ANY);
}

static void revoked(struct asp_entry *entry)
{
    (void)asp_entry_revoke(entry, NOW - 500, "ann", "lost", false);
}

static void from_office(struct asp_entry *entry)
{
    for_mail(entry);
    entry->network_count = 1;
    ck_assert(asp_network_read("192.0.2.0/24", &entry->networks[0]));
}

static void soon_over(struct asp_entry *entry)
{
    for_mail(entry);
    entry->expires = NOW + 100;
}

static void soon_unused(struct asp_entry *entry)
{
    for_mail(entry);
    entry->unused_limit = 2000;
}

START_TEST(a_right_password_is_accepted_and_named)
{
    begin("", for_mail);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(outcome.app, "mail");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_str_eq(outcome.label, "Phone");
    ck_assert_str_eq(outcome.cause.text, "");
    end();
}
END_TEST

START_TEST(a_refusal_of_what_was_not_proven_names_nothing)
{
    char wrong[sizeof typed];

    begin("", for_mail);
    strcpy(wrong, typed);
    wrong[10] = wrong[10] == '5' ? '6' : '5';
    ck_assert_str_eq(try("alice", "imap", wrong), "wrong-secret");
    ck_assert_str_eq(outcome.id, "");
    ck_assert_str_eq(outcome.label, "");
    ck_assert_str_eq(outcome.app, "mail");
    wrong[0] = 'z';
    ck_assert_str_eq(try("alice", "imap", wrong), "not-an-app-password");
    ck_assert_str_eq(outcome.id, "");
    ck_assert_str_eq(try("alice", "imap", "Tr0ub4dor&3"), "not-an-app-password");
    ck_assert_str_eq(try("alice", "imap", ""), "not-an-app-password");
    ck_assert_str_eq(try("bob", "imap", typed), "no-account");
    ck_assert_str_eq(try("Alice", "imap", typed), "no-account");
    ck_assert_str_eq(outcome.id, "");
    end();
}
END_TEST

START_TEST(every_other_refusal_of_a_proven_secret_names_its_entry)
{
    struct asp_request request;

    begin("", revoked);
    ck_assert_str_eq(try("alice", "imap", typed), "revoked");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_str_eq(outcome.label, "Phone");
    end();

    begin("", soon_over);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 99), "accepted");
    ck_assert_str_eq(decide(&request, 100), "expired");
    ck_assert_str_eq(outcome.id, "7k");
    ck_assert_str_eq(decide(&request, -NOW), "accepted"); /* a boot in 1970 destroys nothing */
    ck_assert_str_eq(decide(&request, 50), "accepted");
    end();

    begin("", from_office);
    request = request_of("alice", "imap", typed);
    ck_assert_str_eq(decide(&request, 0), "wrong-network");
    request.host = "192.0.2.7";
    ck_assert_str_eq(decide(&request, 0), "accepted");
    request.host = "::ffff:192.0.2.7";
    ck_assert_str_eq(decide(&request, 0), "accepted");
    request.host = "198.51.100.7";
    ck_assert_str_eq(decide(&request, 0), "wrong-network");
    request.host = "host.example.org";
    ck_assert_str_eq(decide(&request, 0), "wrong-network");
    ck_assert_str_eq(outcome.id, "7k");
    end();
}
END_TEST

START_TEST(an_entry_opens_its_app_and_nothing_else)
{
    struct asp_request request;

    begin("", for_mail);
    ck_assert_str_eq(try("alice", "pop3", typed), "accepted");
    ck_assert_str_eq(try("alice", "IMAP", typed), "accepted");
    ck_assert_str_eq(try("alice", "sshd", typed), "wrong-app");
    ck_assert_str_eq(outcome.app, "ssh");
    ck_assert_str_eq(try("alice", "login", typed), "wrong-app");
    ck_assert_str_eq(try("alice", "radio", typed), "wrong-app");
    ck_assert_str_eq(try("alice", "", typed), "wrong-app");
    ck_assert_str_eq(outcome.app, "");
    ck_assert_str_eq(try("alice", "im ap", typed), "wrong-app");
    request = request_of("alice", "radio", typed);
    request.app = "mail";
    ck_assert_str_eq(decide(&request, 0), "accepted");
    request.service = "imap";
    request.app = "calendar";
    ck_assert_str_eq(decide(&request, 0), "wrong-app");
    end();

    begin("", for_any);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(try("alice", "radio", typed), "accepted");
    ck_assert_str_eq(try("alice", "sshd", typed), "wrong-app");
    ck_assert_str_eq(try("alice", "su", typed), "wrong-app");
    ck_returned_str_eq(entry_now().app, ASP_APP_ANY);
    end();
}
END_TEST

START_TEST(a_name_is_folded_where_the_configuration_says_so)
{
    begin("user_name = \"lower\";", for_mail);
    ck_assert_str_eq(try("ALICE", "imap", typed), "accepted");
    end();
}
END_TEST

START_TEST(a_name_that_is_not_well_formed_has_no_account)
{
    static const char *const users[] = {"",       ".",    "..",      "../alice", "users/alice",
                                        "-alice", "ali*", "alice\n", "./alice"};

    begin("", for_mail);
    for (size_t i = 0; i < UNIT_COUNT(users); i++) {
        ck_assert_str_eq(try(users[i], "imap", typed), "no-account");
        ck_assert_str_eq(outcome.id, "");
    }
    end();
}
END_TEST

START_TEST(passwords_of_any_length_are_bounded)
{
    static const size_t lengths[] = {0, 1, 24, 26, 129, 511, 512, 513, 1 << 20};
    char *long_one = malloc(1 << 20);
    struct asp_request request;

    ck_assert_ptr_nonnull(long_one);
    begin("", for_mail);
    request = request_of("alice", "imap", typed);
    memset(long_one, ' ', 1 << 20);
    memcpy(long_one, typed, strlen(typed));
    request.secret = long_one;
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        request.secret_length = lengths[i];
        if (lengths[i] == 0)
            request.secret = NULL;
        ck_assert_str_eq(decide(&request, 0), "not-an-app-password");
        request.secret = long_one;
    }
    request.secret_length = 128;
    ck_assert_str_eq(decide(&request, 0), "accepted");
    free(long_one);
    end();
}
END_TEST

/* What is broken is not "no account": no stack may fall through to the primary password. */
START_TEST(a_store_that_cannot_be_used_is_unavailable_with_its_cause)
{
    begin("", for_mail);
    unit_write(in_store("users/alice"), "damaged", 7);
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

START_TEST(the_first_use_binds_for_good)
{
    struct asp_entry entry;

    begin("", NULL);
    ck_assert_str_eq(try("alice", "sshd", typed), "wrong-app"); /* guarded: not by first use */
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert_str_eq(try("alice", "Pop3", typed), "accepted");
    entry = entry_now();
    ck_assert_str_eq(entry.app, "mail");
    ck_assert_str_eq(entry.bound_service, "pop3");
    ck_assert_int_eq(entry.bound, NOW);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    ck_assert_str_eq(try("alice", "radio", typed), "wrong-app");
    ck_returned_str_eq(entry_now().bound_service, "pop3");
    end();

    begin("", NULL);
    ck_assert_str_eq(try("alice", "radio", typed), "accepted");
    ck_returned_str_eq(entry_now().app, "radio");
    ck_assert_str_eq(try("alice", "imap", typed), "wrong-app");
    end();
}
END_TEST

START_TEST(what_was_bound_by_first_use_never_opens_a_guarded_service)
{
    begin("apps: ( { name = \"desk\"; services = [ \"radio\", \"login\" ]; } );", NULL);
    ck_assert_str_eq(try("alice", "radio", typed), "accepted");
    ck_returned_str_eq(entry_now().app, "desk");
    ck_assert_str_eq(try("alice", "login", typed), "wrong-app");
    end();
}
END_TEST

START_TEST(a_binding_that_cannot_be_written_is_unavailable_and_is_none)
{
    static const char *const calls[] = {"write", "fsync", "renameat"};

    begin("", NULL);
    for (size_t i = 0; i < UNIT_COUNT(calls); i++) {
        struct unit_plan plan = {.call = calls[i], .first = 1, .number = ENOSPC};
        struct asp_request request = request_of("alice", "imap", typed);
        bool reached;

        unit_calls_begin(&plan);
        asp_login(conf, NULL, &request, NOW, &outcome);
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
                                    struct asp_error *error)
{
    (void)context;
    (void)error;
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

START_TEST(the_check_is_made_again_under_the_lock)
{
    static const struct {
        void (*meanwhile)(struct asp_entry *entry);
        void (*at)(void);
        const char *verdict;
    } cases[] = {
        {revoked, be_quicker, "revoked"},
        {bind_to_radio, be_quicker, "wrong-app"},
        {bind_to_mail, be_quicker, "accepted"},
        {make_another, be_quicker, "not-an-app-password"},
        {NULL, be_quicker, "not-an-app-password"},
        {NULL, remove_account, "no-account"},
    };
    struct asp_request request;
    /* The first lock is that of the binding. */
    struct unit_plan plan = {.call = "flock", .first = 1, .times = 1};

    begin("", NULL);
    meanwhile = cases[_i].meanwhile;
    plan.at = cases[_i].at;
    request = request_of("alice", "imap", typed);
    unit_calls_begin(&plan);
    asp_login(conf, NULL, &request, NOW, &outcome);
    ck_assert(unit_calls_end());
    ck_assert_str_eq(asp_verdict_word(outcome.verdict), cases[_i].verdict);
    if (meanwhile == bind_to_mail)
        ck_returned_str_eq(entry_now().bound_service, "smtp");
    end();
}
END_TEST

/* Uses */

START_TEST(a_use_is_recorded_with_its_service_and_host)
{
    struct asp_request request;
    struct asp_use use;

    begin("", for_mail);
    request = request_of("alice", "IMAP", typed);
    request.host = "192.0.2.7";
    ck_assert(!use_now(&use));
    ck_assert_str_eq(decide(&request, 5), "accepted");
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 5);
    ck_assert_str_eq(use.service, "imap");
    ck_assert_str_eq(use.host, "192.0.2.7");
    request.host = "a host\x1b[31m";
    ck_assert_str_eq(decide(&request, 6), "accepted");
    ck_assert(use_now(&use));
    ck_assert_str_eq(use.host, "");
    end();
}
END_TEST

START_TEST(the_time_alone_is_written_once_in_an_interval)
{
    struct asp_request request;
    struct asp_use use;

    begin("usage_interval = 60;", for_mail);
    request = request_of("alice", "imap", typed);
    (void)decide(&request, 0);
    (void)decide(&request, 59);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW);
    (void)decide(&request, 60);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 60);
    request.service = "pop3"; /* another service at once */
    (void)decide(&request, 61);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 61);
    ck_assert_str_eq(use.service, "pop3");
    request.host = "192.0.2.7"; /* and another host */
    (void)decide(&request, 62);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 62);
    (void)decide(&request, 50); /* and a clock that was set back */
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 50);
    end();

    begin("usage_interval = 0;", for_mail);
    request = request_of("alice", "imap", typed);
    (void)decide(&request, 0);
    (void)decide(&request, 1);
    ck_assert(use_now(&use));
    ck_assert_int_eq(use.last, NOW + 1);
    end();
}
END_TEST

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
    unit_write(in_store("used/alice"), "damaged", 7);
    ck_assert_str_eq(decide(&request, 200000), "accepted");
    end();
}
END_TEST

START_TEST(a_dry_request_says_the_verdict_and_changes_nothing)
{
    struct asp_request request;
    struct asp_use use;

    begin("", NULL);
    request = request_of("alice", "imap", typed);
    request.dry = true;
    unit_calls_begin(NULL);
    ck_assert_str_eq(decide(&request, 0), "accepted");
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("pwrite") + unit_calls("fsync") + unit_calls("flock"), 0);
    ck_assert_str_eq(outcome.id, "7k");
    ck_returned_str_eq(entry_now().app, ASP_APP_FIRST_USE);
    ck_assert(!use_now(&use));
    end();
}
END_TEST

START_TEST(one_hash_is_run_for_a_login_and_one_for_each_refusal_of_a_well_shaped_password)
{
    char wrong[sizeof typed];

    begin("", for_mail);
    strcpy(wrong, typed);
    wrong[10] = wrong[10] == '5' ? '6' : '5';
    for (size_t i = 0; i < 3; i++) {
        const char *secret = i == 0 ? typed : wrong;

        if (i == 2)
            wrong[0] = wrong[0] == 'z' ? 'y' : 'z';
        unit_calls_begin(NULL);
        (void)try("alice", "imap", secret);
        (void)unit_calls_end();
        ck_assert_uint_eq(unit_calls("hmac"), 1);
        ck_assert_uint_eq(unit_calls("crypto_pwhash"), 0);
    }
    end();

    /* A first use checks twice and hashes once. */
    begin("", NULL);
    unit_calls_begin(NULL);
    ck_assert_str_eq(try("alice", "imap", typed), "accepted");
    (void)unit_calls_end();
    ck_assert_uint_eq(unit_calls("hmac"), 1);
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
            asp_login(conf, NULL, &request, NOW, &outcome);
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
    unit_add(suite, a_right_password_is_accepted_and_named);
    unit_add(suite, a_refusal_of_what_was_not_proven_names_nothing);
    unit_add(suite, every_other_refusal_of_a_proven_secret_names_its_entry);
    unit_add(suite, an_entry_opens_its_app_and_nothing_else);
    unit_add(suite, a_name_is_folded_where_the_configuration_says_so);
    unit_add(suite, a_name_that_is_not_well_formed_has_no_account);
    unit_add(suite, passwords_of_any_length_are_bounded);
    unit_add(suite, a_store_that_cannot_be_used_is_unavailable_with_its_cause);
    unit_add(suite, the_first_use_binds_for_good);
    unit_add(suite, what_was_bound_by_first_use_never_opens_a_guarded_service);
    unit_add(suite, a_binding_that_cannot_be_written_is_unavailable_and_is_none);
    unit_add(suite, first_uses_that_race_bind_exactly_once);
    unit_loop(suite, the_check_is_made_again_under_the_lock, 6);
    unit_add(suite, a_use_is_recorded_with_its_service_and_host);
    unit_add(suite, the_time_alone_is_written_once_in_an_interval);
    unit_add(suite, nothing_is_written_for_what_was_refused);
    unit_add(suite, a_use_that_cannot_be_written_decides_nothing);
    unit_add(suite, an_entry_that_is_used_stays_and_one_that_is_not_is_refused);
    unit_add(suite, a_dry_request_says_the_verdict_and_changes_nothing);
    unit_add(suite, one_hash_is_run_for_a_login_and_one_for_each_refusal_of_a_well_shaped_password);
    unit_add(suite, no_failed_call_opens_a_door_or_says_no_account);
}

int main(void)
{
    return unit_run("login", fill);
}
