/* The accounts whose hooks are due, and whose app passwords have expired. */
#include "hook_queue.h"

#include "signals.h"

#include "asp-admin/hooks/hooks_due.h"
#include "asp/time_text.h"

#include <syslog.h>

enum {
    NOTED_MAX = 4096, /* accounts whose files were written; with more, all are looked at */
    WALK_GAP = 2,     /* seconds between two looks at all accounts for expired ones */
};

void hook_queue_begin(struct hook_queue *queue, time_t looked)
{
    *queue =
        (struct hook_queue){.since = looked, .looked = looked, .next = ASP_NEVER, .walk = true};
}

void hook_queue_note(struct hook_queue *queue, const char *user)
{
    if (queue->due.count >= NOTED_MAX || !name_list_add(&queue->due, user))
        queue->walk = true;
}

time_t hook_queue_wait(const struct hook_queue *queue, time_t now)
{
    time_t next = queue->next;

    if (queue->due.count > 0 || queue->expired.count > 0 || queue->walk || now < queue->looked)
        return 0;
    if (next == ASP_NEVER)
        return ASP_NEVER;
    if (next < queue->looked + WALK_GAP)
        next = queue->looked + WALK_GAP;
    return next > now ? next - now : 0;
}

static void see_next(struct hook_queue *queue, time_t expires)
{
    if (expires != ASP_NEVER && (queue->next == ASP_NEVER || expires < queue->next))
        queue->next = expires;
}

struct walk {
    const struct admin *admin;
    struct hook_queue *queue;
};

static enum asp_status look(const char *user, void *context)
{
    const struct walk *walk = context;
    struct hook_queue *queue = walk->queue;
    struct asp_account account;
    bool due = false;
    bool expired = false;

    if (signals_stop_is_pending())
        return ASP_INTERRUPTED;
    /* One that cannot be read is told of by the pass that compares. */
    if (asp_store_load(&walk->admin->store, user, NULL, &account, NULL) != ASP_OK)
        return ASP_OK;
    for (size_t i = 0; i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        due = due || entry->hook_due;
        if (entry->revoked != ASP_NEVER || entry->expires == ASP_NEVER)
            continue;
        if (entry->expires > walk->admin->now)
            see_next(queue, entry->expires);
        else if (entry->expires > queue->since)
            expired = true;
    }
    asp_account_free(&account);
    if ((due && !name_list_add(&queue->due, user)) ||
        (expired && !name_list_add(&queue->expired, user)))
        return ASP_NO_MEMORY;
    return ASP_OK;
}

/* Only when nothing is left of an earlier one. */
static void walk_all(struct admin *admin, struct hook_queue *queue)
{
    struct walk walk = {admin, queue};
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status;

    queue->walk = false;
    queue->missed = false;
    queue->next = ASP_NEVER;
    /* The clock may have been set back. */
    queue->since = queue->looked < admin->now ? queue->looked : admin->now;
    queue->looked = queue->since;
    status = asp_store_each(&admin->store, look, &walk, &error);
    if (status == ASP_OK)
        queue->looked = admin->now;
    if (status == ASP_OK || status == ASP_INTERRUPTED)
        return;
    queue->missed = true;
    if (status == ASP_NO_MEMORY)
        (void)asp_fail(&error, status, "out of memory");
    syslog(LOG_ERR, "hooks that are due were not all found: %s", asp_error_line(&error, line));
}

static void run_due(struct admin *admin, struct hook_queue *queue, const char *user)
{
    struct asp_turn turn = ASP_TURN_FREE;
    time_t next;
    enum asp_status status = hooks_run_due(admin, user, &turn);

    queue->missed = queue->missed || (status != ASP_OK && status != ASP_INTERRUPTED);
    /* Nothing is in this span of time: it is asked for when the next one expires. That may be past
     * already, when the hooks of others took long. */
    admin->now = queue->looked;
    if (hooks_run_expired(admin, user, queue->looked, &next, NULL) == ASP_OK)
        see_next(queue, next);
}

static void run_expired(struct admin *admin, struct hook_queue *queue, const char *user)
{
    time_t next;

    admin->now = queue->looked;
    (void)hooks_run_expired(admin, user, queue->since, &next, NULL);
}

void hook_queue_step(struct admin *admin, struct hook_queue *queue)
{
    struct name_list *names = queue->due.count > 0 ? &queue->due : &queue->expired;
    const char *user = names->count > 0 ? names->list[names->count - 1] : NULL;

    if (user == NULL)
        walk_all(admin, queue);
    else if (names == &queue->due)
        run_due(admin, queue, user);
    else
        run_expired(admin, queue, user);
    /* One whose hook was cut short is left, and then not taken for done. */
    if (user != NULL && !signals_stop_is_pending())
        name_list_drop_last(names);
}

void hook_queue_end(struct hook_queue *queue)
{
    name_list_clear(&queue->due);
    name_list_clear(&queue->expired);
}
