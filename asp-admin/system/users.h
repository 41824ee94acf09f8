/*
 * What the name service says of users: getpwnam(3), getgrouplist(3). For programs of one thread.
 */
#ifndef ASP_ADMIN_SYSTEM_USERS_H
#define ASP_ADMIN_SYSTEM_USERS_H

#include "name_list.h"

#include <grp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes the name of a uid, or `uid N` where it has none, or one that does not fit in `size` bytes,
 * which are at least 32. */
void user_name_of(uid_t uid, char *name, size_t size);

/* The same of who acts: by the login uid, which sudo does not change, or, where there is none, by
 * the real uid. */
void user_acting(char *name, size_t size);

/* The same of a uid by /etc/passwd alone, which never keeps anybody waiting. False: it is not
 * there. */
bool user_local_name_of(uid_t uid, char *name, size_t size);

/*
 * Adds who is in the group: its members, and whose primary group it is, each once. A name service
 * that does not list its users (sssd, as a rule) tells of the members alone. False: out of memory.
 */
bool users_in_group(const struct group *group, struct name_list *names);

/* True when the system knows the user and she is in the group. What cannot be looked at is no. */
bool user_is_member(const char *user, gid_t group);

#endif
