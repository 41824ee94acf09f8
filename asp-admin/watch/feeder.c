/* The process beside a running watch that hears what a database tells. */
#include "feeder.h"

#include "beside.h"
#include "feed_hooks.h"

#include "asp-admin/database/database.h"
#include "asp/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum {
    DELAY_MAX = 60,     /* seconds */
    LASTED = 60 * 1000, /* ms: one that ran for so long had begun well */
    SECOND = 1000,      /* ms */
};

/* In the new process, which has a connection of its own. */
static void run(const struct admin *watch, pid_t parent)
{
    struct admin admin = *watch;

    if (!beside_begin(parent))
        return;
    admin.store = ASP_STORE_CLOSED;
    admin.database = NULL;
    if (database_use(&admin.database, admin.conf, admin.conf->database.admin, "asp-admin watch",
                     &admin.kept))
        feed_hooks_run(&admin);
    database_end(&admin.database);
}

static void put_off(struct feeder *feeder)
{
    feeder->delay = feeder->delay == 0 ? 1 : 2 * feeder->delay;
    if (feeder->delay > DELAY_MAX)
        feeder->delay = DELAY_MAX;
    feeder->next = asp_clock_ms() + feeder->delay * (int64_t)SECOND;
}

static void start(struct feeder *feeder, const struct admin *admin)
{
    const pid_t watch = getpid();
    const pid_t process = fork();

    if (process == 0) {
        run(admin, watch);
        _exit(0);
    }
    if (process < 0) {
        if (!feeder->has_said)
            syslog(LOG_ERR, "watch: no process can be started that hears what is revoked: %s",
                   strerror(errno));
        feeder->has_said = true;
        put_off(feeder);
        return;
    }
    feeder->has_said = false;
    feeder->process = process;
    feeder->begun = asp_clock_ms();
}

/* It ends by itself only when something has killed it. */
static void reap(struct feeder *feeder)
{
    if (feeder->process == 0 || waitpid(feeder->process, NULL, WNOHANG) == 0)
        return;
    feeder->process = 0;
    syslog(LOG_ERR, "watch: the process that hears what is revoked has ended; another is started");
    if (asp_clock_ms() - feeder->begun > LASTED)
        feeder->delay = 0;
    put_off(feeder);
}

void feeder_keep(struct feeder *feeder, const struct admin *admin)
{
    reap(feeder);
    if (feeder->process == 0 && feed_hooks_are_wanted(admin->conf) &&
        asp_clock_ms() >= feeder->next)
        start(feeder, admin);
}

int64_t feeder_wait(const struct feeder *feeder, const struct asp_conf *conf)
{
    const int64_t left = feeder->next - asp_clock_ms();

    if (feeder->process != 0 || !feed_hooks_are_wanted(conf))
        return -1;
    return left > 0 ? left : 0;
}

void feeder_end(struct feeder *feeder)
{
    if (feeder->process != 0) {
        (void)kill(feeder->process, SIGTERM);
        while (waitpid(feeder->process, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    *feeder = (struct feeder){0};
}
