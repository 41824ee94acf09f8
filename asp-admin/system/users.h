/*
 * What the name service says of users: getpwnam(3), getgrouplist(3). For programs of one thread.
 */
#ifndef ASP_ADMIN_SYSTEM_USERS_H
#define ASP_ADMIN_SYSTEM_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes the name of a uid, or `uid N` where it has none, or one that does not fit in `size` bytes,
 * which are at least 32. */
void user_name_of(uid_t uid, char *name, size_t size);

/* The same by /etc/passwd alone, which never keeps anybody waiting. False: it is not there. */
bool user_local_name_of(uid_t uid, char *name, size_t size);

/* True when the system knows the user and she is in the group. What cannot be looked at is no. */
bool user_is_member(const char *user, gid_t group);

#endif
