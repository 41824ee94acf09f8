/* What a login may cost, in counts that do not depend on the machine: hashes, system calls,
 * instructions. */
#include "bars.h"
#include "devlog.h"
#include "syscalls.h"
#include "verdict_fixture.h"

#include <dlfcn.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDING_CALLS_MAX 9
/* It is to be BAR_MORE_INSTRUCTIONS, and is not yet. */
#define ENTRIES_INSTRUCTIONS_MAX 7500

/* --- hashes ----------------------------------------------------------------------------------- */

/* These stand before libsodium's own for the module as well. */
static int fast_hashes, slow_hashes;

static void *libsodiums(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

int crypto_generichash_blake2b_salt_personal(unsigned char *out, size_t out_length,
                                             const unsigned char *in, unsigned long long in_length,
                                             const unsigned char *key, size_t key_length,
                                             const unsigned char *salt,
                                             const unsigned char *personal)
{
    int (*real)(unsigned char *, size_t, const unsigned char *, unsigned long long,
                const unsigned char *, size_t, const unsigned char *, const unsigned char *);

    *(void **)&real = libsodiums("crypto_generichash_blake2b_salt_personal");
    fast_hashes++;
    return real(out, out_length, in, in_length, key, key_length, salt, personal);
}

int crypto_pwhash(unsigned char *const out, unsigned long long out_length,
                  const char *const password, unsigned long long password_length,
                  const unsigned char *const salt, unsigned long long passes, size_t memory,
                  int algorithm)
{
    int (*real)(unsigned char *, unsigned long long, const char *, unsigned long long,
                const unsigned char *, unsigned long long, size_t, int);

    *(void **)&real = libsodiums("crypto_pwhash");
    slow_hashes++;
    return real(out, out_length, password, password_length, salt, passes, memory, algorithm);
}

struct hashes {
    int code;
    int fast;
    int slow;
};

static struct hashes count_hashes(const struct world *world, const char *service, const char *rhost,
                                  const char *password)
{
    struct hashes hashes;

    fast_hashes = slow_hashes = 0;
    hashes.code = login(world, service, "alice", rhost, password);
    hashes.fast = fast_hashes;
    hashes.slow = slow_hashes;
    return hashes;
}

static void expect_one_hash(const struct world *world, const char *password, int code,
                            const char *what)
{
    struct hashes hashes = count_hashes(world, "imap", "192.0.2.7", password);
    ck_code_msg(hashes.code, code, "%s", what);
    ck_assert_msg(hashes.fast == 1 && hashes.slow == 0, "%s: %d fast and %d slow hashes", what,
                  hashes.fast, hashes.slow);
}

START_TEST(every_well_shaped_password_of_an_enrolled_user_costs_one_hash)
{
    static struct verdict_fixture fixture;

    verdict_fixture_make(&fixture, NULL);
    for (size_t i = 0; i < fixture.count; i++) {
        const struct verdict_sample *sample = &fixture.samples[i];
        if (sample->hashed)
            expect_one_hash(&fixture.world, sample->password, sample->code, sample->verdict);
    }
}
END_TEST

START_TEST(one_hash_whatever_the_number_of_entries)
{
    static const int counts[] = {1, 25, 100};
    char first[PASSWORD_MAX], last[PASSWORD_MAX], wrong[PASSWORD_MAX], label[16];
    struct world world;
    int made = 0;

    world_make(&world, "limit = 100;");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (; made < counts[i]; made++) {
            (void)snprintf(label, sizeof label, "%d", made);
            create(&world, made == 0 ? first : last, "alice", "--label", label, "--app", "mail",
                   NULL);
        }
        expect_one_hash(&world, first, PAM_SUCCESS, "the first");
        with_other_secret(wrong, first);
        expect_one_hash(&world, wrong, PAM_AUTH_ERR, "another secret");
        if (made == 1)
            continue;
        expect_one_hash(&world, last, PAM_SUCCESS, "the last");
        with_other_secret(wrong, last);
        expect_one_hash(&world, wrong, PAM_AUTH_ERR, "another secret of the last");
    }
}
END_TEST

START_TEST(an_unknown_id_costs_the_hash_of_the_decoy)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char password[PASSWORD_MAX], other[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", "--app", "mail", NULL);
    for (int i = 0; i < 32; i++) {
        (void)snprintf(other, sizeof other, "%s", password);
        other[0] = alphabet[i];
        if (other[0] != password[0])
            expect_one_hash(&world, other, PAM_CRED_INSUFFICIENT, other);
    }
    admin_do(&world, "revoke", "alice", "--all", NULL);
    expect_one_hash(&world, password, PAM_AUTH_ERR, "none is active");
}
END_TEST

START_TEST(what_is_not_well_shaped_costs_no_hash)
{
    char password[PASSWORD_MAX];
    struct world world;

    world_make(&world, NULL);
    create(&world, password, "alice", "--label", "x", "--app", "mail", NULL);
    struct hashes hashes = count_hashes(&world, "imap", NULL, "correct horse");
    ck_code(hashes.code, PAM_CRED_INSUFFICIENT);
    ck_assert_int_eq(hashes.fast + hashes.slow, 0);
}
END_TEST

START_TEST(with_argon2id_one_slow_hash_and_no_other)
{
    char password[PASSWORD_MAX], second[PASSWORD_MAX], wrong[PASSWORD_MAX], unknown[PASSWORD_MAX];
    struct world world;

    world_make(&world, "hash: { scheme = \"argon2id\"; memory = 8192; passes = 1; };");
    create(&world, password, "alice", "--label", "x", "--app", "mail", NULL);
    create(&world, second, "alice", "--label", "y", "--app", "mail", NULL);
    with_other_secret(wrong, password);
    (void)snprintf(unknown, sizeof unknown, "%s", password);
    for (char c = 'a'; unknown[0] == password[0] || unknown[0] == second[0]; c++)
        unknown[0] = c;
    const struct {
        const char *password;
        int code;
    } tries[] = {{password, PAM_SUCCESS}, {wrong, PAM_AUTH_ERR}, {unknown, PAM_CRED_INSUFFICIENT}};
    for (size_t i = 0; i < 3; i++) {
        struct hashes hashes = count_hashes(&world, "imap", NULL, tries[i].password);
        ck_code_msg(hashes.code, tries[i].code, "try %zu", i);
        ck_assert_msg(hashes.slow == 1 && hashes.fast == 0, "try %zu: %d slow, %d fast hashes", i,
                      hashes.slow, hashes.fast);
    }
}
END_TEST

/* --- system calls and instructions ------------------------------------------------------------ */

/*
 * A world as one is measured in: a stack for `imap`, an `other` that is empty. The logins have no
 * PAM_RHOST: libpam hands one to the kernel's audit, which looks it up at a cost of its own.
 */
struct measured {
    struct world world;
    const char *user;
    char password[PASSWORD_MAX];
};

/* With so many app passwords of the user's, of which the last one logs in. libpam reads its line
 * character by character: how long the folder of the build is named is not to be counted, so the
 * module is named by a link beside its configuration. */
static void measured_make(struct measured *measured, const char *settings, const char *user,
                          int entries)
{
    char link[2 * WORLD_PATH_MAX];
    char line[4 * WORLD_PATH_MAX];
    char label[16];

    measured->user = user;
    world_make(&measured->world, settings);
    (void)snprintf(link, sizeof link, "%s/pam_asp.so", measured->world.dir);
    ck_assert(symlink(harness_path("ASP_MODULE"), link) == 0);
    (void)snprintf(line, sizeof line, "auth required %s config=@CONF@\n", link);
    world_stack(&measured->world, "other", "");
    world_stack(&measured->world, "imap", line);
    for (int i = 1; i <= entries; i++) {
        (void)snprintf(label, sizeof label, "Phone %d", i);
        create(&measured->world, measured->password, user, "--label", label, "--app", "mail", NULL);
    }
}

static int warm_transaction(void (*arm)(bool), void *data)
{
    const struct measured *measured = data;

    for (int i = 0; i < 3; i++)
        (void)login(&measured->world, "imap", measured->user, NULL, measured->password);
    arm(true);
    int code = login(&measured->world, "imap", measured->user, NULL, measured->password);
    arm(false);
    return code;
}

/* The system calls of one login in a world with SETTINGS; -1 where they can't be counted. */
static int count_calls(const char *what, const char *settings)
{
    static struct syscalls_report report;
    struct measured measured;

    measured_make(&measured, settings, "alice", 1);
    const char *refused =
        syscalls_run(warm_transaction, &measured, &(struct syscalls_plan){0}, &report);
    if (refused != NULL) {
        harness_skip("system calls", refused);
        return -1;
    }
    ck_assert_msg(report.finished, "%s: status 0x%x", what, (unsigned)report.status);
    ck_code_msg(report.result, PAM_SUCCESS, "%s", what);
    printf("system calls, %s: %d:", what, report.count);
    for (int i = 0; i < report.count; i++)
        printf(" %s", syscalls_name(report.number[i]));
    (void)puts("");
    (void)fflush(stdout);
    ck_assert_msg(report.count > 5, "%s: only %d calls were seen", what, report.count);
    return report.count;
}

/* Lesson: Zimbra ZCS-8181. */
START_TEST(a_warm_accepted_login_makes_few_system_calls)
{
    const char *refused = devlog_open();
    if (refused != NULL)
        harness_skip("the log line among the system calls", refused);
    int calls = count_calls("with a log line", NULL);
    int recording = count_calls("with a log line and a use to record", "usage_interval = 0;");
    ck_assert_msg(calls <= BAR_CALLS, "%d system calls", calls);
    ck_assert_msg(recording - calls <= RECORDING_CALLS_MAX, "%d system calls more to record a use",
                  recording - calls);
}
END_TEST

/* Instructions in user space of one accepted login, by callgrind; -1 where it can't be run. No
 * `rep stosb`, which it would count by the byte: see bars.h. */
static long instructions(const struct measured *measured)
{
    char masked[PASSWORD_MAX], command[4096], line[1024];
    long collected = -1;
    bool accepted = false;

    (void)snprintf(masked, sizeof masked, "%s", measured->password);
    mask(masked);
    ck_assert(setenv("ASP_PASSWORD", masked, 1) == 0);
    (void)unsetenv("MALLOC_PERTURB_"); /* meson sets it, and it costs */
    (void)snprintf(command, sizeof command,
                   "GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1000000000 "
                   "valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no "
                   "--toggle-collect=counted_login '%s' counted '%s' imap '%s' - 2>&1",
                   harness_path("ASP_DRIVER"), measured->world.confdir, measured->user);
    FILE *from = popen(command, "re");
    ck_assert(from != NULL);
    while (fgets(line, sizeof line, from) != NULL) {
        const char *at = strstr(line, "Collected : ");
        accepted = accepted || strcmp(line, "code 0\n") == 0;
        if (at != NULL)
            collected = strtol(at + strlen("Collected : "), NULL, 10);
    }
    int status = pclose(from);
    if (collected < 0)
        return -1;
    ck_assert_msg(status == 0 && accepted, "the driver ended with %d, accepted %d", status,
                  accepted);
    return collected;
}

static bool instructions_count(void)
{
    if (is_sanitized())
        harness_skip("instructions", "a sanitizer adds its own");
    else if (sizeof(long) < 8)
        harness_skip("instructions", "how many there may be is said of processors of 64 bits");
    else
        return true;
    return false;
}

static long count_instructions(const char *what, const char *settings, const char *user,
                               int entries)
{
    struct measured measured;

    measured_make(&measured, settings, user, entries);
    long counted = instructions(&measured);
    if (counted < 0) {
        harness_skip("instructions", "valgrind is not there, or does not run here");
        return -1;
    }
    printf("instructions, %s: %ld\n", what, counted);
    (void)fflush(stdout);
    ck_assert_msg(counted > 1000, "%s: %ld instructions: nothing was counted", what, counted);
    return counted;
}

#define SILENT "log = \"refused\";"

START_TEST(a_warm_accepted_login_takes_few_instructions)
{
    if (!instructions_count())
        return;
    if (devlog_open() != NULL)
        harness_skip("instructions of a log line", "no private /dev/log");
    long silent = count_instructions("without a log line", SILENT, "alice", 1);
    long logged = count_instructions("with a log line", NULL, "alice", 1);
    ck_assert_msg(silent <= BAR_SILENT_INSTRUCTIONS, "%ld instructions", silent);
    ck_assert_msg(logged <= BAR_LOGGED_INSTRUCTIONS, "%ld instructions with a log line", logged);
}
END_TEST

START_TEST(more_entries_and_a_long_name_take_few_instructions_more)
{
    static const char long_name[] =
        "a-name-of-sixty-four-letters-which-is-as-long-as-some-of-them-be";

    if (!instructions_count())
        return;
    long one = count_instructions("without a log line", SILENT, "alice", 1);
    long many = count_instructions("with 25 entries", SILENT, "alice", 25);
    long longer = count_instructions("with a name of 64 letters", SILENT, long_name, 1);
    ck_assert_msg(many - one <= ENTRIES_INSTRUCTIONS_MAX, "%ld more for 25 entries", many - one);
    ck_assert_msg(longer - one <= BAR_MORE_INSTRUCTIONS, "%ld more for the name", longer - one);
}
END_TEST

int main(void)
{
    /* Each folder above store and configuration is looked at: of a figure there must be as many
     * wherever it is measured. */
    if (setenv("TMPDIR", "/tmp", 1) != 0)
        return 99;
    if (sodium_init() < 0) /* and by this call libsodium is there to be found */
        return 99;

    TCase *tests = harness_begin("cost");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_well_shaped_password_of_an_enrolled_user_costs_one_hash);
    tcase_add_test(tests, one_hash_whatever_the_number_of_entries);
    tcase_add_test(tests, an_unknown_id_costs_the_hash_of_the_decoy);
    tcase_add_test(tests, what_is_not_well_shaped_costs_no_hash);
    tcase_add_test(tests, with_argon2id_one_slow_hash_and_no_other);
    tcase_add_test(tests, a_warm_accepted_login_makes_few_system_calls);
    tcase_add_test(tests, a_warm_accepted_login_takes_few_instructions);
    tcase_add_test(tests, more_entries_and_a_long_name_take_few_instructions_more);
    return harness_run();
}
