/*
 * The hooks of one user, run beside the watch: in a process of their own, which ends with it.
 */
#ifndef ASP_ADMIN_WATCH_HOOK_JOB_H
#define ASP_ADMIN_WATCH_HOOK_JOB_H

#include "asp-admin/admin.h"

#include <sys/types.h>

enum job_end {
    JOB_RUNS,  /* it has not ended yet */
    JOB_DONE,  /* nothing is left to be run */
    JOB_BUSY,  /* another process has the user's turn, and runs what is due */
    JOB_AGAIN, /* something could not be read or not be started, which was logged */
};

/*
 * Starts what is due of `user`, and then what has expired after `since` and by `until`. Returns the
 * process, or -1 with errno.
 */
pid_t hook_job_start(const struct admin *admin, const char *user, time_t since, time_t until);

/* How it has ended. With `wait` it is waited for. Once it has, the number is nobody's any more. */
enum job_end hook_job_look(pid_t job, bool wait);

/* Tells it to end: what runs is cut short and stays due. */
void hook_job_stop(pid_t job);

#endif
