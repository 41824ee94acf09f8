/* store init: the schema, once for all machines. */
#include "words.h"

#include "asp-admin/database/init.h"
#include "asp-admin/system/users.h"
#include "asp-admin/ui/json.h"
#include "asp/shell_word.h"

#include <stdio.h>
#include <unistd.h>

enum { ROLE_SIZE = 256 };

enum exit_code store_print_schema(const struct admin *admin)
{
    struct asp_buffer out = {0};
    bool written;

    for (const char *const *statement = database_schema(); *statement != NULL; statement++)
        asp_buffer_add(&out, *statement);
    if (admin->options->uses_lost) {
        asp_buffer_add(&out, database_begin_uses);
        asp_buffer_add(&out, ";\n");
    }
    if (admin->options->json && !out.failed) {
        written = json_write(admin->console, json_pack("{s:s}", "sql", out.text));
        asp_buffer_free(&out);
    } else {
        written = console_print_and_free(admin->console, &out);
    }
    return written ? EXIT_DONE : EXIT_STORE;
}

/* Who may not do it is shown how one does who may. */
static enum exit_code fail(const struct admin *admin, struct asp_error *error)
{
    struct asp_buffer line = {0};

    asp_buffer_add(&line, error->advice);
    asp_buffer_add(&line, error->advice[0] == '\0' ? "as who may: " : "; or, as who may: ");
    asp_buffer_add(&line, "asp-admin store init --sql ");
    asp_buffer_add(&line, admin->options->uses_lost ? "--uses-lost " : "");
    asp_buffer_add(&line, "| sudo -u postgres psql -d ");
    asp_shell_word_add(&line, admin->conf->database.name);
    if (!line.failed && error->status != ASP_NO_MEMORY)
        (void)asp_advise(error, error->status, "%s", line.text);
    asp_buffer_free(&line);
    return fail_unreadable(admin->console, error);
}

/* What was done, or that there was nothing to do. */
static void add_done(struct asp_buffer *out, const struct database_identity *identity, int before)
{
    char text[256];

    if (before == 0)
        (void)snprintf(text, sizeof text,
                       "made the store %.*s, of schema %d; next, on each machine: asp-admin store "
                       "join\n",
                       DATABASE_ID_SHORT, identity->id, identity->schema);
    else if (before < identity->schema)
        (void)snprintf(text, sizeof text,
                       "brought the store %.*s from schema %d to %d; machines that know only the "
                       "former go on\n",
                       DATABASE_ID_SHORT, identity->id, before, identity->schema);
    else
        (void)snprintf(text, sizeof text,
                       "the store %.*s, of schema %d, is there: nothing is to be done\n",
                       DATABASE_ID_SHORT, identity->id, identity->schema);
    asp_buffer_add(out, text);
}

static bool say(const struct admin *admin, const struct database_identity *identity, int before)
{
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(admin->console, json_pack("{s:s, s:i, s:i, s:b}", "store", identity->id,
                                                    "schema", identity->schema, "parts",
                                                    identity->parts, "made", before == 0));
    add_done(&out, identity, before);
    if (admin->options->uses_lost)
        asp_buffer_add(&out, "last uses are known from now on: what was not used since counts as "
                             "unused from here\n");
    return console_print_sentences(admin->console, &out);
}

enum exit_code store_init(struct admin *admin)
{
    struct database_identity identity;
    struct asp_error error = {0};
    char role[ROLE_SIZE];
    int before;

    user_name_of(geteuid(), role, sizeof role);
    if (database_init(admin->conf, role, admin->options->uses_lost, &identity, &before, &error) !=
        ASP_OK)
        return fail(admin, &error);
    return say(admin, &identity, before) ? EXIT_DONE : EXIT_STORE;
}
