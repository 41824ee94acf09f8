#include "typed.h"

#include "asp/safeio.h"

#include <errno.h>
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

/* A terminal whose echo is off, and how it was before. */
struct hidden {
    bool active;
    struct termios before;
    struct sigaction actions[SIGNALS];
};

static void hide(int fd, struct hidden *hidden)
{
    struct sigaction note = {.sa_handler = note_signal}; /* without SA_RESTART: read returns */
    struct termios quiet;

    hidden->active = tcgetattr(fd, &hidden->before) == 0;
    if (!hidden->active)
        return;
    came = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &note, &hidden->actions[i]);
    quiet = hidden->before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &quiet);
}

/* As it was; then the signal that came does what it would have done. */
static void unhide(const struct typing *typing, const struct hidden *hidden)
{
    if (!hidden->active)
        return;
    (void)tcsetattr(typing->from, TCSAFLUSH, &hidden->before);
    if (typing->to >= 0)
        (void)asp_write_all(typing->to, "\n", 1);
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &hidden->actions[i], NULL);
    if (came != 0)
        (void)raise(came);
}

/* One byte at a time: what comes after the line is not ours. */
static bool read_line(int fd, char *typed, size_t size, size_t *length)
{
    char byte = 0;
    ssize_t got;

    while ((got = read(fd, &byte, 1)) == 1 && byte != '\n') {
        if (*length < size)
            typed[*length] = byte;
        if (*length <= size)
            ++*length;
    }
    if (got == 0 && *length == 0)
        errno = EPIPE;
    return got == 1 || (got == 0 && *length > 0);
}

static bool read_all(int fd, bool terminal, char *typed, size_t size, size_t *length)
{
    while (*length < size) {
        ssize_t got = read(fd, typed + *length, size - *length);

        if (got < 0 && (errno != EINTR || came != 0))
            return false;
        if (got == 0)
            return true;
        if (got > 0)
            *length += (size_t)got;
        if (terminal && *length > 0 && typed[*length - 1] == '\n')
            return true;
    }
    return true;
}

bool typed_read(const struct typing *typing, char *typed, size_t size, size_t *length)
{
    struct hidden hidden = {.active = false};
    bool done;
    int number;

    *length = 0;
    came = 0;
    if (typing->hidden)
        hide(typing->from, &hidden);
    if (typing->to >= 0)
        (void)asp_write_all(typing->to, typing->text, strlen(typing->text));
    done = typing->line ? read_line(typing->from, typed, size, length)
                        : read_all(typing->from, hidden.active, typed, size, length);
    number = errno;
    unhide(typing, &hidden);
    errno = number;
    return done;
}
