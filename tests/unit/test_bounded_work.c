/* Work in a process of its own: what it is like, and how its end is told. */
#include "unit.h"

#include "pam_asp/bounded_work.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 100 };

/* What is told across processes. */
static struct told {
    pid_t process;
    unsigned seconds;
    bool ends_by_alarm;
} * told;

static struct asp_error error;
static pid_t caller;
static bool fork_fails;
static int waits_fail; /* how often */
static int wait_errno;

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    errno = EAGAIN;
    return fork_fails ? -1 : __real_fork();
}

pid_t __real_waitpid(pid_t process, int *status, int options);
pid_t __wrap_waitpid(pid_t process, int *status, int options);
pid_t __wrap_waitpid(pid_t process, int *status, int options)
{
    if (waits_fail == 0)
        return __real_waitpid(process, status, options);
    waits_fail--;
    errno = wait_errno;
    return -1;
}

/* For Check a test that ends like that is one that succeeds. */
_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
    if (getpid() == caller)
        abort();
    __real__exit(code);
}

/* `context` is how it ends: by that signal, or with that status where it is negative. */
static void work(void *context)
{
    const int *end = context;
    struct sigaction is;
    sigset_t blocked;

    (void)sigaction(SIGALRM, NULL, &is);
    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    told->ends_by_alarm = is.sa_handler == SIG_DFL && sigismember(&blocked, SIGALRM) == 0;
    told->process = getpid();
    told->seconds = alarm(0);
    if (*end < 0)
        _exit(-*end);
    if (*end > 0)
        (void)raise(*end);
}

static void begin(void)
{
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(told != MAP_FAILED);
    caller = getpid();
}

static bool do_work(int end)
{
    bool result;

    error = (struct asp_error){.status = ASP_OK};
    result = bounded_work(SECONDS, work, &end, &error);
    if (getpid() != caller)
        abort(); /* there is no way back for the other one */
    return result;
}

START_TEST(it_is_done_in_another_process_which_has_an_end)
{
    begin();
    ck_assert(do_work(0));
    ck_assert_int_gt(told->process, 0);
    ck_assert_int_ne(told->process, caller);
    ck_assert_uint_ge(told->seconds, 1);
    ck_assert_uint_le(told->seconds, SECONDS);
    ck_assert_uint_eq(alarm(0), 0);
    ck_assert_int_eq(error.status, ASP_OK);
    ck_assert_int_eq(__real_waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(how_it_was_ended_is_told)
{
    begin();
    ck_assert(!do_work(SIGALRM));
    ck_assert_int_eq(error.status, ASP_BUSY);
    ck_assert_str_eq(error.text, "it took more than 100 s, and was ended");
    ck_assert(!do_work(SIGKILL));
    ck_assert_int_eq(error.status, ASP_IO);
    ck_assert_str_eq(error.text, "the process that does it was ended by signal 9");
    ck_assert(!do_work(-1));
    ck_assert_int_eq(error.status, ASP_IO);
    /* It is not the signal of that number. */
    ck_assert(!do_work(-SIGALRM));
    ck_assert_int_eq(error.status, ASP_IO);
    ck_assert_str_eq(error.text, "the process that does it was ended by signal 0");
}
END_TEST

/* Whatever the caller has made of it. */
START_TEST(it_ends_in_time_and_is_heard_of)
{
    sigset_t set;

    begin();
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGALRM);
    (void)sigaddset(&set, SIGCHLD);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, &set, NULL), 0);
    ck_assert(signal(SIGALRM, SIG_IGN) != SIG_ERR);
    ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    ck_assert(!do_work(SIGKILL));
    ck_assert(told->ends_by_alarm);
    ck_assert(!do_work(SIGALRM));
    ck_assert_int_eq(error.status, ASP_BUSY);
    /* What the caller does at an alarm is its own. */
    ck_assert(signal(SIGALRM, SIG_IGN) == SIG_IGN);
}
END_TEST

START_TEST(a_signal_breaks_no_wait_and_an_end_that_others_heard_of_is_none)
{
    begin();
    waits_fail = 3;
    wait_errno = EINTR;
    ck_assert(!do_work(SIGKILL));
    ck_assert_int_eq(waits_fail, 0);
    waits_fail = 1;
    wait_errno = ECHILD;
    ck_assert(do_work(SIGKILL));
    ck_assert_int_eq(waits_fail, 0);
}
END_TEST

START_TEST(without_a_process_it_is_done_here_and_this_one_has_an_end)
{
    pid_t other;

    begin();
    other = fork();
    if (other == 0)
        _exit(0);
    fork_fails = true;
    ck_assert(do_work(0));
    ck_assert_int_eq(told->process, caller);
    ck_assert_uint_ge(told->seconds, 1);
    ck_assert(told->ends_by_alarm);
    /* Nobody is waited for. */
    ck_assert_int_eq(__real_waitpid(other, NULL, 0), other);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, it_is_done_in_another_process_which_has_an_end);
    unit_add(suite, how_it_was_ended_is_told);
    unit_add(suite, it_ends_in_time_and_is_heard_of);
    unit_add(suite, a_signal_breaks_no_wait_and_an_end_that_others_heard_of_is_none);
    unit_add(suite, without_a_process_it_is_done_here_and_this_one_has_an_end);
}

int main(void)
{
    return unit_run("bounded_work", fill);
}
