/*
 * A directory beside the system's users for one process: preloaded, it knows alice, by other names
 * too, and Alice; it fails for whoever begins with "down".
 */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>

static const char *const directory[][2] = {
    {"alice", "alice"}, {"ALICE", "alice"}, {"alice@corp", "alice"},
    {"a*", "alice"},    {"Alice", "Alice"},
};

int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
               struct passwd **result)
{
    int (*real)(const char *, struct passwd *, char *, size_t, struct passwd **);

    *result = NULL;
    if (strncmp(name, "down", 4) == 0)
        return EIO;
    for (size_t i = 0; i < sizeof directory / sizeof *directory; i++) {
        if (strcmp(name, directory[i][0]) == 0) {
            *entry = (struct passwd){.pw_name = strcpy(room, directory[i][1])};
            *result = entry;
            return 0;
        }
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getpwnam_r");
    return real(name, entry, room, size, result);
}
