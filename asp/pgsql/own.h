/*
 * What the files of the engine share. Private to them.
 */
#ifndef ASP_PGSQL_OWN_H
#define ASP_PGSQL_OWN_H

#include "breaker.h"
#include "connection.h"
#include "cursors.h"
#include "store.h"

#include "asp/clock.h"
#include "asp/safeio.h"

#include <limits.h>
#include <sodium.h>
#include <time.h>

enum { PGSQL_QUEUE = 256, PGSQL_HOST_SIZE = 256, PGSQL_PAUSE_MS = 50 };

/* A use that is to be written. */
struct pgsql_queued {
    char name[ASP_USER_ENCODED + 1];
    struct asp_use use;
};

/* Rows of last uses: id, created, last, service, host, and the time since which they are known, in
 * the columns from this one on. */
struct pgsql_rows {
    const struct pg_result *result;
    size_t first;
    size_t count;
    size_t column;
};

/* The account that a walk is at, as it was read with others. */
struct pgsql_visited {
    const char *name;
    bool has_account; /* that was not handed out yet: what is read again is asked for */
    bool has_uses;
    const uint8_t *body;
    size_t length;
    struct timespec written; /* by the clock of this machine */
    struct pgsql_rows uses;
};

struct pgsql_store {
    struct pgsql_connection *connection;
    const struct asp_conf *conf;
    struct pgsql_breaker *breaker;     /* of this program; NULL: it is alone */
    const struct pgsql_reader *reader; /* of what this process may not read; NULL: it is root */
    char host[PGSQL_HOST_SIZE];        /* that was connected to last; empty: none was */
    struct pgsql_pin pin;              /* the one that this machine is of */
    char folder[PATH_MAX];             /* whose pin that is */
    struct asp_identity pin_file;      /* from which it was read */
    int pin_open;                      /* the same, of one that another reads; -1: none is */
    struct asp_identity pin_folder;    /* in which that was */
    /* What was loaded last with an entry that was looked for: its use comes in the same row. */
    struct {
        bool asked;
        bool has_use;
        char name[ASP_USER_ENCODED + 1];
        struct asp_use use;
        time_t since; /* uses are known from then on */
    } looked;
    struct pgsql_visited visited;
    /* Of the database, as it told it last. */
    struct {
        bool is_known;
        int64_t ahead; /* microseconds before that of this machine */
        int64_t told;  /* when that was, of asp_clock_ms */
    } clock;
    struct pgsql_queued queue[PGSQL_QUEUE];
    size_t queued;
    char queued_for[PGSQL_ID_CHARS + 1]; /* the store that was joined then; empty: not known */
    int64_t first;                       /* when the first of them was put there, of asp_clock_ms */
};

/* What an open store has: the process's, and the folder of this machine, which one that is not root
 * does not open. */
struct pgsql_opened {
    struct pgsql_store *own;
    struct asp_store folder;
};

static inline struct pgsql_store *pgsql_own(const struct asp_store *store)
{
    return ((const struct pgsql_opened *)store->own.memory)->own;
}

/* The end of what may be asked now, for as long as the configuration has an answer wait. */
static inline int64_t pgsql_wait_until(const struct pgsql_store *own)
{
    return asp_clock_ms() + own->conf->database.wait;
}

/* Those who were in each other's way begin again at different times. */
static inline void pgsql_pause(void)
{
    const struct timespec pause = {.tv_nsec = (long)randombytes_uniform(PGSQL_PAUSE_MS) * 1000000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* In which part of its database an account of this name is. */
int pgsql_part_of(const struct pgsql_store *own, const char *name);

/* One of 65,536 places in that part: the next two bytes of what that is made of. */
int pgsql_place(const char *name);

/* As the text of a value. */
struct pgsql_number {
    char text[24];
};
struct pgsql_number pgsql_number_text(int64_t number);

/* ASP_UNSAFE: it is another database than the one that was joined; and what to do. */
enum asp_status pgsql_is_other(const struct pgsql_store *own, struct asp_error *error);

/* Before anything is asked: which database is asked for is known after that, in `own->pin`. */
enum asp_status pgsql_pin_know(struct pgsql_store *own, struct asp_error *error);

/* One account as it was loaded. */
struct pgsql_loaded {
    struct pg_result *result; /* to be freed */
    bool is_there;
    int64_t tag; /* of one that is there */
    const uint8_t *body;
    size_t length;
    struct timespec written; /* by the clock of this machine */
};

/*
 * Loads it, or sees that it is not there, by a database that is ours, of a schema that is known,
 * and in which a write was known to be safe not too long ago. `only` as in engine.h. ASP_OK: the
 * caller frees `loaded->result`. Where the breaker does not let this process ask it is told so at
 * once; what comes of it all others are told.
 */
enum asp_status pgsql_load(struct pgsql_store *own, const char *name, const char *only,
                           int64_t deadline, struct pgsql_loaded *loaded, struct asp_error *error);

/* When that was by the clock of this machine: microseconds since 1970 by the database's, which has
 * told its own. */
struct timespec pgsql_on_this_machine(const struct pgsql_store *own, int64_t when);

/* As asp_store_now. */
enum asp_status pgsql_now(const struct asp_store *store, time_t *now, struct asp_error *error);

/* The same for what else is asked by a process that may ask, since `begun` and until `deadline`:
 * nobody is to wait for it now. It says nothing of the database that one had next to no time. */
void pgsql_tell_down(const struct pgsql_store *own, int64_t begun, int64_t deadline,
                     const struct asp_error *why);

/* account.c */
enum asp_status pgsql_read(const struct asp_store *store, struct asp_store_held *held,
                           const char *name, const char *only, struct asp_stored *stored,
                           struct asp_error *error);
enum asp_status pgsql_hold(const struct asp_store *store, const char *name, asp_store_step *step,
                           void *context, struct asp_error *error);
enum asp_status pgsql_write(const struct asp_store *store, struct asp_store_held *held,
                            const struct asp_made *made, struct asp_error *error);
enum asp_status pgsql_drop(const struct asp_store *store, struct asp_store_held *held,
                           const struct asp_made *made, struct asp_error *error);

/*
 * Says the very same statement, which writes, until `until` at most and until it is known what came
 * of it. It must come to the same whether it is done once or twice. ASP_OK: the caller frees
 * `*result`.
 *
 * Once an answer was lost no failure of a later one tells what came of it: that nobody is there, or
 * that there is no room, is not of the one that may have been done. ASP_UNKNOWN: it may have been.
 */
enum asp_status pgsql_say(struct pgsql_store *own, const struct pgsql_statement *statement,
                          const struct pgsql_value *values, int64_t until,
                          struct pg_result **result, struct asp_error *error);

/* passwords.c: as asp_store_note_password and asp_store_password_mark. */
enum asp_status pgsql_note_password(const struct asp_store *store, const char *name,
                                    struct asp_error *error);
enum asp_status pgsql_password_mark(const struct asp_store *store, const char *name, uint64_t *mark,
                                    struct asp_error *error);

/* pages.c: as asp_store_each and, where it reads, asp_store_each_account. */
enum asp_status pgsql_each(const struct asp_store *store, bool reads, asp_visit *visit,
                           void *context, struct asp_error *error);

/* visited.c. True, once: it is the account that a walk is at, and what was read of it is in
 * `loaded`, whose `result` is NULL and whose `tag` is not known. It lasts as long as the visit. */
bool pgsql_visited_account(struct pgsql_store *own, const char *name, struct pgsql_loaded *loaded);

/* The same for its last uses. */
bool pgsql_visited_uses(struct pgsql_store *own, const char *name, struct pgsql_rows *rows);

/* uses.c */
enum asp_status pgsql_usage(const struct asp_store *store, const char *name,
                            struct asp_usage *usage, struct asp_error *error);
enum asp_status pgsql_put_usage(const struct asp_store *store, const char *name,
                                const struct asp_usage *usage, struct asp_error *error);
enum asp_status pgsql_record(const struct asp_store *store, const char *name,
                             const struct asp_use *use);

#endif
