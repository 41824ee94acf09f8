/* label: another label for an app password. */
#include "commands.h"
#include "given.h"

#include "asp-admin/ui/json.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdio.h>

/* What the change is made of, and what it leaves. */
struct labelling {
    const struct admin *admin;
    struct asp_usage usage; /* by which it is known what is active */
    struct asp_entry entry; /* as it is now */
};

/* An asp_change. */
static enum asp_status set_label(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    struct labelling *labelling = context;
    const struct admin *admin = labelling->admin;
    const char *id = admin->options->arguments[1];
    const char *label = admin->options->arguments[2];
    struct asp_entry *entry = given_find_entry(admin, account, id, error);

    if (entry == NULL)
        return ASP_NOT_FOUND;
    if (entry->revoked != ASP_NEVER)
        return asp_fail(error, ASP_NOT_FOUND, "%s is revoked: its label stays as it was", id);
    if (admin_check_label(admin, account, &labelling->usage, label, id, error) != ASP_OK)
        return ASP_TAKEN;
    (void)snprintf(entry->label, sizeof entry->label, "%s", label);
    labelling->entry = *entry;
    return ASP_OK;
}

static enum exit_code change(struct admin *admin, struct labelling *labelling)
{
    struct asp_error error = {0};
    enum exit_code code = admin_open_account(admin);

    if (code == EXIT_DONE &&
        asp_store_usage(&admin->store, admin->user, &labelling->usage, &error) != ASP_OK)
        code = fail_with_error(admin->console, &error);
    if (code == EXIT_DONE)
        code = admin_change_account(admin, set_label, labelling);
    return code;
}

enum exit_code command_label_validate(const struct admin *admin)
{
    return given_check_text(admin, "the new label", admin->options->arguments[2]);
}

enum exit_code command_label(struct admin *admin)
{
    const struct console console = console_after(admin->console, "the label is another now");
    struct labelling labelling = {.admin = admin};
    enum exit_code code = command_label_validate(admin);

    if (code == EXIT_DONE)
        code = change(admin, &labelling);
    if (code == EXIT_DONE) {
        admin_log_change(admin, admin->user, "labelled", &labelling.entry, NULL);
        if (admin->options->json &&
            !json_write(&console, json_from_entry(admin->user, &labelling.entry, &labelling.usage,
                                                  admin->now)))
            code = EXIT_STORE;
    }
    asp_usage_free(&labelling.usage);
    sodium_memzero(&labelling, sizeof labelling);
    return code;
}
