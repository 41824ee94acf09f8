/* The store after a power cut. */
#include "tidy.h"

#include "signals.h"

#include "asp/redact.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* Of one kind of finding: how many, and the user of the first. */
struct found {
    size_t count;
    char first[ASP_USER_MAX + 1]; /* as it may be logged */
};

struct tidying {
    struct admin *admin;
    bool all;
    struct found mended;
    struct found stuck;
    struct asp_error why; /* of the first that is stuck */
};

static void count(struct found *found, const char *user)
{
    if (found->count++ == 0) {
        (void)snprintf(found->first, sizeof found->first, "%s", user);
        asp_redact(found->first);
    }
}

static enum asp_status count_stray(const char *user, void *context)
{
    count(context, user);
    return ASP_OK;
}

static bool is_to_be_mended(const struct tidying *tidying, const char *user)
{
    struct asp_usage usage;
    struct asp_usage_head head;
    bool damaged = asp_store_peek_usage(&tidying->admin->store, user, &usage, NULL) == ASP_OK &&
                   (usage.bytes == NULL ? tidying->all : !asp_usage_sound(&usage, &head));

    asp_usage_free(&usage);
    return damaged;
}

static enum asp_status mend(const char *user, void *context)
{
    struct tidying *tidying = context;
    struct admin *admin = tidying->admin;
    struct asp_account account;
    struct asp_usage usage;
    struct asp_error error = {0};
    enum asp_status mended = ASP_UNCHANGED;

    if (signals_stop_is_pending())
        return ASP_INTERRUPTED;
    /* An account that cannot be read is told of by the pass. */
    if (!is_to_be_mended(tidying, user) ||
        asp_store_load(&admin->store, user, NULL, &account, NULL) != ASP_OK)
        return ASP_OK;
    (void)admin_read_usage(admin, &account, true, &usage, &mended, &error);
    asp_usage_free(&usage);
    asp_account_free(&account);
    if (mended == ASP_OK)
        count(&tidying->mended, user);
    if (mended < ASP_OK) {
        count(&tidying->stuck, user);
        if (tidying->stuck.count == 1)
            tidying->why = error;
    }
    return ASP_OK;
}

static void report(int level, const struct found *found, const char *text)
{
    if (found->count == 0)
        return;
    if (found->count == 1)
        syslog(level, "watch: %s of %s", text, found->first);
    else
        syslog(level, "watch: %s of %zu users, first %s", text, found->count, found->first);
}

static void clear_strays(struct admin *admin)
{
    struct found strays = {0};
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (asp_store_clear_strays(&admin->store, count_stray, &strays, &error) != ASP_OK)
        syslog(LOG_ERR, "watch: %s", asp_error_line(&error, line));
    if (strays.count > 0)
        syslog(LOG_NOTICE,
               "watch: %zu unfinished files that a kill or a power cut had left were "
               "removed, the first of %s",
               strays.count, strays.first);
}

static void mend_usages(struct admin *admin, bool all)
{
    struct tidying tidying = {.admin = admin, .all = all};
    char line[ASP_ERROR_LINE];
    char text[ASP_ERROR_LINE + 64];

    /* A store that cannot be read is told of by the pass. */
    (void)asp_store_each_account(&admin->store, mend, &tidying, NULL);
    if (tidying.mended.count > 0)
        asp_store_sync_usage(&admin->store);
    report(LOG_NOTICE, &tidying.mended, "damaged or lost, and begun anew: the last uses");
    (void)snprintf(text, sizeof text, "damaged or lost, and not to be written (%s): the last uses",
                   asp_error_line(&tidying.why, line));
    report(LOG_ERR, &tidying.stuck, text);
}

void tidy_store(struct admin *admin, bool all)
{
    clear_strays(admin);
    if (asp_store_usage_breaks(&admin->store))
        mend_usages(admin, all);
}
