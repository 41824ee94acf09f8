/* What is typed, with a terminal that is left as it was found. */
#include "read_secret.h"

#include "asp/safeio.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t came;

static void note_signal(int number)
{
    came = number;
}

/* A terminal whose echo is off, and how all was before. */
struct hidden {
    bool active;
    struct termios terminal;
    struct sigaction actions[SIGNALS];
    sigset_t mask;
};

/* The signals are blocked from here on, but for the moments in which somebody is waited for: none
 * is lost between a look and a read. */
static void hide(int fd, struct hidden *hidden)
{
    struct sigaction note = {.sa_handler = note_signal};
    struct termios quiet;
    sigset_t noted;

    hidden->active = tcgetattr(fd, &hidden->terminal) == 0;
    if (!hidden->active)
        return;
    (void)sigemptyset(&noted);
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaddset(&noted, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &noted, &hidden->mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)sigaction(signals[i], &note, &hidden->actions[i]);
        if (hidden->actions[i].sa_handler == SIG_IGN)
            (void)sigaction(signals[i], &hidden->actions[i], NULL);
    }
    quiet = hidden->terminal;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &quiet);
}

/* As it was; then the signal that came does what it would have done. */
static void unhide(const struct secret_prompt *prompt, const struct hidden *hidden)
{
    if (!hidden->active)
        return;
    (void)tcsetattr(prompt->from, TCSAFLUSH, &hidden->terminal);
    if (prompt->to >= 0)
        (void)asp_write_all(prompt->to, "\n", 1);
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &hidden->actions[i], NULL);
    if (came != 0)
        (void)raise(came);
    (void)sigprocmask(SIG_SETMASK, &hidden->mask, NULL);
}

/* As read, which is not begun before there is something to read. EINTR when a signal came. */
static ssize_t read_some(int fd, const struct hidden *hidden, char *bytes, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ssize_t got;

    while (hidden->active) {
        int code = ppoll(&ready, 1, NULL, &hidden->mask);

        if (came != 0)
            errno = EINTR;
        if (came != 0 || (code < 0 && errno != EINTR))
            return -1;
        if (code > 0)
            break;
    }
    do {
        got = read(fd, bytes, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* One byte at a time: what comes after the line is not ours. */
static bool read_line(int fd, const struct hidden *hidden, char *typed, size_t size, size_t *length)
{
    char byte = 0;
    ssize_t got;

    while ((got = read_some(fd, hidden, &byte, 1)) == 1 && byte != '\n') {
        if (*length < size)
            typed[*length] = byte;
        if (*length <= size)
            ++*length;
    }
    if (got == 0 && *length == 0)
        errno = EPIPE;
    return got == 1 || (got == 0 && *length > 0);
}

/* To the end, of a line on a terminal. */
static bool read_all(int fd, const struct hidden *hidden, char *typed, size_t size, size_t *length)
{
    while (*length < size) {
        ssize_t got = read_some(fd, hidden, typed + *length, size - *length);

        if (got <= 0)
            return got == 0;
        *length += (size_t)got;
        if (hidden->active && typed[*length - 1] == '\n')
            return true;
    }
    return true;
}

static bool ask(const struct secret_prompt *prompt, char *typed, size_t size, size_t *length)
{
    struct hidden hidden = {.active = false};
    bool done;
    int number;

    *length = 0;
    came = 0;
    if (prompt->hidden)
        hide(prompt->from, &hidden);
    if (prompt->to >= 0)
        (void)asp_write_all(prompt->to, prompt->text, strlen(prompt->text));
    done = prompt->line ? read_line(prompt->from, &hidden, typed, size, length)
                        : read_all(prompt->from, &hidden, typed, size, length);
    number = errno;
    unhide(prompt, &hidden);
    errno = number;
    return done;
}

bool secret_read(const struct secret_prompt *prompt, char *typed, size_t size, size_t *length)
{
    bool done;

    /* Who was stopped and goes on is asked again. */
    do {
        done = ask(prompt, typed, size, length);
    } while (!done && came == SIGTSTP);
    return done;
}
