/* list without a user: a line for each, of very many too. */
#include "list_users.h"

#include "asp-admin/ui/answer.h"
#include "asp-admin/ui/progress.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096 };

/* One line of the list of users, without her name. */
struct summary {
    time_t last_used;
    uint16_t active;
    uint16_t revoked;
    bool known; /* a last use of any of them would be, had there been one */
};

enum { PACKED = sizeof(time_t) + 2 * sizeof(uint16_t) + sizeof(bool) };

/*
 * Of each user as little as can be, for there may be a million of them: a summary of PACKED bytes,
 * and behind it her name with its NUL, one after the other.
 */
struct summaries {
    struct admin *admin;
    char *packed;
    size_t length;
    size_t room;
    size_t count;
    const char **names; /* where they are, in their order */
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
    struct asp_usage_head head;
    const bool begun = asp_usage_read_head(usage, &head);

    *summary = (struct summary){.last_used = ASP_NEVER, .known = true};
    for (size_t i = 0; i < account->count; i++) {
        const struct asp_entry *entry = &account->entries[i];
        time_t last = asp_usage_last(usage, entry->id, entry->created);
        enum asp_state state = asp_usage_state(usage, entry, admin->now);

        summary->active = (uint16_t)(summary->active + (state == ASP_ACTIVE));
        summary->revoked = (uint16_t)(summary->revoked + (state == ASP_REVOKED));
        if (last > summary->last_used)
            summary->last_used = last;
        summary->known = summary->known && begun && head.begun <= entry->created;
    }
}

/* What is so long the kernel moves without a copy. */
static bool make_room(struct summaries *all, size_t more)
{
    size_t room = all->room == 0 ? ROOM : all->room;
    char *grown;

    while (room - all->length < more)
        room *= 2;
    if (room == all->room)
        return true;
    grown = realloc(all->packed, room);
    if (grown == NULL)
        return false;
    all->packed = grown;
    all->room = room;
    return true;
}

static enum asp_status add_summary(struct summaries *all, const struct summary *summary,
                                   const char *user)
{
    const size_t size = strlen(user) + 1;
    char *at;

    if (!make_room(all, PACKED + size))
        return asp_fail(&all->error, ASP_NO_MEMORY, "out of memory");
    at = all->packed + all->length;
    memcpy(at, &summary->last_used, sizeof summary->last_used);
    at += sizeof summary->last_used;
    memcpy(at, &summary->active, sizeof summary->active);
    at += sizeof summary->active;
    memcpy(at, &summary->revoked, sizeof summary->revoked);
    at += sizeof summary->revoked;
    memcpy(at, &summary->known, sizeof summary->known);
    memcpy(at + sizeof summary->known, user, size);
    all->length += PACKED + size;
    all->count++;
    return ASP_OK;
}

static struct summary summary_of(const char *name)
{
    const char *at = name - PACKED;
    struct summary summary;

    memcpy(&summary.last_used, at, sizeof summary.last_used);
    at += sizeof summary.last_used;
    memcpy(&summary.active, at, sizeof summary.active);
    at += sizeof summary.active;
    memcpy(&summary.revoked, at, sizeof summary.revoked);
    at += sizeof summary.revoked;
    memcpy(&summary.known, at, sizeof summary.known);
    return summary;
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
    return add_summary(all, &summary, user);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum asp_status sort(struct summaries *all)
{
    const char *at = all->packed;

    if (all->count == 0)
        return ASP_OK;
    all->names = calloc(all->count, sizeof *all->names);
    if (all->names == NULL)
        return asp_fail(&all->error, ASP_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < all->count; i++) {
        all->names[i] = at + PACKED;
        at += PACKED + strlen(at + PACKED) + 1;
    }
    qsort(all->names, all->count, sizeof *all->names, by_name);
    return ASP_OK;
}

static void add_row(const void *context, size_t row, struct table *table)
{
    const struct summaries *all = context;
    const struct admin *admin = all->admin;
    const struct summary summary = summary_of(all->names[row]);
    struct asp_buffer active = {0};
    struct asp_buffer revoked = {0};
    struct asp_buffer used = {0};

    asp_buffer_add_number(&active, summary.active);
    asp_buffer_add_number(&revoked, summary.revoked);
    add_when(admin->console, &used, admin->now, summary.last_used,
             summary.known ? "never" : "unknown");
    table_add(table, 4,
              (const char *[]){all->names[row], table_cell(&active), table_cell(&revoked),
                               table_cell(&used)});
    asp_buffer_free(&active);
    asp_buffer_free(&revoked);
    asp_buffer_free(&used);
}

static json_t *document_of(const void *context, size_t row)
{
    const struct summaries *all = context;
    const struct summary summary = summary_of(all->names[row]);

    return json_pack("{s:o, s:I, s:I, s:o}", "user", json_from_text(all->names[row]), "active",
                     (json_int_t)summary.active, "revoked", (json_int_t)summary.revoked,
                     "last_used", json_from_time(summary.last_used));
}

/* For programs that read lines: the names. */
static bool show_names(const struct summaries *all)
{
    struct asp_buffer out = {0};
    bool shown = true;

    for (size_t i = 0; shown && i < all->count; i++) {
        asp_buffer_add_visible(&out, all->names[i]);
        asp_buffer_add(&out, "\n");
        shown = console_print_piece(all->admin->console, &out, i + 1 == all->count);
    }
    asp_buffer_free(&out);
    return shown;
}

static bool show_users(const struct summaries *all)
{
    const struct admin *admin = all->admin;
    const struct answer_rows rows = {all->count, all, document_of, add_row};
    struct table table = {0};

    if (admin->options->quiet && !admin->options->json)
        return show_names(all);
    table_add(&table, 4, (const char *[]){"USER", "ACTIVE", "REVOKED", "LAST USED"});
    return answer_write_rows(admin->console, admin->options->json, &rows, &table, "no users\n");
}

enum exit_code list_users(struct admin *admin)
{
    struct summaries all = {.admin = admin};
    struct asp_error error = {0};
    enum exit_code code = admin_open_store(admin, false);
    enum asp_status status;

    if (code != EXIT_DONE)
        return code;
    progress_begin("reading accounts");
    status = asp_store_each_account(&admin->store, visit_user, &all, &error);
    progress_end();
    if (status == ASP_OK)
        status = sort(&all);
    if (status != ASP_OK)
        code = fail_with_error(admin->console, error.status != ASP_OK ? &error : &all.error);
    tell_mendings(&all);
    /* Of none that could be read it is not said that there are none. */
    if (code == EXIT_DONE && (all.count > 0 || all.worst == EXIT_DONE) && !show_users(&all))
        code = EXIT_STORE;
    free(all.names);
    free(all.packed);
    return code != EXIT_DONE ? code : all.worst;
}
