/*
 * A process that listens to users, and those of its sessions.
 */
#ifndef ASP_BROKER_SESSION_PROCESS_H
#define ASP_BROKER_SESSION_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Ends a session that waits for its user, and none that is at work; nor the hook that it runs, as
 * SIGTERM would. */
#define SELF_END SIGUSR1

/* Of the one that listens: SIGTERM and SIGCHLD are let in by ppoll alone, under `mask`. */
void session_process_prepare(sigset_t *mask);

/* Whether SIGTERM has come. */
bool session_process_is_to_stop(void);

/* In a session that was just forked by `listener`: it has a session of its own, its signals are as
 * in any program, and it gets SELF_END when the listener ends. */
void session_process_enter(pid_t listener);

#endif
