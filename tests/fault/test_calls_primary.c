/*
 * Every system call made to fail, cut short or made the last one where a primary password has
 * changed: of the login that finds it, and of the password stack that is told of it. Nobody gets in
 * by an app password of before, whatever became of its revocation; and that is done or not.
 */
#include "devlog.h"
#include "fault_fixture.h"
#include "stored.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* How long the stack waits for its child, and as long as that of two locks; milliseconds. */
#define BOUND 11000
/* Without all: each of so many calls. */
#define FEW 9

static struct syscalls_report report;
static struct world world;
static char phone[PASSWORD_MAX], laptop[PASSWORD_MAX], bobs[PASSWORD_MAX];
static char alices[8192], bobs_account[8192];
static size_t alices_length, bobs_length;

static void alice_has(const char *hash)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "alice:$6$salt$%s:19000:0:99999:7:::\nbob:$6$salt$b:19000:0:99999:7:::\n", hash);
    file_write("/etc/shadow", text, strlen(text));
}

/* An /etc that only this process has, in which alice's primary password has just changed. */
static void make_world(void)
{
    char command[2 * WORLD_PATH_MAX], etc[WORLD_PATH_MAX + 8];

    ck_assert_msg(unshare(CLONE_NEWNS) == 0 &&
                      mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0,
                  "%s", strerror(errno));
    world_make(&world, "primary: { source = \"shadow\"; };");
    world_stack(&world, "imap", "auth required @TAP@\n");
    world_stack(&world, "passwd", "password required pam_permit.so\npassword optional @ASP@\n");
    (void)snprintf(etc, sizeof etc, "%s/etc", world.dir);
    (void)snprintf(command, sizeof command, "cp -a /etc '%s'", etc);
    ck_assert(system(command) == 0);
    ck_assert_msg(mount(etc, "/etc", "none", MS_BIND, NULL) == 0, "%s", strerror(errno));
    alice_has("before");
    create(&world, phone, "alice", "--label", "Phone", "--app", "mail", NULL);
    create(&world, laptop, "alice", "--label", "Laptop", NULL);
    create(&world, bobs, "bob", "--label", "Phone", "--app", "mail", NULL);
    alices_length = file_read(store_path(&world, "users/alice"), alices, sizeof alices);
    bobs_length = file_read(store_path(&world, "users/bob"), bobs_account, sizeof bobs_account);
    alice_has("after");
}

static void restore(void)
{
    char command[2 * WORLD_PATH_MAX];
    (void)snprintf(command, sizeof command, "rm -rf '%s'/* '%s'/.[!.]*", store_path(&world, "used"),
                   store_path(&world, "users"));
    ck_assert(system(command) == 0);
    file_write(store_path(&world, "users/alice"), alices, alices_length);
}

static int log_in(void (*arm)(bool), void *data)
{
    struct attempt attempt = {&world, "alice", "imap", phone, false};

    (void)data;
    return attempt_login(arm, &attempt);
}

static int set_password(void (*arm)(bool), void *data)
{
    struct conversation conversation = {.text = "x"};

    (void)data;
    ck_assert(dlopen(harness_path("ASP_MODULE"), RTLD_NOW | RTLD_LOCAL) != NULL);
    pam_handle_t *pamh = handle_open(&world, "passwd", "alice", NULL, &conversation);
    arm(true);
    int code = pam_chauthtok(pamh, 0);
    arm(false);
    (void)handle_close(pamh, code);
    return code;
}

static bool is_refusal(int code)
{
    return code == PAM_AUTH_ERR || code == PAM_AUTHINFO_UNAVAIL || code == PAM_SERVICE_ERR ||
           code == PAM_BUF_ERR;
}

/* Alice's account is that of before, or both of hers are revoked; then she is refused, and both are
 * by then; bob is who he was. Returns whether they were revoked. */
static bool check_accounts(const char *how)
{
    char after[8192];
    struct stored first = stored_entry(&world, "alice", phone);
    struct stored second = stored_entry(&world, "alice", laptop);
    size_t length = file_read(store_path(&world, "users/alice"), after, sizeof after);
    const bool revoked = first.found && strcmp(first.state, "revoked") == 0;

    ck_assert_msg(second.found && strcmp(second.state, first.state) == 0, "%s: %s and %s", how,
                  first.state, second.state);
    ck_assert_msg(revoked || (length == alices_length && memcmp(after, alices, length) == 0),
                  "%s: neither the old nor the new file", how);
    ck_code_msg(login(&world, "imap", "alice", NULL, phone), PAM_AUTH_ERR, "%s: the login after it",
                how);
    ck_returned_str_eq(stored_entry(&world, "alice", laptop).state, "revoked");
    ck_code_msg(login(&world, "imap", "bob", NULL, bobs), PAM_SUCCESS, "%s: bob", how);
    length = file_read(store_path(&world, "users/bob"), after, sizeof after);
    ck_assert_msg(length == bobs_length && memcmp(after, bobs_account, length) == 0,
                  "%s: bob's account is another", how);
    return revoked;
}

/* Makes each call of BODY fail; CLEAN is what it returns without that. */
static void break_each(syscalls_body *body, const char *operation, int clean)
{
    char how[SYSCALLS_NOTE_MAX + 64];
    struct faults faults = {.stride = harness_all() ? 1 : FEW};
    int revoked = 0, tried = 0;

    restore();
    const char *refused = syscalls_run(body, NULL, &(struct syscalls_plan){0}, &report);
    ck_assert_msg(refused == NULL, "%s", refused);
    ck_code(report.result, clean);
    ck_assert_msg(check_accounts(operation), "%s revokes nothing", operation);
    while (faults_next(&faults, &report)) {
        long long begun = now_ms();
        restore();
        (void)syscalls_run(body, NULL, &faults.plan, &report);
        (void)snprintf(how, sizeof how, "%s, %s with %s", operation, report.note,
                       faults_word(&faults));
        ck_assert_msg(report.finished || WIFSIGNALED(report.status), "%s: ended with 0x%x", how,
                      (unsigned)report.status);
        ck_assert_msg(now_ms() - begun < BOUND, "%s: it takes %lld ms", how, now_ms() - begun);
        if (report.finished && clean == PAM_AUTH_ERR)
            ck_assert_msg(is_refusal(report.result), "%s: %s", how, code_name(report.result));
        revoked += check_accounts(how);
        tried++;
    }
    ck_assert_msg(revoked > 0 && revoked < tried, "%d of %d were revoked", revoked, tried);
    faults_tell(&faults, operation);
}

START_TEST(a_login_after_another_primary_password_lets_nobody_in_whatever_call_fails)
{
    break_each(log_in, "primary changed", PAM_AUTH_ERR);
}
END_TEST

START_TEST(a_password_stack_in_which_any_call_fails_revokes_or_the_next_login_does)
{
    break_each(set_password, "password stack", PAM_SUCCESS);
}
END_TEST

int main(void)
{
    if (is_sanitized()) {
        puts("skipped: failing system calls: a sanitizer ends the process when its own fail");
        return 77;
    }
    devlog_require();

    TCase *tests = harness_begin("calls_primary");

    tcase_add_checked_fixture(tests, make_world, NULL);
    tcase_set_timeout(tests, harness_all() ? 900 : 180);
    tcase_add_test(tests,
                   a_login_after_another_primary_password_lets_nobody_in_whatever_call_fails);
    tcase_add_test(tests, a_password_stack_in_which_any_call_fails_revokes_or_the_next_login_does);
    return harness_run();
}
