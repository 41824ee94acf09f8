/* list: the app passwords of a user, or a line for each user. */
#include "commands.h"

#include "asp-admin/admin.h"
#include "asp-admin/system/users.h"
#include "asp-admin/ui/answer.h"
#include "asp-admin/ui/entry_limits.h"
#include "asp-admin/ui/progress.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_entry_row(const struct admin *admin, struct table *table,
                          const struct asp_entry *entry, const struct asp_usage *usage)
{
    struct asp_buffer created = {0};
    struct asp_buffer last = {0};
    struct asp_buffer limits = {0};
    struct asp_use use;
    bool used = asp_usage_find(usage, entry->id, entry->created, &use);

    add_when(admin->console, &created, admin->now, entry->created, "-");
    add_when(admin->console, &last, admin->now, used ? use.last : ASP_NEVER, "never");
    table_add(table, 8,
              (const char *[]){entry->id, entry->label, entry->app,
                               asp_state_word(asp_usage_state(usage, entry, admin->now)),
                               table_cell(&created), table_cell(&last), used ? use.service : "-",
                               used && use.host[0] != '\0' ? use.host : "-"});
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

/* One line of the list of users. */
struct summary {
    char *user;
    size_t active;
    size_t revoked;
    time_t last_used;
};

struct summaries {
    struct admin *admin;
    struct summary *list;
    size_t count;
    size_t room;
    struct asp_error error;
    enum exit_code worst;
    struct mendings {
        char first[ASP_USER_MAX + 1];
        size_t users;
        struct asp_error error;
    } mended, stuck; /* whose usage was mended, or could not be */
};

static void note_mending(struct mendings *mendings, const char *user, const struct asp_error *error)
{
    if (mendings->users++ > 0)
        return;
    (void)snprintf(mendings->first, sizeof mendings->first, "%s", user);
    mendings->error = *error;
}

/* What was mended is put on the disk, for all at once. */
static void tell_mendings(const struct summaries *all)
{
    const struct admin *admin = all->admin;

    if (all->mended.users > 0) {
        asp_store_sync_usage(&admin->store);
        admin_say_mended(admin, all->mended.first, all->mended.users, ASP_OK, &all->mended.error);
    }
    if (all->stuck.users > 0)
        admin_say_mended(admin, all->stuck.first, all->stuck.users, ASP_IO, &all->stuck.error);
}

static void summarise(const struct admin *admin, const struct asp_account *account,
                      const struct asp_usage *usage, struct summary *summary)
{
    summary->last_used = ASP_NEVER;
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];
        time_t last = asp_usage_last(usage, entry->id, entry->created);
        enum asp_state state = asp_usage_state(usage, entry, admin->now);

        summary->active += state == ASP_ACTIVE;
        summary->revoked += state == ASP_REVOKED;
        if (last > summary->last_used)
            summary->last_used = last;
    }
}

static enum asp_status add_summary(struct summaries *all, const struct summary *summary)
{
    if (all->count == all->room) {
        size_t room = all->room == 0 ? 64 : 2 * all->room;
        struct summary *grown = reallocarray(all->list, room, sizeof *grown);

        if (grown == NULL)
            return ASP_NO_MEMORY;
        all->list = grown;
        all->room = room;
    }
    all->list[all->count++] = *summary;
    return ASP_OK;
}

/* A damaged account is told of, and does not hide the others. Without memory none is damaged. */
static enum asp_status visit_user(const char *user, void *context)
{
    struct summaries *all = context;
    struct admin *admin = all->admin;
    struct summary summary = {0};
    struct asp_account account;
    struct asp_usage usage;
    enum asp_status mended = ASP_UNCHANGED;
    enum asp_status status;

    progress_count();
    status = asp_store_load(&admin->store, user, NULL, &account, &all->error);
    if (status == ASP_NOT_FOUND)
        return ASP_OK;
    if (status == ASP_OK) {
        status = admin_read_usage(admin, &account, true, &usage, &mended, &all->error);
        if (status != ASP_OK)
            asp_account_free(&account);
    }
    if (status == ASP_NO_MEMORY)
        return status;
    if (mended != ASP_UNCHANGED)
        note_mending(mended == ASP_OK ? &all->mended : &all->stuck, user, &all->error);
    if (status != ASP_OK) {
        all->worst = admin_fail(admin, user, &all->error);
        return ASP_OK;
    }
    summarise(admin, &account, &usage, &summary);
    asp_usage_free(&usage);
    asp_account_free(&account);
    summary.user = strdup(user);
    if (summary.user == NULL)
        return asp_fail(&all->error, ASP_NO_MEMORY, "out of memory");
    status = add_summary(all, &summary);
    if (status != ASP_OK) {
        free(summary.user);
        return asp_fail(&all->error, status, "out of memory");
    }
    return ASP_OK;
}

static int by_user(const void *a, const void *b)
{
    return strcmp(((const struct summary *)a)->user, ((const struct summary *)b)->user);
}

static void add_summary_row(const struct admin *admin, struct table *table,
                            const struct summary *summary)
{
    struct asp_buffer active = {0};
    struct asp_buffer revoked = {0};
    struct asp_buffer used = {0};

    asp_buffer_add_number(&active, summary->active);
    asp_buffer_add_number(&revoked, summary->revoked);
    add_when(admin->console, &used, admin->now, summary->last_used, "never");
    table_add(table, 4,
              (const char *[]){summary->user, table_cell(&active), table_cell(&revoked),
                               table_cell(&used)});
    asp_buffer_free(&active);
    asp_buffer_free(&revoked);
    asp_buffer_free(&used);
}

/* For programs that read lines: the names. */
static bool show_names(const struct summaries *all)
{
    struct asp_buffer out = {0};

    for (size_t i = 0; i < all->count; i++) {
        asp_buffer_add_visible(&out, all->list[i].user);
        asp_buffer_add(&out, "\n");
    }
    return console_print_and_free(all->admin->console, &out);
}

static bool show_users(const struct summaries *all)
{
    const struct admin *admin = all->admin;
    const bool json = admin->options->json;
    json_t *document = json ? json_array() : NULL;
    struct table table = {0};

    if (admin->options->quiet && !json)
        return show_names(all);
    table_add(&table, 4, (const char *[]){"USER", "ACTIVE", "REVOKED", "LAST USED"});
    for (size_t i = 0; i < all->count; i++) {
        const struct summary *summary = &all->list[i];

        if (json)
            json_add(&document,
                     json_pack("{s:o, s:I, s:I, s:o}", "user", json_from_text(summary->user),
                               "active", (json_int_t)summary->active, "revoked",
                               (json_int_t)summary->revoked, "last_used",
                               json_from_time(summary->last_used)));
        else
            add_summary_row(admin, &table, summary);
    }
    return answer_write(admin->console, json, document, &table, "no users\n");
}

static enum exit_code list_users(struct admin *admin)
{
    struct summaries all = {.admin = admin};
    struct asp_error error = {0};
    enum exit_code code = admin_open_store(admin, false);
    enum asp_status status;

    if (code != EXIT_DONE)
        return code;
    progress_begin("reading accounts");
    status = asp_store_each(&admin->store, visit_user, &all, &error);
    progress_end();
    if (status != ASP_OK)
        code = fail_with_error(admin->console, error.status != ASP_OK ? &error : &all.error);
    tell_mendings(&all);
    if (all.count > 0)
        qsort(all.list, all.count, sizeof *all.list, by_user);
    /* Of none that could be read it is not said that there are none. */
    if (code == EXIT_DONE && (all.count > 0 || all.worst == EXIT_DONE) && !show_users(&all))
        code = EXIT_STORE;
    for (size_t i = 0; i < all.count; i++)
        free(all.list[i].user);
    free(all.list);
    return code != EXIT_DONE ? code : all.worst;
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
