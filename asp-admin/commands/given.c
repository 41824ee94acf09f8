/* What was given on the line, held to its rules. */
#include "given.h"

#include "app_list.h"
#include "line.h"

#include "asp-admin/app.h"
#include "asp/buffer.h"
#include "asp/label.h"
#include "asp/nearest.h"
#include "asp/network.h"
#include "asp/scope.h"
#include "asp/time_text.h"

#include <string.h>

enum exit_code given_check_text(const struct admin *admin, const char *what, const char *text)
{
    const char *fault = asp_label_fault(text);

    if (fault == NULL)
        return EXIT_DONE;
    /* One that is empty or long shows nothing. */
    if (text[0] == '\0' || strlen(text) > ASP_LABEL_CHARS)
        return fail_with(admin->console, EXIT_USAGE, "%s %s", what, fault);
    return fail_with(admin->console, EXIT_USAGE, "%s \"%s\" %s", what, text, fault);
}

enum exit_code given_check_name(const struct admin *admin, const char *option, const char *name)
{
    if (asp_service_valid(name))
        return EXIT_DONE;
    return fail_with(admin->console, EXIT_USAGE, "%s \"%s\": say one name, of %s", option, name,
                     ASP_SERVICE_RULE);
}

enum { NAMES_BYTES = 1000 }; /* of a line; all of them are what `apps` is for */

/* Which one was meant, and which ones there are, for whoever asks. */
static void add_known_apps(struct asp_buffer *out, const char *given, const struct app_list *list)
{
    struct asp_nearest nearest = {.typed = given};
    const char *before = "; there are: ";

    for (size_t i = 0; i < list->count; i++) {
        if (list->apps[i].open)
            asp_nearest_try(&nearest, list->apps[i].name);
    }
    if (nearest.word != NULL) {
        asp_buffer_add(out, ": did you mean ");
        asp_buffer_add(out, nearest.word);
        asp_buffer_add(out, "?");
        before = " There are: ";
    }
    for (size_t i = 0; i < list->count && out->length < NAMES_BYTES; i++) {
        if (!list->apps[i].open || !list->apps[i].asks)
            continue;
        asp_buffer_add(out, before);
        asp_buffer_add(out, list->apps[i].name);
        before = ", ";
    }
    asp_buffer_add(out, out->length < NAMES_BYTES ? "" : ", and others: see asp-admin apps");
}

static enum exit_code fail_unknown_app(const struct admin *admin, const char *given)
{
    struct asp_buffer known = {0};
    struct app_list list = {0};
    bool whole = app_list_read(admin, &list);
    enum exit_code code;

    add_known_apps(&known, given, &list);
    if (!whole || known.failed)
        code = fail_with(admin->console, EXIT_STORE, "out of memory");
    else
        code = fail_with(admin->console, EXIT_USAGE, "--app %s: there is no such app%s%s", given,
                         known.text,
                         admin_is_own(admin) || admin->options->new_app
                             ? ""
                             : "; for one that is to come say --new-app as well");
    asp_buffer_free(&known);
    app_list_free(&list);
    return code;
}

enum exit_code given_read_app(const struct admin *admin, const char *given,
                              char app[ASP_SERVICE_MAX + 1])
{
    const struct asp_conf *conf = admin->conf;
    const char *listed = asp_scope_listed(conf, given);

    if (given_check_name(admin, "--app", given) != EXIT_DONE)
        return EXIT_USAGE;
    if (listed != NULL && !asp_scope_is_group(conf, given))
        return fail_with(admin->console, EXIT_USAGE,
                         "--app %s: %s is a service of the app %s: say --app %s", given, given,
                         listed, listed);
    asp_scope_app(conf, given, app);
    if (app_is_unknown(conf, app) && !admin->options->new_app)
        return fail_unknown_app(admin, given);
    return EXIT_DONE;
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

/* What revoke was given may be the words of a label, or of one that is close. */
static void advise_label(const struct admin *admin, const struct asp_account *account,
                         struct asp_error *error)
{
    const struct options *options = admin->options;
    const char *const user[] = {options->arguments[0], NULL};
    struct options_line line = {.arguments = user, .added = {"--label"}};
    struct asp_buffer whole = {0};
    struct asp_nearest nearest = {0};
    bool is_label = false;

    line_join(&whole, options->arguments[1], options->arguments + 2, options->argument_count - 2);
    nearest.typed = whole.text;
    for (size_t i = 0; !whole.failed && !is_label && i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        is_label = strcmp(entry->label, whole.text) == 0;
        if (is_label)
            nearest.word = entry->label;
        else if (entry->revoked == ASP_NEVER)
            asp_nearest_try(&nearest, entry->label);
    }
    line.added[1] = nearest.word;
    if (nearest.word != NULL)
        advise_line(admin, &line, is_label ? "it is a label" : "did you mean", error);
    asp_buffer_free(&whole);
}

struct asp_entry *given_find_entry(const struct admin *admin, const struct asp_account *account,
                                   const char *id, struct asp_error *error)
{
    struct asp_entry *entry = asp_account_find(account, id);
    const bool revokes = strcmp(admin->options->command, "revoke") == 0;
    /* Who has named more than one may think that the others are revoked. */
    const char *others =
        revokes && admin->options->argument_count > 2 ? ", and nothing was revoked" : "";

    if (entry == NULL) {
        (void)asp_fail(error, ASP_NOT_FOUND, "%s has no app password with %s%s%s", admin->user,
                       id[0] == '\0' ? "an empty id" : "the id ", id, others);
        advise_id(admin, account, id, error);
        if (error->advice[0] == '\0' && revokes)
            advise_label(admin, account, error);
    }
    return entry;
}
