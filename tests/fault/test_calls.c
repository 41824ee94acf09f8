/*
 * Every system call of a login made to fail, one at a time, and the process ended at every one:
 * what was not proven or not written never gets in, what only records a use never keeps out, and
 * the store is the old or the new one.
 */
#include "fault_fixture.h"
#include "stored.h"
#include "syscalls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct syscalls_report report;
static int run(struct attempt *attempt, const struct syscalls_plan *plan)
{
    const char *refused = syscalls_run(attempt_login, attempt, plan, &report);
    ck_assert_msg(refused == NULL, "%s", refused);
    ck_assert_msg(report.left[0] == '\0', "%s with %s: left open: %s", report.note,
                  strerror(plan->error), report.left);
    ck_assert_msg(plan->kill || (report.finished && report.status == 0),
                  "%s with %s: the process ended with status 0x%x", report.note,
                  strerror(plan->error), (unsigned)report.status);
    ck_assert_msg(report.finished || WIFSIGNALED(report.status), "%s: it ended with 0x%x",
                  report.note, (unsigned)report.status);
    return report.result;
}

/* Whether the call that failed was about a path with PART. */
static bool about(const char *part)
{
    return holds(report.note, part);
}

static bool is_call(const char *name)
{
    return strncmp(report.note, name, strlen(name)) == 0;
}

static bool is_failure(int code)
{
    return code == PAM_AUTHINFO_UNAVAIL || code == PAM_SERVICE_ERR || code == PAM_BUF_ERR;
}

/* What is read for the decision: a failure there is a failure of the login. EINTR may have been
 * taken as "again". */
static bool reads_for_the_decision(int error)
{
    bool reads = is_call("openat ") || is_call("fstat ") || is_call("newfstatat ") ||
                 is_call("read ") || is_call("pread64 ") || is_call("statx ");
    return reads && error != EINTR && (about("/store/users") || about("/asp.conf"));
}

/* What must be done before a binding may be called done. */
static bool writes_for_the_decision(int error)
{
    if (error == EINTR)
        return false;
    if (is_call("fsync ") || is_call("fdatasync ") || is_call("renameat") || is_call("linkat "))
        return true;
    return (is_call("write ") || is_call("pwrite64 ") || is_call("writev ")) &&
           about("/store/users");
}

/* --- logins that write nothing but their use -------------------------------------------------- */

static void check_accepted(int code, const struct faults *faults)
{
    const char *word = faults_word(faults);
    const int error = faults->plan.error;

    if (report.finished) {
        ck_assert_msg(code == PAM_SUCCESS || is_failure(code), "%s with %s: %s", report.note, word,
                      code_name(code));
        if (!report.failed)
            ck_code_msg(code, PAM_SUCCESS, "%s was not made to fail", report.note);
        if (error != 0 && reads_for_the_decision(error))
            ck_assert_msg(code != PAM_SUCCESS, "%s with %s: accepted", report.note, word);
    }
    if (!about("/store/used"))
        return;
    if (report.finished)
        ck_code_msg(code, PAM_SUCCESS, "%s with %s, of the record of use", report.note, word);
    ck_assert_msg(other_use_is_kept(), "%s with %s: the use of another entry is lost", report.note,
                  word);
}

static void break_accepted(bool cold)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    struct attempt attempt = {&fixture.world, sample->user, sample->service, sample->password,
                              cold};
    struct faults faults = {0};
    int recorded = 0, decided = 0;

    ck_code(run(&attempt, &(struct syscalls_plan){0}), PAM_SUCCESS);
    while (faults_next(&faults, &report)) {
        check_accepted(run(&attempt, &faults.plan), &faults);
        recorded += about("/store/used");
        decided += faults.plan.error != 0 && reads_for_the_decision(faults.plan.error);
    }
    ck_assert_msg(recorded > 0 && decided > 0, "%d calls for the record, %d for the decision",
                  recorded, decided);
    ck_code(verdict_fixture_login(&fixture, sample), PAM_SUCCESS);
    faults_tell(&faults, cold ? "first login of a process" : "accepted login");
}

/* Lesson: pam-u2f CVE-2025-23013. */
/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
START_TEST(an_accepted_login_in_which_any_call_fails)
{
    break_accepted(false);
}
END_TEST

/* Lesson: pam-u2f CVE-2025-23013. */
START_TEST(a_first_login_of_a_process_in_which_any_call_fails)
{
    break_accepted(true);
}
END_TEST

/* Returns how many calls were met. */
static int break_refused(const struct verdict_sample *sample)
{
    struct attempt attempt = {&fixture.world, sample->user, sample->service, sample->password,
                              false};
    struct faults faults = {0};

    ck_code_msg(run(&attempt, &(struct syscalls_plan){0}), sample->code, "%s", sample->verdict);
    while (faults_next(&faults, &report)) {
        int code = run(&attempt, &faults.plan);
        ck_assert_msg(!report.finished || code == sample->code || is_failure(code),
                      "%s, %s with %s: %s", sample->verdict, report.note, faults_word(&faults),
                      code_name(code));
    }
    ck_code_msg(verdict_fixture_login(&fixture, sample), sample->code, "%s", sample->verdict);
    return faults.points;
}

/* Lesson: pam-u2f CVE-2025-23013. */
/* Lesson: each call of an update fails. */
/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
START_TEST(no_refusal_becomes_another_one_or_an_acceptance_when_a_call_fails)
{
    struct faults all = {0};

    for (size_t i = 0; i < fixture.count; i++) {
        if (fixture.samples[i].code != PAM_SUCCESS)
            all.points += break_refused(&fixture.samples[i]);
    }
    faults_tell(&all, "refused login, of each verdict");
}
END_TEST

/* --- first use -------------------------------------------------------------------------------- */

struct first_use {
    struct world world;
    char password[PASSWORD_MAX];
    char before[8192]; /* the account, not yet bound */
    size_t length;
};

static void make_first_use(struct first_use *first)
{
    world_make(&first->world, "usage_interval = 0;");
    world_stack(&first->world, "imap", "auth required @TAP@\n");
    create(&first->world, first->password, "alice", "--label", "Phone", NULL);
    first->length =
        file_read(store_path(&first->world, "users/alice"), first->before, sizeof first->before);
}

/* Back to the account that is not bound, with nothing else in the folder. */
static void restore(const struct first_use *first)
{
    char command[2 * WORLD_PATH_MAX];
    (void)snprintf(command, sizeof command, "rm -rf '%s'/* '%s'/*",
                   store_path(&first->world, "users"), store_path(&first->world, "used"));
    ck_assert(system(command) == 0);
    file_write(store_path(&first->world, "users/alice"), first->before, first->length);
}

/* The account is the old or the new one, whole; and the next login gets in, at once. Returns
 * whether it was bound. */
static bool check_account(const struct first_use *first, const char *how)
{
    char after[8192], list[65536];
    struct stored stored = stored_entry(&first->world, "alice", first->password);
    size_t length = file_read(store_path(&first->world, "users/alice"), after, sizeof after);
    bool bound = strcmp(stored.app, "mail") == 0;
    long long begun = now_ms();

    ck_assert_msg(stored.found && (bound || strcmp(stored.app, "first-use") == 0),
                  "%s: app is \"%s\"", how, stored.app);
    ck_assert_msg(bound || (length == first->length && memcmp(after, first->before, length) == 0),
                  "%s: neither the old nor the new file", how);
    ck_assert_int_eq(admin(&first->world, list, sizeof list, "--json", "list", NULL), 0);
    ck_assert_msg(holds(list, "\"alice\"") &&
                      strstr(strstr(list, "\"user\"") + 1, "\"user\"") == NULL,
                  "%s: more than one user: %s", how, list);
    ck_code_msg(login(&first->world, "imap", "alice", "192.0.2.7", first->password), PAM_SUCCESS,
                "%s: the login after it", how);
    ck_assert_msg(now_ms() - begun < 2000, "%s: the login after it takes %lld ms", how,
                  now_ms() - begun);
    ck_returned_str_eq(stored_entry(&first->world, "alice", first->password).app, "mail");
    return bound;
}

static void break_first_use(struct first_use *first, struct attempt *attempt,
                            const struct faults *faults)
{
    const int error = faults->plan.error;
    char how[SYSCALLS_NOTE_MAX + 64];

    restore(first);
    int code = run(attempt, &faults->plan);
    (void)snprintf(how, sizeof how, "%s with %s", report.note, faults_word(faults));
    ck_assert_msg(code == PAM_SUCCESS || is_failure(code), "%s: %s", how, code_name(code));
    if (error != 0 && (reads_for_the_decision(error) || writes_for_the_decision(error)))
        ck_assert_msg(code != PAM_SUCCESS, "%s: accepted", how);
    if (about("/store/used"))
        ck_code_msg(code, PAM_SUCCESS, "%s, of the record of use", how);
    bool bound = check_account(first, how);
    ck_assert_msg(code != PAM_SUCCESS || bound, "%s: accepted and not bound", how);
}

/* Lesson: google-authenticator-libpam #13 #57 #86 #177. */
/* Lesson: each call of an update fails. */
START_TEST(a_first_use_in_which_any_call_fails_binds_or_is_refused)
{
    struct first_use first;
    struct faults faults = {0};
    int synced = 0, renamed = 0;

    make_first_use(&first);
    struct attempt attempt = {&first.world, "alice", "imap", first.password, false};
    while (faults_next(&faults, &report) && !faults.plan.kill) {
        break_first_use(&first, &attempt, &faults);
        synced += is_call("fsync ") || is_call("fdatasync ");
        renamed += is_call("rename");
    }
    ck_assert_msg(synced > 1 && renamed > 0, "%d syncs and %d renames were met", synced, renamed);
    faults_tell(&faults, "first use");
}
END_TEST

/* The number of the call that starts with NAME and is about PATH, the first behind AFTER; 0 where
 * there is none. */
static int position(struct attempt *attempt, const struct first_use *first, const char *name,
                    const char *path, int after)
{
    for (int at = after + 1; at == after + 1 || report.count >= at - 1; at++) {
        restore(first);
        (void)run(attempt, &(struct syscalls_plan){.at = at});
        if (report.count >= at && is_call(name) && holds(report.note, path))
            return at;
    }
    return 0;
}

START_TEST(a_first_use_is_on_the_disk_before_it_is_accepted)
{
    struct first_use first;
    char folder[2 * WORLD_PATH_MAX];

    make_first_use(&first);
    struct attempt attempt = {&first.world, "alice", "imap", first.password, false};
    (void)snprintf(folder, sizeof folder, "%s", store_path(&first.world, "users"));
    int file = position(&attempt, &first, "fsync ", folder, 0);
    ck_assert_msg(file > 0, "no file is synced");
    int put = position(&attempt, &first, "rename", folder, file);
    ck_assert_msg(put > 0, "nothing is renamed once a file is synced");
    int synced = position(&attempt, &first, "fsync ", folder, put);
    ck_assert_msg(synced > 0, "the folder is not synced once the file is in its place");
}
END_TEST

/* Lesson: google-authenticator-libpam #13 #57 #86 #177. */
/* Lesson: a kill at each call. */
START_TEST(a_first_use_that_is_killed_at_any_call_leaves_the_old_or_the_new)
{
    struct first_use first;
    int killed = 0, bound = 0;

    make_first_use(&first);
    struct attempt attempt = {&first.world, "alice", "imap", first.password, false};
    for (int at = 1; killed == at - 1; at++) {
        restore(&first);
        int code = run(&attempt, &(struct syscalls_plan){.at = at, .kill = true});
        killed += WIFSIGNALED(report.status) && WTERMSIG(report.status) == SIGKILL;
        ck_assert_msg(killed == at || (report.finished && code == PAM_SUCCESS),
                      "call %d: status 0x%x", at, (unsigned)report.status);
        bound += check_account(&first, report.note);
    }
    ck_assert_msg(killed > 20 && bound > 1 && bound < killed, "%d of %d were bound", bound, killed);
    printf("points: first use, killed: %d\n", killed);
    (void)fflush(stdout);
}
END_TEST

/* --- random numbers --------------------------------------------------------------------------- */

/* libc's own would not come by the filter: from glibc 2.41 and Linux 6.11 on it takes the bytes
 * from the vDSO and calls nobody. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    return syscall(SYS_getrandom, buffer, length, flags);
}

/* From here on the kernel gives this process none, as in a sandbox that refuses the call. */
static void refuse_random(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

    ck_assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    ck_assert(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void check_untouched(const struct first_use *first)
{
    char after[8192];
    size_t length = file_read(store_path(&first->world, "users/alice"), after, sizeof after);

    ck_assert(length == first->length && memcmp(after, first->before, length) == 0);
}

/* libsodium would end the host: in the first case at its start, for it finds no /dev/urandom. */
/* Lesson: libsodium. */
START_TEST(a_host_that_is_given_no_random_numbers_goes_on)
{
    const struct verdict_sample *bound = verdict_fixture_find(&fixture, "accepted");
    struct conversation conversation = {.text = bound->password};

    if (geteuid() != 0) {
        puts("skipped: a host without /dev/urandom: chroot is root's");
        return;
    }
    pam_handle_t *pamh =
        handle_open(&fixture.world, bound->service, bound->user, bound->rhost, &conversation);
    ck_assert(chroot(fixture.world.confdir) == 0);
    refuse_random();
    ck_code(pam_authenticate(pamh, 0), PAM_AUTHINFO_UNAVAIL);
    (void)handle_close(pamh, PAM_AUTHINFO_UNAVAIL);
}
END_TEST

/* Lesson: libsodium. */
START_TEST(random_numbers_that_are_refused_from_the_start_refuse_what_needs_them)
{
    const struct verdict_sample *bound = verdict_fixture_find(&fixture, "accepted");
    struct first_use first;

    make_first_use(&first);
    refuse_random();
    ck_code(login(&first.world, "imap", "alice", "192.0.2.7", first.password),
            PAM_AUTHINFO_UNAVAIL);
    check_untouched(&first);
    ck_code(verdict_fixture_login(&fixture, bound), PAM_SUCCESS);
}
END_TEST

START_TEST(random_numbers_that_are_refused_later_on_refuse_what_needs_them_and_nothing_else)
{
    const struct verdict_sample *bound = verdict_fixture_find(&fixture, "accepted");
    struct first_use first;

    make_first_use(&first);
    ck_code(verdict_fixture_login(&fixture, bound), PAM_SUCCESS);
    refuse_random();
    ck_code(login(&first.world, "imap", "alice", "192.0.2.7", first.password),
            PAM_AUTHINFO_UNAVAIL);
    check_untouched(&first);
    ck_code(verdict_fixture_login(&fixture, bound), PAM_SUCCESS);
}
END_TEST

static int no_login(void (*arm)(bool), void *data)
{
    (void)data;
    arm(true);
    arm(false);
    return 0;
}

int main(void)
{
    if (is_sanitized()) {
        puts("skipped: failing system calls: a sanitizer ends the process when its own fail");
        return 77;
    }
    const char *refused = syscalls_run(no_login, NULL, &(struct syscalls_plan){0}, &report);
    if (refused != NULL) {
        printf("skipped: failing system calls: %s\n", refused);
        return 77;
    }

    TCase *tests = harness_begin("calls");
    TCase *random = harness_case("random");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_add_checked_fixture(tests, use_other_entry, NULL);
    tcase_set_timeout(tests, harness_all() ? 600 : 120);
    tcase_add_test(tests, an_accepted_login_in_which_any_call_fails);
    tcase_add_test(tests, a_first_login_of_a_process_in_which_any_call_fails);
    tcase_add_test(tests, no_refusal_becomes_another_one_or_an_acceptance_when_a_call_fails);
    tcase_add_test(tests, a_first_use_in_which_any_call_fails_binds_or_is_refused);
    tcase_add_test(tests, a_first_use_is_on_the_disk_before_it_is_accepted);
    tcase_add_test(tests, a_first_use_that_is_killed_at_any_call_leaves_the_old_or_the_new);
    /* Without a login before them in their processes. */
    tcase_add_unchecked_fixture(random, make_fixture, NULL);
    tcase_add_test(random, a_host_that_is_given_no_random_numbers_goes_on);
    tcase_add_test(random, random_numbers_that_are_refused_from_the_start_refuse_what_needs_them);
    tcase_add_test(
        random, random_numbers_that_are_refused_later_on_refuse_what_needs_them_and_nothing_else);
    return harness_run();
}
