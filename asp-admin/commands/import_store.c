/* One account of an export put into the store: the primary password as it is here, and what was
 * there before. */
#include "import_store.h"

#include "asp-admin/hooks/hooks_due.h"
#include "asp/reconcile.h"
#include "asp/revocation.h"
#include "asp/time_text.h"

/* What the update has besides. */
struct change {
    struct importing *importing;
    struct asp_look look;
    struct asp_fingerprint exported;
    struct asp_entry *before; /* copies of what was not revoked before */
    size_t before_count;
};

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

/* As it is once the lock is held. */
static enum asp_status look_again(struct change *change, struct asp_error *error)
{
    const char *user = change->importing->account.user;

    if (!asp_shadow_is_stale(&change->look.now) || asp_look_again(user, &change->look, error))
        return ASP_OK;
    if (error->status == ASP_NOT_FOUND) /* it is the file that is not there */
        error->status = ASP_IO;
    return error->status;
}

/*
 * The fingerprint goes on being what was exported where that is of the primary password that the
 * user has here, locked or not: then a change that was made before is none. Else, and where it is
 * of another realm, it is taken anew, and what is imported goes on working; later changes revoke
 * it.
 */
static enum asp_status settle_primary(struct change *change, struct asp_error *error)
{
    struct importing *importing = change->importing;
    const struct admin *admin = importing->admin;
    struct asp_fingerprint *stored = &importing->account.primary;
    struct asp_primary_now now;
    enum asp_primary primary;
    enum asp_status status = look_again(change, error);

    *stored = change->exported;
    importing->another = importing->elsewhere = false;
    if (status != ASP_OK)
        return status;
    now = change->look.now;
    now.expires = ASP_NEVER;
    if (now.says == ASP_SAYS_NOTHING && asp_source_traits(now.source).is_compared)
        return asp_fail(error, ASP_IO,
                        "nothing can be told of the primary password of %s: see primary in "
                        "asp.conf(5)",
                        admin->user);
    if (now.says == ASP_SAYS_NOTHING) {
        *stored = (struct asp_fingerprint){0};
        return ASP_OK;
    }
    primary = asp_primary_compare(stored, &now, admin->now);
    importing->another = primary == ASP_PRIMARY_CHANGED || primary == ASP_PRIMARY_ABSENT;
    importing->elsewhere = primary == ASP_PRIMARY_ELSEWHERE;
    if (!importing->another && !importing->elsewhere && !asp_primary_is_due(stored, &now))
        return ASP_OK;
    asp_primary_take(&now, stored);
    if (!admin->options->is_virtual && !admin->conf->virtual_users)
        (void)asp_primary_note(stored, &now, ASP_SIGHT_KNOWN);
    return ASP_OK;
}

static void forget_before(struct change *change)
{
    asp_entries_free(change->before, change->before_count);
    change->before = NULL;
    change->before_count = 0;
}

/* An asp_change. */
static enum asp_status put(struct asp_account *account, void *context, struct asp_error *error)
{
    struct change *change = context;
    struct importing *importing = change->importing;
    const struct admin *admin = importing->admin;
    const struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    const bool is_there = !account->is_new && !account->not_yet;
    enum asp_status status;

    forget_before(change);
    importing->result = is_there ? IMPORT_REPLACED : IMPORT_NEW;
    if (is_there && !importing->replaces) {
        importing->result = IMPORT_KEPT;
        return ASP_UNCHANGED;
    }
    status = settle_primary(change, error);
    if (status != ASP_OK)
        return status;
    if (asp_account_copy(account, false, &change->before, &change->before_count) != ASP_OK ||
        asp_account_replace(account, &importing->account, how.when, how.by, ASP_REASON_REMOVED,
                            how.hook_due) != ASP_OK)
        return no_memory(error);
    return ASP_OK;
}

static void tell(const struct change *change)
{
    const struct importing *importing = change->importing;
    const struct admin *admin = importing->admin;

    for (size_t i = 0; i < change->before_count; i++) {
        if (!asp_account_has_alive(&importing->account, &change->before[i]))
            admin_log_change(admin, admin->user, "revoked", &change->before[i], ASP_REASON_REMOVED);
    }
    admin_log_change(admin, admin->user, "imported", NULL, NULL);
}

enum asp_status import_store(struct importing *importing, struct asp_error *error)
{
    const struct admin *admin = importing->admin;
    struct change change = {.importing = importing,
                            .look = {.is_own = true, .tries = 1},
                            .exported = importing->account.primary};
    struct asp_turn turn = ASP_TURN_FREE;
    enum asp_status status;

    asp_account_prune(&importing->account, (size_t)admin->conf->history); /* as after any change */
    primary_source_find(importing->source, admin->user, NULL, &change.look.now);
    if (importing->replaces)
        hooks_take_turn(admin, &turn);
    status = admin_update(admin, true, put, &change, error);
    if (status == ASP_OK)
        tell(&change);
    hooks_end_turn(admin, &turn, status == ASP_OK && change.before_count > 0);
    forget_before(&change);
    asp_look_end(&change.look);
    return status == ASP_UNCHANGED ? ASP_OK : status;
}
