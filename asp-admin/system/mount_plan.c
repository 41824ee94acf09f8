/* Mounts that are planned: what is written of them, and whether they are there. */
#include "mount_plan.h"

#include "asp/buffer.h"
#include "asp/shell_word.h"

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UNIT ".mount"

enum { LINE_SIZE = 16 * 1024 }; /* an overlay's layers are named in its line */

const struct mount_plan mount_plan = {"/etc/fstab", "/etc/systemd/system", "/proc/self/mounts"};

/* What is looked for, and what was found so far. */
struct search {
    const struct mount_plan *plan;
    const char *path;
    struct mount_missing *missing; /* its path is "" as long as nothing is */
    bool failed;                   /* out of memory */
};

/* A file in the form of fstab. */
struct mount_lines {
    FILE *file;
    struct mntent entry;
    char room[LINE_SIZE];
};

static void open_lines(struct search *search, struct mount_lines *lines, const char *path)
{
    lines->file = setmntent(path, "re");
    search->failed = search->failed || (lines->file == NULL && errno == ENOMEM);
}

static bool next_line(struct search *search, struct mount_lines *lines)
{
    bool read;

    errno = 0;
    read = lines->file != NULL &&
           getmntent_r(lines->file, &lines->entry, lines->room, sizeof lines->room) != NULL;
    search->failed = search->failed || (!read && errno == ENOMEM);
    return read;
}

static void close_lines(struct mount_lines *lines)
{
    if (lines->file != NULL)
        (void)endmntent(lines->file);
}

/* Its length without slashes at the end. */
static size_t bare_length(const char *path)
{
    size_t length = strlen(path);

    while (length > 0 && path[length - 1] == '/')
        length--;
    return length;
}

/* True for the folder itself and for what is below it; not for /. */
static bool is_in(const char *path, const char *folder, size_t length)
{
    return length > 0 && folder[0] == '/' && strncmp(path, folder, length) == 0 &&
           (path[length] == '\0' || path[length] == '/');
}

/* True for what is the same file system as the folder above. In a unit of systemd what may be
 * written is mounted onto itself: that is a mount, and none that was planned. */
static bool is_as_above(const char *path)
{
    char above[PATH_MAX];
    struct stat st;
    struct stat st_above;

    (void)snprintf(above, sizeof above, "%.*s/", (int)(strrchr(path, '/') - path), path);
    return stat(path, &st) == 0 && stat(above, &st_above) == 0 && st.st_dev == st_above.st_dev;
}

static bool has_bind(const char *options)
{
    return strstr(options, "bind") != NULL;
}

/* Where nothing tells what is mounted, the file system does. */
static bool is_mounted(struct search *search, const char *path, bool binds)
{
    struct mount_lines mounts;
    bool listed;

    open_lines(search, &mounts, search->plan->mounts);
    listed = mounts.file == NULL;
    while (!listed && next_line(search, &mounts))
        listed = strcmp(mounts.entry.mnt_dir, path) == 0;
    close_lines(&mounts);
    return listed && (binds || !is_as_above(path));
}

/* Keeps it where it is missing and stands further out than what was found before. */
static void look_at(struct search *search, const char *where, const char *unit, bool binds)
{
    struct mount_missing *missing = search->missing;
    const size_t length = bare_length(where);
    char path[PATH_MAX];

    if (!is_in(search->path, where, length) || length >= sizeof path ||
        (missing->path[0] != '\0' && strlen(missing->path) <= length))
        return;
    (void)snprintf(path, sizeof path, "%.*s", (int)length, where);
    if (is_mounted(search, path, binds))
        return;
    memcpy(missing->path, path, length + 1);
    (void)snprintf(missing->unit, sizeof missing->unit, "%s", unit);
}

static void read_fstab(struct search *search)
{
    struct mount_lines fstab;

    open_lines(search, &fstab, search->plan->fstab);
    while (next_line(search, &fstab))
        look_at(search, fstab.entry.mnt_dir, "", has_bind(fstab.entry.mnt_opts));
    close_lines(&fstab);
}

static void read_unit(struct search *search, const char *name)
{
    char path[PATH_MAX];
    char where[PATH_MAX] = "";
    char options[LINE_SIZE] = "";
    char *line = NULL;
    size_t size = 0;
    struct stat st;
    FILE *unit = NULL;

    errno = 0;
    (void)snprintf(path, sizeof path, "%s/%s", search->plan->units, name);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        unit = fopen(path, "re");
    while (unit != NULL && getline(&line, &size, unit) > 0) {
        (void)sscanf(line, " Where = %4095[^ \t\r\n]", where);
        (void)sscanf(line, " Options = %16383[^\r\n]", options);
    }
    search->failed = search->failed || errno == ENOMEM;
    free(line);
    if (unit != NULL)
        (void)fclose(unit);
    look_at(search, where, name, has_bind(options));
}

static bool is_unit(const char *name)
{
    const size_t length = strlen(name);

    return length >= sizeof UNIT && strcmp(name + length - (sizeof UNIT - 1), UNIT) == 0;
}

static void read_units(struct search *search)
{
    DIR *folder = opendir(search->plan->units);
    const struct dirent *entry;

    search->failed = search->failed || (folder == NULL && errno == ENOMEM);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (is_unit(entry->d_name))
            read_unit(search, entry->d_name);
    }
    if (folder != NULL)
        (void)closedir(folder);
}

void mount_plan_command(const struct mount_missing *missing, const char *words[MOUNT_WORDS])
{
    const bool by_unit = missing->unit[0] != '\0';

    words[0] = by_unit ? "systemctl" : "mount";
    words[1] = by_unit ? "start" : missing->path;
    words[2] = by_unit ? missing->unit : NULL;
    words[3] = NULL;
}

/* What is so, and the command. */
static enum asp_status tell(const struct search *search, struct asp_error *error)
{
    const struct mount_missing *missing = search->missing;
    const bool by_unit = missing->unit[0] != '\0';
    struct asp_buffer command = {0};
    const char *words[MOUNT_WORDS];
    enum asp_status status = ASP_NO_MEMORY;

    mount_plan_command(missing, words);
    for (size_t i = 0; words[i] != NULL; i++) {
        asp_buffer_add(&command, i > 0 ? " " : "");
        asp_shell_word_add(&command, words[i]);
    }
    if (!command.failed) {
        status =
            asp_fail(error, ASP_IO, "%s%s%s names %s, and it is not mounted: the store %s is on it",
                     by_unit ? search->plan->units : search->plan->fstab, by_unit ? "/" : "",
                     missing->unit, missing->path, search->path);
        (void)asp_advise(error, status, "%s", command.text);
    }
    asp_buffer_free(&command);
    return status == ASP_IO ? status : asp_fail(error, status, "out of memory");
}

enum asp_status mount_plan_check(const struct mount_plan *plan, const char *path,
                                 struct mount_missing *missing, struct asp_error *error)
{
    struct search search = {.plan = plan, .path = path, .missing = missing};

    missing->path[0] = '\0';
    missing->unit[0] = '\0';
    read_fstab(&search);
    read_units(&search);
    if (search.failed)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    return missing->path[0] == '\0' ? ASP_OK : tell(&search, error);
}
