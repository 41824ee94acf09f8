/* What a new app password is made under: the user's primary password, looked at and compared. */
#include "new_password_primary.h"

#include "asp/time_text.h"
#include "pam_asp/name_service.h"

#include <string.h>

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

enum asp_status new_password_fail_changed(const char *user, struct asp_error *error)
{
    return asp_fail(error, ASP_BUSY, "the primary password of %s was changed just now: try again",
                    user);
}

/* Under the lock: another's password may have been changed since, as may hers; or the account may
 * follow another user. */
static enum asp_status look_again(struct storing *storing, const struct asp_account *account,
                                  struct asp_error *error)
{
    struct asp_look *look = &storing->look;
    bool follows_another = strcmp(look->follows, account->follows) != 0;

    if (look->is_own && follows_another && account->follows[0] != '\0')
        return new_password_fail_changed(account->user, error);
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

/* No change of her primary password is seen here. */
static enum asp_status fail_elsewhere(const struct admin *admin, const struct asp_account *account,
                                      struct asp_error *error)
{
    const char *here = admin->conf->primary_realm;

    if (account->primary.realm[0] == '\0')
        return asp_fail(error, ASP_IO,
                        "the primary password of %s was remembered without a realm, and this "
                        "machine is of the realm \"%s\": see primary.realm in asp.conf(5) for how "
                        "to bring the account into it",
                        account->user, here);
    return asp_fail(error, ASP_IO,
                    "the primary password of %s is compared in the realm \"%s\", and this machine "
                    "is of %s%s%s: make the app password on one of \"%s\", or see primary.realm in "
                    "asp.conf(5)",
                    account->user, account->primary.realm,
                    here[0] == '\0' ? "none" : "the realm \"", here, here[0] == '\0' ? "" : "\"",
                    account->primary.realm);
}

/* Whose app passwords are all refused gets no new one. */
static enum asp_status check_admitted(const struct admin *admin, const struct asp_account *account,
                                      enum asp_primary primary, struct asp_error *error)
{
    if (primary == ASP_PRIMARY_ABSENT)
        return fail_gone(admin, account->user, error);
    if (primary == ASP_PRIMARY_ELSEWHERE)
        return fail_elsewhere(admin, account, error);
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
    now->realm = look->now.realm;
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
            return asp_fail(error, ASP_NO_MEMORY, "out of memory");
        (void)asp_account_revoke_all(account, how->when, how->by, ASP_REASON_PRIMARY,
                                     how->hook_due);
    }
    account->follows[0] = '\0';
    memset(&account->primary, 0, sizeof account->primary);
    return ASP_OK;
}

enum asp_status new_password_compare(struct storing *storing, struct asp_account *account,
                                     struct asp_error *error)
{
    const struct admin *admin = storing->admin;
    const struct asp_primary_now *now = &storing->look.now;
    struct stored_password *stored = &storing->stored;
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    const struct asp_fingerprint before = account->primary;
    enum asp_primary primary;
    enum asp_status status;
    bool written;

    if (now->says == ASP_SAYS_NOTHING)
        return ASP_OK;
    status = look_again(storing, account, error);
    if (status != ASP_OK)
        return status;
    if (asp_primary_is_elsewhere(&account->primary, now))
        return fail_elsewhere(admin, account, error);
    status = let_go(storing, account, &how, error);
    if (status != ASP_OK)
        return status;
    note_known(admin, account, now);
    primary = asp_primary_compare(&account->primary, now, admin->now);
    /* What a command said is compared with what the one before us has written, and may be older. */
    if (now->asked != NULL &&
        (primary == ASP_PRIMARY_CHANGED || asp_primary_is_due(&account->primary, now)) &&
        asp_primary_is_overtaken(account, now))
        return new_password_fail_changed(account->user, error);
    status = check_admitted(admin, account, primary, error);
    if (status != ASP_OK)
        return status;
    if (primary == ASP_PRIMARY_CHANGED &&
        asp_account_copy(account, false, &stored->revoked, &stored->revoked_count) != ASP_OK)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    (void)asp_primary_settle(account, now, &how, false, &written);
    note_known(admin, account, now); /* in a fingerprint that was taken just now, too */
    storing->primary = account->primary;
    storing->is_replaced = asp_fingerprint_is_replaced(&before, &account->primary);
    return ASP_OK;
}

enum asp_status new_password_compare_again(struct storing *storing,
                                           const struct asp_account *account,
                                           struct asp_error *error)
{
    const struct asp_primary_now *now = &storing->look.now;
    enum asp_primary primary;
    enum asp_status status;

    if (now->says == ASP_SAYS_NOTHING)
        return ASP_OK;
    if (!asp_fingerprint_same(&account->primary, &storing->primary))
        return new_password_fail_changed(account->user, error);
    status = look_again(storing, account, error);
    if (status != ASP_OK)
        return status;
    primary = asp_primary_compare(&account->primary, now, storing->admin->now);
    return primary == ASP_PRIMARY_CHANGED ? new_password_fail_changed(account->user, error)
                                          : check_admitted(storing->admin, account, primary, error);
}
