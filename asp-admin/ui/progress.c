/* How far a command is: a thread writes it, for the command itself may wait for another program. */
#include "progress.h"

#include "asp/safeio.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_SIZE = 60,
    FIRST_NS = 1000 * 1000 * 1000, /* until it is shown at all */
    NEXT_NS = 200 * 1000 * 1000,   /* until it is shown again */
    SECOND_NS = 1000 * 1000 * 1000,
};

/* Of this process, which has one terminal; a child that is forked has none of it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    pthread_t thread;
    pid_t owner; /* 0: there is none */
    bool is_over;
    const char *what;
    size_t count;
    size_t shown; /* columns */
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_running(void)
{
    return progress.owner != 0 && progress.owner == getpid();
}

/* Writes a text over what is shown. The cursor stays before it, so that a line that somebody else
 * writes covers it. */
static void show(const char *text)
{
    char line[2 * LINE_SIZE + 8];
    size_t length = strlen(text);
    int written = snprintf(line, sizeof line, "\r%s%*s\r", text,
                           progress.shown > length ? (int)(progress.shown - length) : 0, "");

    progress.shown = length;
    (void)asp_write_all(STDERR_FILENO, line, (size_t)written);
}

static void show_count(void)
{
    char text[LINE_SIZE];

    if (progress.count > 0)
        (void)snprintf(text, sizeof text, "%.36s: %zu", progress.what, progress.count);
    else
        (void)snprintf(text, sizeof text, "%.36s ...", progress.what);
    show(text);
}

static void erase(void)
{
    if (progress.shown > 0)
        show("");
}

static void *run(void *unused)
{
    struct timespec until;
    long wait = FIRST_NS;

    (void)pthread_mutex_lock(&progress.lock);
    while (!progress.is_over) {
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += wait;
        until.tv_sec += until.tv_nsec / SECOND_NS;
        until.tv_nsec %= SECOND_NS;
        while (!progress.is_over &&
               pthread_cond_timedwait(&progress.ended, &progress.lock, &until) == 0)
            ;
        if (!progress.is_over)
            show_count();
        wait = NEXT_NS;
    }
    (void)pthread_mutex_unlock(&progress.lock);
    return unused;
}

/* A wait for the end is by the clock that nobody sets. */
static void make_end(void)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&progress.ended, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void progress_begin(const char *what)
{
    sigset_t all;
    sigset_t before;

    if (is_running() || isatty(STDERR_FILENO) != 1) {
        progress_say(what);
        return;
    }
    progress.what = what;
    progress.count = progress.shown = 0;
    progress.is_over = false;
    make_end();
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&progress.thread, NULL, run, NULL) == 0)
        progress.owner = getpid();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_say(const char *what)
{
    if (!is_running())
        return;
    (void)pthread_mutex_lock(&progress.lock);
    progress.what = what;
    progress.count = 0;
    (void)pthread_mutex_unlock(&progress.lock);
}

void progress_count(void)
{
    if (!is_running())
        return;
    (void)pthread_mutex_lock(&progress.lock);
    progress.count++;
    (void)pthread_mutex_unlock(&progress.lock);
}

void progress_pause(void)
{
    if (!is_running())
        return;
    (void)pthread_mutex_lock(&progress.lock);
    erase();
}

void progress_resume(void)
{
    if (is_running())
        (void)pthread_mutex_unlock(&progress.lock);
}

void progress_end(void)
{
    if (!is_running())
        return;
    (void)pthread_mutex_lock(&progress.lock);
    progress.is_over = true;
    erase();
    (void)pthread_cond_signal(&progress.ended);
    (void)pthread_mutex_unlock(&progress.lock);
    (void)pthread_join(progress.thread, NULL);
    (void)pthread_cond_destroy(&progress.ended);
    progress.owner = 0;
}
