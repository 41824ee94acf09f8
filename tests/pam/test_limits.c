/* A host that may not do much: write no long file, open none, have no memory. No login ends it, and
 * none says what is not so. */
#include "stored.h"
#include "verdict_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct verdict_fixture fixture;

static void make_fixture(void)
{
    verdict_fixture_make(&fixture, NULL);
}

struct bound {
    int resource;
    rlim_t most;
};

/* In a process of its own, which has the module loaded before it is bounded. */
static int log_in_bounded(const struct bound *bound, const struct verdict_sample *sample)
{
    const struct rlimit limit = {bound->most, bound->most};
    struct conversation conversation = {.text = sample->password};
    pam_handle_t *pamh =
        handle_open(&fixture.world, sample->service, sample->user, sample->rhost, &conversation);

    /* By number: C libraries do not agree on the type of one. */
    return syscall(SYS_prlimit64, 0, bound->resource, &limit, NULL) == 0 ? pam_authenticate(pamh, 0)
                                                                         : 100;
}

static int bounded(const struct bound *bound, const struct verdict_sample *sample)
{
    int status;
    pid_t child = fork();

    ck_assert(child >= 0);
    if (child == 0)
        _exit(log_in_bounded(bound, sample));
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert_msg(WIFEXITED(status), "%s: the host is ended by signal %d", sample->verdict,
                  WTERMSIG(status));
    ck_assert_int_lt(WEXITSTATUS(status), 100);
    return WEXITSTATUS(status);
}

static const rlim_t lengths[] = {0, 1, 60, 200, 4096};

#define LENGTHS (sizeof lengths / sizeof *lengths)

/* Lesson: the host's limits. */
START_TEST(a_host_that_may_write_no_long_file_hears_each_verdict)
{
    const struct bound bound = {RLIMIT_FSIZE, lengths[_i]};

    for (size_t i = 0; i < fixture.count; i++)
        ck_code_msg(bounded(&bound, &fixture.samples[i]), fixture.samples[i].code,
                    "%s, %zu bytes may be written", fixture.samples[i].verdict,
                    (size_t)lengths[_i]);
}
END_TEST

/* Lesson: the host's limits. */
START_TEST(a_first_use_that_cannot_be_written_is_unavailable_and_is_one_later)
{
    struct verdict_sample first = *verdict_fixture_find(&fixture, "accepted");

    create(&fixture.world, first.password, "alice", "--label", "bounded", NULL);
    for (size_t i = 0; lengths[i] < 4096; i++)
        ck_code(bounded(&(struct bound){RLIMIT_FSIZE, lengths[i]}, &first), PAM_AUTHINFO_UNAVAIL);
    ck_returned_str_eq(stored_entry(&fixture.world, "alice", first.password).app, "first-use");
    ck_code(verdict_fixture_login(&fixture, &first), PAM_SUCCESS);
    ck_returned_str_eq(stored_entry(&fixture.world, "alice", first.password).app, "mail");
    admin_do(&fixture.world, "revoke", "alice", "--label", "bounded", NULL);
}
END_TEST

/* PAM_SYSTEM_ERR is libpam's own, where it has no descriptor left for the kernel's audit. */
static bool is_unavailable(int code)
{
    return code == PAM_AUTHINFO_UNAVAIL || code == PAM_SYSTEM_ERR;
}

/* From no descriptor at all to more than it takes. A right password is let in as soon as that can
 * be known, and nobody else ever is. */
START_TEST(a_host_that_has_no_descriptor_left_hears_that_it_is_unavailable)
{
    const struct verdict_sample *accepted = verdict_fixture_find(&fixture, "accepted");
    const struct verdict_sample *wrong = verdict_fixture_find(&fixture, "wrong-secret");
    size_t unavailable = 0;
    bool seen = false;

    for (rlim_t most = 3; most < 24; most++) {
        const struct bound bound = {RLIMIT_NOFILE, most};
        int code = bounded(&bound, accepted);
        int other = bounded(&bound, wrong);

        seen = seen || code == PAM_SUCCESS;
        ck_assert_msg(seen || is_unavailable(code), "%d descriptors: %s", (int)most,
                      code_name(code));
        ck_assert_msg(seen || is_unavailable(other), "%d descriptors: %s", (int)most,
                      code_name(other));
        if (seen) {
            ck_code_msg(code, PAM_SUCCESS, "%d descriptors", (int)most);
            ck_code_msg(other, PAM_AUTH_ERR, "%d descriptors", (int)most);
        }
        unavailable += code == PAM_AUTHINFO_UNAVAIL;
    }
    ck_assert(seen);
    ck_assert_uint_gt(unavailable, 0);
}
END_TEST

/* In a process of its own. 200: it could not be bounded. The bound is the soft one: in some
 * sandboxes root may not raise the other. */
static int set_password_bounded(const struct world *world, rlim_t most)
{
    struct rlimit limit;
    struct conversation conversation = {.text = "x"};
    pam_handle_t *pamh = handle_open(world, "passwd", "carol", NULL, &conversation);

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 200;
    limit.rlim_cur = most;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? pam_chauthtok(pamh, 0) : 200;
}

/* Who bounds her own passwd keeps the password stack from nothing: its work has its own bounds. */
START_TEST(a_password_that_is_set_with_no_descriptor_left_ends_the_app_passwords)
{
    struct world world;
    char password[PASSWORD_MAX];

    if (geteuid() != 0) {
        harness_skip("a password that is set", "shadow is root's alone");
        return;
    }
    world_make(&world, "primary: { source = \"shadow\"; };");
    world_stack(&world, "passwd", "password required pam_permit.so\npassword optional @ASP@\n");
    for (rlim_t most = 3; most < 12; most++) {
        pid_t child;
        int status;

        create(&world, password, "carol", "--label", "bounded", "--virtual", NULL);
        child = fork();
        ck_assert(child >= 0);
        if (child == 0)
            _exit(set_password_bounded(&world, most));
        ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
        /* As above: the kernel's audit comes after the stack. */
        ck_assert_msg(WEXITSTATUS(status) == PAM_SUCCESS || WEXITSTATUS(status) == PAM_SYSTEM_ERR,
                      "%d descriptors: %s", (int)most, code_name(WEXITSTATUS(status)));
        ck_returned_str_eq(stored_entry(&world, "carol", password).state, "revoked");
    }
}
END_TEST

static volatile sig_atomic_t heard;

static void hear(int number)
{
    (void)number;
    heard++;
}

/* What the host does with its signals is as before, and no login sends it one. */
/* Lesson: the host's limits. */
START_TEST(a_host_that_handles_signals_itself_hears_none_of_a_login)
{
    static const int numbers[] = {SIGXFSZ, SIGPIPE, SIGCHLD, SIGALRM};
    const struct sigaction own = {.sa_handler = hear};
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    struct sigaction before[4];
    struct rlimit limit;
    struct rlimit none;
    int code;

    for (size_t i = 0; i < 4; i++)
        ck_assert(sigaction(numbers[i], &own, &before[i]) == 0);
    ck_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    none = (struct rlimit){0, limit.rlim_max};
    ck_assert(setrlimit(RLIMIT_FSIZE, &none) == 0);
    heard = 0;
    code = verdict_fixture_login(&fixture, sample);
    ck_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (size_t i = 0; i < 4; i++) {
        struct sigaction is;

        ck_assert(sigaction(numbers[i], &before[i], &is) == 0);
        ck_assert_msg(is.sa_handler == hear, "signal %d", numbers[i]);
    }
    ck_code(code, PAM_SUCCESS);
    ck_assert_int_eq(heard, 0);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("limits");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_host_that_may_write_no_long_file_hears_each_verdict, 0, LENGTHS);
    tcase_add_test(tests, a_first_use_that_cannot_be_written_is_unavailable_and_is_one_later);
    tcase_add_test(tests, a_host_that_has_no_descriptor_left_hears_that_it_is_unavailable);
    tcase_add_test(tests, a_password_that_is_set_with_no_descriptor_left_ends_the_app_passwords);
    tcase_add_test(tests, a_host_that_handles_signals_itself_hears_none_of_a_login);
    return harness_run();
}
