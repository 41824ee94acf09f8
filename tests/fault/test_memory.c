/*
 * Memory that runs out: every allocation of a login made to fail, one at a time and from one on,
 * and no room for Argon2id. Nothing crashes, nothing unproven gets in, and nobody is told that the
 * password was wrong.
 */
#include "fault_fixture.h"
#include "starving.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child found out about one login. */
struct outcome {
    int code;   /* of libpam */
    int module; /* of the module, -1 if it was not reached */
    long allocations;
    int left_open;
};

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static struct outcome try_login(const struct verdict_sample *sample, bool cold)
{
    struct outcome outcome;
    struct conversation conversation = {.text = sample->password};

    ck_assert(dlopen(harness_path("ASP_MODULE"), RTLD_NOW | RTLD_LOCAL) != NULL);
    if (!cold)
        (void)login(&fixture.world, "imap", "nobody-here", NULL, "x");
    pam_handle_t *pamh =
        handle_open(&fixture.world, sample->service, sample->user, sample->rhost, &conversation);
    int before = count_descriptors();
    allocations = 0;
    pam_tapped[TAP_AUTH] = -1;
    counting = true;
    outcome.code = pam_authenticate(pamh, 0);
    counting = false;
    outcome.module = pam_tapped[TAP_AUTH];
    outcome.allocations = allocations;
    outcome.left_open = count_descriptors() - before;
    (void)handle_close(pamh, outcome.code);
    return outcome;
}

/* The login in a process of its own, in which allocation AT fails, and with ON all that follow. */
static struct outcome starve(const struct verdict_sample *sample, bool cold, long at, bool on)
{
    struct outcome outcome = {.code = -1};
    int ends[2], status = 0;

    ck_assert(pipe2(ends, O_CLOEXEC) == 0);
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        fail_at = at;
        fail_on = on;
        outcome = try_login(sample, cold);
        _exit(write(ends[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
    }
    (void)close(ends[1]);
    ssize_t got = read(ends[0], &outcome, sizeof outcome);
    (void)close(ends[0]);
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_msg(got == (ssize_t)sizeof outcome && status == 0,
                  "%s, allocation %ld%s: the process ended with status 0x%x", sample->verdict, at,
                  on ? " and on" : "", (unsigned)status);
    return outcome;
}

/* Out of memory, or one of its consequences: unavailable, or a conversation that could not be had.
 * The configuration is right, and is not called wrong. */
static void check_starved(const struct verdict_sample *sample, const struct outcome *is, long at,
                          bool on)
{
    bool failed = is->module == PAM_BUF_ERR || is->module == PAM_AUTHINFO_UNAVAIL ||
                  is->module == PAM_AUTH_ERR || is->module == -1;
    ck_assert_msg(is->module == sample->code || failed, "%s, allocation %ld%s: %s", sample->verdict,
                  at, on ? " and on" : "", code_name(is->module));
    ck_assert_msg(is->code != PAM_SUCCESS || is->module == PAM_SUCCESS,
                  "%s, allocation %ld: accepted by none", sample->verdict, at);
    ck_assert_msg(is->left_open == 0, "%s, allocation %ld: %d descriptors are left open",
                  sample->verdict, at, is->left_open);
}

static void starve_everywhere(const struct verdict_sample *sample, bool cold)
{
    struct outcome whole = starve(sample, cold, 0, false);
    int told = 0;

    ck_code_msg(whole.code, sample->code, "%s", sample->verdict);
    ck_assert_msg(whole.allocations > 3, "only %ld allocations were seen", whole.allocations);
    for (long at = 1; at <= whole.allocations; at++) {
        for (int on = 0; on < 2; on++) {
            struct outcome is = starve(sample, cold, at, on != 0);
            check_starved(sample, &is, at, on != 0);
            told += is.module == PAM_BUF_ERR;
            ck_assert_msg(other_use_is_kept(),
                          "%s, allocation %ld%s: the use of another entry is lost", sample->verdict,
                          at, on != 0 ? " and on" : "");
        }
    }
    ck_assert_msg(told > 0, "%s: out of memory is never told", sample->verdict);
}

/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
/* Lesson: pam-u2f CVE-2025-23013. */
/* Lesson: each allocation fails. */
START_TEST(every_allocation_of_a_login_may_fail)
{
    for (size_t i = 0; i < fixture.count; i++)
        starve_everywhere(&fixture.samples[i], false);
}
END_TEST

/* Lesson: each allocation fails. */
/* Lesson: libconfig. */
START_TEST(every_allocation_of_the_first_login_of_a_process_may_fail)
{
    starve_everywhere(verdict_fixture_find(&fixture, "accepted"), true);
    starve_everywhere(verdict_fixture_find(&fixture, "wrong-secret"), true);
    starve_everywhere(verdict_fixture_find(&fixture, "no-account"), true);
}
END_TEST

/* Lesson: each allocation fails. */
START_TEST(every_allocation_of_a_first_use_may_fail)
{
    struct verdict_sample sample = *verdict_fixture_find(&fixture, "accepted");
    char before[16384], path[2 * WORLD_PATH_MAX];

    create(&fixture.world, sample.password, "alice", "--label", "first use", NULL);
    sample.verdict = "first use";
    (void)snprintf(path, sizeof path, "%s", store_path(&fixture.world, "users/alice"));
    size_t length = file_read(path, before, sizeof before);
    struct outcome whole = starve(&sample, false, 0, false);
    ck_code(whole.code, PAM_SUCCESS);
    for (long at = 1; at <= whole.allocations; at++) {
        for (int on = 0; on < 2; on++) {
            char after[16384];
            file_write(path, before, length);
            struct outcome is = starve(&sample, false, at, on != 0);
            check_starved(&sample, &is, at, on != 0);
            bool bound = file_read(path, after, sizeof after) != length ||
                         memcmp(before, after, length) != 0;
            ck_assert_msg(is.code != PAM_SUCCESS || bound, "allocation %ld: accepted and not bound",
                          at);
            ck_code_msg(verdict_fixture_login(&fixture, &sample), PAM_SUCCESS,
                        "after allocation %ld", at);
        }
    }
}
END_TEST

/* --- Argon2id --------------------------------------------------------------------------------- */

static struct world slow;
static char slows[PASSWORD_MAX];

static void make_slow(void)
{
    world_make(&slow, "hash: { scheme = \"argon2id\"; memory = 65536; passes = 1; };");
    create(&slow, slows, "alice", "--label", "x", "--app", "mail", NULL);
}

/* The codes of three logins: with room for 8 MiB more than there is, the same again, with room for
 * all. */
static void log_in_without_room(const char *password, int codes[3])
{
    char text[256];
    long pages = 0;
    struct rlimit limit;

    codes[0] = login(&slow, "imap", "nobody-here", NULL, "x");
    (void)file_read("/proc/self/statm", text, sizeof text);
    (void)sscanf(text, "%ld", &pages);
    (void)getrlimit(RLIMIT_AS, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + (8 << 20);
    (void)setrlimit(RLIMIT_AS, &limit);
    codes[0] = login(&slow, "imap", "alice", NULL, password);
    codes[1] = login(&slow, "imap", "alice", NULL, password);
    limit.rlim_cur = before;
    (void)setrlimit(RLIMIT_AS, &limit);
    codes[2] = login(&slow, "imap", "alice", NULL, password);
}

/* Lesson: libsodium. */
START_TEST(no_room_for_argon2id_is_unavailable_and_never_a_wrong_password)
{
    char wrong[PASSWORD_MAX], unknown[PASSWORD_MAX];
    int codes[3];

    with_other_secret(wrong, slows);
    (void)snprintf(unknown, sizeof unknown, "%s", slows);
    unknown[0] = unknown[0] == '0' ? '1' : '0';
    log_in_without_room(slows, codes);
    ck_code(codes[0], PAM_AUTHINFO_UNAVAIL);
    ck_code(codes[1], PAM_AUTHINFO_UNAVAIL);
    ck_code(codes[2], PAM_SUCCESS);
    log_in_without_room(wrong, codes);
    ck_code(codes[0], PAM_AUTHINFO_UNAVAIL);
    ck_code(codes[2], PAM_AUTH_ERR);
    log_in_without_room(unknown, codes);
    ck_assert_msg(codes[0] == PAM_AUTHINFO_UNAVAIL || codes[0] == PAM_CRED_INSUFFICIENT,
                  "an unknown id: %s", code_name(codes[0]));
    ck_code(codes[2], PAM_CRED_INSUFFICIENT);
}
END_TEST

int main(void)
{
    config_t config;

    config_init(&config); /* and by this call libconfig is there to be found */
    config_destroy(&config);

    TCase *allocation = harness_begin("memory");
    TCase *argon2id = harness_case("argon2id");

    tcase_add_unchecked_fixture(allocation, make_fixture, NULL);
    tcase_add_checked_fixture(allocation, use_other_entry, NULL);
    tcase_set_timeout(allocation, 120);
    tcase_add_test(allocation, every_allocation_of_a_login_may_fail);
    tcase_add_test(allocation, every_allocation_of_the_first_login_of_a_process_may_fail);
    tcase_add_test(allocation, every_allocation_of_a_first_use_may_fail);
    tcase_add_unchecked_fixture(argon2id, make_slow, NULL);
    tcase_set_timeout(argon2id, 60);
    tcase_add_test(argon2id, no_room_for_argon2id_is_unavailable_and_never_a_wrong_password);
    return harness_run();
}
