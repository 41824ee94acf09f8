/* Users and their groups, as the name service knows them. */
#include "users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUPS = 64,
    GROUPS_MAX = 65536, /* NGROUPS_MAX of Linux */
    ENTRY = 4096,
    ENTRY_MAX = 1024 * 1024,
};

void user_name_of(uid_t uid, char *name, size_t size)
{
    const struct passwd *entry = getpwuid(uid);

    if (entry != NULL && strlen(entry->pw_name) < size)
        (void)snprintf(name, size, "%s", entry->pw_name);
    else
        (void)snprintf(name, size, "uid %lu", (unsigned long)uid);
}

bool user_is_known(const char *user)
{
    return getpwnam(user) != NULL;
}

/* getpwnam(3) leaves open what errno is for a user who is not there; the result of this one is 0
 * then, and only then. */
enum user_answer user_ask(const char *user)
{
    int result = ERANGE;
    struct passwd *found = NULL;

    for (size_t size = ENTRY; result == ERANGE && size <= ENTRY_MAX; size *= 4) {
        struct passwd entry;
        char *room = malloc(size);

        if (room == NULL)
            return USER_NOT_TOLD;
        result = getpwnam_r(user, &entry, room, size, &found);
        free(room);
    }
    if (result != 0)
        return USER_NOT_TOLD;
    return found != NULL ? USER_IS_KNOWN : USER_IS_UNKNOWN;
}

static bool holds(const gid_t *groups, int count, gid_t wanted)
{
    for (int i = 0; i < count; i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

bool user_is_member(const char *user, gid_t group)
{
    const struct passwd *entry = getpwnam(user);
    gid_t primary;

    if (entry == NULL)
        return false;
    primary = entry->pw_gid;
    for (int room = GROUPS; room <= GROUPS_MAX; room *= 4) {
        gid_t *groups = calloc((size_t)room, sizeof *groups);
        int count = room;
        bool complete = groups != NULL && getgrouplist(user, primary, groups, &count) >= 0;
        bool found = complete && holds(groups, count, group);

        free(groups);
        if (complete || groups == NULL)
            return found;
    }
    return false;
}
