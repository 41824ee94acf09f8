/* remove: all that is stored of a user goes, for good. */
#include "commands.h"

#include "asp-admin/ui/json.h"

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
    admin_log_change(admin, admin->user, "removed", NULL, NULL);
    if (admin->options->json &&
        !json_write(admin->console,
                    json_pack("{s:o, s:b}", "user", json_from_text(admin->user), "removed", 1)))
        code = EXIT_STORE;
    return code;
}
