/* store tidy: what nobody needs any more goes. */
#include "words.h"

#include "asp-admin/database/tidy.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/plural.h"

static bool say(const struct admin *admin, const struct database_tidied *tidied)
{
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(admin->console,
                          json_pack("{s:I, s:I, s:I, s:I}", "events", (json_int_t)tidied->events,
                                    "accounts", (json_int_t)tidied->accounts, "expiries",
                                    (json_int_t)tidied->expiries, "uses",
                                    (json_int_t)tidied->uses));
    asp_buffer_add(&out, "took away what is older than 30 days: ");
    plural_add(&out, tidied->events, "event");
    asp_buffer_add(&out, ", ");
    plural_add(&out, tidied->accounts, "account");
    asp_buffer_add(&out, tidied->accounts == 1 ? " that was removed, " : " that were removed, ");
    asp_buffer_add_number(&out, tidied->expiries);
    asp_buffer_add(&out, tidied->expiries == 1 ? " expiry; and " : " expiries; and ");
    plural_add(&out, tidied->uses, "use");
    asp_buffer_add(&out, " of accounts that are not there\n");
    return console_print_sentences(admin->console, &out);
}

enum exit_code store_tidy(struct admin *admin)
{
    struct database_tidied tidied;
    struct asp_error error = {0};

    if (database_tidy(admin->database, &tidied, &error) != ASP_OK)
        return fail_unreadable(admin->console, &error);
    return say(admin, &tidied) ? EXIT_DONE : EXIT_STORE;
}
