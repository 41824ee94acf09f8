/* A new app password, from what was decided to what is told of it. */
#include "new_password.h"

#include "new_password_show.h"
#include "new_password_store.h"

#include "asp-admin/hooks/hooks.h"
#include "asp-admin/hooks/hooks_due.h"
#include "asp-admin/primary/primary_source.h"
#include "asp-admin/system/users.h"
#include "asp/time_text.h"

enum { LOOKS = 5 };

enum exit_code new_password_check_user(const struct admin *admin)
{
    if (admin->options->is_virtual || admin->conf->virtual_users || user_is_known(admin->user))
        return EXIT_DONE;
    return fail_with(
        admin->console, EXIT_NOT_FOUND,
        "the system knows no user %s, or the directory of its users does not answer; for one "
        "that only a service knows, say --virtual",
        admin->user);
}

enum exit_code new_password_read_expires(const struct admin *admin, time_t *expires)
{
    const char *given = admin->options->expires;

    if (!asp_when_read(given, admin->now, expires))
        return fail_with(
            admin->console, EXIT_USAGE,
            "--expires %s: say a number with s, m, h, d or w, YYYY-MM-DD, RFC 3339 or never",
            given);
    if (*expires != ASP_NEVER && *expires <= admin->now)
        return fail_with(admin->console, EXIT_USAGE, "--expires %s: that is in the past", given);
    return EXIT_DONE;
}

/* Reads what there is to compare. What cannot be read stops here: a password would be made that is
 * refused. */
static enum exit_code look_at_primary(const struct admin *admin, struct primary_source *source,
                                      struct asp_primary_now *now)
{
    struct asp_error error = {0};

    if (primary_source_read(admin->conf, source, &error) != ASP_OK)
        return fail_unreadable(admin->console, &error);
    if (!asp_source_traits(admin->conf->primary_source).is_compared)
        return EXIT_DONE;
    primary_source_find(source, admin->user, now);
    if (now->says == ASP_SAYS_NOTHING)
        return fail_with(
            admin->console, EXIT_STORE,
            "nothing can be told of the primary password of %s: see primary in asp.conf(5)",
            admin->user);
    return EXIT_DONE;
}

static enum exit_code look_at_uses(const struct admin *admin, struct asp_usage *usage)
{
    struct asp_error error = {0};

    if (asp_store_usage(&admin->store, admin->user, usage, &error) != ASP_OK)
        return fail_with_error(admin->console, &error);
    return EXIT_DONE;
}

/* True when it took the place of one that worked until now. */
static bool has_revoked_another(const struct storing *storing)
{
    return storing->wanted->replaces != NULL && storing->stored.replaced.revoked == ASP_NEVER;
}

/* After all is stored and shown; what ends access comes first. */
static void tell(const struct admin *admin, struct storing *storing)
{
    const struct stored_password *stored = &storing->stored;
    bool revoked = has_revoked_another(storing);

    admin_log_change(admin, admin->user, "created", &stored->entry, NULL);
    if (revoked)
        admin_log_change(admin, admin->user, "revoked", &stored->replaced, ASP_REASON_ROTATED);
    new_password_show_notes(admin, stored, &storing->now);
    if (revoked || stored->revoked_count > 0)
        hooks_run_own(admin, &storing->turn);
    (void)hooks_run(admin, admin->user, HOOK_CREATED, &stored->entry, 1, NULL);
}

/* Another's password may be changed between the look and the lock, as may hers: what is said of her
 * is looked at again then. */
static enum exit_code look_and_store(struct admin *admin, struct storing *storing,
                                     struct primary_source *source)
{
    struct asp_error error = {0};
    enum asp_status status;
    int looks = 0;

    do {
        enum exit_code code;

        primary_source_close(source);
        storing->overtaken = false;
        code = look_at_primary(admin, source, &storing->now);
        if (code != EXIT_DONE)
            return code;
        status = new_password_store(storing, &error);
    } while (storing->overtaken && ++looks < LOOKS);
    return status == ASP_OK ? EXIT_DONE : fail_with_error(admin->console, &error);
}

/* Stored first and shown then: what a person has seen works. */
static enum exit_code show_and_tell(struct admin *admin, struct storing *storing)
{
    const struct stored_password *stored = &storing->stored;
    struct asp_error error = {0};

    for (size_t i = 0; i < stored->revoked_count; i++)
        admin_log_change(admin, admin->user, "revoked", &stored->revoked[i], ASP_REASON_PRIMARY);
    if (!new_password_show(admin, stored)) {
        if (new_password_take_back(storing, &error) != ASP_OK)
            (void)fail_with_error(admin->console, &error);
        if (stored->revoked_count > 0)
            hooks_run_own(admin, &storing->turn);
        return EXIT_STORE;
    }
    asp_store_begin_usage(&admin->store, admin->user, admin->now);
    tell(admin, storing);
    return EXIT_DONE;
}

enum exit_code new_password_make(struct admin *admin, const struct new_password *wanted)
{
    struct primary_source source = {0};
    struct storing storing = {.admin = admin, .wanted = wanted, .turn = ASP_TURN_FREE};
    enum exit_code code = look_at_uses(admin, &storing.usage);

    hooks_take_turn(admin, &storing.turn);
    if (code == EXIT_DONE)
        code = look_and_store(admin, &storing, &source);
    if (code == EXIT_DONE)
        code = show_and_tell(admin, &storing);
    asp_turn_give(&storing.turn);
    storing_free(&storing);
    primary_source_close(&source);
    return code;
}
