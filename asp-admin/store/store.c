/* store: the command, and who may say which word behind it. */
#include "store.h"

#include "words.h"

#include "asp-admin/database/database.h"
#include "asp/nearest.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define WORDS "init, join, check or tidy"

static const struct word {
    const char *name;
    enum exit_code (*run)(struct admin *admin);
    bool for_anybody; /* the database alone says who may */
} words[] = {
    {"init", store_init, true},
    {"join", store_join, false},
    {"check", store_check, false},
    {"tidy", store_tidy, false},
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

static enum exit_code check_line(const struct admin *admin, const struct word *word)
{
    const struct options *options = admin->options;

    if (options->argument_count > 1)
        return fail_with(admin->console, EXIT_USAGE, "store %s takes nothing behind it",
                         word->name);
    if (options->sql && word->run != store_init)
        return fail_with(admin->console, EXIT_USAGE, "store %s takes no --sql: store init does",
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
