/* The hooks that an account has due, and those for what has expired in it. */
#include "hooks_due.h"

#include "hooks.h"

#include "asp/buffer.h"
#include "asp/revocation.h"
#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* Entries of one account that something is to be done for. */
struct chosen {
    struct asp_entry *entries;
    size_t count;
    size_t ran;  /* for how many of them, from the first on, it was run */
    size_t keep; /* how many revoked ones */
};

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

/* Reads the account and keeps room for as many as it has. */
static enum asp_status load(const struct admin *admin, const char *user,
                            struct asp_account *account, struct chosen *chosen,
                            struct asp_error *error)
{
    enum asp_status status = asp_store_load(&admin->store, user, NULL, account, error);

    *chosen = (struct chosen){.keep = (size_t)admin->conf->history};
    if (status != ASP_OK)
        return status;
    chosen->entries = calloc(account->count + 1, sizeof *chosen->entries);
    if (chosen->entries != NULL)
        return ASP_OK;
    asp_account_free(account);
    return no_memory(error);
}

/* Puts those that are due into `due`: reason after reason, and of each in the account's order. */
static void choose_due(const struct asp_account *account, struct chosen *due)
{
    bool taken[ASP_IDS] = {false};

    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *first = &account->entries[i];

        for (size_t j = i; j < account->count; j++) {
            const struct asp_entry *entry = &account->entries[j];
            bool *is_taken = &taken[asp_id_index(entry->id)];

            if (!entry->hook_due || *is_taken || strcmp(entry->reason, first->reason) != 0)
                continue;
            *is_taken = true;
            due->entries[due->count++] = *entry;
        }
    }
}

static enum asp_status read_due(const struct admin *admin, const char *user, struct chosen *due,
                                struct asp_error *error)
{
    struct asp_account account;
    enum asp_status status = load(admin, user, &account, due, error);

    if (status != ASP_OK)
        return status;
    choose_due(&account, due);
    asp_account_free(&account);
    return ASP_OK;
}

/* Once for each reason. Returns for how many of them, from the first on, it was run. */
static size_t run_by_reason(const struct admin *admin, const char *user, const struct chosen *due)
{
    size_t at = 0;
    size_t end = 0;

    while (at == end && at < due->count) {
        const struct asp_entry *first = &due->entries[at];

        for (end = at + 1; end < due->count; end++) {
            if (strcmp(first->reason, due->entries[end].reason) != 0)
                break;
        }
        at += hooks_run(admin, user, HOOK_REVOKED, first, end - at, first->reason);
    }
    return at;
}

/* Takes away the marks of those that the hook was run for: others may be due by now. */
static enum asp_status clear_marks(struct asp_account *account, void *context,
                                   struct asp_error *error)
{
    const struct chosen *due = context;
    bool cleared = false;

    (void)error;
    for (size_t i = 0; i < due->ran; i++) {
        struct asp_entry *entry = asp_account_find(account, due->entries[i].id);

        if (entry == NULL || !entry->hook_due || entry->created != due->entries[i].created)
            continue;
        entry->hook_due = false;
        cleared = true;
    }
    asp_account_prune(account, due->keep);
    return cleared ? ASP_OK : ASP_UNCHANGED;
}

static void log_wait(const char *what, const char *user, const struct asp_error *error)
{
    struct asp_buffer line = {0};
    char room[ASP_ERROR_LINE];

    asp_buffer_add(&line, what);
    asp_buffer_add_logged(&line, user);
    asp_buffer_add(&line, ": ");
    asp_buffer_add(&line, asp_error_line(error, room));
    if (!line.failed)
        syslog(LOG_ERR, "%s", line.text);
    asp_buffer_free(&line);
}

/* Under the turn. */
static enum asp_status run_all(const struct admin *admin, const char *user)
{
    struct asp_error error = {0};
    struct chosen due;
    enum asp_status status = read_due(admin, user, &due, &error);

    if (status != ASP_OK && status != ASP_NOT_FOUND)
        log_wait("a hook that is due waits, of ", user, &error);
    if (status != ASP_OK)
        return status == ASP_NOT_FOUND ? ASP_OK : status;
    due.ran = run_by_reason(admin, user, &due);
    if (due.ran > 0)
        status = asp_store_update(&admin->store, user, false, clear_marks, &due, &error);
    if (status == ASP_UNCHANGED || status == ASP_NOT_FOUND)
        status = ASP_OK;
    if (status != ASP_OK)
        log_wait("a hook may be run again, of ", user, &error);
    else if (due.ran < due.count)
        status = ASP_INTERRUPTED;
    asp_entries_free(due.entries, due.count);
    return status;
}

static bool is_due(const struct admin *admin, const char *user)
{
    struct asp_account account;
    bool due = false;

    if (asp_store_load(&admin->store, user, NULL, &account, NULL) != ASP_OK)
        return false;
    for (size_t i = 0; i < account.count; i++)
        due = due || account.entries[i].hook_due;
    asp_account_free(&account);
    return due;
}

void hooks_take_turn(const struct admin *admin, struct asp_turn *turn)
{
    *turn = ASP_TURN_FREE;
    if (asp_has_revoked_hook(admin->conf))
        (void)asp_turn_take(&admin->store, admin->user, turn, NULL);
}

enum asp_status hooks_run_due(const struct admin *admin, const char *user, struct asp_turn *turn)
{
    struct asp_error error = {0};
    enum asp_status status;

    /* Who came while it was ours has left it to us, or will find it free: so it is looked once more
     * after it was given. */
    do {
        status = asp_turn_is_held(turn) ? ASP_OK : asp_turn_take(&admin->store, user, turn, &error);
        if (status == ASP_OK)
            status = run_all(admin, user);
        else if (status != ASP_BUSY)
            log_wait("a hook that is due waits, of ", user, &error);
        asp_turn_give(turn);
    } while (status == ASP_OK && is_due(admin, user));
    return status;
}

void hooks_run_own(const struct admin *admin, struct asp_turn *turn)
{
    if (asp_has_revoked_hook(admin->conf))
        (void)hooks_run_due(admin, admin->user, turn);
}

enum asp_status hooks_run_expired(const struct admin *admin, const char *user, time_t since)
{
    struct asp_error error = {0};
    struct asp_account account;
    struct chosen expired;
    enum asp_status status = load(admin, user, &account, &expired, &error);

    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    if (status != ASP_OK) {
        log_wait("a hook for what has expired waits, of ", user, &error);
        return status;
    }
    for (size_t i = 0; i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        if (entry->revoked == ASP_NEVER && entry->expires != ASP_NEVER && entry->expires > since &&
            entry->expires <= admin->now)
            expired.entries[expired.count++] = *entry;
    }
    asp_account_free(&account);
    expired.ran = hooks_run(admin, user, HOOK_EXPIRED, expired.entries, expired.count, "expired");
    status = expired.ran < expired.count ? ASP_INTERRUPTED : ASP_OK;
    asp_entries_free(expired.entries, expired.count);
    return status;
}
