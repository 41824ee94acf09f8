/*
 * The lock of one user's account: locks/NAME in the store, held by flock(2) and never for long.
 * While it is held the file says by which process, and which new file it is writing, so that the
 * next holder clears away what a killed one left.
 */
#ifndef ASP_STORE_FILES_LOCK_H
#define ASP_STORE_FILES_LOCK_H

#include "error.h"
#include "name.h"

#define ASP_LOCKS "locks"

enum {
    ASP_LOCK_NAME = ASP_USER_MAX + 24
}; /* an encoded name with what stands before or after it */

struct asp_lock {
    int fd;
    int folder;                  /* the one that holds the user's file, open */
    char name[ASP_USER_MAX + 1]; /* of the user's file in it */
    char temp[ASP_LOCK_NAME];    /* of the file that is to replace it; nobody can guess it */
    char old[ASP_LOCK_NAME + 1]; /* of the one that it replaces, until that is certain */
};

#define ASP_LOCK_FREE ((struct asp_lock){.fd = -1, .folder = -1})

/*
 * Takes the lock of the user with this encoded name in the open store at `path`, whose file is in
 * `folder`. ASP_OK, ASP_BUSY after 5 seconds with the holder named, or why it cannot be had. The
 * caller calls asp_lock_give in any case.
 */
enum asp_status asp_lock_take(int store, const char *path, const char *folder, const char *name,
                              struct asp_lock *lock, struct asp_error *error);

void asp_lock_give(struct asp_lock *lock);

#endif
