/* A verdict in sentences: which app password it was, what it is good for, and what to do. */
#include "verdict_why.h"

#include "asp-admin/ui/entry_limits.h"
#include "asp/account_name.h"
#include "asp/redact.h"
#include "asp/scope.h"
#include "asp/time_text.h"
#include "pam_asp/name_service.h"

#include <string.h>

static void add_command(struct asp_buffer *out, const struct admin *admin,
                        const char *const words[])
{
    struct asp_buffer command = {0};

    asp_buffer_add(out, admin_command(admin, &command, words));
    asp_buffer_free(&command);
}

/* It is "Phone" (7k) */
static void add_it(struct asp_buffer *out, const struct verdict *verdict)
{
    asp_buffer_add(out, "It is \"");
    asp_buffer_add_visible(out, verdict->outcome->label);
    asp_buffer_add(out, "\" (");
    asp_buffer_add(out, verdict->outcome->id);
    asp_buffer_add(out, ")");
}

static bool is_app(const struct asp_entry *entry, const char *app)
{
    return strcmp(entry->app, app) == 0;
}

static void add_good_for(struct asp_buffer *out, const struct asp_entry *entry)
{
    if (is_app(entry, ASP_APP_ANY)) {
        asp_buffer_add(out, ", good for every app that is not guarded");
    } else if (is_app(entry, ASP_APP_FIRST_USE)) {
        asp_buffer_add(out, ", good for the app that uses it first");
    } else {
        asp_buffer_add(out, ", good for the app ");
        asp_buffer_add_visible(out, entry->app);
    }
}

static void add_networks(struct asp_buffer *out, const struct asp_entry *entry)
{
    if (entry->network_count == 0)
        return;
    asp_buffer_add(out, ", from ");
    entry_limits_add_networks(out, entry);
    asp_buffer_add(out, " alone");
}

/* imap is a service of the app mail */
static void add_service(struct asp_buffer *out, const struct verdict *verdict)
{
    const char *app = verdict->outcome->app;
    const char *service = verdict->request->service;

    asp_buffer_add_visible(out, service);
    if (asp_scope_is_group(verdict->admin->conf, app)) {
        asp_buffer_add(out, " is a service of the app ");
        asp_buffer_add_visible(out, app);
    } else {
        asp_buffer_add(out, " is an app of its own");
    }
}

static void add_accepted(struct asp_buffer *out, const struct verdict *verdict)
{
    add_good_for(out, verdict->entry);
    add_networks(out, verdict->entry);
    if (is_app(verdict->entry, ASP_APP_FIRST_USE)) {
        asp_buffer_add(out, "; a login would bind it to ");
        asp_buffer_add_visible(out, verdict->outcome->app);
    }
    asp_buffer_add(out, ".");
}

static void add_wrong_app(struct asp_buffer *out, const struct verdict *verdict)
{
    struct asp_scope scope;

    asp_scope_of(verdict->admin->conf, verdict->request->service, NULL, &scope);
    add_good_for(out, verdict->entry);
    asp_buffer_add(out, "; ");
    add_service(out, verdict);
    if (scope.guarded) {
        asp_buffer_add(out, ", and guarded: only one that was created with --app ");
        asp_buffer_add_visible(out, verdict->outcome->app);
        asp_buffer_add(out, " opens it");
    }
    asp_buffer_add(out, ".");
}

static void add_wrong_network(struct asp_buffer *out, const struct verdict *verdict)
{
    const char *host = verdict->request->host;

    add_networks(out, verdict->entry);
    if (host == NULL || host[0] == '\0') {
        asp_buffer_add(out, "; a service that does not say from where is refused, and no --rhost "
                            "was given.");
        return;
    }
    asp_buffer_add(out, "; ");
    asp_buffer_add_visible(out, host);
    asp_buffer_add(out, asp_host_is_address(host)
                            ? " is not there."
                            : " is no address, and names are not looked up: a service that tells "
                              "PAM a name is refused, see Addresses in pam_asp(8).");
}

static void add_revoked(struct asp_buffer *out, const struct verdict *verdict)
{
    const struct asp_entry *entry = verdict->entry;

    asp_buffer_add(out, ", which ");
    asp_buffer_add_visible(out, entry->revoked_by);
    asp_buffer_add(out, " revoked at ");
    asp_buffer_add_time(out, entry->revoked);
    asp_buffer_add(out, " (");
    asp_buffer_add_visible(out, entry->reason);
    asp_buffer_add(out, ").");
}

static void add_expired(struct asp_buffer *out, const struct verdict *verdict)
{
    asp_buffer_add(out, ", which ended at ");
    asp_buffer_add_time(out, verdict->entry->expires);
    asp_buffer_add(out, ".");
}

static void add_unused(struct asp_buffer *out, const struct verdict *verdict)
{
    asp_buffer_add(out, ", which has ended, since it was not used for ");
    entry_limits_add_duration(out, verdict->entry->unused_limit);
    asp_buffer_add(out, ".");
}

/* What a person does about one that is good no more. */
static void add_renewal(struct asp_buffer *out, struct asp_buffer *command,
                        const struct verdict *verdict)
{
    const char *const words[] = {"rotate",
                                 verdict->outcome->account,
                                 verdict->outcome->id,
                                 verdict->outcome->verdict == ASP_IS_EXPIRED ? "--expires" : NULL,
                                 "365d",
                                 NULL};

    asp_buffer_add(out, " A new one like it:");
    add_command(command, verdict->admin, words);
}

/* Of one whose secret was proven. */
static void add_proven(struct asp_buffer *out, struct asp_buffer *command,
                       const struct verdict *verdict)
{
    static void (*const add[ASP_VERDICTS])(struct asp_buffer *, const struct verdict *) = {
        [ASP_ACCEPTED] = add_accepted,   [ASP_IS_REVOKED] = add_revoked,
        [ASP_IS_EXPIRED] = add_expired,  [ASP_IS_UNUSED] = add_unused,
        [ASP_WRONG_APP] = add_wrong_app, [ASP_WRONG_NETWORK] = add_wrong_network,
    };
    const enum asp_verdict what = verdict->outcome->verdict;

    add_it(out, verdict);
    if (what == ASP_WRONG_CASE)
        asp_buffer_add(out, " but for its capitals. Type it in small letters.");
    else if (what == ASP_PRIMARY_CHANGED_SINCE)
        asp_buffer_add(out, ", and the login password was changed since it was last compared: "
                            "the next login revokes all that there are.");
    else if (what == ASP_PRIMARY_IS_LOCKED)
        asp_buffer_add(out, ", and its user is locked, expired or gone from the system; it is good "
                            "again when that is.");
    else if (add[what] != NULL && verdict->entry != NULL)
        add[what](out, verdict);
    else
        asp_buffer_add(out, ".");
    if (what == ASP_IS_REVOKED || what == ASP_IS_EXPIRED || what == ASP_IS_UNUSED)
        add_renewal(out, command, verdict);
}

static void add_no_account(struct asp_buffer *out, struct asp_buffer *command,
                           const struct verdict *verdict)
{
    const char *user = verdict->request->user;
    const struct admin *admin = verdict->admin;
    const bool takes_any = admin_is_own(admin) || admin->conf->virtual_users;
    struct asp_account_name found = {0};
    struct asp_error error = {0};

    (void)asp_account_name(admin->conf, NULL, &name_service, user, &found, &error);
    asp_buffer_add_visible(out, user);
    asp_buffer_add(out, " has no app passwords");
    /* No name is made into an account that nobody can read. */
    if (asp_redact_needed(user) || found.name[0] == '\0') {
        asp_buffer_add(out, ".");
        return;
    }
    asp_buffer_add(out, found.known || takes_any ? ". The first one:"
                                                 : ", and the system knows no user of that name. "
                                                   "The first one, for a user that only a service "
                                                   "knows:");
    add_command(command, admin,
                (const char *[]){"create", user, "--label", "Phone",
                                 found.known || takes_any ? NULL : "--virtual", NULL});
}

static void add_none(struct asp_buffer *out, const struct verdict *verdict)
{
    if (!verdict->shaped) {
        asp_buffer_add(out, "It has not the form of an app password, which is 25 small letters and "
                            "digits; perhaps it is the login password of ");
        asp_buffer_add_visible(out, verdict->request->user);
        asp_buffer_add(out, ".");
        return;
    }
    asp_buffer_add(out, "It has the form of an app password, and ");
    asp_buffer_add_visible(out, verdict->request->user);
    asp_buffer_add(out,
                   " has none that begins so: perhaps it is another user's, or it was removed.");
}

void verdict_add_why(struct asp_buffer *out, struct asp_buffer *command,
                     const struct verdict *verdict)
{
    switch (verdict->outcome->verdict) {
    case ASP_UNAVAILABLE:
        break;
    case ASP_NO_ACCOUNT:
        add_no_account(out, command, verdict);
        break;
    case ASP_NOT_AN_APP_PASSWORD:
        add_none(out, verdict);
        break;
    case ASP_WRONG_SECRET:
        asp_buffer_add(out, "It begins as an app password of ");
        asp_buffer_add_visible(out, verdict->request->user);
        asp_buffer_add(out, " does, and goes on otherwise: perhaps it was mistyped.");
        break;
    default:
        add_proven(out, command, verdict);
    }
}
