/*
 * All that is asked of what is stored, and done with it. What is promised of it stands at the top
 * of store.c; how accounts are kept is the business of an engine (engine.h), which no caller sees.
 */
#ifndef ASP_STORE_H
#define ASP_STORE_H

#include "account.h"
#include "conf.h"
#include "error.h"
#include "usage.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { ASP_KEPT_WORDS = 4 };

struct asp_store_engine;

/* What an engine has in a struct of its callers. */
union asp_store_own {
    int fd;
    void *memory;
};

/* An open store. Begins as ASP_STORE_CLOSED. */
struct asp_store {
    const struct asp_store_engine *engine; /* NULL: it is closed */
    const char *path;                      /* as it is named to people; the configuration's */
    union asp_store_own own;
    int64_t deadline; /* of asp_clock_ms, to be set once it is open: no lock of an account is waited
                         for longer; 0: as long as an update waits */
    const char *via;  /* by which way a user acts on her own account, to be set once it is open; an
                         engine that tells what was ended tells that too. NULL: nobody does */
};

#define ASP_STORE_CLOSED ((struct asp_store){.own = {-1}})

/*
 * What a process keeps of a store between two openings, so that the next one costs less: what is in
 * it is the engine's. Begins as {0}, or with the engine that is to be used in place of that for
 * files. It holds nothing that has to be freed. A copy is as good as the first.
 */
struct asp_store_kept {
    const struct asp_store_engine *engine;
    uint64_t words[ASP_KEPT_WORDS];
};

/*
 * Opens the store of a configuration, which must outlive it. ASP_OK, or why it cannot be used: a
 * store that is not there is an error like any other. The caller calls asp_store_close in any case.
 * `kept` may be NULL; else it is brought up to what was found.
 */
enum asp_status asp_store_open(struct asp_store *store, const struct asp_conf *conf,
                               struct asp_store_kept *kept, struct asp_error *error);

/* The same, after making what is missing of it. `*made`: something was. Of `kept` the engine alone
 * is read. */
enum asp_status asp_store_make(struct asp_store *store, const struct asp_conf *conf,
                               const struct asp_store_kept *kept, bool *made,
                               struct asp_error *error);

bool asp_store_is_open(const struct asp_store *store);

void asp_store_close(struct asp_store *store);

/*
 * Brings a time of this machine's clock to that of the clock which every time in an account is of:
 * with a database its own, with files the same. A database tells it with each account that is
 * loaded; where it has told nothing for a minute it is asked. ASP_OK, or why it does not say; then
 * `*now` is as it was, and who goes on all the same goes by the clock of this machine.
 */
enum asp_status asp_store_now(const struct asp_store *store, time_t *now, struct asp_error *error);

/*
 * Reads the account of a user with a well-formed name, the old state or the new one and never a
 * mix, without a lock. `only` as in asp_account_read. ASP_OK: the caller frees `account`.
 * ASP_NOT_FOUND: the place where it would be was seen, and there is no account, or nothing but what
 * is pending of a first one. Else it is not known.
 */
enum asp_status asp_store_load(const struct asp_store *store, const char *user, const char *only,
                               struct asp_account *account, struct asp_error *error);

/*
 * Changes the account it is given, which is what was read under the lock. It may be called more
 * than once in an update, each time with what was read then, where another wrote first: so it
 * begins by forgetting what the call before it has left in `context`. ASP_OK: write it;
 * ASP_DROP: remove it, with its usage. What is due of it and not in it any more is kept beside it,
 * see store_due.h. Any other status ends the update, nothing is written and the status is
 * handed on; `error` is the function's to fill.
 */
typedef enum asp_status asp_change(struct asp_account *account, void *context,
                                   struct asp_error *error);

/*
 * Lock, read, change, write, unlock. With `make` an account that is not there begins empty, and one
 * that is not yet is changed as it is; else either is ASP_NOT_FOUND. What was pending for too long
 * is dropped with the change, and so is an account that is not yet, and has nothing pending any
 * more. ASP_OK: the new state is there and survives a power cut. Anything else: the old
 * state is; ASP_UNKNOWN: the old or the new one. ASP_BUSY after 5 seconds behind another's lock, or
 * at the store's deadline.
 */
enum asp_status asp_store_update(const struct asp_store *store, const char *user, bool make,
                                 asp_change *change, void *context, struct asp_error *error);

/* Drops all that is pending of a user who has no account yet. ASP_OK, also where nothing is, or why
 * that is not known. */
enum asp_status asp_store_drop_pending(const struct asp_store *store, const char *user,
                                       struct asp_error *error);

/* Takes away what was made for a first app password that was never shown, once the time of all that
 * is pending in it is over. For who looks over all accounts; what fails is left to the next. */
void asp_store_drop_stale(const struct asp_store *store, const char *user);

/* Removes account and usage, whatever is in them and also where that cannot be read, and what is
 * left of unfinished updates: nothing is kept of what was due. ASP_NOT_FOUND when there is no
 * account. */
enum asp_status asp_store_remove(const struct asp_store *store, const char *user,
                                 struct asp_error *error);

/*
 * Reads the usage of a user without a lock, so that a part that is being written may be read torn:
 * see asp_usage_tells. ASP_OK also where there is none, or none that can be trusted. Else why it
 * could not be read just now, and nothing is known. The caller frees it in any case.
 */
enum asp_status asp_store_peek_usage(const struct asp_store *store, const char *user,
                                     struct asp_usage *usage, struct asp_error *error);

/* The same, whole: what is not sound is read once more under its lock, which is waited for 100 ms
 * at most. What is not sound then is damaged, or lost. */
enum asp_status asp_store_usage(const struct asp_store *store, const char *user,
                                struct asp_usage *usage, struct asp_error *error);

/* True where last uses can be damaged, or lost, by a kill or a power cut. */
bool asp_store_usage_breaks(const struct asp_store *store);

/* How what is damaged is mended. */
struct asp_mending {
    time_t now;
    bool walk; /* with many others: asp_store_sync_usage follows */
};

/*
 * The same, and what is damaged is mended as asp_usage_mend does it, in the store too and on its
 * disk; what is lost is begun. `*mended`: ASP_UNCHANGED, it was sound; ASP_OK, it was not and is
 * now; else why it could not be written, which `error` says too, and `usage` is as it was.
 */
enum asp_status asp_store_mend_usage(const struct asp_store *store, const char *user,
                                     const struct asp_mending *mending, struct asp_usage *usage,
                                     enum asp_status *mended, struct asp_error *error);

/* Puts what a walk has mended on the disk. */
void asp_store_sync_usage(const struct asp_store *store);

/* Begins the usage of a new account at `now`, where there is none that is sound: from then on it is
 * known what was not used. What is begun is on the disk when the system puts it there. */
void asp_store_begin_usage(const struct asp_store *store, const char *user, time_t now);

/*
 * Puts these last uses in the place of those that are kept of an account; empty ones: none is
 * known. They are on the disk when the system puts them there, see asp_store_sync_usage. The lock
 * of the file is waited for 100 ms at most. ASP_OK, or why that is not so, and what was there may
 * be damaged.
 */
enum asp_status asp_store_put_usage(const struct asp_store *store, const char *user,
                                    const struct asp_usage *usage, struct asp_error *error);

/*
 * Writes the use of one entry in its place, without waiting for anybody, and without fsync but
 * where the file had to be mended. Anything but ASP_OK: it could not be written, which decides
 * nothing.
 */
enum asp_status asp_store_record(const struct asp_store *store, const char *user,
                                 const struct asp_use *use);

/*
 * Remembers the state of the shadow file that was compared, as asp_store_record remembers a use.
 * Anything but ASP_OK: it is compared again then.
 */
enum asp_status asp_store_compared(const struct asp_store *store, const char *user,
                                   const struct asp_compared *compared, time_t now);

/*
 * Notes that the primary password of this account's user was set, without waiting for anybody:
 * where it is not kept on this machine that is all that is seen of a change which revokes nothing.
 * There need be no account.
 */
enum asp_status asp_store_note_password(const struct asp_store *store, const char *user,
                                        struct asp_error *error);

/* `*mark` is another number than it was before it was set. Some accounts share one: then it looks
 * as if it had been. Of a name that no account can have it is 0. */
enum asp_status asp_store_password_mark(const struct asp_store *store, const char *user,
                                        uint64_t *mark, struct asp_error *error);

/* Called for each user that has an account, in no order; anything but ASP_OK ends the walk and is
 * handed on. */
typedef enum asp_status asp_visit(const char *user, void *context);

enum asp_status asp_store_each(const struct asp_store *store, asp_visit *visit, void *context,
                               struct asp_error *error);

/* The same for who loads the account of each, or its usage: what is read of it first within the
 * visit may have been read with others, up to a thousand, before. An update goes by what there is
 * then, as ever. */
enum asp_status asp_store_each_account(const struct asp_store *store, asp_visit *visit,
                                       void *context, struct asp_error *error);

/*
 * Takes away what updates left that were never finished, killed or by a power cut: each under the
 * lock of its account. Calls `visit` for the account of each that was there. ASP_OK, or why one of
 * them could not be taken away. Last uses and locks of accounts that are not there go without a
 * word.
 */
enum asp_status asp_store_clear_strays(const struct asp_store *store, asp_visit *visit,
                                       void *context, struct asp_error *error);

/* Told of what is wrong with a store, at this path. The advice is empty where the status says all.
 */
typedef void asp_store_fault(const struct asp_error *fault, const char *path, void *context);

/* Looks over the store of a configuration, without what is in its accounts, and changes nothing.
 * True: accounts can be looked at. Else they cannot, and a fault that was told of says why. `kept`
 * as in asp_store_make. */
bool asp_store_examine(const struct asp_conf *conf, const struct asp_store_kept *kept,
                       asp_store_fault *tell, void *context);

/* True when the store belongs to this process's own user, or could be made by it. `kept` as in
 * asp_store_make. */
bool asp_store_is_own(const struct asp_conf *conf, const struct asp_store_kept *kept);

#endif
