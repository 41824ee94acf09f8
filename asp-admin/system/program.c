/* One program, run without a shell and stayed with to its end. */
#include "program.h"

#include "asp/clock.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OUTPUT,
    ERRORS,
    ENDED, /* a pidfd, where the kernel has them (Linux 5.3) */
    STOP,  /* a signalfd */
    WATCHED,
    PIECE = 4096,
    PIECES_LEFT = 64, /* read of a pipe after the end: more than one holds */
    SLICE = 50,       /* milliseconds between two looks where there is no pidfd */
};

struct running {
    const struct program *run;
    pid_t pid;
    struct pollfd watched[WATCHED]; /* fd -1: none */
    int64_t deadline;
    bool flooded;
};

/* A pipe with both ends off 0, 1 and 2, which may be closed and are set up for the program. */
static bool make_pipe(int *reading, int *writing)
{
    int low[2];
    bool made;

    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    *reading = fcntl(low[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    *writing = fcntl(low[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    made = *reading >= 0 && *writing >= 0;
    asp_close(low[0]);
    asp_close(low[1]);
    return made;
}

/* One of whose ends we read what comes, and do not wait for it. */
static bool make_output(int *reading, int *writing)
{
    return make_pipe(reading, writing) && fcntl(*reading, F_SETFL, O_NONBLOCK) == 0;
}

/* One that has all that the program is to read; *reading stays as it is where that is nothing. */
static bool make_input(const struct program *run, int *reading)
{
    int writing = -1;
    bool made;

    if (run->input == NULL)
        return true;
    made = make_pipe(reading, &writing) && fcntl(writing, F_SETFL, O_NONBLOCK) == 0 &&
           asp_write_all(writing, run->input, run->input_length);
    asp_close(writing);
    return made;
}

/* The ends of pipes that the program gets; -1: it reads /dev/null. */
struct ends {
    int input;
    int output;
    int errors;
};

static int set_actions(posix_spawn_file_actions_t *actions, const struct ends *ends)
{
    int failed =
        ends->input < 0
            ? posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            : posix_spawn_file_actions_adddup2(actions, ends->input, STDIN_FILENO);

    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(actions, ends->output, STDOUT_FILENO);
    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(actions, ends->errors, STDERR_FILENO);
    if (failed == 0)
        failed = posix_spawn_file_actions_addchdir_np(actions, "/");
    return failed;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    const int flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    sigset_t signals;
    int failed = posix_spawnattr_setflags(attributes, (short)flags);

    (void)sigfillset(&signals);
    if (failed == 0)
        failed = posix_spawnattr_setsigdefault(attributes, &signals);
    (void)sigemptyset(&signals);
    if (failed == 0)
        failed = posix_spawnattr_setsigmask(attributes, &signals);
    return failed;
}

/* 0 or the error. */
static int spawn(const struct program *run, const struct ends *ends, pid_t *pid)
{
    char *path_alone[] = {(char *)run->path, NULL};
    char *const *arguments = run->arguments != NULL ? run->arguments : path_alone;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);

    if (failed != 0)
        return failed;
    /* Ours are so anyway; what we were started with need not be. */
    asp_close_at_exec_from(STDERR_FILENO + 1);
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = set_actions(&actions, ends);
        if (failed == 0)
            failed = set_attributes(&attributes);
        if (failed == 0)
            failed =
                posix_spawn(pid, run->path, &actions, &attributes, arguments, run->environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void forget(struct running *running, int which)
{
    asp_close(running->watched[which].fd);
    running->watched[which].fd = -1;
}

/* Reads one piece. False when there is none now. */
static bool read_piece(struct running *running, int which)
{
    const struct program *run = running->run;
    char bytes[PIECE];
    ssize_t got;

    do {
        got = read(running->watched[which].fd, bytes, sizeof bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        forget(running, which);
        return false;
    }
    if (!(which == OUTPUT ? run->take_output : run->take_errors)(run->context, bytes, (size_t)got))
        running->flooded = true;
    return true;
}

/* What it left in its pipes. Another process that it has started may hold them open, and go on. */
static void read_rest(struct running *running)
{
    for (int which = OUTPUT; which <= ERRORS; which++) {
        for (int piece = 0; piece < PIECES_LEFT && running->watched[which].fd >= 0; piece++) {
            if (!read_piece(running, which))
                break;
        }
    }
}

/* Waits for something to happen, and reads what it wrote. */
static void wait_for_news(struct running *running, int64_t left)
{
    if (running->watched[ENDED].fd < 0 && left > SLICE)
        left = SLICE;
    if (poll(running->watched, WATCHED, (int)left) <= 0)
        return;
    for (int which = OUTPUT; which <= ERRORS; which++) {
        if (running->watched[which].fd >= 0 && running->watched[which].revents != 0)
            (void)read_piece(running, which);
    }
}

static enum program_end kill_it(struct running *running, enum program_end end)
{
    (void)kill(-running->pid, SIGKILL);
    while (waitpid(running->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    read_rest(running);
    return end;
}

static enum program_end judge(int status, struct asp_error *why)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return PROGRAM_DONE;
    if (WIFEXITED(status))
        (void)asp_fail(why, ASP_IO, "it ended with exit code %d", WEXITSTATUS(status));
    else
        (void)asp_fail(why, ASP_IO, "it was ended by signal %d", WTERMSIG(status));
    return PROGRAM_FAILED;
}

/* Who ends a whole group of processes ends the program with us, and perhaps before us. */
static bool was_ended_with_us(struct running *running, int status)
{
    return WIFSIGNALED(status) && poll(&running->watched[STOP], 1, 0) > 0;
}

static enum program_end stay_with(struct running *running, struct asp_error *why)
{
    int status;

    for (;;) {
        int64_t left = running->deadline - asp_clock_ms();
        pid_t ended = waitpid(running->pid, &status, WNOHANG);

        if (ended == running->pid) {
            read_rest(running);
            if (was_ended_with_us(running, status))
                return PROGRAM_INTERRUPTED;
            if (!running->flooded)
                return judge(status, why);
        } else if (ended < 0 && errno != EINTR) {
            (void)asp_fail_errno(why, "its end was not seen");
            return PROGRAM_FAILED;
        }
        if (running->flooded) {
            (void)asp_fail(why, ASP_FULL, "it wrote too much");
            return ended == running->pid ? PROGRAM_FAILED : kill_it(running, PROGRAM_FAILED);
        }
        if (running->watched[STOP].revents != 0) {
            (void)asp_fail(why, ASP_IO, "it was ended because asp-admin is to end");
            return kill_it(running, PROGRAM_INTERRUPTED);
        }
        if (left <= 0) {
            (void)asp_fail(why, ASP_IO, "it ran for more than %d s, and was killed",
                           running->run->timeout);
            return kill_it(running, PROGRAM_FAILED);
        }
        wait_for_news(running, left);
    }
}

/* Starts it, with what is to be watched. */
static bool start(struct running *running, struct asp_error *why)
{
    struct ends ends = {-1, -1, -1};
    int failed = 0;

    if (!make_input(running->run, &ends.input) ||
        !make_output(&running->watched[OUTPUT].fd, &ends.output) ||
        !make_output(&running->watched[ERRORS].fd, &ends.errors))
        failed = errno;
    if (failed == 0)
        failed = spawn(running->run, &ends, &running->pid);
    asp_close(ends.input);
    asp_close(ends.output);
    asp_close(ends.errors);
    if (failed != 0) {
        errno = failed;
        (void)asp_fail_errno(why, "it cannot be run");
        return false;
    }
    running->watched[ENDED].fd = (int)syscall(SYS_pidfd_open, running->pid, 0);
    running->deadline = asp_clock_ms() + running->run->timeout * 1000LL;
    return true;
}

/* What a program has from its parent, and what keeps the parent from seeing its end. */
struct inherited {
    sigset_t mask;
    struct sigaction child;
    mode_t umask;
};

/* `ending` is blocked while it runs, and SIGHUP. */
static void set_inherited(struct inherited *before, const sigset_t *ending)
{
    struct sigaction seen = {.sa_handler = SIG_DFL};
    sigset_t blocked = *ending;

    (void)sigaddset(&blocked, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before->mask);
    (void)sigaction(SIGCHLD, &seen, &before->child);
    before->umask = umask(S_IWGRP | S_IWOTH);
}

static void put_back(const struct inherited *before)
{
    (void)umask(before->umask);
    (void)sigaction(SIGCHLD, &before->child, NULL);
    (void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* The signals that end this process, or that it has blocked to end in its own way: not one that
 * whoever started it had it ignore. */
static void look_what_ends_us(sigset_t *ending)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM};
    struct sigaction action;
    sigset_t blocked;

    (void)sigemptyset(ending);
    (void)sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (sigismember(&blocked, numbers[i]) == 1 ||
            (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN))
            (void)sigaddset(ending, numbers[i]);
    }
}

enum program_end program_run(const struct program *run, struct asp_error *why)
{
    struct running running = {.run = run};
    struct inherited before;
    enum program_end end = PROGRAM_NOT_STARTED;
    sigset_t ending;

    if (asp_program_check(run->path, why) != ASP_OK)
        return PROGRAM_NOT_STARTED;
    look_what_ends_us(&ending);
    for (int which = 0; which < WATCHED; which++)
        running.watched[which] = (struct pollfd){.fd = -1, .events = POLLIN};
    running.watched[STOP].fd = signalfd(-1, &ending, SFD_CLOEXEC);
    set_inherited(&before, &ending);
    if (start(&running, why))
        end = stay_with(&running, why);
    for (int which = 0; which < WATCHED; which++)
        forget(&running, which);
    put_back(&before);
    return end;
}

char *const program_environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                     (char *)"LC_ALL=C", NULL};

bool program_find(const char *name, char path[PROGRAM_PATH_SIZE])
{
    static const char *const folders[] = {"/usr/sbin", "/usr/bin",        "/sbin",
                                          "/bin",      "/usr/local/sbin", "/usr/local/bin"};
    struct asp_error error = {0};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int length = snprintf(path, PROGRAM_PATH_SIZE, "%s/%s", folders[i], name);

        if (length < PROGRAM_PATH_SIZE && asp_program_check(path, &error) == ASP_OK)
            return true;
    }
    return false;
}
