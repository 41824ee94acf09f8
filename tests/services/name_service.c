/*
 * A name service that says what a test wants, preloaded in asp-broker: of names that begin with
 * "hang" it says nothing, ever; one that begins with "spelling" is alice. What it is asked for is
 * written to /run/asked.
 */
#include <dlfcn.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **found)
{
    int (*next)(const char *, struct passwd *, char *, size_t, struct passwd **) =
        dlsym(RTLD_NEXT, "getpwnam_r");
    FILE *asked = fopen("/run/asked", "ae");

    if (asked != NULL) {
        (void)fprintf(asked, "%s\n", name);
        (void)fclose(asked);
    }
    while (strncmp(name, "hang", 4) == 0)
        (void)pause();
    return next(strncmp(name, "spelling", 8) == 0 ? "alice" : name, entry, room, size, found);
}
