#include "options.h"

#include <getopt.h>
#include <string.h>

/* Upper case: global, and lower case: for some commands. */
static const struct option table[] = {
    {"config", required_argument, NULL, 'C'},  {"json", no_argument, NULL, 'J'},
    {"help", no_argument, NULL, 'H'},          {"version", no_argument, NULL, 'V'},
    {"label", required_argument, NULL, 'l'},   {"app", required_argument, NULL, 'a'},
    {"from", required_argument, NULL, 'f'},    {"expires", required_argument, NULL, 'e'},
    {"unused", required_argument, NULL, 'u'},  {"reason", required_argument, NULL, 'r'},
    {"service", required_argument, NULL, 's'}, {"rhost", required_argument, NULL, 'h'},
    {"virtual", no_argument, NULL, 'v'},       {"quiet", no_argument, NULL, 'q'},
    {"all", no_argument, NULL, 'z'},           {"once", no_argument, NULL, 'o'},
    {"confirm", no_argument, NULL, 'c'},       {NULL, 0, NULL, 0},
};

const char *option_name(unsigned bits)
{
    for (const struct option *option = table; option->name != NULL; option++) {
        if (option->val >= 'a' && (bits & OPTION_BIT(option->val)) != 0)
            return option->name;
    }
    return "";
}

static void set_global(struct options *options, int letter)
{
    switch (letter) {
    case 'C':
        options->config = optarg;
        break;
    case 'J':
        options->json = true;
        break;
    case 'H':
        options->help = true;
        break;
    default:
        options->version = true;
        break;
    }
}

static void set(struct options *options, int letter)
{
    switch (letter) {
    case 'l':
        options->label = optarg;
        break;
    case 'a':
        options->app = optarg;
        break;
    case 'e':
        options->expires = optarg;
        break;
    case 'u':
        options->unused = optarg;
        break;
    case 'r':
        options->reason = optarg;
        break;
    case 's':
        options->service = optarg;
        break;
    case 'h':
        options->rhost = optarg;
        break;
    case 'v':
        options->is_virtual = true;
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'o':
        options->once = true;
        break;
    case 'c':
        options->confirm = true;
        break;
    default:
        options->all = true;
        break;
    }
}

static bool add_network(const struct console *console, struct options *options)
{
    if (options->from_count == ASP_NETWORKS_MAX) {
        (void)fail_with(console, EXIT_USAGE, "--from can be given %d times at most",
                        ASP_NETWORKS_MAX);
        return false;
    }
    options->from[options->from_count++] = optarg;
    return true;
}

static bool take_option(const struct console *console, struct options *options, int letter)
{
    unsigned bit;

    if (letter < 'a') {
        set_global(options, letter);
        return true;
    }
    bit = OPTION_BIT(letter);
    if ((options->given & bit) != 0 && letter != 'f') {
        (void)fail_with(console, EXIT_USAGE, "--%s is given twice", option_name(bit));
        return false;
    }
    options->given |= bit;
    if (letter == 'f')
        return add_network(console, options);
    set(options, letter);
    return true;
}

bool options_read(int argc, char **argv, const struct console *console, struct options *options)
{
    int letter;

    memset(options, 0, sizeof *options);
    opterr = 0;
    optind = 0; /* from the beginning, whoever has read another line in this process */
    while ((letter = getopt_long(argc, argv, ":", table, NULL)) != -1) {
        if (letter == ':') {
            (void)fail_with(console, EXIT_USAGE, "%s needs a value: see asp-admin --help",
                            argv[optind - 1]);
            return false;
        }
        if (letter == '?') {
            (void)fail_with(console, EXIT_USAGE,
                            "%s is no option, or takes no value: see asp-admin --help",
                            argv[optind - 1]);
            return false;
        }
        if (!take_option(console, options, letter))
            return false;
    }
    if (optind < argc) {
        options->command = argv[optind];
        options->arguments = argv + optind + 1;
        options->argument_count = argc - optind - 1;
    }
    return true;
}
