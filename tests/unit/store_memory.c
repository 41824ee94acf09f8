/* A store in the memory of one process. */
#include "store_memory.h"

#include "store_memory_rows.h"

#include "asp/buffer.h"
#include "asp/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct asp_store_held {
    struct row *row;
};

static struct place *places;

char memory_ended[1024];

static struct place *find_place(const char *path)
{
    struct place *place = places;

    while (place != NULL && strcmp(place->path, path) != 0)
        place = place->next;
    return place;
}

struct place *place_of(const struct asp_store *store)
{
    return store->own.memory;
}

struct row *find_row(const struct asp_store *store, const char *name)
{
    struct row *row = place_of(store)->rows;

    while (row != NULL && strcmp(row->name, name) != 0)
        row = row->next;
    return row;
}

struct row *make_row(const struct asp_store *store, const char *name)
{
    struct row *row = find_row(store, name);

    if (row != NULL)
        return row;
    row = calloc(1, sizeof *row);
    if (row == NULL)
        return NULL;
    strcpy(row->name, name);
    row->next = place_of(store)->rows;
    place_of(store)->rows = row;
    return row;
}

static enum asp_status open_store(struct asp_store *store, const struct asp_conf *conf,
                                  struct asp_store_kept *kept, struct asp_error *error)
{
    (void)kept;
    store->own.memory = find_place(conf->store);
    if (store->own.memory != NULL)
        return ASP_OK;
    return asp_fail(error, ASP_IO, "there is no store at %s: mount it", conf->store);
}

static enum asp_status make_store(struct asp_store *store, const struct asp_conf *conf,
                                  const struct asp_store_kept *kept, bool *made,
                                  struct asp_error *error)
{
    struct place *place;

    (void)kept;
    if (find_place(conf->store) == NULL) {
        place = calloc(1, sizeof *place);
        if (place == NULL)
            return asp_fail(error, ASP_NO_MEMORY, "out of memory");
        (void)snprintf(place->path, sizeof place->path, "%s", conf->store);
        place->told = -1;
        place->next = places;
        places = place;
        *made = true;
    }
    return open_store(store, conf, NULL, error);
}

static void close_store(struct asp_store *store)
{
    (void)store;
}

static enum asp_status bring_to_now(const struct asp_store *store, time_t *now,
                                    struct asp_error *error)
{
    (void)store;
    (void)now;
    (void)error;
    return ASP_OK;
}

static enum asp_status read_account(const struct asp_store *store, struct asp_store_held *held,
                                    const char *name, const char *only, struct asp_stored *stored,
                                    struct asp_error *error)
{
    const struct row *row = find_row(store, name);

    (void)held;
    (void)only;
    if (row == NULL || row->text == NULL)
        return ASP_NOT_FOUND;
    stored->bytes = malloc(row->length + 1);
    if (stored->bytes == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    memcpy(stored->bytes, row->text, row->length + 1);
    stored->length = row->length;
    stored->written = row->written;
    return ASP_OK;
}

static enum asp_status hold(const struct asp_store *store, const char *name, asp_store_step *step,
                            void *context, struct asp_error *error)
{
    struct asp_store_held held = {make_row(store, name)};
    enum asp_status status;

    if (held.row == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (held.row->held)
        return asp_fail(error, ASP_BUSY, "process %ld has it", (long)getpid());
    held.row->held = true;
    status = step(&held, context, error);
    held.row->held = false;
    return status;
}

static void tell(const struct asp_store *store, const char *name)
{
    struct place *place = place_of(store);

    if (place->told < 0)
        return;
    if (place->news_count < NEWS_MAX)
        strcpy(place->news[place->news_count], name);
    place->news_count++;
    (void)eventfd_write(place->told, 1);
}

static void note_ended(const struct asp_made *made)
{
    size_t length = 0;

    memory_ended[0] = '\0';
    for (size_t i = 0; i < made->ended_count && length < sizeof memory_ended; i++)
        length += (size_t)snprintf(memory_ended + length, sizeof memory_ended - length, "%s:%s ",
                                   made->ended[i].id, made->ended[i].reason);
}

static enum asp_status write_account(const struct asp_store *store, struct asp_store_held *held,
                                     const struct asp_made *made, struct asp_error *error)
{
    const struct asp_buffer *text = made->text;
    struct row *row = held->row;
    uint8_t *copy = malloc(text->length + 1);

    if (copy == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    note_ended(made);
    memcpy(copy, text->text, text->length + 1);
    free(row->text);
    row->text = copy;
    row->length = text->length;
    (void)clock_gettime(CLOCK_REALTIME, &row->written);
    tell(store, row->name);
    return ASP_OK;
}

static enum asp_status drop(const struct asp_store *store, struct asp_store_held *held,
                            const struct asp_made *made, struct asp_error *error)
{
    struct row *row = held->row;

    if (row->text == NULL)
        return asp_fail(error, ASP_NOT_FOUND, "%s has no app passwords", row->name);
    note_ended(made);
    free(row->text);
    row->text = NULL;
    tell(store, row->name);
    return ASP_OK;
}

static void forget(const struct asp_store *store, struct asp_store_held *held)
{
    (void)store;
    asp_usage_free(&held->row->usage);
}

static enum asp_status put_due(const struct asp_store *store, struct asp_store_held *held,
                               const struct asp_buffer *text, char key[ASP_DUE_KEY],
                               struct asp_error *error)
{
    static unsigned long last;
    struct aside *aside = calloc(1, sizeof *aside);

    (void)store;
    if (aside != NULL)
        aside->text = malloc(text->length + 1);
    if (aside == NULL || aside->text == NULL) {
        free(aside);
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    }
    memcpy(aside->text, text->text, text->length + 1);
    aside->length = text->length;
    (void)snprintf(aside->key, sizeof aside->key, "%lu", ++last);
    strcpy(key, aside->key);
    aside->next = held->row->asides;
    held->row->asides = aside;
    return ASP_OK;
}

/* The one visited may be dropped. */
static enum asp_status each_due(const struct asp_store *store, const char *name,
                                asp_due_visit *visit, void *context, struct asp_error *error)
{
    enum asp_status status = ASP_OK;

    (void)error;
    for (const struct row *row = place_of(store)->rows; row != NULL; row = row->next) {
        if (name != NULL && strcmp(row->name, name) != 0)
            continue;
        for (struct aside *aside = row->asides, *next; aside != NULL; aside = next) {
            next = aside->next;
            status = status == ASP_OK ? visit(row->name, aside->key, context) : status;
        }
    }
    return status;
}

static struct aside **find_aside(const struct asp_store *store, const char *name, const char *key)
{
    struct row *row = find_row(store, name);
    struct aside **at = row == NULL ? NULL : &row->asides;

    while (at != NULL && *at != NULL && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static enum asp_status read_due(const struct asp_store *store, const char *name, const char *key,
                                struct asp_stored *stored, struct asp_error *error)
{
    struct aside **at = find_aside(store, name, key);

    if (at == NULL || *at == NULL)
        return ASP_NOT_FOUND;
    stored->bytes = malloc((*at)->length + 1);
    if (stored->bytes == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    memcpy(stored->bytes, (*at)->text, (*at)->length + 1);
    stored->length = (*at)->length;
    return ASP_OK;
}

static enum asp_status drop_due(const struct asp_store *store, const char *name, const char *key,
                                struct asp_error *error)
{
    struct aside **at = find_aside(store, name, key);
    struct aside *gone = at == NULL ? NULL : *at;

    (void)error;
    if (gone == NULL)
        return ASP_OK;
    *at = gone->next;
    free(gone->text);
    free(gone);
    return ASP_OK;
}

static enum asp_status take_turn(const struct asp_store *store, const char *name,
                                 union asp_store_own *own, struct asp_error *error)
{
    struct row *row = make_row(store, name);

    if (row == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    if (row->turn)
        return asp_fail(error, ASP_BUSY, "another runs the hooks of this user");
    row->turn = true;
    own->memory = row;
    return ASP_OK;
}

static void give_turn(const struct asp_store *store, const char *name, union asp_store_own *own)
{
    struct row *row = own->memory;

    (void)store;
    (void)name;
    row->turn = false;
}

static enum asp_status note_password(const struct asp_store *store, const char *name,
                                     struct asp_error *error)
{
    struct row *row = make_row(store, name);

    if (row == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    row->mark++;
    return ASP_OK;
}

static enum asp_status password_mark(const struct asp_store *store, const char *name,
                                     uint64_t *mark, struct asp_error *error)
{
    const struct row *row = find_row(store, name);

    (void)error;
    *mark = row != NULL ? row->mark : 0;
    return ASP_OK;
}

/* An update here is never half done. */
static enum asp_status clear_strays(const struct asp_store *store, asp_visit *visit, void *context,
                                    struct asp_error *error)
{
    (void)store;
    (void)visit;
    (void)context;
    (void)error;
    return ASP_OK;
}

static enum asp_status visit_each(const struct asp_store *store, bool reads, asp_visit *visit,
                                  void *context, struct asp_error *error)
{
    enum asp_status status = ASP_OK;

    (void)reads;
    (void)error;
    for (const struct row *row = place_of(store)->rows; row != NULL && status == ASP_OK;
         row = row->next) {
        if (row->text != NULL)
            status = visit(row->name, context);
    }
    return status;
}

static bool examine(const struct asp_conf *conf, asp_store_fault *told, void *context)
{
    struct asp_error fault;

    if (find_place(conf->store) != NULL)
        return true;
    (void)asp_fail(&fault, ASP_IO, "there is no store at %s", conf->store);
    (void)asp_advise(&fault, ASP_IO, "make it");
    told(&fault, conf->store, context);
    return false;
}

static bool is_own(const struct asp_conf *conf)
{
    (void)conf;
    return true;
}

static bool is_another(const struct asp_store *store)
{
    return find_place(store->path) != place_of(store);
}

static enum asp_status follow(const struct asp_store *store, struct asp_store_changes *changes,
                              bool *another, struct asp_error *error)
{
    if (changes->fd < 0) {
        changes->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        changes->own.memory = NULL;
    }
    if (changes->fd < 0)
        return asp_fail_errno(error, "no eventfd");
    *another = changes->own.memory != place_of(store);
    changes->own.memory = place_of(store);
    place_of(store)->told = changes->fd;
    return ASP_OK;
}

static struct asp_store_news take_changes(struct asp_store_changes *changes, asp_changed *changed,
                                          void *context)
{
    struct place *place = changes->own.memory;
    struct asp_store_news news = {.lost = place->news_count > NEWS_MAX};
    eventfd_t count;

    (void)eventfd_read(changes->fd, &count);
    for (size_t i = 0; i < place->news_count && i < NEWS_MAX; i++)
        changed(place->news[i], context);
    place->news_count = 0;
    return news;
}

static void end_changes(struct asp_store_changes *changes)
{
    struct place *place = changes->own.memory;

    if (changes->fd < 0)
        return;
    place->told = -1;
    (void)close(changes->fd);
}

static enum asp_status take_watch(const struct asp_store *store, time_t now,
                                  struct asp_watch_lock *lock, time_t *looked,
                                  struct asp_error *error)
{
    struct place *place = place_of(store);

    if (place->watched)
        return asp_fail(error, ASP_BUSY, "process %ld watches %s already", (long)getpid(),
                        store->path);
    place->watched = true;
    if (!place->marked || place->looked > now)
        place->looked = now;
    place->marked = true;
    *looked = place->looked;
    lock->own.memory = place;
    return ASP_OK;
}

static bool watch_is_of(const struct asp_watch_lock *lock, const struct asp_store *store)
{
    return lock->own.memory == place_of(store);
}

static void mark_watch(const struct asp_watch_lock *lock, time_t looked)
{
    struct place *place = lock->own.memory;

    place->looked = looked;
}

static void give_watch(struct asp_watch_lock *lock)
{
    struct place *place = lock->own.memory;

    place->watched = false;
}

static enum asp_status look_at_watch(const struct asp_store *store, struct asp_watch_seen *seen,
                                     struct asp_error *error)
{
    const struct place *place = place_of(store);

    (void)error;
    seen->looked = place->marked ? place->looked : ASP_NEVER;
    seen->runs = place->watched;
    seen->process = place->watched ? (long)getpid() : 0;
    return ASP_OK;
}

static void name_place(const char *name, char place[ASP_PLACE_SIZE])
{
    (void)snprintf(place, ASP_PLACE_SIZE, "%s in memory", name);
}

const struct asp_store_engine store_memory = {
    .place = name_place,
    .hears_ended = true,
    .open = open_store,
    .make = make_store,
    .close = close_store,
    .now = bring_to_now,
    .read = read_account,
    .hold = hold,
    .write = write_account,
    .drop = drop,
    .forget = forget,
    .put_due = put_due,
    .each_due = each_due,
    .read_due = read_due,
    .drop_due = drop_due,
    .take_turn = take_turn,
    .give_turn = give_turn,
    .usage = memory_usage,
    .mend_usage = memory_mend_usage,
    .sync_usage = memory_sync_usage,
    .put_usage = memory_put_usage,
    .record = memory_record,
    .compared = memory_compared,
    .note_password = note_password,
    .password_mark = password_mark,
    .clear_strays = clear_strays,
    .each = visit_each,
    .examine = examine,
    .is_own = is_own,
    .is_another = is_another,
    .follow = follow,
    .take_changes = take_changes,
    .end_changes = end_changes,
    .take_watch = take_watch,
    .watch_is_of = watch_is_of,
    .mark_watch = mark_watch,
    .give_watch = give_watch,
    .look_at_watch = look_at_watch,
};
