/* The engine: accounts and uses are in the database, what is of this machine alone in its folder.
 */
#include "own.h"
#include "result.h"

#include "asp/clock.h"
#include "asp/store_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(void *) <= ASP_KEPT_WORDS * sizeof(uint64_t), "no room for an address");

struct pgsql_store *pgsql_store_new(const char *application)
{
    struct pgsql_store *own = calloc(1, sizeof *own);

    if (own == NULL)
        return NULL;
    own->pin_open = -1;
    own->connection = pgsql_connection_new(application);
    if (own->connection == NULL) {
        free(own);
        return NULL;
    }
    return own;
}

/* What it is still told is told by the configuration of before; what it has told is of it alone. */
static void leave_database(struct pgsql_store *own)
{
    pgsql_store_flush(own);
    pgsql_connection_close(own->connection);
    own->pin = (struct pgsql_pin){0};
    own->clock.is_known = false;
    own->looked.asked = false;
    own->visited = (struct pgsql_visited){0};
}

void pgsql_store_use(struct pgsql_store *own, const struct asp_conf *conf, const char *role,
                     struct asp_store_kept *kept)
{
    *kept = (struct asp_store_kept){0};
    if (conf->database.host_count == 0)
        return;
    if (pgsql_connection_is_of_another(own->connection, &conf->database, role))
        leave_database(own);
    if (strcmp(own->folder, conf->store) != 0)
        own->pin = (struct pgsql_pin){0};
    own->conf = conf;
    (void)snprintf(own->folder, sizeof own->folder, "%s", conf->store);
    pgsql_connection_use(own->connection, &conf->database, role);
    kept->engine = &asp_store_pgsql;
    memcpy(kept->words, &own, sizeof(void *));
}

void pgsql_store_share(struct pgsql_store *own, struct pgsql_breaker *breaker)
{
    own->breaker = breaker;
}

void pgsql_store_read_by(struct pgsql_store *own, const struct pgsql_reader *reader)
{
    own->reader = reader;
    pgsql_connection_read_by(own->connection, reader);
}

bool pgsql_store_is_down(const struct pgsql_store *own)
{
    return pgsql_breaker_is_down(own->breaker);
}

void pgsql_store_hide(struct pgsql_store *own)
{
    pgsql_connection_hide(own->connection);
}

struct pgsql_connection *pgsql_store_connection(struct pgsql_store *own)
{
    return own->connection;
}

void pgsql_store_free(struct pgsql_store *own)
{
    if (own == NULL)
        return;
    pgsql_store_flush(own);
    pgsql_connection_free(own->connection);
    asp_close(own->pin_open);
    free(own);
}

static const struct asp_store *folder_of(const struct asp_store *store)
{
    return &((const struct pgsql_opened *)store->own.memory)->folder;
}

static void place_of(const char *name, char place[ASP_PLACE_SIZE])
{
    (void)snprintf(place, ASP_PLACE_SIZE, "%s in the database", name);
}

/* The database is asked when there is something to ask for. */
static enum asp_status open_store(struct asp_store *store, const struct asp_conf *conf,
                                  struct asp_store_kept *kept, struct asp_error *error)
{
    struct pgsql_opened *opened = calloc(1, sizeof *opened);

    store->own.memory = opened;
    if (opened == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    memcpy(&opened->own, kept->words, sizeof(void *)); /* see pgsql_store_use */
    opened->folder = ASP_STORE_CLOSED;
    opened->folder.path = conf->store;
    opened->folder.engine = &asp_store_files;
    return opened->own->reader == NULL ? asp_store_files.open(&opened->folder, conf, NULL, error)
                                       : ASP_OK;
}

static void close_store(struct asp_store *store)
{
    struct pgsql_opened *opened = store->own.memory;

    if (opened != NULL)
        asp_store_files.close(&opened->folder);
    free(opened);
}

/* The tables are made by who may, once for all machines: `asp-admin store init`. */
static enum asp_status make_store(struct asp_store *store, const struct asp_conf *conf,
                                  const struct asp_store_kept *kept, bool *made,
                                  struct asp_error *error)
{
    struct asp_store_kept own = *kept;
    struct asp_store folder = ASP_STORE_CLOSED;
    enum asp_status status;

    store->own.memory = NULL;
    folder.path = conf->store;
    status = asp_store_files.make(&folder, conf, NULL, made, error);
    asp_store_files.close(&folder);
    return status == ASP_OK ? open_store(store, conf, &own, error) : status;
}

/* What is due is told by the database, to each machine. */
static void forget(const struct asp_store *store, struct asp_store_held *held)
{
    (void)store;
    (void)held;
}

static enum asp_status put_due(const struct asp_store *store, struct asp_store_held *held,
                               const struct asp_buffer *text, char key[ASP_DUE_KEY],
                               struct asp_error *error)
{
    (void)store;
    (void)held;
    (void)text;
    (void)error;
    key[0] = '\0';
    return ASP_OK;
}

static enum asp_status each_due(const struct asp_store *store, const char *name,
                                asp_due_visit *visit, void *context, struct asp_error *error)
{
    (void)store;
    (void)name;
    (void)visit;
    (void)context;
    (void)error;
    return ASP_OK;
}

static enum asp_status read_due(const struct asp_store *store, const char *name, const char *key,
                                struct asp_stored *stored, struct asp_error *error)
{
    (void)store;
    (void)name;
    (void)key;
    (void)stored;
    (void)error;
    return ASP_NOT_FOUND;
}

static enum asp_status drop_due(const struct asp_store *store, const char *name, const char *key,
                                struct asp_error *error)
{
    (void)store;
    (void)name;
    (void)key;
    (void)error;
    return ASP_OK;
}

static enum asp_status take_turn(const struct asp_store *store, const char *name,
                                 union asp_store_own *own, struct asp_error *error)
{
    return asp_store_files.take_turn(folder_of(store), name, own, error);
}

static void give_turn(const struct asp_store *store, const char *name, union asp_store_own *own)
{
    asp_store_files.give_turn(folder_of(store), name, own);
}

static void sync_usage(const struct asp_store *store)
{
    pgsql_store_flush(pgsql_own(store));
}

/* It is of a file of this machine, and uses are told by the database: who logs in is compared each
 * time. */
static enum asp_status compared(const struct asp_store *store, const char *name,
                                const struct asp_compared *state, time_t now)
{
    (void)store;
    (void)name;
    (void)state;
    (void)now;
    return ASP_OK;
}

/* An update that was never finished has left nothing. */
static enum asp_status clear_strays(const struct asp_store *store, asp_visit *visit, void *context,
                                    struct asp_error *error)
{
    (void)store;
    (void)visit;
    (void)context;
    (void)error;
    return ASP_OK;
}

static bool is_another(const struct asp_store *store)
{
    return asp_store_files.is_another(folder_of(store));
}

/* Nothing tells of single accounts. */
static enum asp_status follow(const struct asp_store *store, struct asp_store_changes *changes,
                              bool *another, struct asp_error *error)
{
    (void)store;
    (void)error;
    *another = changes->own.fd == -1;
    changes->own.fd = 0;
    return ASP_OK;
}

static struct asp_store_news take_changes(struct asp_store_changes *changes, asp_changed *changed,
                                          void *context)
{
    (void)changes;
    (void)changed;
    (void)context;
    return (struct asp_store_news){0};
}

static void end_changes(struct asp_store_changes *changes)
{
    changes->own.fd = -1;
}

static enum asp_status take_watch(const struct asp_store *store, time_t now,
                                  struct asp_watch_lock *lock, time_t *looked,
                                  struct asp_error *error)
{
    return asp_store_files.take_watch(folder_of(store), now, lock, looked, error);
}

static bool watch_is_of(const struct asp_watch_lock *lock, const struct asp_store *store)
{
    return asp_store_files.watch_is_of(lock, folder_of(store));
}

static enum asp_status look_at_watch(const struct asp_store *store, struct asp_watch_seen *seen,
                                     struct asp_error *error)
{
    return asp_store_files.look_at_watch(folder_of(store), seen, error);
}

const struct asp_store_engine asp_store_pgsql = {
    .place = place_of,
    .hears_ended = true,
    .open = open_store,
    .make = make_store,
    .close = close_store,
    .now = pgsql_now,
    .read = pgsql_read,
    .hold = pgsql_hold,
    .write = pgsql_write,
    .drop = pgsql_drop,
    .forget = forget,
    .put_due = put_due,
    .each_due = each_due,
    .read_due = read_due,
    .drop_due = drop_due,
    .take_turn = take_turn,
    .give_turn = give_turn,
    .usage = pgsql_usage,
    .mend_usage = NULL, /* rows are whole, whatever happens to a machine */
    .sync_usage = sync_usage,
    .put_usage = pgsql_put_usage,
    .record = pgsql_record,
    .compared = compared,
    .note_password = pgsql_note_password,
    .password_mark = pgsql_password_mark,
    .clear_strays = clear_strays,
    .each = pgsql_each,
    .examine = asp_files_examine,
    .is_own = asp_files_is_own,
    .is_another = is_another,
    .follow = follow,
    .take_changes = take_changes,
    .end_changes = end_changes,
    .take_watch = take_watch,
    .watch_is_of = watch_is_of,
    .mark_watch = asp_files_mark_watch,
    .give_watch = asp_files_give_watch,
    .look_at_watch = look_at_watch,
};
