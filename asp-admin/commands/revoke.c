/* revoke: app passwords are signed out, for good. */
#include "commands.h"
#include "given.h"
#include "line.h"

#include "asp-admin/hooks/hooks_due.h"
#include "asp-admin/ui/json.h"
#include "asp/buffer.h"
#include "asp/nearest.h"
#include "asp/revocation.h"
#include "asp/time_text.h"

#include <stdlib.h>
#include <string.h>

/* What the change is made of, and what it leaves. */
struct revoking {
    const struct admin *admin;
    struct asp_revocation how;
    const char *reason;
    struct asp_entry *revoked; /* copies of those that it has revoked: no more than there are ids */
    size_t count;
    bool dropped; /* what was pending, with all of them */
};

static enum asp_status revoke_one(struct revoking *revoking, struct asp_entry *entry,
                                  struct asp_error *error)
{
    const struct asp_revocation *how = &revoking->how;

    if (!asp_entry_revoke(entry, how->when, how->by, revoking->reason, how->hook_due))
        return ASP_OK;
    if (revoking->revoked == NULL)
        revoking->revoked = calloc(ASP_IDS, sizeof *revoking->revoked);
    if (revoking->revoked == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    revoking->revoked[revoking->count++] = *entry;
    return ASP_OK;
}

static enum asp_status revoke_ids(struct revoking *revoking, struct asp_account *account,
                                  struct asp_error *error)
{
    const struct options *options = revoking->admin->options;
    enum asp_status status = ASP_OK;

    for (int i = 1; status == ASP_OK && i < options->argument_count; i++) {
        struct asp_entry *entry =
            given_find_entry(revoking->admin, account, options->arguments[i], error);

        status = entry == NULL ? ASP_NOT_FOUND : revoke_one(revoking, entry, error);
    }
    return status;
}

/* `meant` is the label of another that was perhaps meant, or NULL. */
static enum asp_status fail_no_label(const struct admin *admin, const char *label,
                                     const char *meant, struct asp_error *error)
{
    const struct options_line line = {.without = OPTION_BIT(OPTION_LABEL),
                                      .added = {"--label", meant}};
    struct asp_buffer out = {0};

    (void)asp_fail(error, ASP_NOT_FOUND, "%s has no app password with %s%s", admin->user,
                   label[0] == '\0' ? "an empty label" : "the label ", label);
    if (meant != NULL)
        options_add_line(&out, admin->options, &line);
    if (meant != NULL && !out.failed)
        (void)asp_advise(error, ASP_NOT_FOUND, "did you mean: %s", out.text);
    asp_buffer_free(&out);
    return ASP_NOT_FOUND;
}

/* Every one with the label (NULL: every one), whether it works just now or not. */
static enum asp_status revoke_labelled(struct revoking *revoking, struct asp_account *account,
                                       const char *label, struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    bool found = label == NULL;
    struct asp_nearest nearest = {.typed = label};

    for (size_t i = 0; status == ASP_OK && i < account->count; i++) {
        struct asp_entry *entry = &account->entries[i];

        if (label != NULL && strcmp(entry->label, label) != 0) {
            if (entry->revoked == ASP_NEVER)
                asp_nearest_try(&nearest, entry->label);
            continue;
        }
        found = true;
        status = revoke_one(revoking, entry, error);
    }
    return found ? status : fail_no_label(revoking->admin, label, nearest.word, error);
}

/* An asp_change. */
static enum asp_status revoke(struct asp_account *account, void *context, struct asp_error *error)
{
    struct revoking *revoking = context;
    const struct options *options = revoking->admin->options;
    enum asp_status status;

    revoking->count = 0;
    if (options->argument_count > 1)
        status = revoke_ids(revoking, account, error);
    else
        status = revoke_labelled(revoking, account, options->label, error);
    if (options->all)
        revoking->dropped = asp_account_drop_all_pending(account);
    if (status == ASP_OK && revoking->count == 0 && !revoking->dropped)
        return ASP_UNCHANGED;
    if (status == ASP_OK)
        asp_account_prune(account, revoking->how.keep);
    return status;
}

static bool show_revoked(const struct revoking *revoking)
{
    const struct admin *admin = revoking->admin;
    const struct console console =
        console_after(admin->console, "what was to be revoked is revoked");
    struct asp_buffer out = {0};
    json_t *ids;

    if (admin->options->json) {
        ids = json_array();
        for (size_t i = 0; i < revoking->count; i++)
            json_add(&ids, json_string(revoking->revoked[i].id));
        return json_write(&console,
                          json_pack("{s:o, s:o, s:s}", "user", json_from_text(admin->user),
                                    "revoked", ids, "reason", revoking->reason));
    }
    for (size_t i = 0; i < revoking->count; i++) {
        asp_buffer_add(&out, "revoked ");
        asp_buffer_add(&out, revoking->revoked[i].id);
        asp_buffer_add(&out, "  ");
        asp_buffer_add_visible(&out, revoking->revoked[i].label);
        asp_buffer_add(&out, "\n");
    }
    if (revoking->count == 0)
        asp_buffer_add(&out, "nothing to revoke\n");
    return console_print_sentences(&console, &out);
}

/* What stands behind USER. */
static bool are_ids(const struct options *options)
{
    for (int i = 1; i < options->argument_count; i++) {
        if (!asp_id_valid(options->arguments[i]))
            return false;
    }
    return true;
}

enum exit_code command_revoke_validate(const struct admin *admin)
{
    const struct options *options = admin->options;
    const struct options_line example = {.added = {"--label", "Phone"}};
    int ways = (options->argument_count > 1) + (options->label != NULL) + options->all;

    if (!options->all && options->label != NULL && !are_ids(options))
        return line_fail_unquoted(admin->console, options, 1);
    if (ways == 0)
        return line_fail(admin->console, EXIT_USAGE,
                         "revoke needs one of ID..., --label TEXT and --all", options, &example);
    if (ways != 1)
        return fail_with(admin->console, EXIT_USAGE,
                         "revoke takes one alone of ID..., --label TEXT and --all");
    return options->reason == NULL ? EXIT_DONE
                                   : given_check_text(admin, "--reason", options->reason);
}

/* Of who has none, all are what is pending of her first one. */
static enum exit_code open_account(struct admin *admin)
{
    struct asp_error error = {0};
    enum exit_code code = admin_open_store(admin, false);

    if (code == EXIT_DONE && admin->options->all &&
        asp_store_drop_pending(&admin->store, admin->user, &error) != ASP_OK)
        code = admin_fail(admin, admin->user, &error);
    return code == EXIT_DONE ? admin_check_account(admin) : code;
}

static enum exit_code store(struct revoking *revoking)
{
    const struct admin *admin = revoking->admin;
    struct asp_error error = {0};
    struct asp_turn turn;
    enum asp_status status;

    revoking->how = asp_revocation_of(admin->conf, admin->now, admin->by);
    hooks_take_turn(admin, &turn);
    status = admin_update(admin, false, revoke, revoking, &error);
    for (size_t i = 0; status == ASP_OK && i < revoking->count; i++)
        admin_log_change(admin, admin->user, "revoked", &revoking->revoked[i], revoking->reason);
    hooks_end_turn(admin, &turn, status == ASP_OK && revoking->count > 0);
    if (status == ASP_OK || status == ASP_UNCHANGED)
        return EXIT_DONE;
    return admin_fail(admin, admin->user, &error);
}

enum exit_code command_revoke(struct admin *admin)
{
    const struct options *options = admin->options;
    struct revoking revoking = {
        .admin = admin,
        .reason = options->reason != NULL ? options->reason : "admin",
    };
    enum exit_code code = command_revoke_validate(admin);

    if (code == EXIT_DONE)
        code = open_account(admin);
    if (code == EXIT_DONE)
        code = store(&revoking);
    if (code == EXIT_DONE && !show_revoked(&revoking))
        code = EXIT_STORE;
    asp_entries_free(revoking.revoked, revoking.count);
    return code;
}
