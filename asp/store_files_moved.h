/*
 * What has become of a store in files: the file `moved` in its folder, which is not there as long
 * as nothing has.
 */
#ifndef ASP_STORE_FILES_MOVED_H
#define ASP_STORE_FILES_MOVED_H

#include "buffer.h"
#include "store_copy_files.h"

#define MOVED_FILE "moved"

/* The folder of the accounts while the store is closed: nobody finds one. */
#define CLOSED_FOLDER "users.closed"

/* Reads it. ASP_OK, also where nothing has; ASP_CORRUPT: it is not what we wrote. */
enum asp_status asp_files_read_moved(const struct asp_store *store, struct asp_moved *moved,
                                     struct asp_error *error);

/* The text of that file: asp-moved 1 HOW ID SINCE, and a sentence for a person. */
void asp_files_moved_text(const struct asp_moved *moved, struct asp_buffer *text);

/* For a process that is told of no database: ASP_UNSAFE where the accounts of this machine are in
 * one, or why that is not known. ASP_OK: they are not, or asp_files_has_moved says more. */
enum asp_status asp_files_check_joined(const struct asp_store *store, struct asp_error *error);

/* Fails as ASP_IO, and says what has become of it, or why that is not known. False: nothing has,
 * and nothing is said. */
bool asp_files_has_moved(const struct asp_store *store, struct asp_error *error);

#endif
