/* The command line, by getopt_long(3). */
#include "options.h"

#include "asp-admin/ui/option_fault.h"
#include "asp/shell_word.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum option_id id;
    const char *value; /* as help calls it; NULL: it takes none */
} table[] = {
    {"config", OPTION_CONFIG, "FILE"},
    {"json", OPTION_JSON, NULL},
    {"help", OPTION_HELP, NULL},
    {"version", OPTION_VERSION, NULL},
    /* Of several that a command does not take the first one here is named. */
    {"label", OPTION_LABEL, "TEXT"},
    {"app", OPTION_APP, "APP"},
    {"from", OPTION_FROM, "CIDR"},
    {"expires", OPTION_EXPIRES, "WHEN"},
    {"unused", OPTION_UNUSED, "DURATION"},
    {"reason", OPTION_REASON, "TEXT"},
    {"service", OPTION_SERVICE, "NAME"},
    {"rhost", OPTION_RHOST, "ADDR"},
    {"new-app", OPTION_NEW_APP, NULL},
    {"since", OPTION_SINCE, "TIME"},
    {"file", OPTION_FILE, "FILE"},
    {"primary", OPTION_PRIMARY, NULL},
    {"refused", OPTION_REFUSED, NULL},
    {"profile", OPTION_PROFILE, "FILE"},
    {"qr", OPTION_QR, NULL}, /* or --qr=KIND */
    {"virtual", OPTION_VIRTUAL, NULL},
    {"quiet", OPTION_QUIET, NULL},
    {"batch", OPTION_BATCH, NULL},
    {"replace", OPTION_REPLACE, NULL},
    {"all", OPTION_ALL, NULL},
    {"once", OPTION_ONCE, NULL},
    {"confirm", OPTION_CONFIRM, NULL},
    {"fix", OPTION_FIX, NULL},
    {"sql", OPTION_SQL, NULL},
    {"realm", OPTION_REALM, "NAME"},
    {"uses-lost", OPTION_USES_LOST, NULL},
};

enum { OPTIONS = sizeof table / sizeof *table, HELP_SIZE = 32 };

static bool is_global(enum option_id id)
{
    return id <= OPTION_VERSION;
}

const char *option_name(unsigned bits)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if ((bits & OPTION_BIT(table[i].id)) != 0)
            return table[i].name;
    }
    return "";
}

const char *option_value(enum option_id id)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (table[i].id == id)
            return table[i].value;
    }
    return NULL;
}

/* True for what can be given several times. */
static bool is_list(enum option_id id)
{
    return id == OPTION_FROM || id == OPTION_FILE;
}

/* True for what takes a value behind = or none at all. */
static bool may_have_value(enum option_id id)
{
    return id == OPTION_QR;
}

static bool add_value(const struct console *console, enum option_id id, const char *value,
                      const char **values, size_t *count, size_t most)
{
    if (*count == most) {
        (void)fail_with(console, EXIT_USAGE, "--%s can be given %zu times at most",
                        option_name(OPTION_BIT(id)), most);
        return false;
    }
    values[(*count)++] = value;
    return true;
}

static bool has_file(const struct console *console, enum option_id id, const char *value)
{
    if (value[0] == '\0')
        (void)fail_with(console, EXIT_USAGE, "--%s needs a file", option_name(OPTION_BIT(id)));
    return value[0] != '\0';
}

/* Without a default: the compiler finds an option that has no case. */
static bool set(const struct console *console, struct options *options, enum option_id id,
                const char *value)
{
    switch (id) {
    case OPTION_CONFIG:
        options->config = value;
        return has_file(console, id, value);
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
    case OPTION_BATCH:
        options->batch = true;
        break;
    case OPTION_CONFIRM:
        options->confirm = true;
        break;
    case OPTION_EXPIRES:
        options->expires = value;
        break;
    case OPTION_FIX:
        options->fix = true;
        break;
    case OPTION_FROM:
        return add_value(console, id, value, options->from, &options->from_count, ASP_NETWORKS_MAX);
    case OPTION_FILE:
        return add_value(console, id, value, options->files, &options->file_count,
                         OPTION_FILES_MAX);
    case OPTION_LABEL:
        options->label = value;
        break;
    case OPTION_NEW_APP:
        options->new_app = true;
        break;
    case OPTION_ONCE:
        options->once = true;
        break;
    case OPTION_QUIET:
        options->quiet = true;
        break;
    case OPTION_PRIMARY:
        options->primary = true;
        break;
    case OPTION_PROFILE:
        options->profile = value;
        return has_file(console, id, value);
    case OPTION_QR:
        options->qr = value;
        break;
    case OPTION_REALM:
        options->realm = value;
        break;
    case OPTION_REASON:
        options->reason = value;
        break;
    case OPTION_REFUSED:
        options->refused = true;
        break;
    case OPTION_REPLACE:
        options->replace = true;
        break;
    case OPTION_RHOST:
        options->rhost = value;
        break;
    case OPTION_SERVICE:
        options->service = value;
        break;
    case OPTION_SINCE:
        options->since = value;
        break;
    case OPTION_SQL:
        options->sql = true;
        break;
    case OPTION_UNUSED:
        options->unused = value;
        break;
    case OPTION_USES_LOST:
        options->uses_lost = true;
        break;
    case OPTION_VIRTUAL:
        options->is_virtual = true;
        break;
    }
    return true;
}

/* `before`: the words that belong to no option and stood before it. */
static bool take_option(const struct console *console, struct options *options, enum option_id id,
                        size_t before)
{
    unsigned bit = OPTION_BIT(id);

    if (options->typed_count < OPTIONS_TYPED)
        options->typed[options->typed_count++] = (struct option_typed){id, optarg, before};

    if (!is_global(id) && !is_list(id) && (options->given & bit) != 0) {
        (void)fail_with(console, EXIT_USAGE, "--%s is given twice", option_name(bit));
        return false;
    }
    if (!is_global(id))
        options->given |= bit;
    return set(console, options, id, optarg);
}

/* What other programs call what is asked for. */
static const struct option_synonym synonyms[] = {
    {"name", "--label TEXT"},
    {"title", "--label TEXT"},
    {"device", "--label TEXT"},
    {"description", "--label TEXT"},
    {"until", "--expires WHEN"},
    {"expiry", "--expires WHEN"},
    {"idle", "--unused DURATION"},
    {"network", "--from CIDR"},
    {"net", "--from CIDR"},
    {"cidr", "--from CIDR"},
    {"ip", "--from CIDR"},
    {"ip", "--rhost ADDR"},
    {"host", "--from CIDR"},
    {"host", "--rhost ADDR"},
    {"comment", "--reason TEXT"},
    {"why", "--reason TEXT"},
    {"silent", "--quiet"},
    {"file", "--config FILE"},
    {"user", "USER by itself, behind the command"},
    {"username", "USER by itself, behind the command"},
    {"id", "ID by itself, behind USER"},
    {NULL, NULL},
};

/* What is no option comes in its place, as one of the value WORD: how far getopt has changed the
 * order of words by then is not the same in each C library. */
static const char in_order[] = "-:";
enum { WORD = 1, OPTION = 256 };

/* The table as getopt_long has it, of the options in `bits`. */
static void write_table(struct option words[OPTIONS + 1], unsigned bits)
{
    size_t count = 0;

    for (size_t i = 0; i < OPTIONS; i++) {
        if (is_global(table[i].id) || (bits & OPTION_BIT(table[i].id)) != 0)
            words[count++] =
                (struct option){.name = table[i].name,
                                .has_arg = may_have_value(table[i].id) ? optional_argument
                                           : table[i].value != NULL    ? required_argument
                                                                       : no_argument,
                                .val = OPTION + (int)table[i].id};
    }
    words[count] = (struct option){0};
}

/* Of what getopt has found wrong. The command, if there was none yet, may stand behind it. */
static void say_fault(const struct console *console, int found, int argc, char **argv,
                      const char *command, options_of *of)
{
    struct option words[OPTIONS + 1];
    struct option_fault fault;
    char help[HELP_SIZE] = "asp-admin help";
    unsigned bits = OPTIONS_ALL;

    write_table(words, bits);
    fault = option_fault_take(found, argv, words);
    while (command == NULL && found != -1) {
        found = getopt_long(argc, argv, in_order, words, NULL);
        command = found == WORD ? optarg : found == -1 && optind < argc ? argv[optind] : NULL;
    }
    if (command != NULL)
        bits = of(command);
    if (bits != OPTIONS_ALL)
        (void)snprintf(help, sizeof help, "asp-admin help %s", command);
    write_table(words, bits);
    (void)option_fault_say(console, &fault, words, synonyms, help);
}

bool options_read(int argc, char **argv, const struct console *console, options_of *of,
                  struct options *options)
{
    struct option words[OPTIONS + 1];
    int count = 0; /* of the words that belong to no option; they are put from 1 on */
    int found;

    memset(options, 0, sizeof *options);
    write_table(words, OPTIONS_ALL);
    opterr = 0;
    optind = 0; /* from the beginning, whoever has read another line in this process */
    while ((found = getopt_long(argc, argv, in_order, words, NULL)) != -1) {
        if (found == WORD) {
            argv[++count] = optarg;
        } else if (found == ':' || found == '?') {
            say_fault(console, found, argc, argv, count > 0 ? argv[1] : NULL, of);
            return false;
        } else if (!take_option(console, options, (enum option_id)(found - OPTION),
                                (size_t)count)) {
            return false;
        }
    }
    while (optind < argc)
        argv[++count] = argv[optind++];
    if (count > 0) {
        options->command = argv[1];
        options->arguments = argv + 2;
        options->argument_count = count - 1;
    }
    return true;
}

static void add_word(struct asp_buffer *out, const char *word)
{
    asp_buffer_add(out, " ");
    asp_shell_word_add(out, word);
}

static void add_arguments(struct asp_buffer *out, const struct options *options,
                          const struct options_line *line)
{
    for (size_t i = 0; line->arguments != NULL && line->arguments[i] != NULL; i++)
        add_word(out, line->arguments[i]);
    for (int i = 0; line->arguments == NULL && i < options->argument_count; i++) {
        const char *word = options->arguments[i];

        word = word == line->argument ? line->by : word;
        if (word != NULL)
            add_word(out, word);
    }
}

static bool is_like_option(const struct options *options)
{
    for (int i = 0; i < options->argument_count; i++) {
        if (options->arguments[i][0] == '-')
            return true;
    }
    return false;
}

static void add_option(struct asp_buffer *out, const struct option_typed *typed)
{
    asp_buffer_add(out, " --");
    asp_buffer_add(out, option_name(OPTION_BIT(typed->id)));
    if (typed->value != NULL && may_have_value(typed->id)) {
        asp_buffer_add(out, "=");
        asp_shell_word_add(out, typed->value);
    } else if (typed->value != NULL) {
        add_word(out, typed->value);
    }
}

/* Those that every command takes stand last. */
static void add_options(struct asp_buffer *out, const struct options *options,
                        const struct options_line *line, bool global)
{
    for (size_t i = 0; i < options->typed_count; i++) {
        const struct option_typed *typed = &options->typed[i];

        if (is_global(typed->id) == global && (line->without & OPTION_BIT(typed->id)) == 0)
            add_option(out, typed);
    }
}

void options_add_line(struct asp_buffer *out, const struct options *options,
                      const struct options_line *line)
{
    const bool last = is_like_option(options);

    asp_buffer_add(out, "asp-admin ");
    asp_buffer_add(out, options->command);
    if (!last)
        add_arguments(out, options, line);
    add_options(out, options, line, false);
    for (size_t i = 0; line->added[i] != NULL; i++)
        add_word(out, line->added[i]);
    add_options(out, options, line, true);
    if (last) {
        asp_buffer_add(out, " --");
        add_arguments(out, options, line);
    }
    if (line->input != NULL) {
        asp_buffer_add(out, " <");
        add_word(out, line->input);
    }
}
