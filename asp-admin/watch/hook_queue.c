#include "hook_queue.h"

#include "signals.h"

#include "asp-admin/hooks/hooks.h"
#include "asp/time_text.h"

#include <syslog.h>

enum {
    NOTED_MAX = 4096, /* accounts whose files were written; with more, all are looked at */
    WALK_GAP = 2,     /* seconds between two looks at all accounts for expired ones */
};

void tend_begin(struct tend *tend, time_t looked)
{
    *tend = (struct tend){.since = looked, .looked = looked, .next = ASP_NEVER, .walk = true};
}

void tend_note(struct tend *tend, const char *user)
{
    if (tend->due.count >= NOTED_MAX || !names_add(&tend->due, user))
        tend->walk = true;
}

time_t tend_wait(const struct tend *tend, time_t now)
{
    time_t next = tend->next;

    if (tend->due.count > 0 || tend->expired.count > 0 || tend->walk || now < tend->looked)
        return 0;
    if (next == ASP_NEVER)
        return ASP_NEVER;
    if (next < tend->looked + WALK_GAP)
        next = tend->looked + WALK_GAP;
    return next > now ? next - now : 0;
}

static void see_next(struct tend *tend, time_t expires)
{
    if (expires != ASP_NEVER && (tend->next == ASP_NEVER || expires < tend->next))
        tend->next = expires;
}

struct walk {
    const struct admin *admin;
    struct tend *tend;
};

static enum asp_status look(const char *user, void *context)
{
    const struct walk *walk = context;
    struct tend *tend = walk->tend;
    struct asp_account account;
    bool due = false;
    bool expired = false;

    if (signals_stop_is_pending())
        return ASP_UNCHANGED;
    /* One that cannot be read is told of by the pass that compares. */
    if (asp_store_load(&walk->admin->store, user, NULL, &account, NULL) != ASP_OK)
        return ASP_OK;
    for (size_t i = 0; i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        due = due || entry->hook_due;
        if (entry->revoked != ASP_NEVER || entry->expires == ASP_NEVER)
            continue;
        if (entry->expires > walk->admin->now)
            see_next(tend, entry->expires);
        else if (entry->expires > tend->since)
            expired = true;
    }
    asp_account_free(&account);
    if ((due && !names_add(&tend->due, user)) || (expired && !names_add(&tend->expired, user)))
        return ASP_NO_MEMORY;
    return ASP_OK;
}

/* Only when nothing is left of an earlier one. */
static void walk_all(struct admin *admin, struct tend *tend)
{
    struct walk walk = {admin, tend};
    struct asp_error error = {ASP_OK, ""};
    enum asp_status status;

    tend->walk = false;
    tend->missed = false;
    tend->next = ASP_NEVER;
    /* The clock may have been set back. */
    tend->since = tend->looked < admin->now ? tend->looked : admin->now;
    tend->looked = tend->since;
    status = asp_store_each(&admin->store, look, &walk, &error);
    if (status == ASP_OK)
        tend->looked = admin->now;
    if (status == ASP_OK || status == ASP_UNCHANGED)
        return;
    tend->missed = true;
    if (status == ASP_NO_MEMORY)
        (void)asp_fail(&error, status, "out of memory");
    syslog(LOG_ERR, "hooks that are due were not all found: %s", error.text);
}

static void run_due(struct admin *admin, struct tend *tend, const char *user)
{
    struct asp_error error = {ASP_OK, ""};
    bool ran;
    time_t next;
    enum asp_status status = hooks_run_due(admin, user, &ran, &error);

    if (status != ASP_OK && status != ASP_NOT_FOUND) {
        syslog(LOG_ERR, ran ? "a hook may be run again: %s" : "hooks that are due wait: %s",
               error.text);
        tend->missed = tend->missed || !ran;
    }
    /* Nothing is in this span of time: it is asked for when the next one expires. That may be past
     * already, when the hooks of others took long. */
    admin->now = tend->looked;
    if (hooks_run_expired(admin, user, tend->looked, &next, NULL) == ASP_OK)
        see_next(tend, next);
}

static void run_expired(struct admin *admin, struct tend *tend, const char *user)
{
    time_t next;

    admin->now = tend->looked;
    (void)hooks_run_expired(admin, user, tend->since, &next, NULL);
}

void tend_step(struct admin *admin, struct tend *tend)
{
    struct names *names = tend->due.count > 0 ? &tend->due : &tend->expired;
    const char *user = names->count > 0 ? names->list[names->count - 1] : NULL;

    if (user == NULL)
        walk_all(admin, tend);
    else if (names == &tend->due)
        run_due(admin, tend, user);
    else
        run_expired(admin, tend, user);
    /* One whose hook was cut short is left, and then not taken for done. */
    if (user != NULL && !signals_stop_is_pending())
        names_drop(names);
}

void tend_end(struct tend *tend)
{
    names_clear(&tend->due);
    names_clear(&tend->expired);
}
