/*
 * A store in files is closed, and is in use again. While it is closed its folder `users` is called
 * `users.closed`, so that nobody finds an account, of whatever version he is, and the file `moved`
 * says why.
 */
#ifndef ASP_STORE_COPY_CLOSING_H
#define ASP_STORE_COPY_CLOSING_H

#include "store_copy_files.h"

/* Notes what becomes of it, durably, and closes it: no account is found from then on, and who was
 * writing one has. ASP_BUSY: somebody goes on writing. */
enum asp_status asp_copy_files_close(struct asp_copy_files *files, const struct asp_moved *moved,
                                     struct asp_error *error);

/* All that was put is on the disk, and it is in use. */
enum asp_status asp_copy_files_open(struct asp_copy_files *files, struct asp_error *error);

/*
 * Visits what is due of hooks, an app password or more of one user and one reason at a time. What
 * was visited is due no more, but for marks in accounts.
 */
typedef enum asp_status asp_copy_due_visit(const char *user, const struct asp_entry *entries,
                                           size_t count, void *context, struct asp_error *error);
enum asp_status asp_copy_files_each_due(struct asp_copy_files *files, asp_copy_due_visit *visit,
                                        void *context, struct asp_error *error);

#endif
