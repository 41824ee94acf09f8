/* One piece of work in a process of its own. */
#include "bounded_work.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both are what a process has by default, whatever its parent has made of them. */
static void set_default(int number)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t one;

    (void)sigemptyset(&one);
    (void)sigaddset(&one, number);
    (void)sigaction(number, &plain, NULL);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void work_here(unsigned seconds, void (*work)(void *context), void *context)
{
    set_default(SIGALRM);
    (void)alarm(seconds);
    work(context);
}

bool bounded_work(unsigned seconds, void (*work)(void *context), void *context,
                  struct asp_error *error)
{
    int status = 0;
    pid_t ended;
    pid_t process;

    set_default(SIGCHLD); /* else nobody would be told how it has ended */
    process = fork();
    if (process <= 0) {
        work_here(seconds, work, context);
        if (process == 0)
            _exit(0);
        return true;
    }
    do {
        ended = waitpid(process, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended != process || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return true;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        (void)asp_fail(error, ASP_BUSY, "it took more than %u s, and was ended", seconds);
    else
        (void)asp_fail(error, ASP_IO, "the process that does it was ended by signal %d",
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return false;
}
