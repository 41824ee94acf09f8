/* What a login leaves behind in its host: no descriptor, no memory, no secret, nothing of the
 * process changed. */
#include "syscalls.h"
#include "verdict_fixture.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct verdict_fixture fixture;

static void make_fixture(void)
{
    verdict_fixture_make(&fixture, NULL);
}

/* Stands before libc's for the module too. What the parts of the name service do in a process that
 * asks for a user is theirs, and the same whoever asks. */
int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **result)
{
    (void)name, (void)entry, (void)room, (void)size;
    *result = NULL;
    return 0;
}

/* --- descriptors and memory ------------------------------------------------------------------- */

/* Every open descriptor with what it leads to. */
static void list_descriptors(char *out, size_t size)
{
    char target[512];
    size_t used = 0;

    for (int fd = 0; fd < 256; fd++) {
        char link[64];
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        used += (size_t)snprintf(out + used, size - used, "%d %s\n", fd, target);
        ck_assert(used < size);
    }
}

static long resident_pages(void)
{
    char text[256];
    long size, resident;

    (void)file_read("/proc/self/statm", text, sizeof text);
    ck_assert(sscanf(text, "%ld %ld", &size, &resident) == 2);
    return resident;
}

static void log_in_often(int times)
{
    for (int i = 0; i < times; i++) {
        const struct verdict_sample *sample = &fixture.samples[(size_t)i % fixture.count];
        ck_code_msg(verdict_fixture_login(&fixture, sample), sample->code, "%s, login %d",
                    sample->verdict, i);
    }
}

/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
START_TEST(ten_thousand_logins_leave_no_descriptor_and_no_memory)
{
    static char before[16384], after[16384];

    log_in_often(200);
    list_descriptors(before, sizeof before);
    long resident = resident_pages();
    log_in_often(harness_all() ? 200000 : 10000);
    list_descriptors(after, sizeof after);
    ck_assert_str_eq(after, before);
    if (is_sanitized()) {
        harness_skip("resident memory", "a sanitizer keeps what is freed");
        return;
    }
    long grown = (resident_pages() - resident) * sysconf(_SC_PAGESIZE);
    ck_assert_msg(grown < 1 << 20, "%ld bytes more", grown);
}
END_TEST

/* Each is parsed, kept in the place of the one before, and held by a login of each kind. */
static void change_configuration(struct world *world, int times)
{
    for (int i = 0; i < times; i++) {
        struct conversation missing = {.reply = REPLY_MISSING};

        world_configure(world, i % 2 == 0 ? "limit = 7;" : "limit =  9;");
        /* There is no store. */
        ck_code(login(world, "imap", "alice", NULL, "x"), PAM_AUTHINFO_UNAVAIL);
        ck_code(login_with(world, "imap", "alice", NULL, &missing), PAM_AUTH_ERR);
    }
}

START_TEST(a_configuration_that_was_replaced_is_freed_once_no_login_has_it)
{
    enum { TIMES = 200, OF_EACH = 512 }; /* fewer bytes than one has */
    struct world world;
    size_t before;
    size_t after;

    if (is_sanitized() || getenv("ASP_TEST_VALGRIND") != NULL || !heap_bytes(&before)) {
        harness_skip("what malloc gave",
                     "a sanitizer or valgrind has a malloc of its own, or it does not count");
        return;
    }
    world_make(&world, "limit = 7;");
    change_configuration(&world, 10);
    (void)heap_bytes(&before);
    change_configuration(&world, TIMES);
    (void)heap_bytes(&after);
    ck_assert_msg(after < before + (size_t)TIMES * OF_EACH, "%zu bytes more", after - before);
}
END_TEST

/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
START_TEST(what_reads_no_configuration_or_store_leaves_no_descriptor)
{
    static char before[16384], after[16384];
    struct world world;

    world_make(&world, "limit = 0;");
    ck_code(login(&world, "imap", "alice", NULL, "x"), PAM_SERVICE_ERR);
    list_descriptors(before, sizeof before);
    for (int i = 0; i < 1000; i++) {
        struct conversation missing = {.reply = REPLY_MISSING}, empty = {.text = ""};
        ck_code(login(&world, "imap", "alice", NULL, "x"), PAM_SERVICE_ERR);
        ck_code(login_with(&fixture.world, "imap", "alice", NULL, &missing), PAM_AUTH_ERR);
        ck_code(login_with(&fixture.world, "imap", "alice", NULL, &empty), PAM_AUTH_ERR);
    }
    list_descriptors(after, sizeof after);
    ck_assert_str_eq(after, before);
}
END_TEST

/* One watched login of a sample; COLD is the first in its process. */
struct watched {
    const struct verdict_sample *sample;
    bool cold;
};

static int watched_login(void (*arm)(bool), void *data)
{
    const struct watched *watched = data;
    const struct verdict_sample *sample = watched->sample;
    struct conversation conversation = {.text = sample->password};

    if (!watched->cold)
        (void)verdict_fixture_login(&fixture, sample);
    pam_handle_t *pamh =
        handle_open(&fixture.world, sample->service, sample->user, sample->rhost, &conversation);
    arm(true);
    int code = pam_authenticate(pamh, 0);
    (void)pam_acct_mgmt(pamh, 0);
    (void)pam_setcred(pamh, PAM_ESTABLISH_CRED);
    arm(false);
    return handle_close(pamh, code);
}

/* Calls by which a login would change its host. */
static bool meddles(int number)
{
    static const int calls[] = {
        SYS_clone,     SYS_clone3,    SYS_execve,          SYS_execveat,       SYS_umask,
        SYS_chdir,     SYS_fchdir,    SYS_rt_sigaction,    SYS_rt_sigprocmask, SYS_setuid,
        SYS_setresuid, SYS_setgid,    SYS_setresgid,       SYS_setgroups,      SYS_setsid,
        SYS_setrlimit, SYS_prlimit64, SYS_prctl,           SYS_kill,           SYS_wait4,
        SYS_setitimer, SYS_nanosleep, SYS_clock_nanosleep, SYS_mlock,          SYS_mlockall,
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i] == number)
            return true;
    }
    return false;
}

static void expect_clean(struct watched *watched)
{
    static struct syscalls_report report;
    const char *verdict = watched->sample->verdict;
    const char *refused = syscalls_run(watched_login, watched, &(struct syscalls_plan){0}, &report);

    if (refused != NULL) {
        harness_skip(verdict, refused);
        return;
    }
    ck_assert(report.finished);
    ck_code_msg(report.result, watched->sample->code, "%s", verdict);
    ck_assert_msg(report.leaky[0] == '\0', "%s, %s: not close-on-exec: %s", verdict,
                  watched->cold ? "cold" : "warm", report.leaky);
    for (int i = 0; i < report.count && i < SYSCALLS_SEEN_MAX; i++)
        ck_assert_msg(!meddles(report.number[i]), "%s calls %s", verdict,
                      syscalls_name(report.number[i]));
}

/* Lesson: pam-u2f CVE-2019-12210, yubico-pam CVE-2018-9275. */
/* Lesson: pam_pwdfile. */
/* Lesson: libconfig. */
START_TEST(every_descriptor_is_close_on_exec_at_every_moment_and_the_host_is_let_alone)
{
    struct verdict_sample first = *verdict_fixture_find(&fixture, "accepted");

    for (size_t i = 0; i < fixture.count; i++) {
        expect_clean(&(struct watched){&fixture.samples[i], true});
        expect_clean(&(struct watched){&fixture.samples[i], false});
    }
    create(&fixture.world, first.password, "alice", "--label", "first use", NULL);
    first.verdict = "first use";
    expect_clean(&(struct watched){&first, true});
}
END_TEST

START_TEST(signals_umask_and_folder_are_as_before)
{
    struct sigaction before[65], after;
    sigset_t set, is;
    char cwd[4096], now[4096];

    ck_assert(chdir("/usr") == 0 && getcwd(cwd, sizeof cwd) != NULL);
    (void)umask(0135);
    for (int number = 1; number <= 64; number++)
        (void)sigaction(number, NULL, &before[number]);
    ck_assert(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0);
    ck_assert(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
    log_in_often(100);
    ck_assert(sigprocmask(SIG_SETMASK, NULL, &is) == 0);
    ck_assert(sigismember(&is, SIGUSR1) == 1 && sigismember(&is, SIGPIPE) == 0 &&
              sigismember(&is, SIGINT) == 0);
    for (int number = 1; number <= 64; number++) {
        if (sigaction(number, NULL, &after) == 0)
            ck_assert_msg(before[number].sa_handler == after.sa_handler, "signal %d", number);
    }
    ck_assert(umask(022) == 0135);
    ck_assert(getcwd(now, sizeof now) != NULL);
    ck_assert_str_eq(now, cwd);
}
END_TEST

START_TEST(a_login_works_without_standard_streams)
{
    const struct verdict_sample *sample = verdict_fixture_find(&fixture, "accepted");
    int status;

    world_configure(&fixture.world, "log = \"refused\";"); /* libc keeps the socket of the log */
    pid_t child = fork();

    ck_assert(child >= 0);
    if (child == 0) {
        for (int fd = 0; fd < 3; fd++)
            (void)close(fd);
        int code = verdict_fixture_login(&fixture, sample);
        for (int fd = 0; fd < 3; fd++) {
            if (fcntl(fd, F_GETFD) >= 0)
                code = 100 + fd;
        }
        _exit(code);
    }
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    world_configure(&fixture.world, NULL);
    ck_assert_msg(WEXITSTATUS(status) < 100, "descriptor %d is left open",
                  WEXITSTATUS(status) - 100);
    ck_code(WEXITSTATUS(status), PAM_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *tests = harness_begin("residue");

    tcase_add_unchecked_fixture(tests, make_fixture, NULL);
    tcase_set_timeout(tests, harness_all() ? 300 : 60);
    tcase_add_test(tests, ten_thousand_logins_leave_no_descriptor_and_no_memory);
    tcase_add_test(tests, a_configuration_that_was_replaced_is_freed_once_no_login_has_it);
    tcase_add_test(tests, what_reads_no_configuration_or_store_leaves_no_descriptor);
    tcase_add_test(tests,
                   every_descriptor_is_close_on_exec_at_every_moment_and_the_host_is_let_alone);
    tcase_add_test(tests, signals_umask_and_folder_are_as_before);
    tcase_add_test(tests, a_login_works_without_standard_streams);
    return harness_run();
}
