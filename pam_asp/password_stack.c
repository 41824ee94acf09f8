/*
 * The PAM password stack: a primary password has just been set.
 *
 * passwd(1) runs with the real uid of its user, who can stop it, kill it and bound its resources.
 * So the work is done in a child that is root's alone, and what the caller does waits for it a
 * bounded time. Whatever happens here, the change of the primary password never fails because of
 * it.
 */
#include "password_stack.h"

#include "login_log.h"
#include "pam_log.h"

#include "asp/buffer.h"
#include "asp/clock.h"
#include "asp/conf.h"
#include "asp/reconcile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define NOT_COMPARED "a new primary password was set and not compared: "

enum {
    WAIT_MS = 10000,    /* how long the caller waits; a lock is waited for half as long */
    CHILD_SECONDS = 30, /* after which the child is ended, whatever it does */
    DONE_FD = 3,        /* the child's end of the pipe */
    FILES_MAX = 1024,
};

/* What the child says in the log when it is not a change of ours. */
static void log_error(pam_handle_t *pamh, const char *user, const struct asp_error *error)
{
    char cause[ASP_ERROR_LINE];
    struct asp_buffer line = {0};

    asp_buffer_add(&line, NOT_COMPARED "user=");
    asp_buffer_add_logged(&line, user);
    asp_buffer_add(&line, " cause=");
    asp_buffer_add_logged(&line, asp_error_line(error, cause));
    if (!line.failed)
        pam_log(pamh, LOG_ERR, "%s", line.text);
    asp_buffer_free(&line);
}

/*
 * Compares what shadow says now. A user who has no line there has her password elsewhere: that this
 * is reached is all that can be seen of the change. One who has a line, where another source is
 * configured, is left to that source.
 */
static enum asp_status reconcile(const struct asp_conf *conf, const char *user,
                                 const struct asp_revocation *how, struct asp_reconciled *result,
                                 struct asp_error *error)
{
    const bool everybody = asp_source_traits(conf->primary_source).at_login;
    struct asp_look look = {.now.source = conf->primary_source};
    struct asp_store store;
    enum asp_status status = asp_store_open(&store, conf, NULL, error);

    result->primary = ASP_PRIMARY_UNKNOWN;
    while (status == ASP_OK && result->primary == ASP_PRIMARY_UNKNOWN) {
        asp_reconciled_free(result);
        result->primary = ASP_PRIMARY_SAME;
        if (!asp_look_again(user, &look, error))
            status = error->status;
        else if (everybody || look.now.says == ASP_SAYS_ABSENT)
            status = asp_reconcile(&store, user, &look.now, how, true, result, error);
    }
    asp_look_end(&look);
    asp_store_close(&store);
    return status;
}

static void compare(pam_handle_t *pamh, const struct arguments *arguments, const char *given,
                    const char *service)
{
    char by[ASP_BY_SIZE];
    char user[ASP_USER_MAX + 1];
    struct asp_error error = {0};
    struct asp_conf *conf = NULL;
    struct asp_identity identity;
    struct asp_reconciled result = {0};
    enum asp_status status;

    (void)snprintf(by, sizeof by, "pam:%s", service);
    status =
        asp_conf_load(arguments->conf_path, arguments->conf_required, &conf, &identity, &error);
    if (status == ASP_OK && asp_source_traits(conf->primary_source).is_compared &&
        asp_user_canonical(given, conf->fold_user_names, user)) {
        struct asp_revocation how = asp_revocation_of(conf, time(NULL), by);

        status = reconcile(conf, user, &how, &result, &error);
        login_log_revocations(log_to_pam, pamh, by, user, result.revoked, result.count);
    }
    if (status != ASP_OK && status != ASP_NOT_FOUND)
        log_error(pamh, given, &error);
    asp_reconciled_free(&result);
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
    static const int limits[] = {RLIMIT_AS,  RLIMIT_CPU,     RLIMIT_DATA,  RLIMIT_FSIZE,
                                 RLIMIT_RSS, RLIMIT_MEMLOCK, RLIMIT_STACK, RLIMIT_LOCKS};
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const struct rlimit files = {FILES_MAX, FILES_MAX};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        (void)setrlimit((__rlimit_resource_t)limits[i], &none);
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

/* Only the pipe's end is kept of what the caller has open. */
static bool reset_descriptors(int done)
{
    int null;

    closelog(); /* else the log would go to whatever is opened under its number next */
    if (dup2(done, DONE_FD) < 0)
        return false;
    /* Before Linux 5.9 there is no close_range; then it is these that a process usually has. */
    if (close_range(DONE_FD + 1, ~0U, 0) != 0) {
        for (int fd = DONE_FD + 1; fd < FILES_MAX; fd++)
            (void)close(fd);
    }
    null = open("/dev/null", O_RDWR);
    return null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 &&
           (null <= 2 || close(null) == 0);
}

/* From here on the user who called passwd has no hold on it: root's in every respect. */
static bool become_clean(int done)
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
    (void)alarm(CHILD_SECONDS);
    return chdir("/") == 0 && reset_descriptors(done);
}

static void wait_for_child(pam_handle_t *pamh, pid_t child, int done)
{
    char word;

    /* It says that it has done its work, or has ended. */
    if (!asp_clock_wait(done, asp_clock_ms() + WAIT_MS)) {
        pam_log(pamh, LOG_ERR,
                "the app passwords are still being compared with the new primary password");
        return;
    }
    if (read(done, &word, 1) != 1)
        pam_log(pamh, LOG_ERR, NOT_COMPARED "the process that does it was killed");
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* In the child. Does not return. */
__attribute__((noreturn)) static void work(pam_handle_t *pamh, const struct arguments *arguments,
                                           const char *user, const char *service, int done)
{
    if (become_clean(done))
        compare(pamh, arguments, user, service);
    else
        pam_log(pamh, LOG_ERR, NOT_COMPARED "no clean process");
    _exit(write(DONE_FD, "", 1) == 1 ? 0 : 1);
}

void password_was_set(pam_handle_t *pamh, const struct arguments *arguments, const char *user,
                      const char *service)
{
    int done[2];
    pid_t child;

    if (pipe2(done, O_CLOEXEC) != 0) {
        pam_log(pamh, LOG_ERR, NOT_COMPARED "no pipe");
        return;
    }
    child = fork();
    if (child == 0)
        work(pamh, arguments, user, service, done[1]);
    (void)close(done[1]);
    if (child < 0)
        pam_log(pamh, LOG_ERR, NOT_COMPARED "no process");
    else
        wait_for_child(pamh, child, done[0]);
    (void)close(done[0]);
}
