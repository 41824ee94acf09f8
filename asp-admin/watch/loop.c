/*
 * The loop of a running watch. It reconciles at start, when the shadow file was changed, every
 * primary.interval, and when events were lost; between two things it polls for events. Whatever
 * goes wrong while it runs is logged once, and tried again.
 */
#include "loop.h"

#include "asking.h"
#include "feed_hooks.h"
#include "feeder.h"
#include "hook_queue.h"
#include "primary_lease.h"
#include "report.h"
#include "sd_notify.h"
#include "signals.h"
#include "tidy.h"
#include "watched_file.h"

#include "asp-admin/ui/progress.h"
#include "asp/clock.h"
#include "asp/shadow.h"
#include "asp/store_watch.h"
#include "asp/time_text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <unistd.h>

enum {
    EVENTS_ROOM = 16384,
    SLEEP_MAX = 60 * 1000, /* ms: the clock by which app passwords expire may be set, and what no
                              event tells of is looked at */
    SETTLED = 2,           /* seconds after which a file that was changed is taken to be whole */
};

struct watch {
    struct admin *admin;
    int signals;
    int events; /* inotify */
    struct watched_file shadow;
    struct watched_file conf;
    struct asp_identity conf_read; /* the configuration that was read last, sound or not */
    struct asp_store_changes changes;
    struct asp_watch_lock lock; /* not held: there is no store to work on now */
    struct signals asked;
    struct hook_queue queue; /* of files; a database tells what is due */
    time_t marked;           /* the time of the lock */
    struct feeder feeder;
    struct primary_lease lease;
    bool pass_due;
    struct asking asking;
    int64_t next_pass; /* ms, see asp_clock_ms */
    int retry;         /* seconds until the next try */
    size_t unknown;    /* as it was logged last */
    size_t held;
    size_t gone_held;
    char trouble[REPORT_LINE]; /* the same; empty: all is well */
    char leader[PGSQL_HOLDER_MAX + 1];
};

static enum asp_status watch_folders(struct watch *watch, struct asp_error *error)
{
    /* The configuration may be missing, with its folder. */
    (void)watched_file_follow(&watch->conf, watch->events);
    if (!watched_file_follow(&watch->shadow, watch->events))
        return asp_fail_errno(error, "the folder of " ASP_SHADOW_PATH " cannot be watched");
    return ASP_OK;
}

/* Whether what is due is told by a database, and not looked for in the accounts. */
static bool hears_feed(const struct watch *watch)
{
    return watch->admin->conf->database.host_count > 0;
}

/* For doctor, which is told of the last pass by it. Where hooks are due in accounts it says how far
 * they were looked for instead: run_due_hooks. */
static void mark_pass(struct watch *watch)
{
    if (!hears_feed(watch) || !asp_watch_lock_is_held(&watch->lock))
        return;
    watch->marked = time(NULL);
    asp_watch_lock_mark(&watch->lock, watch->marked);
}

/* Opens the store that is there now: another may have been mounted, or put in its place. Where
 * accounts are in a database this machine may never have had one of its own. */
static enum asp_status attach(struct watch *watch, struct asp_error *error)
{
    struct admin *admin = watch->admin;
    enum asp_status status;
    time_t looked;
    bool another = false;

    asp_store_close(&admin->store);
    admin->now = time(NULL);
    status = admin_find_store(admin, hears_feed(watch), error);
    if (status != ASP_OK || !asp_watch_lock_is_of(&watch->lock, &admin->store)) {
        asp_watch_lock_release(&watch->lock);
        if (status == ASP_OK)
            status =
                asp_watch_lock_acquire(&admin->store, admin->now, &watch->lock, &looked, error);
        if (status != ASP_OK)
            return status;
        tidy_store(admin, true);
        hook_queue_begin(&watch->queue, looked);
        watch->marked = looked;
    }
    status = watch_folders(watch, error);
    if (status == ASP_OK)
        status = asp_store_follow(&admin->store, &watch->changes, &another, error);
    /* Nobody has looked for hooks that are due in a store that was put in the other's place. */
    if (another)
        hook_queue_note_all(&watch->queue);
    return status;
}

static void report_result(struct watch *watch, const struct compare_result *result)
{
    struct asp_buffer command = {0};
    const char *confirm =
        admin_command(watch->admin, &command, (const char *[]){"watch", "--confirm", NULL});

    if (result->held > 0 && result->held != watch->held)
        syslog(LOG_ERR,
               "watch: the primary passwords of %zu of %zu users seem to have changed at once: "
               "nothing was revoked; if it is so, say %s",
               result->held, result->accounts, confirm);
    else if (result->changed > 0 && result->held == 0)
        syslog(LOG_NOTICE,
               "watch: %zu of %zu primary passwords have changed, %zu app passwords were revoked",
               result->changed, result->accounts, result->revoked);
    report_gone(watch->admin, result, &watch->gone_held);
    if (result->unknown != watch->unknown)
        syslog(LOG_WARNING,
               "watch: nothing can be told of the primary passwords of %zu of %zu users",
               result->unknown, result->accounts);
    watch->held = result->held;
    watch->unknown = result->unknown;
    asp_buffer_free(&command);
}

/* A command is run at its interval and no sooner. Who seems to be gone from a file that was changed
 * just now is looked for again when it is settled. */
static void schedule(struct watch *watch, bool failed, bool settles)
{
    const struct asp_conf *conf = watch->admin->conf;
    int seconds = settles ? SETTLED + 1 : conf->primary_interval;

    if (failed && !asp_source_traits(conf->primary_source).is_program && watch->retry < seconds) {
        seconds = watch->retry;
        watch->retry *= 2;
    } else if (!failed) {
        watch->retry = 1;
    }
    watch->pass_due = false;
    watch->next_pass = asp_clock_ms() + seconds * 1000LL;
}

static void make_pass(struct watch *watch)
{
    struct asp_error error = {0};
    struct compare_result result = {0};
    struct name_questions questions = {0};
    char line[ASP_ERROR_LINE];
    char trouble[REPORT_LINE];
    enum whom whom = asking_whom(&watch->asking);
    enum asp_status status = attach(watch, &error);

    if (status == ASP_OK)
        status = primary_lease_keep(&watch->lease, watch->admin, &error);
    report_lease(&watch->lease, watch->leader);
    if (status == ASP_OK)
        status = compare_all(watch->admin, false, whom, &watch->lease, &questions, &result, &error);
    report_lease(&watch->lease, watch->leader);
    if (status == ASP_OK)
        asking_begin(&watch->asking, watch->admin, whom, &questions, result.accounts);
    name_questions_clear(&questions);
    if (status == ASP_INTERRUPTED)
        return;
    if (status >= ASP_OK)
        mark_pass(watch);
    if (status == ASP_OK || result.changed > 0)
        report_result(watch, &result);
    report_failed(&result, trouble);
    if (status < ASP_OK)
        (void)snprintf(trouble, sizeof trouble, "%s", asp_error_line(&error, line));
    else if (trouble[0] == '\0' && watch->trouble[0] != '\0')
        hook_queue_note_all(&watch->queue);
    /* Who writes the shadow file in place may not be done yet. */
    if (status != ASP_BUSY || !asp_watch_lock_is_held(&watch->lock) || watch->retry > 1)
        report_trouble(watch->trouble, trouble, "all is well again");
    schedule(watch, trouble[0] != '\0', result.gone_fresh > 0);
}

/* The way of sd_notify(3) for services that read their configuration anew. */
static void notify_reloading(void)
{
    char state[64];

    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   asp_clock_ms() * 1000);
    notify_service_manager(state);
}

/* Puts the configuration that is there now in the place of the other, which stays when this one is
 * not sound. */
static enum asp_status read_conf(struct watch *watch, struct asp_error *error)
{
    struct admin *admin = watch->admin;
    struct asp_identity identity;

    /* Looked at before, so that what is written meanwhile is another one. */
    (void)asp_identity_at(watch->conf.path, &watch->conf_read, NULL);
    return admin_load_conf(admin, watch->conf.path, admin->options->config != NULL, &identity,
                           error);
}

/*
 * True when there is another configuration and nothing has told of it: its folder was replaced, or
 * made. One that is missing, or was written this very moment, may be about to be written.
 */
static bool conf_is_another(const struct watch *watch)
{
    struct asp_identity now;

    return asp_identity_at(watch->conf.path, &now, NULL) == ASP_OK && now.present &&
           !asp_identity_same(&now, &watch->conf_read) && time(NULL) - now.ctime_s > SETTLED;
}

static void reload(struct watch *watch)
{
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    watch->asked.reload = false;
    notify_reloading();
    if (read_conf(watch, &error) == ASP_OK) {
        feeder_end(&watch->feeder);
        watch->lease = (struct primary_lease){0};
        watch->pass_due = true;
        asking_drop(&watch->asking);
        hook_queue_note_all(&watch->queue);
        watch->retry = 1;
    } else {
        syslog(LOG_ERR, "watch: the configuration that was read before is kept: %s",
               asp_error_line(&error, line));
    }
    notify_service_manager("READY=1");
}

/* What happened to a file in a folder. Two folders may be one. */
static void take_event(struct watch *watch, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        watch->pass_due = true;
        watch->asked.reload = true;
        hook_queue_note_all(&watch->queue);
        return;
    }
    if (watched_file_is_of(&watch->shadow, event) &&
        asp_source_traits(watch->admin->conf->primary_source).at_login)
        watch->pass_due = true;
    if (watched_file_is_of(&watch->conf, event))
        watch->asked.reload = true;
}

static void take_events(struct watch *watch)
{
    _Alignas(struct inotify_event) char room[EVENTS_ROOM];
    ssize_t got;

    while ((got = read(watch->events, room, sizeof room)) > 0) {
        const struct inotify_event *event;

        for (const char *at = room; at < room + got; at += sizeof *event + event->len) {
            event = (const struct inotify_event *)(const void *)at;
            take_event(watch, event);
        }
    }
}

static void note_written(const char *user, void *context)
{
    struct watch *watch = context;

    hook_queue_note(&watch->queue, user);
}

static void take_changes(struct watch *watch)
{
    struct asp_store_news news =
        asp_store_changes_take(&watch->admin->store, &watch->changes, note_written, watch);

    if (news.lost || news.gone)
        watch->pass_due = true;
    if (news.lost)
        hook_queue_note_all(&watch->queue);
}

static int64_t time_to_hooks(const struct watch *watch)
{
    if (!asp_watch_lock_is_held(&watch->lock))
        return -1;
    if (hears_feed(watch))
        return feeder_wait(&watch->feeder, watch->admin->conf);
    return hook_queue_wait(&watch->queue, time(NULL));
}

static int64_t time_to_lease(const struct watch *watch)
{
    return asp_watch_lock_is_held(&watch->lock)
               ? primary_lease_wait(&watch->lease, watch->admin->conf)
               : -1;
}

/* -1: that is at no time. */
static int64_t sooner(int64_t left, int64_t wait)
{
    return wait >= 0 && wait < left ? wait : left;
}

static int time_to_sleep(const struct watch *watch)
{
    int64_t left = watch->next_pass - asp_clock_ms();

    if (watch->pass_due || watch->asked.reload || left <= 0)
        return 0;
    left = sooner(left, asking_wait(&watch->asking));
    left = sooner(left, time_to_hooks(watch));
    left = sooner(left, time_to_lease(watch));
    return left < SLEEP_MAX ? (int)left : SLEEP_MAX;
}

static void wait_for_news(struct watch *watch)
{
    struct pollfd news[] = {
        {.fd = watch->signals, .events = POLLIN},
        {.fd = watch->events, .events = POLLIN},
        {.fd = watch->changes.fd, .events = POLLIN},
        {.fd = watch->asking.asker.fd, .events = POLLIN}, /* which asking_look sees by itself */
    };

    if (poll(news, sizeof news / sizeof *news, time_to_sleep(watch)) <= 0)
        return;
    if (news[0].revents != 0)
        signals_take(watch->signals, &watch->asked);
    if (news[1].revents != 0)
        take_events(watch);
    if (news[2].revents != 0)
        take_changes(watch);
}

static void keep_feeder(struct watch *watch)
{
    if (!asp_watch_lock_is_held(&watch->lock)) {
        feeder_end(&watch->feeder);
        return;
    }
    feeder_keep(&watch->feeder, watch->admin);
    feed_hooks_forget(watch->admin->conf);
}

/* One account, and back to see who calls. */
static void run_due_hooks(struct watch *watch)
{
    struct admin *admin = watch->admin;

    admin->now = time(NULL);
    if (!asp_watch_lock_is_held(&watch->lock) || hears_feed(watch))
        return;
    if (hook_queue_wait(&watch->queue, admin->now) == 0)
        hook_queue_step(admin, &watch->queue);
    if (watch->queue.looked != watch->marked && hook_queue_is_settled(&watch->queue)) {
        watch->marked = watch->queue.looked;
        asp_watch_lock_mark(&watch->lock, watch->marked);
    }
}

/* Of a store that is not there they say nothing. */
static void take_answers(struct watch *watch)
{
    if (asp_watch_lock_is_held(&watch->lock))
        asking_look(&watch->asking, watch->admin);
    else
        asking_drop(&watch->asking);
}

static void loop(struct watch *watch)
{
    for (;;) {
        wait_for_news(watch);
        if (watch->asked.stop)
            return;
        hook_queue_reap(&watch->queue);
        if (watch->asked.reload || conf_is_another(watch))
            reload(watch);
        if (time_to_lease(watch) == 0 && primary_lease_comes(&watch->lease, watch->admin))
            watch->pass_due = true;
        if (watch->pass_due || asp_clock_ms() >= watch->next_pass ||
            (asp_watch_lock_is_held(&watch->lock) && asp_store_is_another(&watch->admin->store)))
            make_pass(watch);
        else
            run_due_hooks(watch);
        take_answers(watch);
        keep_feeder(watch);
    }
}

/* All that can fail before it has begun. */
static enum exit_code begin(struct watch *watch)
{
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (!admin_conf_path(watch->admin, watch->conf.path) || chdir("/") != 0)
        return fail_with(watch->admin->console, EXIT_CONF, "the configuration cannot be found: %s",
                         strerror(errno));
    watch->signals = signals_open();
    watch->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->signals < 0 || watch->events < 0)
        return fail_with(watch->admin->console, EXIT_STORE,
                         "the system gives no means to watch: %s", strerror(errno));
    /* Once more, now that a change of it is seen. */
    (void)watched_file_follow(&watch->conf, watch->events);
    if (read_conf(watch, &error) != ASP_OK)
        return fail_with(watch->admin->console, EXIT_CONF, "%s", asp_error_line(&error, line));
    if (attach(watch, &error) == ASP_OK)
        return EXIT_DONE;
    return fail_unreadable(watch->admin->console, &error);
}

enum exit_code watch_run(struct admin *admin)
{
    struct watch watch = {
        .admin = admin,
        .signals = -1,
        .events = -1,
        .shadow = {.path = ASP_SHADOW_PATH, .folder = -1},
        .conf = {.folder = -1},
        .changes = ASP_STORE_UNFOLLOWED,
        .lock = ASP_WATCH_LOCK_FREE,
        .asking = ASKING_NOTHING,
        .retry = 1,
    };
    enum exit_code code;

    /* Who has started it by hand sees what is logged. */
    if (isatty(STDERR_FILENO) == 1)
        openlog("asp-admin", LOG_PID | LOG_PERROR, LOG_AUTHPRIV);
    code = begin(&watch);
    if (code == EXIT_DONE) {
        progress_begin("comparing primary passwords");
        make_pass(&watch);
        progress_end();
        keep_feeder(&watch);
        notify_service_manager("READY=1");
        loop(&watch);
        notify_service_manager("STOPPING=1");
    }
    asking_drop(&watch.asking);
    feeder_end(&watch.feeder);
    primary_lease_give(&watch.lease, admin);
    hook_queue_end(&watch.queue);
    asp_watch_lock_release(&watch.lock);
    asp_store_changes_end(&watch.changes);
    asp_close(watch.events);
    asp_close(watch.signals);
    return code;
}
