/* create and rotate: a new password, shown once. */
#include "commands.h"
#include "new_password_store.h"

#include "asp-admin/admin.h"
#include "asp-admin/hooks/hooks.h"
#include "asp-admin/system/users.h"
#include "asp-admin/ui/console.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/table.h"
#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/network.h"
#include "asp/scope.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The app's name, or what is wrong with it. */
static enum exit_code read_app(const struct admin *admin, char app[ASP_SERVICE_MAX + 1])
{
    const char *given = admin->options->app;
    const char *listed;

    if (given == NULL)
        given = admin->conf->default_app;
    if (!asp_service_valid(given))
        return fail_with(admin->console, EXIT_USAGE, "--app %s: not a well-formed name", given);
    listed = asp_scope_listed(admin->conf, given);
    if (!asp_scope_is_group(admin->conf, given) && listed != NULL)
        return fail_with(admin->console, EXIT_USAGE,
                         "--app %s: %s is a service of the app %s: say --app %s", given, given,
                         listed, listed);
    asp_scope_app(admin->conf, given, app);
    return EXIT_DONE;
}

static enum exit_code read_expires(const struct admin *admin, time_t *expires)
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

static enum exit_code read_limits(const struct admin *admin, struct asp_entry *entry)
{
    const struct options *options = admin->options;
    const struct asp_conf *conf = admin->conf;

    entry->unused_limit = conf->unused;
    if (options->unused != NULL && !asp_duration_read(options->unused, &entry->unused_limit))
        return fail_with(admin->console, EXIT_USAGE,
                         "--unused %s: say a number with s, m, h, d or w, or never",
                         options->unused);
    if (conf->expires != ASP_NEVER)
        entry->expires = admin->now + conf->expires;
    for (size_t i = 0; i < options->from_count; i++) {
        if (!asp_network_read(options->from[i], &entry->networks[i]))
            return fail_with(
                admin->console, EXIT_USAGE,
                "--from %s: say an address or a network without host bits, like 192.0.2.0/24",
                options->from[i]);
    }
    entry->network_count = options->from_count;
    return options->expires != NULL ? read_expires(admin, &entry->expires) : EXIT_DONE;
}

/* The entry that the options ask for. */
static enum exit_code read_entry(const struct admin *admin, struct asp_entry *entry)
{
    struct asp_error error = {ASP_OK, ""};
    enum exit_code code;

    asp_entry_init(entry);
    if (!asp_label_valid(admin->options->label))
        return fail_with(admin->console, EXIT_USAGE,
                         "--label: say 1 to 64 characters of UTF-8, without control characters");
    (void)snprintf(entry->label, sizeof entry->label, "%s", admin->options->label);
    code = read_app(admin, entry->app);
    if (code == EXIT_DONE && admin_may_make(admin, entry->app, &error) != ASP_OK)
        code = fail_with_error(admin->console, &error);
    if (code == EXIT_DONE)
        code = read_limits(admin, entry);
    return code;
}

static enum exit_code check_user(const struct admin *admin)
{
    if (admin->options->is_virtual || admin->conf->virtual_users || user_is_known(admin->user))
        return EXIT_DONE;
    return fail_with(
        admin->console, EXIT_NOT_FOUND,
        "the system knows no user %s, or the directory of its users does not answer; for one "
        "that only a service knows, say --virtual",
        admin->user);
}

static void add_centred(const struct console *console, struct asp_buffer *out, const char *text)
{
    size_t width = console->terminal ? console->width : 0;
    size_t indent = width > strlen(text) ? (width - strlen(text)) / 2 : 4;

    while (indent-- > 0)
        asp_buffer_add(out, " ");
    console_add_bold(console, out, text);
}

static void write_screen(const struct new_password *password, struct asp_buffer *out)
{
    const struct admin *admin = password->admin;
    const struct asp_entry *entry = &password->entry;
    bool open = strcmp(entry->app, ASP_APP_FIRST_USE) == 0;

    asp_buffer_add(out, "\nA new app password for ");
    asp_buffer_add_visible(out, admin->user);
    asp_buffer_add(out, ": ");
    asp_buffer_add_visible(out, entry->label);
    asp_buffer_add(out, "\n\n\n");
    add_centred(admin->console, out, password->shown);
    asp_buffer_add(out,
                   "\n\n\nType it into the app in place of your own password; spaces and dashes "
                   "do not matter, capitals\n"
                   "do. It is shown this once and cannot be shown again.\n\n  good for    ");
    asp_buffer_add_visible(out, open ? "the app that uses it first" : entry->app);
    asp_buffer_add(out, "\n  until       ");
    if (entry->expires == ASP_NEVER)
        asp_buffer_add(out, "it is revoked");
    else
        asp_buffer_add_time(out, entry->expires);
    asp_buffer_add(out, "\n  revoke it   asp-admin revoke ");
    asp_buffer_add_visible(out, admin->user);
    asp_buffer_add(out, " ");
    asp_buffer_add(out, entry->id);
    asp_buffer_add(out, "\n  active      ");
    asp_buffer_add_number(out, password->active);
    asp_buffer_add(out, " of ");
    asp_buffer_add_number(out, (unsigned long long)admin->conf->limit);
    asp_buffer_add(out, "\n");
}

static bool show(const struct new_password *password)
{
    const struct admin *admin = password->admin;
    const struct asp_entry *entry = &password->entry;
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(admin->console,
                          json_pack("{s:o, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:I, s:i}", "user",
                                    json_from_text(admin->user), "id", entry->id, "label",
                                    entry->label, "app", entry->app, "password", password->shown,
                                    "entropy_bits", ASP_ENTROPY_BITS, "created",
                                    json_from_time(entry->created), "expires",
                                    json_from_time(entry->expires), "active",
                                    (json_int_t)password->active, "limit", admin->conf->limit));
    if (admin->options->quiet) {
        asp_buffer_add(&out, password->shown);
        asp_buffer_add(&out, "\n");
    } else {
        write_screen(password, &out);
    }
    return console_print_and_free(admin->console, &out);
}

/* Reads what there is to compare. What cannot be read stops here: a password would be made that is
 * refused. */
static enum exit_code look_at_primary(struct new_password *password)
{
    const struct admin *admin = password->admin;
    struct asp_error error = {ASP_OK, ""};
    enum asp_status status = primary_source_read(admin->conf, &password->source, &error);

    if (status != ASP_OK) {
        return fail_unreadable(admin->console, &error);
    }
    if (!asp_source_traits(admin->conf->primary_source).is_compared)
        return EXIT_DONE;
    primary_source_find(&password->source, admin->user, &password->now);
    if (password->now.says == ASP_SAYS_NOTHING)
        return fail_with(
            admin->console, EXIT_STORE,
            "nothing can be told of the primary password of %s: see primary in asp.conf(5)",
            admin->user);
    return EXIT_DONE;
}

/* After all is stored and told; what ends access comes first. */
static void run_hooks(const struct new_password *password, bool shown)
{
    const struct admin *admin = password->admin;

    hooks_run(admin, admin->user, HOOK_REVOKED, password->revoked, password->revoked_count,
              ASP_REASON_PRIMARY);
    if (shown && password->old_id != NULL && password->old.revoked == ASP_NEVER)
        hooks_run(admin, admin->user, HOOK_REVOKED, &password->old, 1, ASP_REASON_ROTATED);
    if (shown)
        hooks_run(admin, admin->user, HOOK_CREATED, &password->entry, 1, NULL);
}

/* True for an app that is nothing that the system knows: not in asp.conf, and no service of PAM's.
 * Such a one may be meant, and more often it is a slip of the hand. */
static bool app_is_unknown(const struct asp_conf *conf, const char *app)
{
    static const char *const folders[] = {"/etc/pam.d/", "/usr/lib/pam.d/"};
    char path[32 + ASP_SERVICE_MAX];

    if (asp_scope_is_group(conf, app) || asp_app_is_reserved(app))
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, sizeof path, "%s%s", folders[i], app);
        if (access(path, F_OK) == 0)
            return false;
    }
    return true;
}

/* What a person should know, and a program has no use for. */
static void say_notes(const struct new_password *password)
{
    const struct admin *admin = password->admin;

    if (admin->options->quiet || admin->options->json)
        return;
    if (admin->new_store)
        (void)fail_with(admin->console, EXIT_DONE, "note: a new store was made at %s",
                        admin->conf->store);
    if (app_is_unknown(admin->conf, password->entry.app))
        (void)fail_with(
            admin->console, EXIT_DONE,
            "note: no app of asp.conf is called %s, and no service of /etc/pam.d: if that "
            "is a slip, revoke %s",
            password->entry.app, password->entry.id);
    if (asp_source_traits(password->now.source).at_login && password->now.says == ASP_SAYS_ABSENT)
        (void)fail_with(admin->console, EXIT_DONE,
                        "note: %s has no line in /etc/shadow, so a change of the primary password "
                        "is not seen there: see asp-admin(8)",
                        admin->user);
}

static enum exit_code store_and_show(struct new_password *password, bool new_account,
                                     asp_change *change)
{
    struct admin *admin = password->admin;
    struct asp_error error = {ASP_OK, ""};

    if (asp_store_update(&admin->store, admin->user, new_account, change, password, &error) !=
        ASP_OK)
        return fail_with_error(admin->console, &error);
    for (size_t i = 0; i < password->revoked_count; i++)
        log_change(admin, "revoked", &password->revoked[i], ASP_REASON_PRIMARY);
    if (!show(password)) {
        if (asp_store_update(&admin->store, admin->user, false, new_password_take_back, password,
                             &error) != ASP_OK)
            (void)fail_with_error(admin->console, &error);
        run_hooks(password, false);
        return EXIT_STORE;
    }
    asp_store_begin_usage(&admin->store, admin->user, admin->now);
    log_change(admin, "created", &password->entry, NULL);
    if (password->old_id != NULL && password->old.revoked == ASP_NEVER)
        log_change(admin, "revoked", &password->old, ASP_REASON_ROTATED);
    say_notes(password);
    run_hooks(password, true);
    return EXIT_DONE;
}

/* Stored first and shown then: what a person has seen works. */
static enum exit_code make(struct new_password *password, bool new_account, asp_change *change)
{
    const struct admin *admin = password->admin;
    struct asp_error error = {ASP_OK, ""};
    enum exit_code code = look_at_primary(password);

    if (code == EXIT_DONE &&
        asp_store_usage(&admin->store, admin->user, &password->usage, &error) != ASP_OK)
        code = fail_with_error(admin->console, &error);
    if (code == EXIT_DONE)
        code = store_and_show(password, new_account, change);
    new_password_free(password);
    return code;
}

enum exit_code command_create_validate(const struct admin *admin)
{
    struct asp_entry entry;

    return read_entry(admin, &entry);
}

enum exit_code command_create(struct admin *admin)
{
    struct new_password password = {.admin = admin};
    enum exit_code code = read_entry(admin, &password.entry);

    if (code == EXIT_DONE)
        code = check_user(admin);
    if (code == EXIT_DONE)
        code = admin_open_store(admin, true);
    if (code == EXIT_DONE)
        code = make(&password, true, new_password_create);
    return code;
}

enum exit_code command_rotate_validate(const struct admin *admin)
{
    time_t expires;

    return admin->options->expires != NULL ? read_expires(admin, &expires) : EXIT_DONE;
}

enum exit_code command_rotate(struct admin *admin)
{
    struct new_password password = {.admin = admin, .old_id = admin->options->arguments[1]};
    enum exit_code code = command_rotate_validate(admin);

    if (code == EXIT_DONE)
        code = check_user(admin);
    if (code == EXIT_DONE)
        code = admin_open_store(admin, false);
    if (code == EXIT_DONE)
        code = admin_check_account(admin);
    if (code == EXIT_DONE)
        code = make(&password, false, new_password_rotate);
    return code;
}
