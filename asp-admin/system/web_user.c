/* The web server's user: nobody but a user who is nothing else. */
#include "web_user.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "self_service.web_user"
#define GROUP "asp"

enum { UID_MIN = 1000, NOBODY = 65534, LINE = 512, NAME = 256 };

static bool find_in_passwd(const char *name, uid_t *uid, gid_t *gid)
{
    FILE *passwd = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;

    while (passwd != NULL && (entry = fgetpwent(passwd)) != NULL) {
        if (strcmp(entry->pw_name, name) == 0)
            break;
    }
    if (entry != NULL) {
        *uid = entry->pw_uid;
        *gid = entry->pw_gid;
    }
    if (passwd != NULL)
        (void)fclose(passwd);
    return entry != NULL;
}

/* Another name with this uid, wherever it stands. */
static bool find_twin(const char *name, uid_t uid, char twin[NAME])
{
    FILE *passwd = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;

    while (passwd != NULL && (entry = fgetpwent(passwd)) != NULL) {
        if (entry->pw_uid == uid && strcmp(entry->pw_name, name) != 0)
            break;
    }
    if (entry != NULL)
        (void)snprintf(twin, NAME, "%s", entry->pw_name);
    if (passwd != NULL)
        (void)fclose(passwd);
    return entry != NULL;
}

static bool is_listed(char *const *members, const char *name)
{
    for (; *members != NULL; members++) {
        if (strcmp(*members, name) == 0)
            return true;
    }
    return false;
}

static bool is_member(const char *name, gid_t gid)
{
    FILE *groups = fopen("/etc/group", "re");
    const struct group *entry;
    bool is = false;

    while (groups != NULL && (entry = fgetgrent(groups)) != NULL) {
        if (strcmp(entry->gr_name, GROUP) == 0 &&
            (entry->gr_gid == gid || is_listed(entry->gr_mem, name)))
            is = true;
    }
    if (groups != NULL)
        (void)fclose(groups);
    return is;
}

/* Where the uids of people begin: login.defs(5). */
static uid_t first_of_people(void)
{
    FILE *file = fopen("/etc/login.defs", "re");
    unsigned long first = UID_MIN;
    char line[LINE];
    char *end;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *at = line + strspn(line, " \t");

        if (strncmp(at, "UID_MIN", strlen("UID_MIN")) != 0)
            continue;
        at += strlen("UID_MIN");
        if (*at == ' ' || *at == '\t') {
            const unsigned long value = strtoul(at, &end, 0);

            first = end != at && value > 0 && value < UINT_MAX ? value : first;
        }
    }
    if (file != NULL)
        (void)fclose(file);
    return (uid_t)first;
}

enum asp_status web_user_find(const struct asp_conf *conf, uid_t *uid, struct asp_error *error)
{
    const char *name = conf->self_web_user;
    char other[NAME];
    uid_t people = first_of_people();
    gid_t gid;

    if (name[0] == '\0')
        return asp_fail(error, ASP_NOT_FOUND, KEY " is not set: nobody signs in by a web server");
    if (!find_in_passwd(name, uid, &gid))
        return asp_fail(error, ASP_INVALID, KEY ": /etc/passwd has no user %s", name);
    if (*uid == 0)
        return asp_fail(error, ASP_INVALID, KEY ": %s is root", name);
    if (*uid == NOBODY || strcmp(name, "nobody") == 0)
        return asp_fail(error, ASP_INVALID, KEY ": %s is nobody, as others are too", name);
    if (*uid >= people)
        return asp_fail(error, ASP_INVALID,
                        KEY ": %s has uid %lu, and from %lu on they are people's", name,
                        (unsigned long)*uid, (unsigned long)people);
    if (find_twin(name, *uid, other))
        return asp_fail(error, ASP_INVALID, KEY ": %s has the uid of %s", name, other);
    if (is_member(name, gid))
        return asp_fail(error, ASP_INVALID,
                        KEY ": %s is in the group " GROUP
                            ", which may ask for any user's logins: take it out",
                        name);
    return ASP_OK;
}
