/* A new app password, from what was decided to what is told of it. */
#include "new_password.h"

#include "line.h"
#include "new_password_primary.h"
#include "new_password_show.h"
#include "new_password_store.h"

#include "asp-admin/hooks/hooks.h"
#include "asp-admin/hooks/hooks_due.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <string.h>

#define HAS_BLANK " (with a blank in the name)"

static enum exit_code fail_unknown(const struct admin *admin)
{
    static const char why[] = "the system knows no user %.*s%s, or the directory of its users does "
                              "not answer; for one that only a service knows";
    const struct options *options = admin->options;
    struct options_line line = {.added = {"--virtual"}};
    char text[sizeof why + ASP_USER_MAX + sizeof HAS_BLANK];

    (void)snprintf(text, sizeof text, why, ASP_USER_MAX, admin->typed,
                   strchr(admin->typed, ' ') != NULL ? HAS_BLANK : "");
    if (options->batch) /* label and app are those of a line of standard input: one for her alone */
        line = (struct options_line){
            .without = OPTION_BIT(OPTION_BATCH) | OPTION_BIT(OPTION_APP),
            .added = {"--virtual", "--label", options->label, options->app != NULL ? "--app" : NULL,
                      options->app},
        };
    return line_fail(admin->console, EXIT_NOT_FOUND, text, options, &line);
}

enum exit_code new_password_check_user(struct admin *admin)
{
    struct asp_account_name found;
    enum exit_code code;

    if (admin->typed == NULL) /* her own */
        return EXIT_DONE;
    code = admin_ask_user(admin, &found);
    if (code != EXIT_DONE)
        return code;
    if (found.known && admin->options->is_virtual && strcmp(found.name, admin->typed) != 0)
        return fail_with(admin->console, EXIT_USAGE,
                         "--virtual: %s is another spelling of %s, whom the system knows: name %s, "
                         "without --virtual",
                         admin->typed, found.name, found.name);
    if (found.known || admin->options->is_virtual || admin->conf->virtual_users)
        return EXIT_DONE;
    return fail_unknown(admin);
}

enum exit_code new_password_read_expires(const struct admin *admin, time_t *expires)
{
    const char *given = admin->options->expires;

    if (!asp_when_read(given, admin->now, expires)) {
        const char *fault = asp_when_fault(given);

        return fail_with(admin->console, EXIT_USAGE, "--expires %s: %s", given,
                         fault != NULL
                             ? fault
                             : "say a number with s, m, h, d or w, YYYY-MM-DD, RFC 3339 or never");
    }
    if (*expires != ASP_NEVER && *expires <= admin->now)
        return fail_with(admin->console, EXIT_USAGE, "--expires %s: that is in the past", given);
    return EXIT_DONE;
}

static enum exit_code look_at_uses(const struct admin *admin, struct asp_usage *usage)
{
    struct asp_error error = {0};

    if (asp_store_usage(&admin->store, admin->user, usage, &error) != ASP_OK)
        return fail_with_error(admin->console, &error);
    return EXIT_DONE;
}

static enum exit_code look_at_primary(struct storing *storing)
{
    struct asp_error error = {0};

    if (new_password_look(storing, &error) == ASP_OK)
        return EXIT_DONE;
    primary_source_advise(storing->admin->conf, &error);
    return fail_unreadable(storing->admin->console, &error);
}

/* What a changed primary password has revoked is told at once, and its hook run: what comes then
 * may take long. */
static enum exit_code store(struct admin *admin, struct storing *storing)
{
    const struct stored_password *stored = &storing->stored;
    struct asp_error error = {0};
    struct asp_turn turn;
    enum asp_status status;

    hooks_take_turn(admin, &turn);
    status = new_password_store(storing, &error);
    for (size_t i = 0; status == ASP_OK && i < stored->revoked_count; i++)
        admin_log_change(admin, admin->user, "revoked", &stored->revoked[i], ASP_REASON_PRIMARY);
    hooks_end_turn(admin, &turn, status == ASP_OK && stored->revoked_count > 0);
    if (status == ASP_OK && new_password_is_doubtful(storing))
        status = new_password_fail_changed(admin->user, &error);
    if (status != ASP_OK)
        return admin_fail(admin, admin->user, &error);
    asp_store_begin_usage(&admin->store, admin->user, admin->now);
    return EXIT_DONE;
}

/* It was never good, and never will be. */
static void drop(const struct admin *admin, struct storing *storing, const char *reason)
{
    new_password_drop(storing);
    admin_log_change(admin, admin->user, "dropped", &storing->stored.entry, reason);
}

/* It stands on somebody's screen: what is said beside it is the truth. */
static enum exit_code make_void(const struct admin *admin, struct storing *storing,
                                const struct asp_error *error)
{
    const bool no_room = error->status == ASP_TAKEN || error->status == ASP_FULL;
    char line[ASP_ERROR_LINE];

    drop(admin, storing, "void");
    return fail_with(admin->console, no_room ? EXIT_TAKEN : EXIT_STORE,
                     "the app password %s that was shown is void, and was never good: %s",
                     storing->stored.entry.id, asp_error_line(error, line));
}

/* It works, or goes as all does that is pending. */
static enum exit_code leave_open(const struct admin *admin, const struct storing *storing)
{
    return fail_with(admin->console, EXIT_STORE,
                     "it is not known whether the app password %s that was shown works, for the "
                     "database does not answer: see asp-admin list, and make another if it is not "
                     "there",
                     storing->stored.entry.id);
}

/* The second update, and then what ends access to what it has replaced. */
static enum asp_status make_alive(const struct admin *admin, struct storing *storing,
                                  struct asp_error *error)
{
    const struct stored_password *stored = &storing->stored;
    const bool revokes = new_password_revokes(storing);
    struct asp_turn turn = ASP_TURN_FREE;
    enum asp_status status;

    if (revokes)
        hooks_take_turn(admin, &turn);
    status = new_password_make_alive(storing, error);
    if (status == ASP_OK)
        admin_log_change(admin, admin->user, "created", &stored->entry, NULL);
    if (status == ASP_OK && revokes)
        admin_log_change(admin, admin->user, "revoked", &stored->replaced, ASP_REASON_ROTATED);
    hooks_end_turn(admin, &turn, status == ASP_OK && revokes);
    return status;
}

/* After all is stored and shown. */
static void tell(const struct admin *admin, const struct storing *storing)
{
    const struct stored_password *stored = &storing->stored;

    if (storing->wanted->unwatched == NULL)
        new_password_show_notes(admin, stored, &storing->look.now);
    else
        *storing->wanted->unwatched += new_password_is_unwatched(&storing->look.now);
    (void)hooks_run(admin, admin->user, HOOK_CREATED, &stored->entry, 1, NULL, admin_via(admin));
}

/* Shown first and alive then: what was not seen lets nobody in. */
static enum exit_code show_and_make_alive(struct admin *admin, struct storing *storing)
{
    struct asp_error error = {0};
    enum asp_status status;

    if (!new_password_show(admin, &storing->stored)) {
        drop(admin, storing, "not shown");
        return EXIT_STORE;
    }
    status = make_alive(admin, storing, &error);
    if (status == ASP_UNKNOWN)
        return leave_open(admin, storing);
    if (status != ASP_OK)
        return make_void(admin, storing, &error);
    tell(admin, storing);
    return EXIT_DONE;
}

enum exit_code new_password_make(struct admin *admin, const struct new_password *wanted)
{
    struct storing storing = {.admin = admin, .wanted = wanted};
    enum exit_code code = look_at_uses(admin, &storing.usage);

    if (code == EXIT_DONE)
        code = look_at_primary(&storing);
    if (code == EXIT_DONE)
        code = store(admin, &storing);
    if (code == EXIT_DONE)
        code = show_and_make_alive(admin, &storing);
    storing_free(&storing);
    return code;
}
