/* label, revoke and remove. */
#include "commands.h"

#include "asp-admin/admin.h"
#include "asp-admin/hooks/hooks.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/table.h"
#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a locked update is given and what it leaves. */
struct changing {
    struct admin *admin;
    const char *reason; /* of a revocation; NULL: it is none */
    struct asp_usage usage;
    struct asp_entry *changed; /* copies of what it changed, for the answer and the log */
    size_t count;
};

static enum asp_status no_such_entry(const struct admin *admin, const char *id,
                                     struct asp_error *error)
{
    return asp_fail(error, ASP_NOT_FOUND, "%s has no app password %s", admin->user, id);
}

/* One locked update of the user's account. */
static enum exit_code change_account(struct changing *changing, asp_change *change)
{
    struct admin *admin = changing->admin;
    struct asp_error error = {0};
    enum exit_code code = admin_open_store(admin, false);
    enum asp_status status;

    if (code == EXIT_DONE)
        code = admin_check_account(admin);
    if (code != EXIT_DONE)
        return code;
    /* A revocation does not wait for what it has no need of. */
    if (changing->reason == NULL &&
        asp_store_usage(&admin->store, admin->user, &changing->usage, &error) != ASP_OK)
        return fail_with_error(admin->console, &error);
    status = asp_store_update(&admin->store, admin->user, false, change, changing, &error);
    return status == ASP_OK || status == ASP_UNCHANGED ? EXIT_DONE
                                                       : fail_with_error(admin->console, &error);
}

/* There are no more of them than ids. */
static enum asp_status keep_changed(struct changing *changing, const struct asp_entry *entry,
                                    struct asp_error *error)
{
    if (changing->changed == NULL)
        changing->changed = calloc(ASP_IDS, sizeof *changing->changed);
    if (changing->changed == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    changing->changed[changing->count++] = *entry;
    return ASP_OK;
}

static void changing_free(struct changing *changing)
{
    asp_entries_free(changing->changed, changing->count);
    asp_usage_free(&changing->usage);
}

static enum asp_status label_in(struct asp_account *account, void *context, struct asp_error *error)
{
    struct changing *changing = context;
    const struct admin *admin = changing->admin;
    const char *id = admin->options->arguments[1];
    const char *label = admin->options->arguments[2];
    struct asp_entry *entry = asp_account_find(account, id);

    if (entry == NULL)
        return no_such_entry(admin, id, error);
    if (entry->revoked != ASP_NEVER)
        return asp_fail(error, ASP_NOT_FOUND, "%s is revoked: its label stays as it was", id);
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *other = &account->entries[i];

        if (other != entry && strcmp(other->label, label) == 0 &&
            asp_usage_state(&changing->usage, other, admin->now) == ASP_ACTIVE)
            return asp_fail(error, ASP_TAKEN,
                            "%s already has an active app password with this label (%s)",
                            admin->user, other->id);
    }
    (void)snprintf(entry->label, sizeof entry->label, "%s", label);
    return keep_changed(changing, entry, error);
}

enum exit_code command_label_validate(const struct admin *admin)
{
    if (asp_label_valid(admin->options->arguments[2]))
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_USAGE,
                     "TEXT: say 1 to 64 characters of UTF-8, without control characters");
}

enum exit_code command_label(struct admin *admin)
{
    struct changing changing = {.admin = admin};
    enum exit_code code = command_label_validate(admin);

    if (code == EXIT_DONE)
        code = change_account(&changing, label_in);
    if (code == EXIT_DONE) {
        const struct asp_entry *entry = &changing.changed[0];

        log_change(admin, "labelled", entry, NULL);
        if (admin->options->json &&
            !json_write(admin->console,
                        json_from_entry(admin->user, entry, &changing.usage, admin->now)))
            code = EXIT_STORE;
    }
    changing_free(&changing);
    return code;
}

static enum asp_status revoke_one(struct changing *changing, struct asp_entry *entry,
                                  struct asp_error *error)
{
    const struct admin *admin = changing->admin;

    if (!asp_entry_revoke(entry, admin->now, admin->by, changing->reason, false))
        return ASP_OK;
    return keep_changed(changing, entry, error);
}

static enum asp_status revoke_ids(struct changing *changing, struct asp_account *account,
                                  struct asp_error *error)
{
    const struct options *options = changing->admin->options;
    enum asp_status status = ASP_OK;

    for (int i = 1; status == ASP_OK && i < options->argument_count; i++) {
        struct asp_entry *entry = asp_account_find(account, options->arguments[i]);

        status = entry == NULL ? no_such_entry(changing->admin, options->arguments[i], error)
                               : revoke_one(changing, entry, error);
    }
    return status;
}

/* Every one with the label (NULL: every one), whether it works just now or not. */
static enum asp_status revoke_labelled(struct changing *changing, struct asp_account *account,
                                       const char *label, struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    bool found = label == NULL;

    for (size_t i = 0; status == ASP_OK && i < account->count; i++) {
        struct asp_entry *entry = &account->entries[i];

        if (label != NULL && strcmp(entry->label, label) != 0)
            continue;
        found = true;
        status = revoke_one(changing, entry, error);
    }
    if (!found)
        return asp_fail(error, ASP_NOT_FOUND, "%s has no app password with the label %s",
                        account->user, label);
    return status;
}

static enum asp_status revoke_in(struct asp_account *account, void *context,
                                 struct asp_error *error)
{
    struct changing *changing = context;
    const struct options *options = changing->admin->options;
    enum asp_status status;

    if (options->argument_count > 1)
        status = revoke_ids(changing, account, error);
    else
        status = revoke_labelled(changing, account, options->label, error);
    if (status == ASP_OK && changing->count == 0)
        return ASP_UNCHANGED;
    if (status == ASP_OK)
        asp_account_prune(account, (size_t)changing->admin->conf->history);
    return status;
}

static bool show_revoked(const struct changing *changing)
{
    const struct admin *admin = changing->admin;
    struct asp_buffer out = {0};
    json_t *ids;

    if (admin->options->json) {
        ids = json_array();
        for (size_t i = 0; i < changing->count; i++)
            (void)json_array_append_new(ids, json_string(changing->changed[i].id));
        return json_write(admin->console,
                          json_pack("{s:o, s:o, s:s}", "user", json_from_text(admin->user),
                                    "revoked", ids, "reason", changing->reason));
    }
    for (size_t i = 0; i < changing->count; i++) {
        asp_buffer_add(&out, "revoked ");
        asp_buffer_add(&out, changing->changed[i].id);
        asp_buffer_add(&out, "  ");
        asp_buffer_add_visible(&out, changing->changed[i].label);
        asp_buffer_add(&out, "\n");
    }
    if (changing->count == 0)
        asp_buffer_add(&out, "nothing to revoke\n");
    return console_print_and_free(admin->console, &out);
}

enum exit_code command_revoke_validate(const struct admin *admin)
{
    const struct options *options = admin->options;
    int ways = (options->argument_count > 1) + (options->label != NULL) + options->all;

    if (ways != 1)
        return fail_with(admin->console, EXIT_USAGE,
                         "revoke needs one of: ID..., --label TEXT, --all");
    if (options->reason != NULL && !asp_label_valid(options->reason))
        return fail_with(admin->console, EXIT_USAGE,
                         "--reason: say 1 to 64 characters of UTF-8, without control characters");
    return EXIT_DONE;
}

enum exit_code command_revoke(struct admin *admin)
{
    const struct options *options = admin->options;
    struct changing changing = {.admin = admin, .reason = options->reason};
    enum exit_code code = command_revoke_validate(admin);

    if (changing.reason == NULL)
        changing.reason = "admin";
    if (code == EXIT_DONE)
        code = change_account(&changing, revoke_in);
    if (code == EXIT_DONE) {
        for (size_t i = 0; i < changing.count; i++)
            log_change(admin, "revoked", &changing.changed[i], changing.reason);
        if (!show_revoked(&changing))
            code = EXIT_STORE;
        hooks_run(admin, admin->user, HOOK_REVOKED, changing.changed, changing.count,
                  changing.reason);
    }
    changing_free(&changing);
    return code;
}

enum exit_code command_remove(struct admin *admin)
{
    struct asp_error error = {0};
    enum exit_code code = admin_open_store(admin, false);
    enum asp_status status;

    if (code != EXIT_DONE)
        return code;
    status = asp_store_remove(&admin->store, admin->user, &error);
    if (status != ASP_OK)
        return fail_with_error(admin->console, &error);
    log_change(admin, "removed", NULL, NULL);
    if (admin->options->json &&
        !json_write(admin->console,
                    json_pack("{s:o, s:b}", "user", json_from_text(admin->user), "removed", 1)))
        code = EXIT_STORE;
    return code;
}
