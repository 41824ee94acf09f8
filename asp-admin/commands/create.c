/* create: what is asked for, decided before anything is locked. */
#include "create.h"

#include "given.h"
#include "new_password_device.h"

#include "asp-admin/app.h"
#include "asp/scope.h"
#include "asp/time_text.h"

#include <stdio.h>

/* The app, or what is wrong with it. That of asp.conf is taken as it is, and told of. */
static enum exit_code read_app(const struct admin *admin, char app[ASP_SERVICE_MAX + 1])
{
    if (admin->options->app != NULL)
        return given_read_app(admin, admin->options->app, app);
    if (admin->options->new_app && !admin->options->batch)
        return fail_with(admin->console, EXIT_USAGE,
                         "--new-app: say with --app which one is meant");
    asp_scope_app(admin->conf, admin->conf->default_app, app);
    return EXIT_DONE;
}

static enum exit_code read_limits(const struct admin *admin, struct asp_entry *entry)
{
    const struct options *options = admin->options;
    const struct asp_conf *conf = admin->conf;
    const char *fault;

    entry->unused_limit = conf->unused;
    if (options->unused != NULL && !asp_duration_read(options->unused, &entry->unused_limit)) {
        fault = asp_duration_fault(options->unused);
        return fail_with(admin->console, EXIT_USAGE, "--unused %s: %s", options->unused,
                         fault != NULL ? fault : "say a number with s, m, h, d or w, or never");
    }
    if (conf->expires != ASP_NEVER)
        entry->expires = admin->now + conf->expires;
    for (size_t i = 0; i < options->from_count; i++) {
        if (given_read_network(admin, options->from[i], &entry->networks[i]) != EXIT_DONE)
            return EXIT_USAGE;
    }
    entry->network_count = options->from_count;
    return options->expires != NULL ? new_password_read_expires(admin, &entry->expires) : EXIT_DONE;
}

/* The entry that the options ask for. */
static enum exit_code read_entry(const struct admin *admin, struct asp_entry *entry)
{
    struct asp_error error = {0};
    enum exit_code code;

    asp_entry_init(entry);
    if (given_check_text(admin, admin->options->batch ? "the label" : "--label",
                         admin->options->label) != EXIT_DONE)
        return EXIT_USAGE;
    (void)snprintf(entry->label, sizeof entry->label, "%s", admin->options->label);
    code = read_app(admin, entry->app);
    if (code == EXIT_DONE && app_check(admin, entry->app, &error) != ASP_OK)
        code = fail_with_error(admin->console, &error);
    if (code == EXIT_DONE)
        code = read_limits(admin, entry);
    if (code == EXIT_DONE)
        code = device_check(admin, entry);
    return code;
}

enum exit_code create_validate(const struct admin *admin)
{
    struct asp_entry entry;

    return read_entry(admin, &entry);
}

enum exit_code create_one(struct admin *admin, struct new_password *wanted)
{
    enum exit_code code = read_entry(admin, &wanted->entry);

    wanted->makes_account = true;
    if (code == EXIT_DONE)
        code = new_password_check_user(admin);
    if (code == EXIT_DONE)
        code = asp_store_is_open(&admin->store) ? admin_find_user(admin)
                                                : admin_open_store(admin, true);
    /* Once more, by the store's clock. */
    if (code == EXIT_DONE)
        code = read_limits(admin, &wanted->entry);
    if (code == EXIT_DONE)
        code = new_password_make(admin, wanted);
    return code;
}
