/* The hooks of one user, in a process of their own. */
#include "hook_job.h"

#include "beside.h"

#include "asp-admin/hooks/hooks_due.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static enum job_end run(struct admin *admin, const char *user, time_t since, time_t until)
{
    struct asp_turn turn = ASP_TURN_FREE;
    enum asp_status due = hooks_run_due(admin, user, &turn);
    enum asp_status expired;

    admin->now = until;
    expired = since < until ? hooks_run_expired(admin, user, since) : ASP_OK;
    if ((due != ASP_OK && due != ASP_BUSY) || expired != ASP_OK)
        return JOB_AGAIN;
    return due == ASP_BUSY ? JOB_BUSY : JOB_DONE;
}

/* In the new process. A store's engine may not bear to be shared, so it is opened anew. */
static enum job_end begin(const struct admin *watch, pid_t parent, const char *user, time_t since,
                          time_t until)
{
    struct admin admin = *watch;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum job_end end = JOB_AGAIN;

    if (!beside_begin(parent))
        return JOB_AGAIN;
    admin.store = ASP_STORE_CLOSED;
    if (asp_store_open(&admin.store, admin.conf, NULL, &error) == ASP_OK)
        end = run(&admin, user, since, until);
    else
        syslog(LOG_ERR, "hooks that are due wait: %s", asp_error_line(&error, line));
    asp_store_close(&admin.store);
    return end;
}

pid_t hook_job_start(const struct admin *admin, const char *user, time_t since, time_t until)
{
    pid_t watch = getpid();
    pid_t job = fork();

    if (job == 0)
        _exit((int)begin(admin, watch, user, since, until));
    return job;
}

enum job_end hook_job_look(pid_t job, bool wait)
{
    pid_t ended;
    int status;

    do {
        ended = waitpid(job, &status, wait ? 0 : WNOHANG);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0)
        return JOB_RUNS;
    if (ended != job || !WIFEXITED(status))
        return JOB_AGAIN;
    switch (WEXITSTATUS(status)) {
    case JOB_DONE:
        return JOB_DONE;
    case JOB_BUSY:
        return JOB_BUSY;
    default:
        return JOB_AGAIN;
    }
}

void hook_job_stop(pid_t job)
{
    (void)kill(job, SIGTERM);
}
