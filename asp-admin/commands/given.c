/* What was given on the line, held to its rules. */
#include "given.h"

#include "asp/label.h"
#include "asp/network.h"

#include <string.h>

enum exit_code given_check_text(const struct admin *admin, const char *what, const char *text)
{
    const char *fault = asp_label_fault(text);

    if (fault == NULL)
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_USAGE, "%s \"%s\" %s: 1 to 64 other characters are taken",
                     what, text, fault);
}

enum exit_code given_check_name(const struct admin *admin, const char *option, const char *name)
{
    if (asp_service_valid(name))
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_USAGE, "%s \"%s\": say one name, of %s", option, name,
                     ASP_SERVICE_RULE);
}

enum exit_code given_read_network(const struct admin *admin, const char *text,
                                  struct asp_network *network)
{
    char around[ASP_NETWORK_SIZE];

    if (asp_network_read(text, network))
        return EXIT_DONE;
    if (!asp_network_read_any(text, network))
        return fail_with(
            admin->console, EXIT_USAGE,
            "--from %s: say an address or a network without host bits, like 192.0.2.0/24", text);
    asp_network_write(network, around);
    return fail_with(
        admin->console, EXIT_USAGE,
        "--from %s: say %s, or the address alone for that host: bits are set behind its "
        "length",
        text, around);
}

/* What to type in the place of the id that was given. */
static void advise_line(const struct admin *admin, const struct options_line *line,
                        const char *what, struct asp_error *error)
{
    struct asp_buffer out = {0};

    options_add_line(&out, admin->options, line);
    if (!out.failed)
        (void)asp_advise(error, error->status, "%s: %s", what, out.text);
    asp_buffer_free(&out);
}

/* It may be a label, or have a capital. Only revoke takes a label as well. */
static void advise_id(const struct admin *admin, const struct asp_account *account, const char *id,
                      struct asp_error *error)
{
    const struct options *options = admin->options;
    const bool takes_label =
        strcmp(options->command, "revoke") == 0 && options->argument_count == 2;

    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];
        const struct options_line by_id = {.argument = id, .by = entry->id};
        const struct options_line by_label = {.argument = id, .added = {"--label", id}};

        if (strcmp(entry->label, id) == 0)
            advise_line(admin, takes_label ? &by_label : &by_id, "it is a label", error);
        else if (error->advice[0] == '\0' && asp_service_equal(entry->id, id))
            advise_line(admin, &by_id, "ids are in small letters", error);
    }
}

struct asp_entry *given_find_entry(const struct admin *admin, const struct asp_account *account,
                                   const char *id, struct asp_error *error)
{
    struct asp_entry *entry = asp_account_find(account, id);

    if (entry == NULL) {
        (void)asp_fail(error, ASP_NOT_FOUND, "%s has no app password with the id %s", admin->user,
                       id);
        advise_id(admin, account, id, error);
    }
    return entry;
}
