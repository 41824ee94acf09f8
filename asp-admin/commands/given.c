/* What was given on the line, held to its rules. */
#include "given.h"

#include "asp/label.h"
#include "asp/network.h"

enum exit_code given_check_text(const struct admin *admin, const char *what, const char *text)
{
    if (asp_label_valid(text))
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_USAGE,
                     "%s: say 1 to 64 characters of UTF-8, without control characters, separators "
                     "of lines and paragraphs, and marks that turn the direction of writing",
                     what);
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
