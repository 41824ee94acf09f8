/*
 * The PAM password stack: a primary password has just been set.
 *
 * passwd(1) runs with the real uid of its user, who can stop it, kill it and bound its resources.
 * So the work is asp-broker's, which is in no cgroup of hers either. Where there is none that takes
 * it, it is done in a child that is root's alone. What the caller does waits for it a bounded time.
 * Whatever happens here, the change of the primary password never fails because of it.
 */
#include "password_stack.h"

#include "bounded_work.h"
#include "broker_client.h"
#include "pam_log.h"
#include "password_compare.h"

#include "asp/clock.h"
#include "asp/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 10000,   /* how long the caller waits; a lock is waited for half as long */
    WORK_SECONDS = 30, /* after which the work is ended, whatever it does */
    LOOK_MS = 20,      /* how often it looks, where it has no descriptor to wait at */
    DONE_FD = 3,       /* the child's end of the pipe */
    FILES_MAX = 1024,
};

/* What was set, and in which stack. */
struct setting {
    pam_handle_t *pamh;
    const struct arguments *arguments;
    const char *user;
    const char *service;
};

static void compare(void *context)
{
    const struct setting *setting = context;
    const struct arguments *arguments = setting->arguments;
    struct asp_error error = {0};
    struct asp_conf *conf = NULL;
    struct asp_identity identity;
    enum asp_status status =
        asp_conf_load(arguments->conf_path, arguments->conf_required, &conf, &identity, &error);

    if (status == ASP_OK)
        status = password_compare(conf, NULL, setting->user, setting->service, log_to_pam,
                                  setting->pamh, &error);
    if (status != ASP_OK)
        password_not_compared(log_to_pam, setting->pamh, setting->user, &error);
    asp_conf_free(conf);
}

static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &plain, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void reset_limits(void)
{
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const struct rlimit files = {FILES_MAX, FILES_MAX};

    (void)setrlimit(RLIMIT_AS, &none);
    (void)setrlimit(RLIMIT_CPU, &none);
    (void)setrlimit(RLIMIT_DATA, &none);
    (void)setrlimit(RLIMIT_FSIZE, &none);
    (void)setrlimit(RLIMIT_RSS, &none);
    (void)setrlimit(RLIMIT_MEMLOCK, &none);
    (void)setrlimit(RLIMIT_STACK, &none);
    (void)setrlimit(RLIMIT_LOCKS, &none);
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

/* Only the pipe's end is kept of what the caller has open, where there is one: `done` is its number
 * from then on. Before that DONE_FD is the caller's, of whatever it is. */
static bool reset_descriptors(int *done)
{
    int null;

    closelog(); /* else the log would go to whatever is opened under its number next */
    if (*done >= 0) {
        if (dup2(*done, DONE_FD) < 0)
            return false;
        *done = DONE_FD;
    }
    asp_close_from(*done >= 0 ? DONE_FD + 1 : DONE_FD);
    null = open("/dev/null", O_RDWR);
    return null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 &&
           (null <= 2 || close(null) == 0);
}

/* From here on the user who called passwd has no hold on it: root's in every respect. */
static bool become_clean(int *done)
{
    if (setsid() < 0) /* out of reach of the terminal first */
        return false;
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0))
        return false;
    /* No core, before there are hashes in memory: and after the ids, for a change of those has the
     * kernel set this as fs.suid_dumpable says. */
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return false;
    reset_signals();
    reset_limits();
    (void)umask(077);
    return chdir("/") == 0 && reset_descriptors(done);
}

static void log_unfinished(const pam_handle_t *pamh)
{
    pam_log(pamh, LOG_ERR,
            "the app passwords are still being compared with the new primary password");
}

static void wait_for_child(pam_handle_t *pamh, pid_t child, int done, int64_t deadline)
{
    char word;

    /* It says that it has done its work, or has ended. */
    if (!asp_clock_wait(done, deadline)) {
        log_unfinished(pamh);
        return;
    }
    if (read(done, &word, 1) != 1)
        pam_log(pamh, LOG_ERR, NOT_COMPARED "the process that does it was killed");
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* The same of a child that has no pipe to say anything at. */
static void look_for_end(pam_handle_t *pamh, pid_t child, int64_t deadline)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && asp_clock_ms() < deadline)
        (void)nanosleep(&pause, NULL);
    if (ended == 0)
        log_unfinished(pamh);
    else if (ended == child && WIFSIGNALED(status))
        pam_log(pamh, LOG_ERR, NOT_COMPARED "the process that does it was killed");
}

/* In the child. Does not return. */
__attribute__((noreturn)) static void work(struct setting *setting, int done)
{
    struct asp_error error = {0};

    if (!become_clean(&done))
        pam_log(setting->pamh, LOG_ERR, NOT_COMPARED "no clean process");
    else if (!bounded_work(WORK_SECONDS, compare, setting, &error))
        password_not_compared(log_to_pam, setting->pamh, setting->user, &error);
    _exit(done < 0 || write(done, "", 1) == 1 ? 0 : 1);
}

/* The user may have bounded the descriptors of passwd so that there is none for a pipe; the child
 * has its own bounds. */
static void compare_in_child(struct setting *setting, int64_t deadline)
{
    pam_handle_t *pamh = setting->pamh;
    int done[2] = {-1, -1};
    bool piped = pipe2(done, O_CLOEXEC) == 0;
    pid_t child = fork();

    if (child == 0)
        work(setting, piped ? done[1] : -1);
    asp_close(done[1]);
    if (child < 0)
        pam_log(pamh, LOG_ERR, NOT_COMPARED "no process");
    else if (piped)
        wait_for_child(pamh, child, done[0], deadline);
    else
        look_for_end(pamh, child, deadline);
    asp_close(done[0]);
}

/* True: the broker does it, and has been waited for. */
static bool hand_over(const struct setting *setting, int64_t deadline)
{
    const struct arguments *arguments = setting->arguments;
    char state[ASP_BROKER_CONF_STATE];
    const struct asp_broker_password set = {setting->user, setting->service, arguments->conf_path,
                                            state};
    struct asp_conf *conf = NULL;
    struct asp_identity identity;
    bool taken = false;
    bool done = false;

    /* It takes it from root alone. What is wrong with the configuration, the child says. */
    if (geteuid() != 0 || asp_conf_load(arguments->conf_path, arguments->conf_required, &conf,
                                        &identity, NULL) != ASP_OK)
        return false;
    if (asp_source_traits(conf->primary_source).is_compared) {
        asp_broker_conf_state(&identity, state);
        taken = broker_client_hand_over(conf, &set, deadline, &done);
    }
    asp_conf_free(conf);
    if (taken && !done)
        log_unfinished(setting->pamh);
    return taken;
}

void password_was_set(pam_handle_t *pamh, const struct arguments *arguments, const char *user,
                      const char *service)
{
    const int64_t deadline = asp_clock_ms() + WAIT_MS;
    struct setting setting = {pamh, arguments, user, service};

    if (!hand_over(&setting, deadline))
        compare_in_child(&setting, deadline);
}
