/* What getopt_long finds wrong: an option that is none, and which one was meant. */
#include "option_fault.h"

#include "asp/nearest.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 65 };

static const struct option *find(const struct option *table, int val)
{
    while (table->name != NULL && table->val != val)
        table++;
    return table->name != NULL ? table : NULL;
}

/* What stands between the dashes and a value; empty where that is too long for a slip. */
static void cut_name(const char *word, char name[NAME_SIZE])
{
    size_t dashes = strspn(word, "-");
    size_t length = strcspn(word + dashes, "=");

    if (length >= NAME_SIZE)
        length = 0;
    memcpy(name, word + dashes, length);
    name[length] = '\0';
}

/* How many options begin so, of which getopt takes none where there is more than one; the first two
 * of them. */
static size_t count_begun(const char *name, const struct option *table, const struct option *two[2])
{
    size_t count = 0;

    for (; name[0] != '\0' && table->name != NULL; table++) {
        if (strncmp(table->name, name, strlen(name)) == 0 && count++ < 2)
            two[count - 1] = table;
    }
    return count;
}

static const char *nearest_option(const char *name, const struct option *table)
{
    struct asp_nearest nearest = {.typed = name};

    for (; table->name != NULL; table++)
        asp_nearest_try(&nearest, table->name);
    return nearest.word;
}

/* What stands there is no option, or one of the table. */
static bool is_offered(const char *meant, const struct option *table)
{
    const size_t length = strncmp(meant, "--", 2) == 0 ? strcspn(meant + 2, " ") : 0;

    while (length > 0 && table->name != NULL &&
           (strlen(table->name) != length || strncmp(table->name, meant + 2, length) != 0))
        table++;
    return length == 0 || table->name != NULL;
}

static const char *synonym_of(const char *name, const struct option *table,
                              const struct option_synonym synonyms[])
{
    while (synonyms->word != NULL &&
           (strcmp(synonyms->word, name) != 0 || !is_offered(synonyms->meant, table)))
        synonyms++;
    return synonyms->meant;
}

static enum exit_code say_unknown(const struct console *console, const char *word,
                                  const struct option *table,
                                  const struct option_synonym synonyms[], const char *help)
{
    char name[NAME_SIZE];
    const struct option *two[2];
    const char *meant;
    size_t begun;

    cut_name(word, name);
    begun = count_begun(name, table, two);
    if (begun > 1)
        return fail_with(console, EXIT_USAGE, "%s is no option: did you mean --%s or --%s? See %s",
                         word, two[0]->name, two[1]->name, help);
    meant = synonym_of(name, table, synonyms);
    if (meant != NULL)
        return fail_with(console, EXIT_USAGE, "%s is no option: did you mean %s?", word, meant);
    meant = begun == 1 ? two[0]->name : nearest_option(name, table);
    if (meant != NULL)
        return fail_with(console, EXIT_USAGE, "%s is no option: did you mean --%s?", word, meant);
    return fail_with(console, EXIT_USAGE, "%s is no option: see %s", word, help);
}

/* getopt has left the word of one letter, and not yet the one of several. */
static enum exit_code say_letter(const struct console *console, const struct option_fault *fault,
                                 const struct option *table, const char *help)
{
    const char letter[] = {'-', fault->letter, '\0'};
    const char *next = fault->next;
    const char *meant = NULL;
    char name[NAME_SIZE];

    if (next != NULL && next[0] == '-' && next[1] == letter[1]) {
        cut_name(next, name);
        meant = nearest_option(name, table);
        if (meant != NULL)
            return fail_with(console, EXIT_USAGE, "%s is no option: did you mean --%s?", next,
                             meant);
    }
    for (; meant == NULL && table->name != NULL; table++)
        meant = table->name[0] == letter[1] ? table->name : NULL;
    if (meant != NULL)
        return fail_with(console, EXIT_USAGE, "%s is no option: did you mean --%s? See %s", letter,
                         meant, help);
    return fail_with(console, EXIT_USAGE, "%s is no option: see %s", letter, help);
}

struct option_fault option_fault_take(int found, char *const argv[], const struct option *table)
{
    const struct option *option = optopt != 0 ? find(table, optopt) : NULL;

    return (struct option_fault){
        .found = found,
        .letter = option == NULL ? (char)optopt : '\0',
        .name = option != NULL ? option->name : NULL,
        .word = argv[optind - 1],
        .next = argv[optind],
    };
}

enum exit_code option_fault_say(const struct console *console, const struct option_fault *fault,
                                const struct option *table, const struct option_synonym synonyms[],
                                const char *help)
{
    if (fault->found == ':')
        return fail_with(console, EXIT_USAGE, "%s needs a value behind it: see %s", fault->word,
                         help);
    if (fault->name != NULL)
        return fail_with(console, EXIT_USAGE, "--%s takes no value: see %s", fault->name, help);
    if (fault->letter != '\0')
        return say_letter(console, fault, table, help);
    return say_unknown(console, fault->word, table, synonyms, help);
}
