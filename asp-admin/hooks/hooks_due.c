/* The hooks that an account has due, and those for what has expired in it. */
#include "hooks_due.h"

#include "hooks.h"

#include "asp/buffer.h"
#include "asp/revocation.h"
#include "asp/store_watch.h"
#include "asp/time_text.h"

#include <string.h>
#include <syslog.h>

enum { ROUNDS = 3 }; /* in which others are served, whose revocations become due meanwhile */

/* Once for each reason. Returns for how many of them, from the first on, it was run. */
static size_t run_by_reason(const struct admin *admin, const char *user, const struct asp_due *due)
{
    size_t at = 0;
    size_t end = 0;

    while (at == end && at < due->count) {
        const struct asp_entry *first = &due->entries[at];

        for (end = at + 1; end < due->count; end++) {
            if (strcmp(first->reason, due->entries[end].reason) != 0)
                break;
        }
        at +=
            hooks_run(admin, user, HOOK_REVOKED, first, end - at, first->reason, admin_via(admin));
    }
    return at;
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
    struct asp_due due;
    size_t ran;
    enum asp_status status = asp_due_read(&admin->store, user, &due, &error);

    if (status != ASP_OK) {
        log_wait("a hook that is due waits, of ", user, &error);
        return status;
    }
    ran = run_by_reason(admin, user, &due);
    status = asp_due_clear(&admin->store, user, &due, ran, (size_t)admin->conf->history, &error);
    if (status != ASP_OK)
        log_wait("a hook may be run again, of ", user, &error);
    else if (ran < due.count)
        status = ASP_INTERRUPTED;
    asp_due_free(&due);
    return status;
}

/* With a database each machine hears what was revoked, and its watch runs the hook: this one's
 * too. */
static bool is_told(const struct admin *admin)
{
    return admin->conf->database.host_count > 0;
}

void hooks_take_turn(const struct admin *admin, struct asp_turn *turn)
{
    *turn = ASP_TURN_FREE;
    if (asp_has_revoked_hook(admin->conf) && !is_told(admin))
        (void)asp_turn_take(&admin->store, admin->user, turn, NULL);
}

static enum asp_status run_round(const struct admin *admin, const char *user, struct asp_turn *turn)
{
    struct asp_error error = {0};
    enum asp_status status = ASP_OK;

    if (!asp_turn_is_held(turn))
        status = asp_turn_take(&admin->store, user, turn, &error);
    if (status == ASP_OK) {
        status = run_all(admin, user);
        /* An account that is locked is no turn that another has: it is to be tried again. */
        if (status == ASP_BUSY)
            status = ASP_INTERRUPTED;
    } else if (status != ASP_BUSY) {
        log_wait("a hook that is due waits, of ", user, &error);
    }
    asp_turn_give(turn);
    return status;
}

enum asp_status hooks_run_due(const struct admin *admin, const char *user, struct asp_turn *turn)
{
    struct asp_error error = {0};
    enum asp_status status = run_round(admin, user, turn);

    /* Who came while it was ours has left it to us, or will find it free: so it is looked once more
     * after it was given. Her who acts on her own account nobody else keeps. */
    for (int round = 1; status == ASP_OK && asp_due_is_any(&admin->store, user); round++) {
        if (round == ROUNDS && !admin_is_own(admin)) {
            status = asp_fail(&error, ASP_INTERRUPTED, "more becomes due all the time");
            log_wait("a hook that is due waits, of ", user, &error);
        } else {
            status = run_round(admin, user, turn);
        }
    }
    return status;
}

/* To root alone: nobody else can start one. */
static void say_unwatched(const struct admin *admin)
{
    struct asp_watch_seen seen;
    struct asp_buffer command = {0};
    enum asp_status status = asp_watch_lock_look(&admin->store, &seen, NULL);

    if (admin_is_own(admin) || (status == ASP_OK && seen.runs) ||
        (status != ASP_OK && status != ASP_NOT_FOUND))
        return;
    console_say(admin->console,
                "no watch runs on this machine: until one does, hooks.revoked is not run here; to "
                "start one: %s",
                admin_command(admin, &command, (const char *[]){"watch", NULL}));
    asp_buffer_free(&command);
}

void hooks_end_turn(const struct admin *admin, struct asp_turn *turn, bool revoked)
{
    if (!asp_has_revoked_hook(admin->conf))
        return;
    if (is_told(admin) && revoked)
        say_unwatched(admin);
    if (!is_told(admin) && (revoked || asp_turn_is_held(turn)))
        (void)hooks_run_due(admin, admin->user, turn);
    asp_turn_give(turn);
}

enum asp_status hooks_run_expired(const struct admin *admin, const char *user, time_t since)
{
    struct asp_error error = {0};
    struct asp_account account;
    size_t count = 0;
    size_t ran;
    enum asp_status status = asp_store_load(&admin->store, user, NULL, &account, &error);

    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    if (status != ASP_OK) {
        log_wait("a hook for what has expired waits, of ", user, &error);
        return status;
    }
    /* Those that it is run for come to the beginning; the rest is of no use here. */
    for (size_t i = 0; i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        if (entry->revoked == ASP_NEVER && entry->expires != ASP_NEVER && entry->expires > since &&
            entry->expires <= admin->now)
            account.entries[count++] = *entry;
    }
    ran = hooks_run(admin, user, HOOK_EXPIRED, account.entries, count, "expired", NULL);
    asp_account_free(&account);
    return ran < count ? ASP_INTERRUPTED : ASP_OK;
}
