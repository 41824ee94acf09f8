/* A user's app passwords and the fingerprint of her primary password. */
#ifndef ASP_ACCOUNT_H
#define ASP_ACCOUNT_H

#include "entry.h"
#include "fingerprint.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct asp_account {
    char user[ASP_USER_MAX + 1];
    bool is_new;             /* it was not read from a file: there is none yet */
    struct timespec written; /* when what it was read from was, by the clock of this machine */
    struct asp_fingerprint primary;
    /* Whose primary password it is compared with where the user has none of this name: an account
     * of 0.1.0 that is another spelling of her. Empty: nobody's. */
    char follows[ASP_USER_MAX + 1];
    struct asp_entry *entries; /* oldest first */
    size_t count;
    size_t room;
    struct asp_entry *aside; /* what went because history has no room for it */
    size_t aside_count;
    bool not_yet; /* the mark of a file that was made for what is pending: it is no account */
    struct asp_pending *pending;
    size_t pending_count;
};

/* An account without entries. Free it with asp_account_free. */
void asp_account_init(struct asp_account *account, const char *user);

/* The entry of this id, or NULL. */
struct asp_entry *asp_account_find(const struct asp_account *account, const char *id);

/* What is pending of this id, or NULL. */
const struct asp_pending *asp_account_find_pending(const struct asp_account *account,
                                                   const char *id);

/* A new entry at the end, to be set by the caller at once; NULL: out of memory. */
struct asp_entry *asp_account_append(struct asp_account *account);

/* Adds a copy at the end. ASP_OK or ASP_NO_MEMORY. */
enum asp_status asp_account_add(struct asp_account *account, const struct asp_entry *entry);

/* Takes an entry out as if it had never been. */
void asp_account_remove(struct asp_account *account, struct asp_entry *entry);

/* Adds a copy of what was made and not shown. ASP_OK or ASP_NO_MEMORY. */
enum asp_status asp_account_add_pending(struct asp_account *account,
                                        const struct asp_pending *pending);

/* Drops this very one, known by id and verifier. False: it is not there any more. */
bool asp_account_drop_pending(struct asp_account *account, const struct asp_pending *pending);

/* Drops those whose time is over by `now`: see asp_pending_is_stale. */
void asp_account_drop_stale(struct asp_account *account, time_t now);

/* Drops all that is pending. False: nothing was. */
bool asp_account_drop_all_pending(struct asp_account *account);

/* True when this very app password is there, by id and verifier, and is not revoked. */
bool asp_account_has_alive(const struct asp_account *account, const struct asp_entry *entry);

/*
 * Of `count` copies of what was not revoked before a change, leaves those that it has ended, which
 * are not alive in `account` any more, or of which nothing is left because it is `dropped`; each as
 * it is there by now, or was when it was set aside, or with the reason removed where it is gone.
 * Returns how many.
 */
size_t asp_account_ended(const struct asp_account *account, bool dropped, struct asp_entry *before,
                         size_t count);

/* Revokes every one that is not revoked yet, and drops what is pending. Returns how many it has
 * revoked. */
size_t asp_account_revoke_all(struct asp_account *account, time_t when, const char *by,
                              const char *reason, bool hook_due);

/*
 * Drops the revoked entries that were revoked first until at most `keep` of them are left. They are
 * set aside, and no part of the bytes: who writes the account has to keep those whose hook is due
 * (asp_store_update does). Without memory for one, it and what is left stay.
 */
void asp_account_prune(struct asp_account *account, size_t keep);

/*
 * Puts the entries and the fingerprint of another account in the place of its own; whom it follows
 * and the mark of one that is not yet go. Of its own entries those that are not alive in `by` are
 * revoked with the reason before, and of those whose hook is due the mark is handed on to the same
 * one in `by`, where it is revoked; those that are not in it are set aside like those of
 * asp_account_prune. What is pending is dropped. ASP_OK, or ASP_NO_MEMORY, and the account is not
 * to be written.
 */
enum asp_status asp_account_replace(struct asp_account *account, const struct asp_account *by,
                                    time_t when, const char *who, const char *reason,
                                    bool hook_due);

/* Marks each id in use, of what is pending too; `taken` is cleared first. */
void asp_account_ids(const struct asp_account *account, bool taken[ASP_IDS]);

/*
 * Copies of the entries that are not revoked, or of `all`, for who has to tell of them or bring
 * them back. ASP_OK: the caller gives them to asp_entries_free. Else ASP_NO_MEMORY, and nothing to
 * free.
 */
enum asp_status asp_account_copy(const struct asp_account *account, bool all,
                                 struct asp_entry **copies, size_t *count);

/* Wipes and frees; NULL is passed over. */
void asp_entries_free(struct asp_entry *copies, size_t count);

/* Wipes and frees what it holds. */
void asp_account_free(struct asp_account *account);

#endif
