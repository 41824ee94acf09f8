/*
 * fstab, a unit of systemd's, and what is mounted: whether all that is planned at or above the
 * store is there. A mount that is written as libc writes it, in fstab or in a unit, is missed, and
 * is not any more once it is in the list of those that are there.
 */
#include "fuzz.h"

#include "asp-admin/system/mount_plan.h"

#include <fcntl.h>
#include <mntent.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE "/nowhere/srv/asp"

enum { PIECES = 3, PATHS = 64 };

static char folder[FUZZ_FOLDER];
static char paths[PIECES][PATHS];
static char units[PATHS];
static struct mount_plan plan;

static void remove_folder(void)
{
    for (size_t i = 0; i < PIECES; i++)
        (void)remove(paths[i]);
    (void)remove(units);
    (void)remove(folder);
}

static void begin(void)
{
    if (plan.fstab != NULL)
        return;
    fuzz_folder(folder);
    (void)snprintf(units, sizeof units, "%s/units", folder);
    (void)snprintf(paths[0], PATHS, "%s/fstab", folder);
    (void)snprintf(paths[1], PATHS, "%s/units/a.mount", folder);
    (void)snprintf(paths[2], PATHS, "%s/mounts", folder);
    FUZZ_NEED(mkdir(units, 0700) == 0 && atexit(remove_folder) == 0);
    plan = (struct mount_plan){paths[0], units, paths[2]};
}

static void put(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_NEED(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

static void add_entry(const char *path, const char *place)
{
    const struct mntent entry = {.mnt_fsname = (char *)"/dev/sda1",
                                 .mnt_dir = (char *)place,
                                 .mnt_type = (char *)"ext4",
                                 .mnt_opts = (char *)"rw,bind"};
    FILE *file = setmntent(path, "ae");

    FUZZ_NEED(file != NULL && addmntent(file, &entry) == 0);
    (void)endmntent(file);
}

static enum asp_status check(const char *store, struct mount_missing *missing)
{
    struct asp_error error = {0};
    const char *words[MOUNT_WORDS];
    enum asp_status status = mount_plan_check(&plan, store, missing, &error);

    FUZZ_NEED(status == ASP_OK || status == ASP_IO);
    FUZZ_NEED((status == ASP_IO) == (missing->path[0] == '/'));
    FUZZ_NEED((status == ASP_IO) == (error.text[0] != '\0' && error.advice[0] != '\0'));
    if (status == ASP_OK)
        return status;
    FUZZ_NEED(strncmp(store, missing->path, strlen(missing->path)) == 0);
    mount_plan_command(missing, words);
    FUZZ_NEED(words[1] != NULL && words[MOUNT_WORDS - 1] == NULL);
    return status;
}

/* Of the input a name below /nowhere, whatever is in it. */
static void plan_one(const uint8_t *data, size_t size)
{
    struct mount_missing missing;
    char place[PATHS];
    char store[2 * PATHS];
    char *name = fuzz_text(data, size);
    int length;

    length = snprintf(place, sizeof place, "/nowhere/%s", name);
    free(name);
    if (length >= PATHS || strpbrk(place, "\n\r") != NULL || place[length - 1] == '/')
        return;
    (void)snprintf(store, sizeof store, "%s/store", place);
    put(paths[0], "", 0);
    put(paths[1], "", 0);
    put(paths[2], "", 0);
    FUZZ_NEED(check(store, &missing) == ASP_OK);
    add_entry(paths[0], place);
    FUZZ_NEED(check(store, &missing) == ASP_IO && strcmp(missing.path, place) == 0);
    add_entry(paths[2], place);
    FUZZ_NEED(check(store, &missing) == ASP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *const end = data + size;
    const uint8_t *at = data;
    struct mount_missing missing;

    begin();
    for (size_t i = 0; i < PIECES; i++) {
        const uint8_t *stop = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        size_t length = (size_t)((stop == NULL ? end : stop) - at);

        if (length > 0)
            put(paths[i], at, length);
        else
            (void)unlink(paths[i]);
        at = stop == NULL ? end : stop + 1;
    }
    (void)check(STORE, &missing);
    plan_one(data, size);
    return 0;
}
