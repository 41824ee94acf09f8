/* Users and their groups, as the name service knows them. */
#include "users.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    GROUPS = 64,
    GROUPS_MAX = 65536, /* NGROUPS_MAX of Linux */
};

void user_name_of(uid_t uid, char *name, size_t size)
{
    const struct passwd *entry = getpwuid(uid);

    if (entry != NULL && strlen(entry->pw_name) < size)
        (void)snprintf(name, size, "%s", entry->pw_name);
    else
        (void)snprintf(name, size, "uid %lu", (unsigned long)uid);
}

void user_acting(char *name, size_t size)
{
    FILE *file = fopen("/proc/self/loginuid", "re");
    unsigned long uid = UINT_MAX;
    char digits[16];
    char *end;

    if (file != NULL) {
        if (fgets(digits, sizeof digits, file) != NULL) {
            uid = strtoul(digits, &end, 10);
            uid = end == digits ? UINT_MAX : uid;
        }
        (void)fclose(file);
    }
    user_name_of(uid == UINT_MAX ? getuid() : (uid_t)uid, name, size);
}

bool user_local_name_of(uid_t uid, char *name, size_t size)
{
    FILE *passwd = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;
    bool found;

    while (passwd != NULL && (entry = fgetpwent(passwd)) != NULL) {
        if (entry->pw_uid == uid && strlen(entry->pw_name) < size)
            break;
    }
    found = entry != NULL;
    if (found)
        (void)snprintf(name, size, "%s", entry->pw_name);
    if (passwd != NULL)
        (void)fclose(passwd);
    return found;
}

static bool holds(const gid_t *groups, int count, gid_t wanted)
{
    for (int i = 0; i < count; i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

bool users_in_group(const struct group *group, struct name_list *names)
{
    const struct passwd *entry;
    bool added = true;

    for (size_t i = 0; added && group->gr_mem[i] != NULL; i++)
        added = name_list_add_once(names, group->gr_mem[i]);
    setpwent();
    while (added && (entry = getpwent()) != NULL) {
        if (entry->pw_gid == group->gr_gid)
            added = name_list_add_once(names, entry->pw_name);
    }
    endpwent();
    return added;
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
        bool is_last = complete || groups == NULL;

        free(groups);
        if (is_last)
            return found;
    }
    return false;
}
