/*
 * Does side by side what it is told: a thread for each socket whose number it is given, which reads
 * lines of words that have a tab between them, and answers each with a line.
 *
 *   login SERVICE USER RHOST PASSWORD     through libpam, RHOST may be empty
 *   run MS INPUT PROGRAM WORD...          that program; it is killed after so many ms, where that
 * is not 0. INPUT comes to its standard input: hexadecimal digits
 *
 *   BEGIN END CODE VERDICT                BEGIN and END in ns by the monotonic clock; the code of
 *                                         libpam, and what the module logs, if it does that here
 *   BEGIN END CODE OUT ERR                the exit status or, with a minus, the signal; the digits
 *                                         of what was written
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 40, LINE = 4096, THREADS = 16, WRITTEN = 1 << 20, INPUT = 60000 };

static _Thread_local char verdict[32];

/* --- what the module logs: these stand before the C library's ------------------------------- */

void syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vsyslog(int priority, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void __vsyslog_chk(int priority, int flag, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void __attribute__((format(printf, 1, 0))) keep_verdict(const char *format, va_list args)
{
    static const char key[] = "verdict=";
    char line[LINE];
    const char *found;

    (void)vsnprintf(line, sizeof line, format, args);
    found = strstr(line, key);
    if (found != NULL)
        (void)snprintf(verdict, sizeof verdict, "%.*s", (int)strcspn(found + strlen(key), " "),
                       found + strlen(key));
}

void vsyslog(int priority, const char *format, va_list args)
{
    (void)priority;
    keep_verdict(format, args);
}

void syslog(int priority, const char *format, ...)
{
    va_list args;

    (void)priority;
    va_start(args, format);
    keep_verdict(format, args);
    va_end(args);
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the names are glibc's */
void __vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
    (void)priority, (void)flag;
    keep_verdict(format, args);
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list args;

    (void)priority, (void)flag;
    va_start(args, format);
    keep_verdict(format, args);
    va_end(args);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* --- what is done ------------------------------------------------------------------------------
 */

static long long now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static const struct world world = {.confdir = "/etc/pam.d"};

/* A transaction that has loaded the modules, so that they stay: the thread sanitizer knows nothing
 * of the loader's own locks. */
static pam_handle_t *keep_modules(void)
{
    static struct conversation conversation = {.text = "nobody's"};
    pam_handle_t *pamh = handle_open(&world, "imap", "nobody", NULL, &conversation);

    (void)pam_authenticate(pamh, 0);
    return pamh;
}

static void answer_login(FILE *to, char *const words[])
{
    const char *rhost = words[3][0] != '\0' ? words[3] : NULL;
    long long begin;
    int code;

    verdict[0] = '\0';
    begin = now();
    code = login(&world, words[1], words[2], rhost, words[4]);
    (void)fprintf(to, "%lld\t%lld\t%d\t%s\n", begin, now(), code, verdict);
}

/* What a program writes: `fd` is -1 once it has closed it. */
struct written {
    int fd;
    size_t length;
    char text[WRITTEN];
};

static void take(struct written *written)
{
    ssize_t got = read(written->fd, written->text + written->length, WRITTEN - written->length);

    if (got > 0) {
        written->length += (size_t)got;
        return;
    }
    (void)close(written->fd);
    written->fd = -1;
}

/* To the end of both, or to the time when it is killed. */
static void take_both(struct written *out, struct written *err, pid_t pid, int ms)
{
    const long long end = now() + ms * 1000000LL;

    while (out->fd >= 0 || err->fd >= 0) {
        struct pollfd both[] = {{.fd = out->fd, .events = POLLIN},
                                {.fd = err->fd, .events = POLLIN}};
        long long left = ms > 0 ? (end - now()) / 1000000LL : -1;

        if (ms > 0 && left <= 0) {
            (void)kill(pid, SIGKILL);
            ms = 0;
            continue;
        }
        if (poll(both, 2, (int)left) <= 0)
            continue;
        if (both[0].revents != 0)
            take(out);
        if (both[1].revents != 0)
            take(err);
    }
}

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        abort();
}

/* As much as a pipe takes at once. */
static size_t read_digits(const char *digits, char bytes[INPUT])
{
    const size_t length = strlen(digits) / 2;
    unsigned value;

    for (size_t i = 0; i < length && i < INPUT; i++) {
        if (sscanf(digits + 2 * i, "%2x", &value) != 1)
            abort();
        bytes[i] = (char)value;
    }
    if (length > INPUT)
        abort();
    return length;
}

static pid_t start(char *const argv[], const char *digits, struct written *out, struct written *err)
{
    char input[INPUT];
    const size_t length = read_digits(digits, input);
    posix_spawn_file_actions_t actions;
    int in[2], its_out[2], its_err[2];
    pid_t pid;

    make_pipe(in);
    make_pipe(its_out);
    make_pipe(its_err);
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, its_out[1], STDOUT_FILENO) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, its_err[1], STDERR_FILENO) != 0 ||
        write(in[1], input, length) != (ssize_t)length ||
        posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        abort();
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(in[0]);
    (void)close(in[1]);
    (void)close(its_out[1]);
    (void)close(its_err[1]);
    out->fd = its_out[0];
    err->fd = its_err[0];
    return pid;
}

static void tell(FILE *to, const struct written *written)
{
    (void)fputc('\t', to);
    for (size_t i = 0; i < written->length; i++)
        (void)fprintf(to, "%02x", (unsigned char)written->text[i]);
}

static void answer_run(FILE *to, char *words[])
{
    struct written *both = calloc(2, sizeof *both);
    long long begin = now();
    pid_t pid;
    int status;

    if (both == NULL)
        abort();
    pid = start(words + 3, words[2], &both[0], &both[1]);
    take_both(&both[0], &both[1], pid, atoi(words[1]));
    if (waitpid(pid, &status, 0) != pid)
        abort();
    (void)fprintf(to, "%lld\t%lld\t%d", begin, now(),
                  WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    tell(to, &both[0]);
    tell(to, &both[1]);
    (void)fputc('\n', to);
    free(both);
}

static void *serve(void *data)
{
    int fd = *(const int *)data;
    FILE *from = fdopen(fd, "r");
    FILE *to = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "w");
    char *line = NULL;
    size_t size = 0;

    if (from == NULL || to == NULL)
        abort();
    while (getline(&line, &size, from) > 0) {
        char *words[WORDS + 1] = {NULL};
        size_t count = 0;

        line[strcspn(line, "\n")] = '\0';
        for (char *rest = line; rest != NULL && count < WORDS;)
            words[count++] = strsep(&rest, "\t");
        if (strcmp(words[0], "login") == 0 && count == 5)
            answer_login(to, words);
        else if (strcmp(words[0], "run") == 0 && count > 3)
            answer_run(to, words);
        else
            abort();
        (void)fflush(to);
    }
    free(line);
    (void)fclose(to);
    (void)fclose(from);
    return NULL;
}

int main(int argc, char *argv[])
{
    pthread_t threads[THREADS];
    int sockets[THREADS];
    int count = argc - 1;
    pam_handle_t *kept;

    if (count < 1 || count > THREADS)
        return 2;
    kept = keep_modules();
    for (int i = 0; i < count; i++) {
        sockets[i] = atoi(argv[i + 1]);
        /* What is run by one thread has nothing of the others. */
        if (fcntl(sockets[i], F_SETFD, FD_CLOEXEC) != 0 ||
            pthread_create(&threads[i], NULL, serve, &sockets[i]) != 0)
            return 1;
    }
    for (int i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    return handle_close(kept, PAM_SUCCESS);
}
