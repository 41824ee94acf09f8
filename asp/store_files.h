/*
 * What the files of the engine for files share. Its descriptor, `own.fd`, is the store's folder.
 */
#ifndef ASP_STORE_FILES_H
#define ASP_STORE_FILES_H

#include "buffer.h"
#include "engine.h"
#include "safeio.h"

#include <dirent.h>

/* The folders of the accounts, of the usage files and of the locks. */
#define USERS_FOLDER "users"
#define USED_FOLDER "used"
#define LOCKS_FOLDER "locks"

/* On a machine whose accounts are in a database: which one that is. The engine for that writes it.
 */
#define STORE_ID_FILE "store-id"

/* What is due of accounts that have gone, or have no room for it: made when it is needed. */
#define DUE_FOLDER "due"

/* store_files_folder.c: the command that makes the store's folder, where there is none. */
const char *asp_files_made_with(const struct asp_conf *conf);

/* Checks one of those in it. ASP_OK, or why it is not to be used: that it is missing
 * says nothing about any user, and is ASP_IO. */
enum asp_status asp_files_check_folder(const struct asp_store *store, const char *folder,
                                       struct asp_error *error);

/* Makes a folder with mode 0700 whatever the umask, durably, unless it is there. `*made`: it was
 * not. */
enum asp_status asp_files_make_folder(int parent, const char *name, bool *made,
                                      struct asp_error *error);

/* Opens a folder to be read; NULL: it cannot be. The caller closes it. */
DIR *asp_files_open_folder(const struct asp_store *store, const char *name,
                           struct asp_error *error);

/* True for the name of a file that an account can have: no longer. */
bool asp_files_fits(const char *file);

/* Visits what is in a folder, by its name and whatever it is. */
enum asp_status asp_files_each_file(const struct asp_store *store, const char *name,
                                    asp_visit *visit, void *context, struct asp_error *error);

/* True when the open file is the one that is at this path of the store now. */
bool asp_files_is_at(const struct asp_store *store, const char *path, int fd);

/* The operations that are not in store_files.c. */

/* store_files_write.c: what is done under a lock. A new file of mode 0600 with this text, on the
 * disk but for its folder. False, with errno: it may be there in part. */
bool asp_files_write_new(int folder, const char *path, const struct asp_buffer *text);
enum asp_status asp_files_hold(const struct asp_store *store, const char *name,
                               asp_store_step *step, void *context, struct asp_error *error);
enum asp_status asp_files_write(const struct asp_store *store, struct asp_store_held *held,
                                const struct asp_made *made, struct asp_error *error);
enum asp_status asp_files_drop(const struct asp_store *store, struct asp_store_held *held,
                               const struct asp_made *made, struct asp_error *error);

/* store_files_strays.c */
void asp_files_forget(const struct asp_store *store, struct asp_store_held *held);
enum asp_status asp_files_clear_strays(const struct asp_store *store, asp_visit *visit,
                                       void *context, struct asp_error *error);

/* store_files_due.c */
enum asp_status asp_files_put_due(const struct asp_store *store, struct asp_store_held *held,
                                  const struct asp_buffer *text, char key[ASP_DUE_KEY],
                                  struct asp_error *error);
enum asp_status asp_files_each_due(const struct asp_store *store, const char *name,
                                   asp_due_visit *visit, void *context, struct asp_error *error);
enum asp_status asp_files_read_due(const struct asp_store *store, const char *name, const char *key,
                                   struct asp_stored *stored, struct asp_error *error);
enum asp_status asp_files_drop_due(const struct asp_store *store, const char *name, const char *key,
                                   struct asp_error *error);
enum asp_status asp_files_take_turn(const struct asp_store *store, const char *name,
                                    union asp_store_own *own, struct asp_error *error);
void asp_files_give_turn(const struct asp_store *store, const char *name, union asp_store_own *own);

/* store_files_usage.c */
enum asp_status asp_files_usage(const struct asp_store *store, const char *name,
                                struct asp_usage *usage, struct asp_error *error);
enum asp_status asp_files_mend_usage(const struct asp_store *store, const char *name,
                                     const struct asp_mending *mending, struct asp_usage *usage,
                                     enum asp_status *mended, struct asp_error *error);
void asp_files_sync_usage(const struct asp_store *store);
enum asp_status asp_files_put_usage(const struct asp_store *store, const char *name,
                                    const struct asp_usage *usage, struct asp_error *error);
enum asp_status asp_files_record(const struct asp_store *store, const char *name,
                                 const struct asp_use *use);
enum asp_status asp_files_compared(const struct asp_store *store, const char *name,
                                   const struct asp_compared *compared, time_t now);

enum asp_status asp_files_note_password(const struct asp_store *store, const char *name,
                                        struct asp_error *error);
enum asp_status asp_files_password_mark(const struct asp_store *store, const char *name,
                                        uint64_t *mark, struct asp_error *error);

/* store_files_examine.c */
bool asp_files_examine(const struct asp_conf *conf, asp_store_fault *tell, void *context);
bool asp_files_is_own(const struct asp_conf *conf);

/* store_files_watch.c */
bool asp_files_is_another(const struct asp_store *store);
enum asp_status asp_files_follow(const struct asp_store *store, struct asp_store_changes *changes,
                                 bool *another, struct asp_error *error);
struct asp_store_news asp_files_take_changes(struct asp_store_changes *changes,
                                             asp_changed *changed, void *context);
void asp_files_end_changes(struct asp_store_changes *changes);
enum asp_status asp_files_take_watch(const struct asp_store *store, time_t now,
                                     struct asp_watch_lock *lock, time_t *looked,
                                     struct asp_error *error);
bool asp_files_watch_is_of(const struct asp_watch_lock *lock, const struct asp_store *store);
void asp_files_mark_watch(const struct asp_watch_lock *lock, time_t looked);
void asp_files_give_watch(struct asp_watch_lock *lock);
enum asp_status asp_files_look_at_watch(const struct asp_store *store, struct asp_watch_seen *seen,
                                        struct asp_error *error);

#endif
