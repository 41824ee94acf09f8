/* The command line, by getopt_long(3). */
#include "options.h"

#include <getopt.h>
#include <string.h>

static const struct option table[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    /* Of several that a command does not take the first one here is named. */
    {"label", required_argument, NULL, OPTION_LABEL},
    {"app", required_argument, NULL, OPTION_APP},
    {"from", required_argument, NULL, OPTION_FROM},
    {"expires", required_argument, NULL, OPTION_EXPIRES},
    {"unused", required_argument, NULL, OPTION_UNUSED},
    {"reason", required_argument, NULL, OPTION_REASON},
    {"service", required_argument, NULL, OPTION_SERVICE},
    {"rhost", required_argument, NULL, OPTION_RHOST},
    {"virtual", no_argument, NULL, OPTION_VIRTUAL},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"all", no_argument, NULL, OPTION_ALL},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"confirm", no_argument, NULL, OPTION_CONFIRM},
    {NULL, 0, NULL, 0},
};

static bool is_global(enum option_id id)
{
    return id <= OPTION_VERSION;
}

const char *option_name(unsigned bits)
{
    for (const struct option *option = table; option->name != NULL; option++) {
        if ((bits & OPTION_BIT(option->val)) != 0)
            return option->name;
    }
    return "";
}

static bool add_network(const struct console *console, struct options *options, const char *value)
{
    if (options->from_count == ASP_NETWORKS_MAX) {
        (void)fail_with(console, EXIT_USAGE, "--from can be given %d times at most",
                        ASP_NETWORKS_MAX);
        return false;
    }
    options->from[options->from_count++] = value;
    return true;
}

static bool has_file(const struct console *console, const char *value)
{
    if (value[0] == '\0')
        (void)fail_with(console, EXIT_USAGE, "--config needs a file");
    return value[0] != '\0';
}

/* Without a default: the compiler finds an option that has no case. */
static bool set(const struct console *console, struct options *options, enum option_id id,
                const char *value)
{
    switch (id) {
    case OPTION_CONFIG:
        options->config = value;
        return has_file(console, value);
    case OPTION_JSON:
        options->json = true;
        break;
    case OPTION_HELP:
        options->help = true;
        break;
    case OPTION_VERSION:
        options->version = true;
        break;
    case OPTION_ALL:
        options->all = true;
        break;
    case OPTION_APP:
        options->app = value;
        break;
    case OPTION_CONFIRM:
        options->confirm = true;
        break;
    case OPTION_EXPIRES:
        options->expires = value;
        break;
    case OPTION_FROM:
        return add_network(console, options, value);
    case OPTION_LABEL:
        options->label = value;
        break;
    case OPTION_ONCE:
        options->once = true;
        break;
    case OPTION_QUIET:
        options->quiet = true;
        break;
    case OPTION_REASON:
        options->reason = value;
        break;
    case OPTION_RHOST:
        options->rhost = value;
        break;
    case OPTION_SERVICE:
        options->service = value;
        break;
    case OPTION_UNUSED:
        options->unused = value;
        break;
    case OPTION_VIRTUAL:
        options->is_virtual = true;
        break;
    }
    return true;
}

static bool take_option(const struct console *console, struct options *options, enum option_id id)
{
    unsigned bit = OPTION_BIT(id);

    if (!is_global(id) && id != OPTION_FROM && (options->given & bit) != 0) {
        (void)fail_with(console, EXIT_USAGE, "--%s is given twice", option_name(bit));
        return false;
    }
    if (!is_global(id))
        options->given |= bit;
    return set(console, options, id, optarg);
}

/* getopt names a letter, which may stand among others in a word that it has not left, or the option
 * that takes no value; and neither for a word of two dashes that it does not know. */
static void say_unknown(const struct console *console, const char *word)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt < 0 || optopt > OPTION_VIRTUAL;

    (void)fail_with(console, EXIT_USAGE, "%s is no option, or takes no value: see asp-admin --help",
                    is_letter ? letter : word);
}

bool options_read(int argc, char **argv, const struct console *console, struct options *options)
{
    int found;

    memset(options, 0, sizeof *options);
    opterr = 0;
    optind = 0; /* from the beginning, whoever has read another line in this process */
    while ((found = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (found == ':') {
            (void)fail_with(console, EXIT_USAGE, "%s needs a value: see asp-admin --help",
                            argv[optind - 1]);
            return false;
        }
        if (found == '?') {
            say_unknown(console, argv[optind - 1]);
            return false;
        }
        if (!take_option(console, options, (enum option_id)found))
            return false;
    }
    if (optind < argc) {
        options->command = argv[optind];
        options->arguments = argv + optind + 1;
        options->argument_count = argc - optind - 1;
    }
    return true;
}
