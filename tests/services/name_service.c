/*
 * A name service that says what a test wants, preloaded in asp-broker or asp-admin: of names that
 * begin with "hang" it says nothing, ever, and so of the uid 4711, and of anybody while there is
 * /run/silent; for those that begin with "down" it fails; one that begins with "spelling" is alice,
 * and the uid 4712 is www-data. What it is asked for is written to /run/asked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void note(const char *what)
{
    FILE *asked = fopen("/run/asked", "ae");

    if (asked == NULL)
        return;
    (void)fprintf(asked, "%s\n", what);
    (void)fclose(asked);
}

static void hang_if(bool silent)
{
    while (silent || access("/run/silent", F_OK) == 0)
        (void)pause();
}

struct passwd *getpwuid(uid_t uid)
{
    struct passwd *(*next)(uid_t) = dlsym(RTLD_NEXT, "getpwuid");
    char number[16];

    (void)snprintf(number, sizeof number, "%u", (unsigned)uid);
    note(number);
    hang_if(uid == 4711);
    return uid == 4712 ? getpwnam("www-data") : next(uid);
}

int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **found)
{
    int (*next)(const char *, struct passwd *, char *, size_t, struct passwd **) =
        dlsym(RTLD_NEXT, "getpwnam_r");

    note(name);
    hang_if(strncmp(name, "hang", 4) == 0);
    if (strncmp(name, "down", 4) == 0)
        return EIO;
    return next(strncmp(name, "spelling", 8) == 0 ? "alice" : name, entry, room, size, found);
}
