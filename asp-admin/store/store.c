/* store: the command, and who may say which word behind it. */
#include "store.h"

#include "words.h"

#include "asp-admin/database/database.h"
#include "asp/name.h"
#include "asp/nearest.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define WORDS "init, join, copy, check or tidy"

static const struct word {
    const char *name;
    enum exit_code (*run)(struct admin *admin);
    bool for_anybody; /* the database alone says who may */
    unsigned options; /* that it takes, by OPTION_BIT */
} words[] = {
    {"init", store_init, true, OPTION_BIT(OPTION_SQL) | OPTION_BIT(OPTION_USES_LOST)},
    {"join", store_join, false, 0},
    {"copy", store_copy, false, OPTION_BIT(OPTION_REALM)},
    {"check", store_check, false, 0},
    {"tidy", store_tidy, false, 0},
};

enum { WORD_COUNT = sizeof words / sizeof *words };

/* The one that was said; NULL after a line on the console. */
static const struct word *find(const struct admin *admin)
{
    const struct options *options = admin->options;
    const char *typed = options->argument_count > 0 ? options->arguments[0] : NULL;
    struct asp_nearest nearest = {.typed = typed};

    if (typed == NULL) {
        (void)fail_with(admin->console, EXIT_USAGE, "store needs a word behind it: " WORDS);
        return NULL;
    }
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(words[i].name, typed) == 0)
            return &words[i];
        asp_nearest_try(&nearest, words[i].name);
    }
    if (nearest.word != NULL)
        (void)fail_with(admin->console, EXIT_USAGE, "there is no store %s: did you mean %s?", typed,
                        nearest.word);
    else
        (void)fail_with(admin->console, EXIT_USAGE, "there is no store %s: it takes " WORDS, typed);
    return NULL;
}

static bool is_way(const char *from, const char *to)
{
    return (strcmp(from, "files") == 0 && strcmp(to, "database") == 0) ||
           (strcmp(from, "database") == 0 && strcmp(to, "files") == 0);
}

static enum exit_code check_copy(const struct admin *admin)
{
    const struct options *options = admin->options;

    if (options->argument_count != 3 || !is_way(options->arguments[1], options->arguments[2]))
        return fail_with(admin->console, EXIT_USAGE,
                         "store copy needs from where, and to where: store copy files database, or "
                         "store copy database files");
    if (options->realm == NULL)
        return EXIT_DONE;
    if (strcmp(options->arguments[1], "files") != 0)
        return fail_with(admin->console, EXIT_USAGE,
                         "store copy takes --realm on the way from files to the database alone");
    if (!asp_service_valid(options->realm))
        return fail_with(admin->console, EXIT_USAGE, "--realm takes a name: %s", ASP_SERVICE_RULE);
    return EXIT_DONE;
}

/* The word that takes it. */
static const char *taker_of(unsigned option)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if ((words[i].options & option) != 0)
            return words[i].name;
    }
    return "";
}

static enum exit_code check_line(const struct admin *admin, const struct word *word)
{
    const struct options *options = admin->options;
    const unsigned wrong = options->given & ~word->options;

    if (wrong != 0)
        return fail_with(admin->console, EXIT_USAGE, "store %s takes no --%s: store %s does",
                         word->name, option_name(wrong), taker_of(wrong));
    if (word->run == store_copy)
        return check_copy(admin);
    if (options->argument_count > 1)
        return fail_with(admin->console, EXIT_USAGE, "store %s takes nothing behind it",
                         word->name);
    return EXIT_DONE;
}

static enum exit_code open_conf(struct admin *admin, const struct word *word)
{
    char path[PATH_MAX];
    enum exit_code code = admin_open(admin, admin->options, admin->console, NULL);

    if (code != EXIT_DONE)
        return code;
    if (admin->conf->database.host_count == 0)
        return fail_with(admin->console, EXIT_CONF, "%s names no database: see asp-store(7)",
                         admin_conf_path(admin, path) ? path : "the configuration");
    if (!word->for_anybody && geteuid() != 0 && !asp_store_is_own(admin->conf, &admin->kept))
        return fail_with(admin->console, EXIT_STORE, "store %s is for root: run asp-admin as root",
                         word->name);
    return EXIT_DONE;
}

enum exit_code command_store(struct admin *admin)
{
    const struct word *word = find(admin);
    enum exit_code code;

    if (word == NULL)
        return EXIT_USAGE;
    code = check_line(admin, word);
    if (code != EXIT_DONE)
        return code;
    if (!database_is_built())
        return fail_with(admin->console, EXIT_STORE, "this pam_asp was built without a database");
    if (admin->options->sql)
        return store_print_schema(admin);
    code = open_conf(admin, word);
    return code == EXIT_DONE ? word->run(admin) : code;
}
