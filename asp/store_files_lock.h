/*
 * The lock of one user's account: locks/NAME in the store, held by flock(2) and never for long.
 * While it is held the file says by which process, and which new file it is writing, so that the
 * next holder clears away what a killed one left.
 */
#ifndef ASP_STORE_FILES_LOCK_H
#define ASP_STORE_FILES_LOCK_H

#include "store_files_temp.h"

#define ASP_FILES_LOCK_FREE ((struct asp_store_held){.fd = -1, .folder = -1})

/*
 * Takes the lock of this name. ASP_OK, ASP_BUSY after 5 seconds or at the store's deadline with
 * the holder named, or why it cannot be had. The caller calls asp_files_lock_release in any case.
 */
enum asp_status asp_files_lock_acquire(const struct asp_store *store, const char *name,
                                       struct asp_store_held *lock, struct asp_error *error);

/* Waits a moment for what another holds, and adds it to `*waited`. False when it has come to `most`
 * ms. */
bool asp_files_wait_step(unsigned *waited, unsigned most);

void asp_files_lock_release(struct asp_store_held *lock);

#endif
