/* The hooks for what a database tells. */
#include "feed_hooks.h"

#include "signals.h"

#include "asp-admin/database/database.h"
#include "asp-admin/hooks/hooks.h"
#include "asp/clock.h"
#include "asp/revocation.h"
#include "asp/time_text.h"

#include <string.h>
#include <syslog.h>
#include <time.h>

enum {
    LOOK_MS = 250,
    DELAY_MAX = 60, /* seconds: a hook that could not be started is tried after 1, 2, 4 and so on */
    SECOND = 1000,  /* ms */
    MS_NS = 1000000,
};

bool feed_hooks_are_wanted(const struct asp_conf *conf)
{
    return conf->database.host_count > 0 && asp_has_revoked_hook(conf);
}

void feed_hooks_forget(const struct asp_conf *conf)
{
    if (conf->database.host_count > 0 && !asp_has_revoked_hook(conf))
        (void)database_feed_forget(conf->store, NULL);
}

static const struct asp_entry *find(const struct asp_account *account, const char *id)
{
    for (size_t i = 0; i < account->count; i++) {
        if (strcmp(account->entries[i].id, id) == 0)
            return &account->entries[i];
    }
    return NULL;
}

/* Label and app, which the account has. What was revoked meanwhile, or is gone, was told as that;
 * another may have its id by now. Returns how many are left, at the beginning. */
static size_t fill(const struct asp_account *account, const struct pgsql_event *event)
{
    size_t count = 0;

    for (size_t i = 0; i < event->count; i++) {
        const struct asp_entry *entry = find(account, event->entries[i].id);

        if (entry != NULL && entry->revoked == ASP_NEVER && entry->expires == event->at)
            event->entries[count++] = *entry;
    }
    return count;
}

/* Of an account that is damaged no more is known than which of it has expired. */
static enum asp_status fill_expired(const struct admin *admin, const struct pgsql_event *event,
                                    size_t *count, struct asp_error *error)
{
    struct asp_store store = ASP_STORE_CLOSED;
    struct asp_account account;
    enum asp_status status = admin_open_beside(admin, &store, error);

    if (status == ASP_OK)
        status = asp_store_load(&store, event->user, NULL, &account, error);
    asp_store_close(&store);
    if (status == ASP_OK) {
        *count = fill(&account, event);
        asp_account_free(&account);
        return ASP_OK;
    }
    if (status == ASP_NOT_FOUND)
        *count = 0;
    else if (status != ASP_CORRUPT && status != ASP_AMBIGUOUS && status != ASP_NEWER)
        return status;
    for (size_t i = 0; i < *count; i++)
        strcpy(event->entries[i].app, ASP_APP_ANY);
    return ASP_OK;
}

static enum asp_status hear(void *context, const struct pgsql_event *event, struct asp_error *error)
{
    const struct admin *admin = context;
    size_t count = event->count;
    enum asp_status status = ASP_OK;

    if (signals_stop_is_pending())
        return asp_fail(error, ASP_INTERRUPTED, "this process is to end");
    if (event->expired)
        status = fill_expired(admin, event, &count, error);
    if (status != ASP_OK)
        return status;
    if (hooks_run(admin, event->user, event->expired ? HOOK_EXPIRED : HOOK_REVOKED, event->entries,
                  count, event->expired ? "expired" : event->reason, event->via) < count)
        return asp_fail(error, ASP_INTERRUPTED,
                        "a hook could not be started, and waits with all that come after it: the "
                        "system's log says why");
    return ASP_OK;
}

static void note(void *context, const char *line)
{
    (void)context;
    syslog(LOG_WARNING, "watch: %s", line);
}

/* In the words of asp-broker. */
static void log_database(bool is_fault, const char *line)
{
    syslog(is_fault ? LOG_ERR : LOG_NOTICE, "%s", line);
}

static enum asp_status look(struct admin *admin, struct pgsql_feed *feed, struct asp_error *error)
{
    const struct pgsql_feed_listener listener = {hear, note, admin};

    *error = (struct asp_error){0};
    if (feed == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    return database_feed_look(feed, &listener, error);
}

enum asp_status feed_hooks_run_once(struct admin *admin, struct asp_error *error)
{
    struct pgsql_feed *feed = database_feed_new(admin->database);
    enum asp_status status = look(admin, feed, error);

    database_feed_free(feed);
    return status;
}

/* Once when it begins that nothing can be heard, and once when that is over. A hook that was not
 * started is in the log by itself, and so is a database that is down. */
static void report(const struct admin *admin, bool *deaf, enum asp_status status,
                   const struct asp_error *error)
{
    char line[ASP_ERROR_LINE];
    const bool fails = status != ASP_OK && status != ASP_INTERRUPTED;

    if (database_is_down(admin->database))
        return;
    if (fails && !*deaf)
        syslog(LOG_ERR, "watch: the database does not tell what is revoked: %s",
               asp_error_line(error, line));
    if (!fails && *deaf)
        syslog(LOG_NOTICE, "watch: the database tells again what is revoked");
    *deaf = fails;
}

/* In how many ms it is looked again. */
static int64_t wait_after(enum asp_status status, int *delay)
{
    if (status != ASP_INTERRUPTED) {
        *delay = 0;
        return LOOK_MS;
    }
    *delay = *delay == 0 ? 1 : 2 * *delay < DELAY_MAX ? 2 * *delay : DELAY_MAX;
    return *delay * (int64_t)SECOND;
}

void feed_hooks_run(struct admin *admin)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * (long)MS_NS};
    struct pgsql_feed *feed = database_feed_new(admin->database);
    struct pgsql_breaker *breaker = NULL;
    struct asp_error error = {0};
    bool deaf = false;
    int64_t next = 0;
    int delay = 0;

    if (database_breaker_make(&breaker, log_database))
        database_share(admin->database, breaker);
    while (feed != NULL && !signals_stop_is_pending()) {
        if (asp_clock_ms() >= next) {
            enum asp_status status = look(admin, feed, &error);

            report(admin, &deaf, status, &error);
            next = asp_clock_ms() + wait_after(status, &delay);
        }
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    database_feed_free(feed);
}
