/*
 * The temporary files of an update: `.NAME.` and 16 hexadecimal digits is the one that is written,
 * and with `~` before the digits the one that it replaces, until that is certain. The name of its
 * account is in it, so that what was never finished is found.
 */
#ifndef ASP_STORE_FILES_TEMP_H
#define ASP_STORE_FILES_TEMP_H

#include "store_files.h"

enum {
    ASP_NONCE_DIGITS = 16,
    /* An encoded name with what stands before and after it. */
    ASP_LOCK_NAME = ASP_USER_FILE + ASP_NONCE_DIGITS + 4,
};

/* One account that is held: its lock, and what is written under it. */
struct asp_store_held {
    int fd;
    int folder;                   /* the one that holds the user's file, open */
    char name[ASP_USER_FILE + 1]; /* of the user's file in it */
    char temp[ASP_LOCK_NAME];     /* of the file that is to replace it; nobody can guess it */
    char old[ASP_LOCK_NAME];      /* of the one that it replaces, until that is certain */
    bool cleared;                 /* what was never finished was found and removed */
};

/* Names the two of this account and these digits. */
void asp_files_name_temp(struct asp_store_held *lock, const char *nonce);

/* True for the name of one of them, of whatever account: `name` is that of its file. */
bool asp_files_is_temp(const char *file, char name[ASP_USER_FILE + 1]);

/* Removes whatever has this name in the folder. True: it is not there any more. `*removed`: it was.
 */
bool asp_files_remove_temp(int folder, const char *file, bool *removed);

/* Removes the two of this account that are named by the note in its lock, which is held; any other
 * note is none of ours. */
void asp_files_clear_noted(struct asp_store_held *lock, const char *noted);

#endif
