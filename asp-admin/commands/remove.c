/* remove: all that is stored of a user goes, for good. */
#include "commands.h"

#include "asp-admin/hooks/hooks_due.h"
#include "asp-admin/ui/json.h"
#include "asp/revocation.h"

/* An asp_change: what was active is revoked, so that the hook ends what is open. */
static enum asp_status revoke_and_drop(struct asp_account *account, void *context,
                                       struct asp_error *error)
{
    const struct asp_revocation *how = context;

    (void)error;
    (void)asp_account_revoke_all(account, how->when, how->by, ASP_REASON_REMOVED, how->hook_due);
    return ASP_DROP;
}

/* What cannot be read goes too: nobody knows what was in it. */
static enum asp_status remove_account(const struct admin *admin, struct asp_error *error)
{
    struct asp_revocation how = asp_revocation_of(admin->conf, admin->now, admin->by);
    enum asp_status status = asp_store_drop_pending(&admin->store, admin->user, error);

    if (status == ASP_OK)
        status = asp_store_update(&admin->store, admin->user, false, revoke_and_drop, &how, error);
    if (status == ASP_CORRUPT || status == ASP_NEWER || status == ASP_UNSAFE)
        status = asp_store_remove(&admin->store, admin->user, error);
    return status;
}

enum exit_code command_remove(struct admin *admin)
{
    const struct console console = console_after(admin->console, "the account is removed");
    struct asp_error error = {0};
    struct asp_turn turn;
    enum exit_code code;
    enum asp_status status;

    code = admin_open_store(admin, false);
    if (code != EXIT_DONE)
        return code;
    hooks_take_turn(admin, &turn);
    status = remove_account(admin, &error);
    if (status == ASP_OK)
        admin_log_change(admin, admin->user, "removed", NULL, NULL);
    hooks_end_turn(admin, &turn, status == ASP_OK);
    if (status != ASP_OK)
        return fail_with_error(admin->console, &error);
    if (admin->options->json &&
        !json_write(&console,
                    json_pack("{s:o, s:b}", "user", json_from_text(admin->user), "removed", 1)))
        code = EXIT_STORE;
    return code;
}
