/* The names of temporary files, and what is left under them. */
#include "store_files_temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEX_DIGITS "0123456789abcdef"
#define KEPT "~"

void asp_files_name_temp(struct asp_store_held *lock, const char *nonce)
{
    (void)snprintf(lock->temp, sizeof lock->temp, ".%s.%s", lock->name, nonce);
    (void)snprintf(lock->old, sizeof lock->old, ".%s." KEPT "%s", lock->name, nonce);
}

bool asp_files_is_temp(const char *file, char name[ASP_USER_FILE + 1])
{
    const char *dot = strrchr(file, '.');
    const char *nonce;
    char user[ASP_USER_MAX + 1];
    size_t length;

    if (file[0] != '.' || dot == file)
        return false;
    nonce = dot + 1 + (dot[1] == KEPT[0]);
    length = (size_t)(dot - file) - 1;
    if (strspn(nonce, HEX_DIGITS) != ASP_NONCE_DIGITS || nonce[ASP_NONCE_DIGITS] != '\0' ||
        length > ASP_USER_FILE)
        return false;
    memcpy(name, file + 1, length);
    name[length] = '\0';
    return asp_user_is_digest(name) || asp_user_decode(name, user);
}

bool asp_files_remove_temp(int folder, const char *file, bool *removed)
{
    *removed = unlinkat(folder, file, 0) == 0 ||
               (errno == EISDIR && unlinkat(folder, file, AT_REMOVEDIR) == 0);
    return *removed || errno == ENOENT;
}

void asp_files_clear_noted(struct asp_store_held *lock, const char *noted)
{
    char name[ASP_USER_FILE + 1];
    struct asp_store_held left = *lock;
    char older[ASP_LOCK_NAME + sizeof KEPT];
    const char *const files[] = {left.temp, left.old, older};
    bool removed;

    if (!asp_files_is_temp(noted, name) || strcmp(name, lock->name) != 0)
        return;
    asp_files_name_temp(&left, noted + strlen(noted) - ASP_NONCE_DIGITS);
    /* As version 0.1.0 named the one that is kept. */
    (void)snprintf(older, sizeof older, "%s" KEPT, left.temp);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)asp_files_remove_temp(lock->folder, files[i], &removed);
        lock->cleared = lock->cleared || removed;
    }
}
