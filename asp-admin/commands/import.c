/* import: the lines of an export, each account put into the store whole, or told of. */
#include "account_json.h"
#include "commands.h"
#include "counted.h"
#include "import_check.h"
#include "import_store.h"
#include "new_password.h"

#include "asp-admin/app.h"
#include "asp-admin/system/name_list.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/line_reader.h"
#include "asp/time_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As they are said, and as a document has them. */
static const char *const words[] = {
    [IMPORT_NEW] = "imported",
    [IMPORT_REPLACED] = "replaced",
    [IMPORT_KEPT] = "kept",
};

struct import {
    struct admin *admin;
    struct line_reader lines;
    struct primary_source source;
    json_t *results;          /* of --json */
    struct name_list unknown; /* apps that there are none of here, and that were told of */
    size_t failed;
    bool cut;  /* an answer did not get out */
    bool full; /* there was no memory to read a line */
};

static void add_result(struct import *import, const char *user, const char *result,
                       const struct counted *counted)
{
    json_t *entries = counted != NULL ? json_integer((json_int_t)counted->entries) : json_null();
    json_t *active = counted != NULL ? json_integer((json_int_t)counted->active) : json_null();

    json_add(&import->results,
             json_pack("{s:I, s:o, s:s, s:o, s:o}", "line", (json_int_t)import->lines.number,
                       "user", json_from_text(user), "result", result, "entries", entries, "active",
                       active));
}

/* After all is stored. */
static void show_result(struct import *import, const struct importing *importing,
                        const struct asp_usage *usage)
{
    const struct admin *admin = importing->admin;
    const struct counted counted = counted_of(&importing->account, usage, admin->now);
    const bool kept = importing->result == IMPORT_KEPT;
    const struct console console = console_after(admin->console, kept ? "the account is as it was"
                                                                      : "the account is imported");
    struct asp_buffer out = {0};

    if (admin->options->json) {
        add_result(import, admin->user, words[importing->result], kept ? NULL : &counted);
        return;
    }
    asp_buffer_add(&out, words[importing->result]);
    asp_buffer_add(&out, " ");
    asp_buffer_add_visible(&out, admin->user);
    asp_buffer_add(&out, ": ");
    if (kept)
        asp_buffer_add(&out, "there is an account, and it is as it was");
    else
        counted_add(&out, &counted);
    asp_buffer_add(&out, "\n");
    import->cut = !console_print_and_free(&console, &out);
}

/* Once the account is there. What is not known of them decides nothing, so the account stays. */
static void put_uses(const struct admin *admin, const struct asp_usage *usage)
{
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (asp_store_put_usage(&admin->store, admin->user, usage, &error) != ASP_OK)
        console_say(admin->console, "the last uses of %s could not be written: %s", admin->user,
                    asp_error_line(&error, line));
}

/* One of which it was not told yet. */
static bool is_news(struct import *import, const char *app)
{
    return !name_list_has(&import->unknown, app) && name_list_add(&import->unknown, app);
}

/* It may be for a service that this machine will have, and may be a word that it has another for.
 */
static void say_unknown_apps(struct import *import, const struct importing *importing)
{
    const struct admin *admin = importing->admin;

    for (size_t i = 0; i < importing->account.count; i++) {
        const struct asp_entry *entry = &importing->account.entries[i];

        if (entry->revoked == ASP_NEVER && app_is_unknown(admin->conf, entry->app) &&
            is_news(import, entry->app))
            console_say(admin->console,
                        "note: there is no app %s here: what is for it opens nothing until there "
                        "is one; asp-admin apps shows those that there are",
                        entry->app);
    }
}

static enum exit_code store(struct import *import, struct importing *importing,
                            const struct asp_usage *usage)
{
    const struct admin *admin = importing->admin;
    struct asp_error error = {0};

    if (import_check(admin, &importing->account, usage, &error) != ASP_OK ||
        import_store(importing, &error) != ASP_OK)
        return admin_fail(admin, admin->user, &error);
    if (importing->result != IMPORT_KEPT)
        put_uses(admin, usage);
    if (importing->another || importing->elsewhere)
        console_say(admin->console,
                    "note: the primary password of %s %s when this was exported: what was "
                    "imported works all the same, and changes from now on revoke it",
                    admin->user,
                    importing->another ? "is another than" : "was of another realm, or of none,");
    if (importing->result != IMPORT_KEPT)
        say_unknown_apps(import, importing);
    show_result(import, importing, usage);
    return EXIT_DONE;
}

static enum exit_code read_source(const struct admin *admin, struct primary_source *source)
{
    struct asp_error error = {0};

    if (primary_source_renew(admin->conf, source, time(NULL), &error) == ASP_OK)
        return EXIT_DONE;
    return fail_unreadable(admin->console, &error);
}

/* The one whom the line names, and no other: its verifiers hold for that name alone. */
static enum exit_code find_user(struct admin *admin)
{
    enum exit_code code = admin_take_user(admin);

    if (code == EXIT_DONE)
        code = admin_find_user(admin);
    if (code == EXIT_DONE && strcmp(admin->user, admin->typed) != 0)
        code = fail_with(admin->console, EXIT_USAGE,
                         "%s is another spelling of %s here, and app passwords of the one name are "
                         "none of the other",
                         admin->typed, admin->user);
    return code;
}

/* What is kept needs nobody to be asked, or told apart. */
static bool is_kept(const struct admin *admin)
{
    struct asp_account account;

    if (admin->options->replace ||
        asp_store_load(&admin->store, admin->user, "", &account, NULL) != ASP_OK)
        return false;
    asp_account_free(&account);
    return true;
}

/* `user` becomes the one that the line names, also where it fails. */
static enum exit_code import_account(struct import *import, const struct console *console,
                                     const char *line, size_t length, char user[ASP_USER_MAX + 1])
{
    struct admin admin = *import->admin;
    struct options options = *import->admin->options;
    struct importing importing = {
        .admin = &admin, .source = &import->source, .replaces = options.replace};
    char *arguments[] = {importing.account.user};
    struct asp_usage usage;
    struct asp_error error = {0};
    enum exit_code code;

    if (account_json_read(line, length, &importing.account, &usage, &error) != ASP_OK) {
        import->full = error.status == ASP_NO_MEMORY;
        return fail_with_error(console, &error);
    }
    options.arguments = arguments;
    options.argument_count = 1;
    admin.options = &options;
    admin.console = console;
    admin.now = time(NULL);
    memcpy(user, importing.account.user, ASP_USER_MAX + 1);
    code = find_user(&admin);
    options.argument_count = 0; /* a command that is advised is import, for all lines */
    if (code == EXIT_DONE && is_kept(&admin)) {
        importing.result = IMPORT_KEPT;
        show_result(import, &importing, &usage);
    } else {
        if (code == EXIT_DONE)
            code = new_password_check_user(&admin);
        if (code == EXIT_DONE)
            code = read_source(&admin, &import->source);
        if (code == EXIT_DONE)
            code = store(import, &importing, &usage);
    }
    asp_usage_free(&usage);
    asp_account_free(&importing.account);
    return code;
}

/* With the number of the line before all that is said of it. */
static void take_line(struct import *import, enum line_read read, const char *line, size_t length)
{
    const struct console *whole = import->admin->console;
    struct console console = *whole;
    char program[64];
    char user[ASP_USER_MAX + 1] = "";
    enum exit_code code;

    (void)snprintf(program, sizeof program, "%.32s: line %lu", whole->program,
                   import->lines.number);
    console.program = program;
    if (read == LINE_WHOLE)
        code = import_account(import, &console, line, length, user);
    else
        code = fail_with(&console, EXIT_USAGE,
                         "it is no account that asp-admin export has written: it has %s",
                         read == LINE_HAS_NUL ? "a NUL byte" : "more than 6 MiB");
    import->failed += code != EXIT_DONE;
    if (code != EXIT_DONE && import->admin->options->json)
        add_result(import, user, "failed", NULL);
}

static enum exit_code take_lines(struct import *import)
{
    enum line_read read = LINES_END;
    size_t length;
    char *line;

    while (!import->cut && !import->full &&
           (read = line_reader_next(&import->lines, &line, &length)) < LINES_END) {
        if (read != LINE_WHOLE || length > 0)
            take_line(import, read, line, length);
    }
    if (import->cut || import->full)
        return fail_with(import->admin->console, EXIT_STORE,
                         "nothing was imported of what stands behind line %lu",
                         import->lines.number);
    if (read == LINES_FAILED)
        return fail_with(import->admin->console, EXIT_STORE,
                         "standard input cannot be read behind line %lu: %s", import->lines.number,
                         strerror(errno));
    /* What was to write it may have failed, which a shell tells nobody. */
    if (import->lines.number == 0)
        console_say(import->admin->console, "note: there was nothing to import");
    return EXIT_DONE;
}

enum exit_code command_import(struct admin *admin)
{
    struct import import = {.admin = admin,
                            .lines = {.from = STDIN_FILENO, .max = ACCOUNT_JSON_MAX}};
    const struct console after =
        console_after(admin->console, "what could be imported is imported");
    enum exit_code code = admin_open_store(admin, true);

    if (code == EXIT_DONE && admin->new_store)
        console_say(admin->console, "note: a new store was made at %s", admin->conf->store);
    if (code == EXIT_DONE)
        code = read_source(admin, &import.source);
    if (code == EXIT_DONE && isatty(STDIN_FILENO) == 1)
        console_say(admin->console, "reading what asp-admin export has written; Ctrl-D ends");
    if (admin->options->json)
        import.results = json_array();
    if (code == EXIT_DONE) {
        code = take_lines(&import);
        asp_store_sync_usage(&admin->store);
        if (admin->options->json && !json_write(&after, import.results))
            code = EXIT_STORE;
    }
    if (code == EXIT_DONE && import.failed > 0)
        code = fail_with(admin->console, EXIT_NO, "accounts that were not imported: %zu",
                         import.failed);
    primary_source_close(&import.source);
    line_reader_close(&import.lines);
    name_list_clear(&import.unknown);
    return code;
}
