/* history: what happened to the app passwords of a user, oldest first. */
#include "commands.h"

#include "asp-admin/ui/answer.h"
#include "asp/buffer.h"
#include "asp/time_text.h"

#include <stdlib.h>

/* One thing that happened. What does not belong to it is NULL. */
struct history_event {
    time_t time;
    const char *event;
    const struct asp_entry *entry;
    const char *by;
    const char *service;
    const char *host;
    const char *reason;
    size_t order; /* of those in the same second */
};

static int by_time(const void *a, const void *b)
{
    const struct history_event *x = a;
    const struct history_event *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* At most four of one entry. Returns how many. */
static size_t tell(const struct asp_entry *entry, const struct asp_use *use,
                   struct history_event *events)
{
    size_t count = 0;

    events[count++] =
        (struct history_event){.time = entry->created, .event = "created", .by = entry->created_by};
    if (entry->bound != ASP_NEVER)
        events[count++] = (struct history_event){
            .time = entry->bound, .event = "bound", .service = entry->bound_service};
    if (use->last != ASP_NEVER)
        events[count++] = (struct history_event){
            .time = use->last, .event = "used", .service = use->service, .host = use->host};
    if (entry->revoked != ASP_NEVER)
        events[count++] = (struct history_event){.time = entry->revoked,
                                                 .event = "revoked",
                                                 .by = entry->revoked_by,
                                                 .reason = entry->reason};
    for (size_t i = 0; i < count; i++)
        events[i].entry = entry;
    return count;
}

static json_t *json_from_history_event(const struct history_event *event)
{
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "time",
                     json_from_time(event->time), "event", event->event, "id", event->entry->id,
                     "label", event->entry->label, "by", json_from_text(event->by), "service",
                     json_from_text(event->service), "rhost", json_from_text(event->host), "reason",
                     json_from_text(event->reason));
}

/* "by ann: lost", "imap from 192.0.2.7" */
static void add_detail(struct asp_buffer *out, const char *before, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    asp_buffer_add(out, before);
    asp_buffer_add(out, text);
}

static void add_history_row(const struct admin *admin, struct table *table,
                            const struct history_event *event)
{
    struct asp_buffer when = {0};
    struct asp_buffer detail = {0};

    add_when(admin->console, &when, admin->now, event->time, "");
    asp_buffer_add(&detail, "");
    add_detail(&detail, "by ", event->by);
    add_detail(&detail, "by ", event->service);
    add_detail(&detail, " from ", event->host);
    add_detail(&detail, ": ", event->reason);
    table_add(table, 5,
              (const char *[]){table_cell(&when), event->event, event->entry->id,
                               event->entry->label, table_cell(&detail)});
    asp_buffer_free(&when);
    asp_buffer_free(&detail);
}

static bool show_history(const struct admin *admin, const struct history_event *events,
                         size_t count, bool is_new)
{
    const char *none = is_new ? "no app passwords yet\n"
                              : "nothing is kept of what there was: see history in asp.conf(5)\n";
    const bool json = admin->options->json;
    json_t *document = json ? json_array() : NULL;
    struct table table = {0};

    table_add(&table, 5, (const char *[]){"WHEN", "WHAT", "ID", "LABEL", "HOW"});
    for (size_t i = 0; i < count; i++) {
        if (json)
            json_add(&document, json_from_history_event(&events[i]));
        else
            add_history_row(admin, &table, &events[i]);
    }
    return answer_write(admin->console, json, document, &table, none);
}

enum exit_code command_history(struct admin *admin)
{
    struct asp_account account = {0};
    struct asp_usage usage = {0};
    struct history_event *events = NULL;
    struct asp_use *uses = NULL;
    size_t count = 0;
    enum exit_code code = admin_load_account(admin, &account, &usage);

    if (code == EXIT_DONE) {
        events = calloc(4 * account.count + 1, sizeof *events);
        uses = calloc(account.count + 1, sizeof *uses);
        if (events == NULL || uses == NULL) {
            (void)fail_with(admin->console, EXIT_STORE, "out of memory");
            code = EXIT_STORE;
        }
    }
    for (size_t i = 0; code == EXIT_DONE && i < account.count; i++) {
        const struct asp_entry *entry = &account.entries[i];

        if (!asp_usage_find(&usage, entry->id, entry->created, &uses[i]))
            uses[i].last = ASP_NEVER;
        count += tell(entry, &uses[i], events + count);
    }
    for (size_t i = 0; i < count; i++)
        events[i].order = i;
    if (code == EXIT_DONE) {
        qsort(events, count, sizeof *events, by_time);
        if (!show_history(admin, events, count, account.is_new))
            code = EXIT_STORE;
    }
    free(events);
    free(uses);
    asp_usage_free(&usage);
    asp_account_free(&account);
    return code;
}
