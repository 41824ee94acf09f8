/*
 * The seam between the store and how it is kept. An engine is a struct of the operations below; the
 * front, store.c and store_update.c, calls them and is the only one that does. Included by it and
 * by engines alone.
 *
 * A `name` is a user's as asp_user_encode writes it, whole. What an engine hands out as one may be
 * the digest that asp_user_file makes of it, and that engine takes it back.
 * What an operation returns is a status, with a line in `error` that names the place and, where it
 * is known, says what to do; `error` may be NULL. What every engine promises stands at the top of
 * store.c.
 */
#ifndef ASP_ENGINE_H
#define ASP_ENGINE_H

#include "buffer.h"
#include "store.h"
#include "store_due.h"
#include "store_watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { ASP_PLACE_SIZE = ASP_USER_ENCODED + 32 };

/* The bytes of an account as it is kept. The front wipes and frees them. */
struct asp_stored {
    uint8_t *bytes; /* at most ASP_ACCOUNT_BYTES_MAX, and a NUL after them */
    size_t length;
    struct timespec written; /* by the clock of this machine */
};

/* Wipes and frees what was read. */
void asp_stored_free(struct asp_stored *stored);

/* True when the bytes of an account say whose it is, and an engine has it by this name rightly. */
bool asp_bytes_say_user(const uint8_t *bytes, size_t length, const char *name,
                        char user[ASP_USER_MAX + 1]);

/* The same of what was read, which is freed. */
bool asp_stored_take_user(struct asp_stored *stored, const char *name, char user[ASP_USER_MAX + 1]);

/* One account that is held so that nobody else changes it: a struct of the engine's own. */
struct asp_store_held;

/* What an update makes of an account. */
struct asp_made {
    const struct asp_buffer *text;     /* NULL: it is dropped */
    const struct asp_account *account; /* NULL: it could not be read, and is dropped */
    const struct asp_entry *ended;     /* the app passwords that are ended by it */
    size_t ended_count;                /* 0 also for an engine that does not hear of them */
};

/* What is done with an account while it is held. Its status is handed on. */
typedef enum asp_status asp_store_step(struct asp_store_held *held, void *context,
                                       struct asp_error *error);

/* Told of a text that is kept beside an account. Anything but ASP_OK ends the walk and is handed
 * on. */
typedef enum asp_status asp_due_visit(const char *name, const char *key, void *context);

struct asp_store_engine {
    /* Where an account is, in a line: behind the store's path, as "/users/alice", or by itself
     * where it does not begin with a slash. */
    void (*place)(const char *name, char place[ASP_PLACE_SIZE]);

    bool hears_ended; /* it is told of the app passwords that an update ends */

    /*
     * Opens the store that the configuration names; its path is set, and its `own` is -1. What is
     * not there is an error like any other, never ASP_NOT_FOUND. `kept` may be NULL. The front
     * calls `close` in any case, once.
     */
    enum asp_status (*open)(struct asp_store *store, const struct asp_conf *conf,
                            struct asp_store_kept *kept, struct asp_error *error);

    /* The same, after making what is missing of it. `*made`, which is false: something was. */
    enum asp_status (*make)(struct asp_store *store, const struct asp_conf *conf,
                            const struct asp_store_kept *kept, bool *made, struct asp_error *error);

    void (*close)(struct asp_store *store);

    /* As asp_store_now. */
    enum asp_status (*now)(const struct asp_store *store, time_t *now, struct asp_error *error);

    /*
     * Reads an account, without waiting for anybody; `held` is NULL, or has this very account.
     * Where `only` is not NULL, the entry of that id is all that will be looked for in it, and its
     * usage is asked for next. ASP_OK, also where it is none of ours: the front sees that.
     * ASP_NOT_FOUND, and no line: the place where it would be was seen, and it is not there.
     * Anything else leaves nothing in `stored`.
     */
    enum asp_status (*read)(const struct asp_store *store, struct asp_store_held *held,
                            const char *name, const char *only, struct asp_stored *stored,
                            struct asp_error *error);

    /*
     * Holds an account, whether it is there or not, takes the step, and gives it again. ASP_BUSY
     * when it could not be had in 5 seconds, or by the store's deadline; else what the step
     * returns, or why it was not taken. An engine that holds nobody off takes the step again where
     * it returns ASP_AGAIN.
     */
    enum asp_status (*hold)(const struct asp_store *store, const char *name, asp_store_step *step,
                            void *context, struct asp_error *error);

    /* Puts the text of what was made in the place of what is kept. ASP_OK: it is there and survives
     * a power cut. ASP_AGAIN, from an engine that holds nobody off: another was faster. Anything
     * else: what was there is; of ASP_UNKNOWN either. */
    enum asp_status (*write)(const struct asp_store *store, struct asp_store_held *held,
                             const struct asp_made *made, struct asp_error *error);

    /* Takes the account away, whatever it is, and its usage not. As `write`; ASP_NOT_FOUND: there
     * is none. */
    enum asp_status (*drop)(const struct asp_store *store, struct asp_store_held *held,
                            const struct asp_made *made, struct asp_error *error);

    /* Takes away all that is left of an account that is not there: its usage, and strays of it. */
    void (*forget)(const struct asp_store *store, struct asp_store_held *held);

    /*
     * Keeps a text beside the account that is held, whatever becomes of that, until it is dropped:
     * what is due of it and no longer in it. ASP_OK: it is there and survives a power cut. `key`
     * tells it from the others of this name.
     */
    enum asp_status (*put_due)(const struct asp_store *store, struct asp_store_held *held,
                               const struct asp_buffer *text, char key[ASP_DUE_KEY],
                               struct asp_error *error);

    /* Visits each such text of this name, or of all where it is NULL, in no order; no account needs
     * to be there. */
    enum asp_status (*each_due)(const struct asp_store *store, const char *name,
                                asp_due_visit *visit, void *context, struct asp_error *error);

    /* Reads one. As `read`; it is whole, or the one that put it was stopped before it had. */
    enum asp_status (*read_due)(const struct asp_store *store, const char *name, const char *key,
                                struct asp_stored *stored, struct asp_error *error);

    /* Drops one. ASP_OK also when it is not there. */
    enum asp_status (*drop_due)(const struct asp_store *store, const char *name, const char *key,
                                struct asp_error *error);

    /* The right to run what is due for a user, as asp_turn_take has it; `own` is the engine's. It
     * is another one than to hold the account, and nothing of it is left once it is given. */
    enum asp_status (*take_turn)(const struct asp_store *store, const char *name,
                                 union asp_store_own *own, struct asp_error *error);
    void (*give_turn)(const struct asp_store *store, const char *name, union asp_store_own *own);

    /*
     * As asp_store_peek_usage, asp_store_mend_usage for what was not sound just now (without
     * `mending` nothing is written; NULL where uses are always whole), asp_store_sync_usage,
     * asp_store_put_usage, asp_store_record and asp_store_compared; the `usage` of the first two is
     * empty, and what is left in it the caller frees in any case.
     */
    enum asp_status (*usage)(const struct asp_store *store, const char *name,
                             struct asp_usage *usage, struct asp_error *error);
    enum asp_status (*mend_usage)(const struct asp_store *store, const char *name,
                                  const struct asp_mending *mending, struct asp_usage *usage,
                                  enum asp_status *mended, struct asp_error *error);
    void (*sync_usage)(const struct asp_store *store);
    enum asp_status (*put_usage)(const struct asp_store *store, const char *name,
                                 const struct asp_usage *usage, struct asp_error *error);
    enum asp_status (*record)(const struct asp_store *store, const char *name,
                              const struct asp_use *use);
    enum asp_status (*compared)(const struct asp_store *store, const char *name,
                                const struct asp_compared *compared, time_t now);

    /* As asp_store_note_password and asp_store_password_mark; whether there is an account of this
     * name or not. */
    enum asp_status (*note_password)(const struct asp_store *store, const char *name,
                                     struct asp_error *error);
    enum asp_status (*password_mark)(const struct asp_store *store, const char *name,
                                     uint64_t *mark, struct asp_error *error);

    /* As asp_store_clear_strays, with names as `each` has them. */
    enum asp_status (*clear_strays)(const struct asp_store *store, asp_visit *visit, void *context,
                                    struct asp_error *error);

    /* As asp_store_each and, where it `reads`, asp_store_each_account, with each name that it
     * finds; what is not well-formed the front passes over. */
    enum asp_status (*each)(const struct asp_store *store, bool reads, asp_visit *visit,
                            void *context, struct asp_error *error);

    /* As asp_store_examine and asp_store_is_own. */
    bool (*examine)(const struct asp_conf *conf, asp_store_fault *tell, void *context);
    bool (*is_own)(const struct asp_conf *conf);

    /* As store_watch.h has them. `changed` is called with names, as `each` calls `visit`. */
    bool (*is_another)(const struct asp_store *store);
    enum asp_status (*follow)(const struct asp_store *store, struct asp_store_changes *changes,
                              bool *another, struct asp_error *error);
    struct asp_store_news (*take_changes)(struct asp_store_changes *changes, asp_changed *changed,
                                          void *context);
    void (*end_changes)(struct asp_store_changes *changes);
    enum asp_status (*take_watch)(const struct asp_store *store, time_t now,
                                  struct asp_watch_lock *lock, time_t *looked,
                                  struct asp_error *error);
    bool (*watch_is_of)(const struct asp_watch_lock *lock, const struct asp_store *store);
    void (*mark_watch)(const struct asp_watch_lock *lock, time_t looked);
    void (*give_watch)(struct asp_watch_lock *lock);
    enum asp_status (*look_at_watch)(const struct asp_store *store, struct asp_watch_seen *seen,
                                     struct asp_error *error);
};

/* Accounts in files: the one that is used when no other is named. */
extern const struct asp_store_engine asp_store_files;

/* Says of which account `error` speaks, and what to do about one that is damaged; for those of its
 * faults whose line does not name it. Returns `status`. */
enum asp_status asp_store_of_account(const struct asp_store *store, const char *name,
                                     enum asp_status status, struct asp_error *error);

/* Says what to do about an account that is damaged, where the line names it. Returns `status`. */
enum asp_status asp_store_advise_damaged(enum asp_status status, struct asp_error *error);

/*
 * Whose the account is that an engine hands out under this name. Where that is a digest the account
 * says it; where it cannot, it is the name itself behind a sign /, which is no user's:
 * asp_store_load takes it, and says what is wrong with that account. False: no user's account has
 * such a name.
 */
bool asp_store_user_of(const struct asp_store *store, const char *name,
                       char user[ASP_USER_MAX + 1]);

#endif
