/* create and rotate: a new password, shown once. */
#include "admin.h"
#include "document.h"
#include "screen.h"
#include "source.h"

#include "asp/scope.h"
#include "asp/when.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A password on its way into the store and to the screen. */
struct making {
    struct admin *admin;
    struct asp_entry entry; /* what it is to be */
    const char *old_id;     /* the one that it replaces, or NULL */
    struct asp_entry old;   /* that one, as it was before */
    struct asp_usage usage;
    struct asp_secret secret;
    char shown[ASP_SECRET_SHOWN + 1];
    size_t active;
    bool new_account; /* the user had none */
    struct source source;
    struct asp_primary_now now; /* what it says of the user */
    struct asp_entry *swept;    /* copies of what a changed primary password revoked */
    size_t swept_count;
};

/* The app's name, or what is wrong with it. */
static enum exit_code read_app(const struct admin *admin, char app[ASP_SERVICE_MAX + 1])
{
    const char *given = admin->options->app;
    const char *listed;

    if (given == NULL)
        given = admin->conf->default_app;
    if (!asp_service_valid(given))
        return complain(EXIT_USAGE, "--app %s: not a well-formed name", given);
    listed = asp_scope_listed(admin->conf, given);
    if (!asp_scope_is_group(admin->conf, given) && listed != NULL)
        return complain(EXIT_USAGE, "--app %s: %s is a service of the app %s: say --app %s", given,
                        given, listed, listed);
    (void)snprintf(app, ASP_SERVICE_MAX + 1, "%s", given);
    return EXIT_DONE;
}

static enum exit_code read_expires(const struct admin *admin, time_t *expires)
{
    const char *given = admin->options->expires;

    if (!asp_when_read(given, admin->now, expires))
        return complain(
            EXIT_USAGE,
            "--expires %s: say a number with s, m, h, d or w, YYYY-MM-DD, RFC 3339 or never",
            given);
    if (*expires != ASP_NEVER && *expires <= admin->now)
        return complain(EXIT_USAGE, "--expires %s: that is in the past", given);
    return EXIT_DONE;
}

static enum exit_code read_limits(const struct admin *admin, struct asp_entry *entry)
{
    const struct options *options = admin->options;
    const struct asp_conf *conf = admin->conf;

    entry->unused_limit = conf->unused;
    if (options->unused != NULL && !asp_duration_read(options->unused, &entry->unused_limit))
        return complain(EXIT_USAGE, "--unused %s: say a number with s, m, h, d or w, or never",
                        options->unused);
    if (conf->expires != ASP_NEVER)
        entry->expires = admin->now + conf->expires;
    for (size_t i = 0; i < options->from_count; i++) {
        if (!asp_network_read(options->from[i], &entry->networks[i]))
            return complain(
                EXIT_USAGE,
                "--from %s: say an address or a network without host bits, like 192.0.2.0/24",
                options->from[i]);
    }
    entry->network_count = options->from_count;
    return options->expires != NULL ? read_expires(admin, &entry->expires) : EXIT_DONE;
}

/* The entry that the options ask for. */
static enum exit_code read_entry(const struct admin *admin, struct asp_entry *entry)
{
    enum exit_code code;

    asp_entry_init(entry);
    if (!asp_label_valid(admin->options->label))
        return complain(EXIT_USAGE,
                        "--label: say 1 to 64 characters of UTF-8, without control characters");
    (void)snprintf(entry->label, sizeof entry->label, "%s", admin->options->label);
    code = read_app(admin, entry->app);
    if (code == EXIT_DONE)
        code = read_limits(admin, entry);
    return code;
}

static enum exit_code check_user(const struct admin *admin)
{
    if (admin->options->is_virtual || admin->conf->virtual_users || user_is_known(admin->user))
        return EXIT_DONE;
    return complain(EXIT_NOT_FOUND,
                    "the system knows no user %s; for one that only a service knows, say --virtual",
                    admin->user);
}

/* Label and limit, counted among the active ones, the one that is to be replaced left out. */
static enum asp_status check_room(struct making *making, const struct asp_account *account,
                                  struct asp_error *error)
{
    const int limit = making->admin->conf->limit;

    making->active = 0;
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        if ((making->old_id != NULL && strcmp(other->id, making->old_id) == 0) ||
            asp_usage_state(&making->usage, other, making->admin->now) != ASP_ACTIVE)
            continue;
        making->active++;
        if (strcmp(other->label, making->entry.label) == 0)
            return asp_fail(error, ASP_TAKEN,
                            "%s already has an active app password with this label (%s)",
                            making->admin->user, other->id);
    }
    if (making->active >= (size_t)limit)
        return asp_fail(error, ASP_FULL,
                        "%s has %zu active app passwords, and the limit is %d: revoke one first",
                        making->admin->user, making->active, limit);
    making->active++;
    return ASP_OK;
}

/* Makes the secret and adds the entry. */
static enum asp_status add_entry(struct making *making, struct asp_account *account,
                                 struct asp_error *error)
{
    struct admin *admin = making->admin;
    bool taken[ASP_IDS];
    enum asp_status status;

    asp_account_ids(account, taken);
    if (asp_secret_make(taken, &making->secret) != ASP_OK)
        return asp_fail(error, ASP_FULL,
                        "%s has no id left: revoke what is expired, or lower `history`",
                        admin->user);
    memcpy(making->entry.id, making->secret.id, sizeof making->entry.id);
    making->entry.created = admin->now;
    (void)snprintf(making->entry.created_by, sizeof making->entry.created_by, "%s", admin->by);
    status = asp_verifier_make(&admin->conf->cost, account->user, &making->secret,
                               making->entry.verifier);
    if (status != ASP_OK)
        return asp_fail(error, status, "there is no memory for the hash");
    status = asp_account_add(account, &making->entry);
    if (status != ASP_OK)
        return asp_fail(error, status, "out of memory");
    asp_secret_show(&making->secret, making->shown);
    return ASP_OK;
}

static enum asp_status keep_swept(struct making *making, const struct asp_account *account,
                                  struct asp_error *error)
{
    making->swept = calloc(account->count + 1, sizeof *making->swept);
    if (making->swept == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < account->count; i++) {
        if (account->entries[i].revoked == ASP_NEVER)
            making->swept[making->swept_count++] = account->entries[i];
    }
    return ASP_OK;
}

/* Before anything is added: what was made under an earlier primary password goes. */
static enum asp_status compare_primary(struct making *making, struct asp_account *account,
                                       struct asp_error *error)
{
    const struct admin *admin = making->admin;
    struct asp_revocation how = revocation_of(admin, false);
    bool written;

    if (making->now.says == ASP_SAYS_NOTHING)
        return ASP_OK;
    switch (asp_primary_compare(&account->primary, &making->now, admin->now)) {
    case ASP_PRIMARY_CHANGED:
        if (keep_swept(making, account, error) != ASP_OK)
            return ASP_NO_MEMORY;
        break;
    case ASP_PRIMARY_ABSENT:
        return asp_fail(error, ASP_NOT_FOUND,
                        "%s had a primary password, and is gone from /etc/shadow", account->user);
    default:
        break;
    }
    (void)asp_primary_settle(account, &making->now, &how, false, &written);
    return ASP_OK;
}

static enum asp_status create_in(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    struct making *making = context;
    enum asp_status status = compare_primary(making, account, error);

    making->new_account = account->is_new;
    if (status == ASP_OK)
        status = check_room(making, account, error);
    if (status == ASP_OK)
        status = add_entry(making, account, error);
    if (status == ASP_OK)
        asp_account_prune(account, (size_t)making->admin->conf->history);
    return status;
}

/* The new one takes over what the old one was good for, and nothing more: what a first use bound
 * stays bound by it. */
static enum asp_status inherit(struct making *making, const struct asp_entry *old,
                               struct asp_error *error)
{
    const struct admin *admin = making->admin;
    struct asp_entry *entry = &making->entry;

    *entry = *old;
    entry->revoked = ASP_NEVER;
    memset(entry->revoked_by, 0, sizeof entry->revoked_by);
    memset(entry->reason, 0, sizeof entry->reason);
    memset(entry->replaced_by, 0, sizeof entry->replaced_by);
    if (entry->bound != ASP_NEVER)
        entry->bound = admin->now;
    if (admin->options->expires != NULL)
        (void)asp_when_read(admin->options->expires, admin->now, &entry->expires);
    if (entry->expires != ASP_NEVER && entry->expires <= admin->now)
        return asp_fail(error, ASP_INVALID,
                        "%s has expired: say until when the new one is good, with --expires",
                        old->id);
    return ASP_OK;
}

static enum asp_status rotate_in(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    struct making *making = context;
    struct admin *admin = making->admin;
    enum asp_status status = compare_primary(making, account, error);
    struct asp_entry *old;

    if (status != ASP_OK)
        return status;
    old = asp_account_find(account, making->old_id);
    if (old == NULL)
        return asp_fail(error, ASP_NOT_FOUND, "%s has no app password %s", admin->user,
                        making->old_id);
    making->old = *old;
    status = inherit(making, old, error);
    if (status == ASP_OK)
        status = check_room(making, account, error);
    if (status == ASP_OK)
        status = add_entry(making, account, error);
    if (status != ASP_OK)
        return status;

    /* Adding may have moved it. */
    old = asp_account_find(account, making->old_id);
    memcpy(old->replaced_by, making->entry.id, sizeof old->replaced_by);
    if (old->revoked == ASP_NEVER) {
        old->revoked = admin->now;
        (void)snprintf(old->revoked_by, sizeof old->revoked_by, "%s", admin->by);
        strcpy(old->reason, ASP_REASON_ROTATED);
    }
    asp_account_prune(account, (size_t)admin->conf->history);
    return ASP_OK;
}

/* Nobody saw the password: it is as if it had never been made, and the one that it replaced is as
 * it was. */
static enum asp_status take_back(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    struct making *making = context;
    struct asp_entry *entry = asp_account_find(account, making->entry.id);
    struct asp_entry *old = NULL;

    (void)error;
    if (entry != NULL && strcmp(entry->verifier, making->entry.verifier) == 0)
        asp_account_remove(account, entry);
    if (making->old_id == NULL)
        return making->new_account && account->count == 0 ? ASP_DROP : ASP_OK;
    old = asp_account_find(account, making->old_id);
    if (old == NULL)
        return asp_account_add(account, &making->old);
    if (strcmp(old->replaced_by, making->entry.id) == 0)
        *old = making->old;
    return ASP_OK;
}

static void add_centred(const struct admin *admin, struct asp_out *out, const char *text)
{
    size_t width = admin->terminal ? screen_width() : 0;
    size_t indent = width > strlen(text) ? (width - strlen(text)) / 2 : 4;

    while (indent-- > 0)
        asp_out_add(out, " ");
    add_bold(admin, out, text);
}

static void write_screen(const struct making *making, struct asp_out *out)
{
    const struct admin *admin = making->admin;
    const struct asp_entry *entry = &making->entry;
    bool open = strcmp(entry->app, ASP_APP_FIRST_USE) == 0;

    asp_out_add(out, "\nA new app password for ");
    add_visible(out, admin->user);
    asp_out_add(out, ": ");
    add_visible(out, entry->label);
    asp_out_add(out, "\n\n\n");
    add_centred(admin, out, making->shown);
    asp_out_add(out, "\n\n\nType it into the app in place of your own password; spaces and dashes "
                     "do not matter, capitals\n"
                     "do. It is shown this once and cannot be shown again.\n\n  good for    ");
    add_visible(out, open ? "the app that uses it first" : entry->app);
    asp_out_add(out, "\n  until       ");
    if (entry->expires == ASP_NEVER)
        asp_out_add(out, "it is revoked");
    else
        asp_out_time(out, entry->expires);
    asp_out_add(out, "\n  revoke it   asp-admin revoke ");
    add_visible(out, admin->user);
    asp_out_add(out, " ");
    asp_out_add(out, entry->id);
    asp_out_add(out, "\n  active      ");
    asp_out_number(out, making->active);
    asp_out_add(out, " of ");
    asp_out_number(out, (unsigned long long)admin->conf->limit);
    asp_out_add(out, "\n");
}

static bool show(const struct making *making)
{
    const struct admin *admin = making->admin;
    const struct asp_entry *entry = &making->entry;
    struct asp_out out = {0};
    bool shown;

    if (admin->options->json)
        return document_emit(json_pack(
            "{s:o, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:I, s:i}", "user",
            document_text(admin->user), "id", entry->id, "label", entry->label, "app", entry->app,
            "password", making->shown, "entropy_bits", ASP_ENTROPY_BITS, "created",
            document_time(entry->created), "expires", document_time(entry->expires), "active",
            (json_int_t)making->active, "limit", admin->conf->limit));
    if (admin->options->quiet) {
        asp_out_add(&out, making->shown);
        asp_out_add(&out, "\n");
    } else {
        write_screen(making, &out);
    }
    shown = emit(&out);
    asp_out_free(&out);
    return shown;
}

/* Reads what there is to compare. What cannot be read stops here: a password would be made that is
 * refused. */
static enum exit_code look_at_primary(struct making *making)
{
    const struct admin *admin = making->admin;
    enum exit_code code = source_open(admin->conf, &making->source);

    if (code != EXIT_DONE || admin->conf->primary_source == ASP_SOURCE_NONE)
        return code;
    source_find(&making->source, admin->user, &making->now);
    if (making->now.says == ASP_SAYS_NOTHING)
        return complain(EXIT_STORE,
                        "nothing can be told of the primary password of %s: its line is not whole",
                        admin->user);
    if (making->now.says == ASP_SAYS_ABSENT && !admin->options->quiet && !admin->options->json)
        (void)complain(EXIT_DONE,
                       "note: %s has no line in /etc/shadow, so a change of the primary password "
                       "is not seen there: see asp-admin(8)",
                       admin->user);
    return EXIT_DONE;
}

static enum exit_code store_and_show(struct making *making, bool new_account, asp_change *change)
{
    struct admin *admin = making->admin;
    struct asp_error error = {ASP_OK, ""};

    if (asp_store_update(&admin->store, admin->user, new_account, change, making, &error) != ASP_OK)
        return complain_of(&error);
    for (size_t i = 0; i < making->swept_count; i++)
        log_change(admin, "revoked", &making->swept[i], ASP_REASON_PRIMARY);
    if (!show(making)) {
        if (asp_store_update(&admin->store, admin->user, false, take_back, making, &error) !=
            ASP_OK)
            (void)complain_of(&error);
        return EXIT_STORE;
    }
    asp_store_begin_usage(&admin->store, admin->user, admin->now);
    log_change(admin, "created", &making->entry, NULL);
    if (making->old_id != NULL && making->old.revoked == ASP_NEVER)
        log_change(admin, "revoked", &making->old, ASP_REASON_ROTATED);
    return EXIT_DONE;
}

/* Stored first and shown then: what a person has seen works. */
static enum exit_code make(struct making *making, bool new_account, asp_change *change)
{
    enum exit_code code = look_at_primary(making);

    if (code == EXIT_DONE) {
        asp_store_usage(&making->admin->store, making->admin->user, &making->usage);
        code = store_and_show(making, new_account, change);
    }
    source_close(&making->source);
    asp_usage_free(&making->usage);
    free(making->swept);
    sodium_memzero(making, sizeof *making);
    return code;
}

enum exit_code command_create(struct admin *admin)
{
    struct making making = {.admin = admin};
    enum exit_code code = read_entry(admin, &making.entry);

    if (code == EXIT_DONE)
        code = check_user(admin);
    if (code == EXIT_DONE)
        code = admin_open_store(admin, true);
    if (code == EXIT_DONE)
        code = make(&making, true, create_in);
    return code;
}

enum exit_code command_rotate(struct admin *admin)
{
    struct making making = {.admin = admin, .old_id = admin->options->arguments[1]};
    enum exit_code code = EXIT_DONE;
    time_t expires;

    if (admin->options->expires != NULL)
        code = read_expires(admin, &expires);
    if (code == EXIT_DONE)
        code = check_user(admin);
    if (code == EXIT_DONE)
        code = admin_open_store(admin, false);
    if (code == EXIT_DONE)
        code = make(&making, false, rotate_in);
    return code;
}
