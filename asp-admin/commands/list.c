/* list: the app passwords of a user, or by list_users a line for each user. */
#include "commands.h"

#include "list_users.h"

#include "asp-admin/admin.h"
#include "asp-admin/system/users.h"
#include "asp-admin/ui/answer.h"
#include "asp-admin/ui/entry_limits.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <string.h>

/* Since when uses are known, or ASP_NEVER. */
static time_t known_since(const struct asp_usage *usage)
{
    struct asp_usage_head head;

    return asp_usage_read_head(usage, &head) ? head.begun : ASP_NEVER;
}

/* What was made at `created`, and of which no use is known: it was never used, or not since then.
 */
static void add_not_used(struct asp_buffer *out, time_t since, time_t created)
{
    char date[ASP_TIME_SIZE];

    if (since == ASP_NEVER) {
        asp_buffer_add(out, "unknown");
    } else if (since <= created) {
        asp_buffer_add(out, "never");
    } else {
        asp_time_format(since, date);
        asp_buffer_add(out, "not since ");
        asp_buffer_add_bytes(out, date, strcspn(date, "T"));
    }
}

static void add_entry_row(const struct admin *admin, struct table *table,
                          const struct asp_entry *entry, const struct asp_usage *usage)
{
    struct asp_buffer created = {0};
    struct asp_buffer last = {0};
    struct asp_buffer limits = {0};
    struct asp_use use;
    bool used = asp_usage_find(usage, entry->id, entry->created, &use);

    add_when(admin->console, &created, admin->now, entry->created, "");
    if (used)
        add_when(admin->console, &last, admin->now, use.last, "");
    else
        add_not_used(&last, known_since(usage), entry->created);
    table_add(table, 8,
              (const char *[]){entry->id, entry->label, entry->app,
                               asp_state_word(asp_usage_state(usage, entry, admin->now)),
                               table_cell(&created), table_cell(&last), used ? use.service : "",
                               used ? use.host : ""});
    if (entry->revoked == ASP_NEVER)
        entry_limits_add(&limits, entry);
    if (limits.failed || limits.length > 0)
        table_add_below(table, limits.failed ? NULL : limits.text);
    asp_buffer_free(&created);
    asp_buffer_free(&last);
    asp_buffer_free(&limits);
}

enum { NONE_SIZE = 80 };

/* What is said in the place of an empty table. */
static void say_none(const struct asp_account *account, char none[NONE_SIZE])
{
    if (account->count > 0) /* all of them are revoked: no other is hidden */
        (void)snprintf(none, NONE_SIZE, "no active app passwords; %zu revoked: --all shows them\n",
                       account->count);
    else
        (void)snprintf(none, NONE_SIZE, "no app passwords%s\n",
                       account->is_new ? "" : "; the user is still enrolled");
}

/* Without --all what is revoked is left out. */
static bool is_shown(const struct admin *admin, const struct asp_entry *entry)
{
    return entry->revoked == ASP_NEVER || admin->options->all;
}

/* For programs that read lines: id and label, a tab between them. */
static bool list_quietly(const struct admin *admin, const struct asp_account *account)
{
    struct asp_buffer out = {0};

    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (!is_shown(admin, entry))
            continue;
        asp_buffer_add(&out, entry->id);
        asp_buffer_add(&out, "\t");
        asp_buffer_add_visible(&out, entry->label);
        asp_buffer_add(&out, "\n");
    }
    return console_print_and_free(admin->console, &out);
}

static bool list_account(const struct admin *admin, const struct asp_account *account,
                         const struct asp_usage *usage)
{
    const bool json = admin->options->json;
    json_t *document = json ? json_array() : NULL;
    struct table table = {0};
    char none[NONE_SIZE];

    if (admin->options->quiet && !json)
        return list_quietly(admin, account);
    table_add(
        &table, 8,
        (const char *[]){"ID", "LABEL", "APP", "STATE", "CREATED", "LAST USED", "BY", "FROM"});
    table_add_below(&table, "LIMITS");
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];

        if (!is_shown(admin, entry))
            continue;
        if (json)
            json_add(&document, json_from_entry(admin->user, entry, usage, admin->now));
        else
            add_entry_row(admin, &table, entry, usage);
    }
    say_none(account, none);
    return answer_write(admin->console, json, document, &table, none);
}

enum exit_code command_list(struct admin *admin)
{
    struct asp_account account = {0};
    struct asp_usage usage = {0};
    enum exit_code code;

    if (admin->typed == NULL && admin->user[0] == '\0')
        return list_users(admin);
    code = admin_load_account(admin, &account, &usage);
    if (code == EXIT_DONE && !list_account(admin, &account, &usage))
        code = EXIT_STORE;
    asp_usage_free(&usage);
    asp_account_free(&account);
    return code;
}
