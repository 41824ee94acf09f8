/* What is done under the lock for a new app password, in two updates: compare, look for room, keep
 * it as pending; and once it was shown the same again, add it, revoke what it replaces. */
#include "new_password_store.h"

#include "given.h"

#include "asp-admin/app.h"
#include "asp/time_text.h"
#include "pam_asp/name_service.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

/* The name service was asked for all but those who may be virtual. */
static void note_known(const struct admin *admin, struct asp_account *account,
                       const struct asp_primary_now *now)
{
    if (!admin->options->is_virtual && !admin->conf->virtual_users)
        (void)asp_primary_note(&account->primary, now, ASP_SIGHT_KNOWN);
}

/* What nothing is known of stops here: a password would be made that is refused. */
static enum asp_status check_known(const struct storing *storing, struct asp_error *error)
{
    const struct admin *admin = storing->admin;

    if (!asp_source_traits(admin->conf->primary_source).is_compared ||
        storing->look.now.says != ASP_SAYS_NOTHING)
        return ASP_OK;
    if (asp_source_traits(admin->conf->primary_source).is_program)
        return asp_fail(error, ASP_IO,
                        "nothing can be told of the primary password of %s: %s has printed no line "
                        "for that name, more than one, or one without a text behind the tab",
                        admin->user, admin->conf->primary_command);
    return asp_fail(error, ASP_IO,
                    "nothing can be told of the primary password of %s: see primary in asp.conf(5)",
                    admin->user);
}

static const struct primary_source *source_of(const struct storing *storing)
{
    return storing->wanted->source != NULL ? storing->wanted->source : &storing->own;
}

/* By what was read before. */
static void find_primary(struct storing *storing)
{
    struct asp_look *look = &storing->look;

    primary_source_find(source_of(storing), storing->admin->user,
                        look->is_own ? NULL : look->follows, &look->now);
}

/* Whether the one whom the account followed, of which a user is known by its name by now, is there
 * as well. Before the lock: under it nobody is asked. */
static enum asp_status ask_for_followed(struct storing *storing, struct asp_error *error)
{
    const char *follows = storing->look.follows;
    char name[ASP_USER_MAX + 1] = "";
    enum asp_answer answer = ASP_USER_NOT_KNOWN;

    if (storing->look.is_own && follows[0] != '\0')
        answer = name_service.ask(name_service.context, follows, name, sizeof name);
    storing->followed_is_known = answer == ASP_USER_KNOWN && strcmp(name, follows) == 0;
    if (answer != ASP_USER_NOT_TOLD)
        return ASP_OK;
    return asp_fail(error, ASP_IO, "the name service does not say who %s is: it failed, try again",
                    follows);
}

/* Whether she is a user by the very name of the account, who follows nobody. The name service was
 * asked for whoever does not act on her own account. */
static bool is_own_name(const struct admin *admin)
{
    bool is_own = admin_is_own(admin);

    for (size_t i = 0; i < sizeof admin->answers / sizeof *admin->answers; i++) {
        const struct admin_answer *answer = &admin->answers[i];

        is_own = is_own || (answer->given && answer->says == ASP_USER_KNOWN &&
                            strcmp(answer->name, admin->user) == 0);
    }
    return is_own;
}

enum asp_status new_password_look(struct storing *storing, struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    enum asp_status status = ASP_OK;

    if (storing->wanted->source == NULL)
        status = primary_source_read(admin->conf, &storing->own, error);

    if (status != ASP_OK)
        return status;
    storing->look.is_own = is_own_name(admin);
    asp_look_begin(&admin->store, admin->user, &storing->look);
    status = ask_for_followed(storing, error);
    if (status != ASP_OK)
        return status;
    find_primary(storing);
    storing->look.tries = 1;
    return check_known(storing, error);
}

static enum asp_status changed_just_now(const struct asp_account *account, struct asp_error *error)
{
    return asp_fail(error, ASP_BUSY, "the primary password of %s was changed just now: try again",
                    account->user);
}

/* Under the lock: another's password may have been changed since, as may hers; or the account may
 * follow another user. */
static enum asp_status look_again(struct storing *storing, const struct asp_account *account,
                                  struct asp_error *error)
{
    struct asp_look *look = &storing->look;
    bool follows_another = strcmp(look->follows, account->follows) != 0;

    if (look->is_own && follows_another && account->follows[0] != '\0')
        return changed_just_now(account, error);
    if ((look->is_own || !follows_another) && !asp_shadow_is_stale(&look->now))
        return ASP_OK;
    memcpy(look->follows, account->follows, sizeof look->follows);
    if (look->now.asked != NULL) {
        find_primary(storing);
        return check_known(storing, error);
    }
    if (asp_look_again(storing->admin->user, look, error))
        return check_known(storing, error);
    if (error->status == ASP_NOT_FOUND) /* it is the file that is not there */
        error->status = ASP_IO;
    return error->status;
}

/* With the command whole, or without one: it may be pasted. */
static enum asp_status fail_gone(const struct admin *admin, const char *user,
                                 struct asp_error *error)
{
    static const char what[] = "had a line in /etc/shadow, or was known to the system, and is gone";
    struct asp_buffer out = {0};
    const char *command = admin_remove_command(admin, user, &out);

    if (strlen(user) + sizeof what + strlen(command) + 32 > ASP_ERROR_TEXT)
        command = "asp-admin remove";
    (void)asp_fail(error, ASP_NOT_FOUND, "%s %s: %s forgets the account", user, what, command);
    asp_buffer_free(&out);
    return ASP_NOT_FOUND;
}

/* Whose app passwords are all refused gets no new one. */
static enum asp_status check_admitted(const struct admin *admin, const struct asp_account *account,
                                      enum asp_primary primary, struct asp_error *error)
{
    if (primary == ASP_PRIMARY_ABSENT)
        return fail_gone(admin, account->user, error);
    if (primary == ASP_PRIMARY_LOCKED)
        return asp_fail(error, ASP_IO,
                        "the primary password of %s is locked, or her account has expired: no app "
                        "password is made until it is unlocked",
                        account->user);
    return ASP_OK;
}

/* What is said of the one whom the account follows, by the file that `look` has it from. */
static void find_followed(const struct storing *storing, struct asp_primary_now *now)
{
    const struct asp_look *look = &storing->look;

    if (look->newer.text != NULL)
        asp_shadow_find(&look->newer, storing->admin->user, look->follows, now);
    else
        primary_source_find(source_of(storing), storing->admin->user, look->follows, now);
    now->source = look->now.source;
}

/*
 * Its user is known by its name by now. What was made there was made for the one whom it followed:
 * that is the same person still where nobody is known by the other name any more, and her primary
 * password is the one that it was. Else it is revoked.
 */
static enum asp_status let_go(struct storing *storing, struct asp_account *account,
                              const struct asp_revocation *how, struct asp_error *error)
{
    struct stored_password *stored = &storing->stored;
    struct asp_primary_now followed;

    if (!storing->look.is_own || account->follows[0] == '\0')
        return ASP_OK;
    /* What is left of who is gone is let go by her who is there now, or by a word of its own. */
    if (account->primary.absent && !admin_is_own(storing->admin))
        return ASP_OK;
    find_followed(storing, &followed);
    if (storing->followed_is_known ||
        asp_primary_compare(&account->primary, &followed, how->when) != ASP_PRIMARY_SAME) {
        if (asp_account_copy(account, false, &stored->revoked, &stored->revoked_count) != ASP_OK)
            return no_memory(error);
        (void)asp_account_revoke_all(account, how->when, how->by, ASP_REASON_PRIMARY,
                                     how->hook_due);
    }
    account->follows[0] = '\0';
    memset(&account->primary, 0, sizeof account->primary);
    return ASP_OK;
}

/* Before anything is added: what was made under an earlier primary password goes. */
static enum asp_status compare_primary(struct storing *storing, struct asp_account *account,
                                       struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    const struct asp_primary_now *now = &storing->look.now;
    struct stored_password *stored = &storing->stored;
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    enum asp_primary primary;
    enum asp_status status;
    bool written;

    if (now->says == ASP_SAYS_NOTHING)
        return ASP_OK;
    status = look_again(storing, account, error);
    if (status != ASP_OK)
        return status;
    status = let_go(storing, account, &how, error);
    if (status != ASP_OK)
        return status;
    note_known(admin, account, now);
    primary = asp_primary_compare(&account->primary, now, admin->now);
    /* What a command said is compared with what the one before us has written, and may be older. */
    if (now->asked != NULL &&
        (primary == ASP_PRIMARY_CHANGED || asp_primary_is_due(&account->primary, now)) &&
        asp_primary_is_overtaken(account, now))
        return changed_just_now(account, error);
    status = check_admitted(admin, account, primary, error);
    if (status != ASP_OK)
        return status;
    if (primary == ASP_PRIMARY_CHANGED &&
        asp_account_copy(account, false, &stored->revoked, &stored->revoked_count) != ASP_OK)
        return no_memory(error);
    (void)asp_primary_settle(account, now, &how, false, &written);
    note_known(admin, account, now); /* in a fingerprint that was taken just now, too */
    storing->primary = account->primary;
    return ASP_OK;
}

/* Once it was shown: it must be the same as before, whoever has found it to be another. A command
 * is not run again for that. */
static enum asp_status compare_again(struct storing *storing, const struct asp_account *account,
                                     struct asp_error *error)
{
    const struct asp_primary_now *now = &storing->look.now;
    enum asp_primary primary;
    enum asp_status status;

    if (now->says == ASP_SAYS_NOTHING)
        return ASP_OK;
    if (!asp_fingerprint_same(&account->primary, &storing->primary))
        return changed_just_now(account, error);
    status = look_again(storing, account, error);
    if (status != ASP_OK)
        return status;
    primary = asp_primary_compare(&account->primary, now, storing->admin->now);
    return primary == ASP_PRIMARY_CHANGED ? changed_just_now(account, error)
                                          : check_admitted(storing->admin, account, primary, error);
}

/* Whose it is and since when, and its id once that is drawn. */
static void sign_entry(struct storing *storing)
{
    const struct admin *admin = storing->admin;
    struct asp_entry *entry = &storing->stored.entry;

    memcpy(entry->id, storing->pending.id, sizeof entry->id);
    memcpy(entry->verifier, storing->pending.verifier, sizeof entry->verifier);
    entry->created = admin->now;
    (void)snprintf(entry->created_by, sizeof entry->created_by, "%s", admin->by);
}

/* The new one takes over what the old one was good for, and nothing more: what a first use bound
 * stays bound by it. */
static enum asp_status inherit(struct storing *storing, const struct asp_entry *old,
                               struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    struct asp_entry *entry = &storing->stored.entry;

    *entry = *old;
    sign_entry(storing);
    entry->revoked = ASP_NEVER;
    memset(entry->revoked_by, 0, sizeof entry->revoked_by);
    memset(entry->reason, 0, sizeof entry->reason);
    memset(entry->replaced_by, 0, sizeof entry->replaced_by);
    entry->hook_due = false;
    if (entry->bound != ASP_NEVER)
        entry->bound = admin->now;
    if (storing->wanted->sets_expires)
        entry->expires = storing->wanted->entry.expires;
    if (entry->expires != ASP_NEVER && entry->expires <= admin->now)
        return asp_fail(error, ASP_INVALID,
                        "%s has expired: say until when the new one is good, with --expires",
                        old->id);
    return app_check(admin, entry->app, error);
}

/* What the entry is to be: as it was asked for, or after the one that it replaces. */
static enum asp_status choose_entry(struct storing *storing, const struct asp_account *account,
                                    struct asp_error *error)
{
    const struct new_password *wanted = storing->wanted;
    const struct asp_entry *old;

    if (wanted->replaces == NULL) {
        storing->stored.entry = wanted->entry;
        sign_entry(storing);
        return ASP_OK;
    }
    old = given_find_entry(storing->admin, account, wanted->replaces, error);
    if (old == NULL)
        return ASP_NOT_FOUND;
    storing->stored.replaced = *old;
    return inherit(storing, old, error);
}

/* Label and limit, counted among the active ones, the one that is to be replaced left out. */
static enum asp_status check_room(struct storing *storing, const struct asp_account *account,
                                  struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    const char *replaces = storing->wanted->replaces;
    struct stored_password *stored = &storing->stored;

    stored->active = 0;
    if (admin_check_label(admin, account, &storing->usage, stored->entry.label, replaces, error) !=
        ASP_OK)
        return ASP_TAKEN;
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        stored->active += (replaces == NULL || strcmp(other->id, replaces) != 0) &&
                          asp_usage_state(&storing->usage, other, admin->now) == ASP_ACTIVE;
    }
    if (stored->active >= (size_t)admin->conf->limit)
        return asp_fail(error, ASP_FULL,
                        "%s has %zu active app passwords, and the limit is %d: revoke one first",
                        admin->user, stored->active, admin->conf->limit);
    stored->active++;
    return ASP_OK;
}

/* Makes the secret and keeps of it what is pending. */
static enum asp_status draw(struct storing *storing, struct asp_account *account,
                            struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    struct asp_pending *pending = &storing->pending;
    struct asp_secret secret = {0};
    bool taken[ASP_IDS];
    enum asp_status status;

    asp_account_ids(account, taken);
    status = asp_due_ids(&admin->store, account->user, taken, error);
    if (status != ASP_OK)
        return status;
    if (asp_secret_make(taken, &secret) != ASP_OK)
        return asp_fail(error, ASP_FULL,
                        "%s has no id left: revoke what is expired, or lower `history`; what was "
                        "revoked keeps its own until hooks.revoked was run for it",
                        admin->user);
    memcpy(pending->id, secret.id, sizeof pending->id);
    pending->made = time(NULL);
    status = asp_verifier_make(&admin->conf->cost, account->user, &secret, pending->verifier);
    if (status == ASP_OK)
        asp_secret_show(&secret, storing->stored.shown);
    asp_secret_wipe(&secret);
    if (status != ASP_OK)
        return asp_fail(error, status, "there is no memory for the hash");
    sign_entry(storing);
    return asp_account_add_pending(account, pending) == ASP_OK ? ASP_OK : no_memory(error);
}

static void revoke_replaced(const struct storing *storing, struct asp_account *account)
{
    const struct admin *admin = storing->admin;
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    struct asp_entry *old;

    if (storing->wanted->replaces == NULL)
        return;
    old = asp_account_find(account, storing->wanted->replaces);
    memcpy(old->replaced_by, storing->stored.entry.id, sizeof old->replaced_by);
    (void)asp_entry_revoke(old, how.when, how.by, ASP_REASON_ROTATED, how.hook_due);
}

/* An asp_change: the first. Nothing is alive by it that was not. */
static enum asp_status keep_pending(struct asp_account *account, void *context,
                                    struct asp_error *error)
{
    struct storing *storing = context;
    enum asp_status status = compare_primary(storing, account, error);

    if (status == ASP_OK)
        status = choose_entry(storing, account, error);
    if (status == ASP_OK)
        status = check_room(storing, account, error);
    if (status == ASP_OK)
        status = draw(storing, account, error);
    if (status == ASP_OK && account->is_new)
        account->not_yet = true;
    return status;
}

enum asp_status new_password_store(struct storing *storing, struct asp_error *error)
{
    return admin_update(storing->admin, storing->wanted->makes_account, keep_pending, storing,
                        error);
}

/* Others may have taken it away. */
static enum asp_status take_pending(struct storing *storing, struct asp_account *account,
                                    struct asp_error *error)
{
    if (asp_account_drop_pending(account, &storing->pending))
        return ASP_OK;
    if (!account->is_new && !asp_fingerprint_same(&account->primary, &storing->primary))
        return changed_just_now(account, error);
    return asp_fail(
        error, ASP_BUSY,
        "all app passwords of %s were revoked, or the account was removed or replaced, before "
        "it was shown, or that took too long",
        account->user);
}

/* As it stands now. What others have revoked meanwhile stays revoked, and nothing takes its place.
 */
static enum asp_status choose_again(struct storing *storing, const struct asp_account *account,
                                    struct asp_error *error)
{
    const bool was_active = new_password_revokes(storing);
    enum asp_status status = choose_entry(storing, account, error);

    if (status == ASP_OK && was_active && !new_password_revokes(storing))
        return asp_fail(error, ASP_BUSY, "%s was revoked meanwhile", storing->wanted->replaces);
    return status;
}

/* An asp_change: the second. */
static enum asp_status make_alive(struct asp_account *account, void *context,
                                  struct asp_error *error)
{
    struct storing *storing = context;
    enum asp_status status = take_pending(storing, account, error);

    if (status == ASP_OK)
        status = compare_again(storing, account, error);
    if (status == ASP_OK)
        status = choose_again(storing, account, error);
    if (status == ASP_OK)
        status = check_room(storing, account, error);
    if (status != ASP_OK)
        return status;
    if (asp_account_add(account, &storing->stored.entry) != ASP_OK)
        return no_memory(error);
    account->not_yet = false;
    revoke_replaced(storing, account);
    asp_account_prune(account, (size_t)storing->admin->conf->history);
    return ASP_OK;
}

enum asp_status new_password_make_alive(struct storing *storing, struct asp_error *error)
{
    return admin_update(storing->admin, true, make_alive, storing, error);
}

/* An asp_change. */
static enum asp_status drop(struct asp_account *account, void *context, struct asp_error *error)
{
    struct storing *storing = context;

    (void)error;
    return asp_account_drop_pending(account, &storing->pending) ? ASP_OK : ASP_UNCHANGED;
}

void new_password_drop(struct storing *storing)
{
    (void)asp_store_update(&storing->admin->store, storing->admin->user, true, drop, storing, NULL);
}

bool new_password_revokes(const struct storing *storing)
{
    return storing->wanted->replaces != NULL && storing->stored.replaced.revoked == ASP_NEVER;
}

void storing_free(struct storing *storing)
{
    asp_entries_free(storing->stored.revoked, storing->stored.revoked_count);
    asp_usage_free(&storing->usage);
    asp_look_end(&storing->look);
    primary_source_close(&storing->own);
    sodium_memzero(storing, sizeof *storing);
}
