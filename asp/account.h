/*
 * A user's app passwords and the fingerprint of her primary password, and the bytes of the file
 * that holds them:
 *
 *   asp-account 1 user="alice"
 *   primary=-                          see fingerprint.h
 *   account=not-yet                    it was made for what is pending, and there is nothing else
 *   pending=9x made=...                a line for each that was not shown yet, see entry.h
 *   id=7k label="Old phone" ...        a line for each entry, see entry.h
 *   digest=0f3c...                     of all the bytes above it
 *
 * Its version follows from what it holds: 2 where that is anything which 0.1.0 does not know, or
 * would read with another meaning, so that 0.1.0 leaves it alone; else 1.
 *
 * Pure: it reads and writes bytes, never files.
 */
#ifndef ASP_ACCOUNT_H
#define ASP_ACCOUNT_H

#include "buffer.h"
#include "entry.h"
#include "fingerprint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { ASP_ACCOUNT_BYTES_MAX = 8 * 1024 * 1024 }; /* a longer file is none of ours */

struct asp_account {
    char user[ASP_USER_MAX + 1];
    bool is_new;             /* it was not read from a file: there is none yet */
    struct timespec written; /* when the file that it was read from was */
    struct asp_fingerprint primary;
    /* Whose primary password it is compared with where the user has none of this name: an account
     * of 0.1.0 that is another spelling of her. Empty: nobody's. */
    char follows[ASP_USER_MAX + 1];
    struct asp_entry *entries; /* oldest first */
    size_t count;
    size_t room;
    struct asp_entry *aside; /* what history has no room for, though its hook is due */
    size_t aside_count;
    bool not_yet; /* the mark of a file that was made for what is pending: it is no account */
    struct asp_pending *pending;
    size_t pending_count;
};

/* An account without entries. Free it with asp_account_free. */
void asp_account_init(struct asp_account *account, const char *user);

/* Whose account the bytes are, by their first line alone; they may be damaged behind it. False: it
 * does not say. */
bool asp_account_whose(const uint8_t *bytes, size_t length, char user[ASP_USER_MAX + 1]);

/*
 * Reads the bytes of the file of `user`. With `only` not NULL, the entry of that id alone is read,
 * if there is one: the digest vouches for the others. The work is then the same whether it is there
 * or not.
 *
 * ASP_OK: the caller frees `account`. Else ASP_CORRUPT, ASP_NEWER or ASP_NO_MEMORY, and nothing to
 * free.
 */
enum asp_status asp_account_read(const uint8_t *bytes, size_t length, const char *user,
                                 const char *only, struct asp_account *account,
                                 struct asp_error *error);

/* Writes the bytes of the file. The caller frees `out`; `out->failed`: out of memory. */
void asp_account_write(const struct asp_account *account, struct asp_buffer *out);

/* The entry of this id, or NULL. */
struct asp_entry *asp_account_find(const struct asp_account *account, const char *id);

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

/* Revokes every one that is not revoked yet, and drops what is pending. Returns how many it has
 * revoked. */
size_t asp_account_revoke_all(struct asp_account *account, time_t when, const char *by,
                              const char *reason, bool hook_due);

/*
 * Drops the revoked entries that were revoked first until at most `keep` of them are left. Those
 * whose hook is due are set aside: they are no part of the bytes, and who writes the account has to
 * keep them (asp_store_update does). Without memory for one, it and what is left stay.
 */
void asp_account_prune(struct asp_account *account, size_t keep);

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
