/* The commands by which a path is set right. */
#include "path_fix.h"

#include "asp/buffer.h"
#include "asp/safeio.h"
#include "asp/shell_word.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool path_is_held(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct asp_error error = {0};
    char above[PATH_MAX];
    int fd = -1;
    bool held;

    if (slash == NULL)
        return false;
    (void)snprintf(above, sizeof above, "%.*s", slash > path ? (int)(slash - path) : 1, path);
    held = asp_folder_open(above, NULL, &fd, &error) == ASP_OK;
    asp_close(fd);
    return held;
}

static bool is_written(const struct stat *st)
{
    return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* What is in the file may be another's, who may hold it open and write on: no owner and no mode
 * makes it good. */
static bool is_doubtful(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_uid != 0 || is_written(st));
}

/* The mode as chmod(1) is told it, of what is not doubtful; NULL: it is well as it is. */
static const char *mode_for(const struct stat *st, enum path_wanted wanted)
{
    static const mode_t run = S_IXUSR | S_IXGRP | S_IXOTH;

    switch (wanted) {
    case PATH_FOLDER:
    case PATH_PRIVATE:
        if ((st->st_mode & (S_IRWXG | S_IRWXO)) == 0)
            return NULL;
        return wanted == PATH_FOLDER ? "700" : "600";
    case PATH_READ:
        return (st->st_mode & S_IROTH) == 0 ? "644" : NULL;
    case PATH_PROGRAM:
        return (st->st_mode & run) == 0 ? "755" : NULL;
    case PATH_SOUND:
        break;
    }
    return is_written(st) ? "go-w" : NULL;
}

static bool is_of_kind(const struct stat *st, enum path_wanted wanted)
{
    return (S_ISDIR(st->st_mode) && (wanted == PATH_FOLDER || wanted == PATH_SOUND)) ||
           (S_ISREG(st->st_mode) && wanted != PATH_FOLDER);
}

static mode_t mode_of_copy(const struct stat *st, enum path_wanted wanted)
{
    switch (wanted) {
    case PATH_PRIVATE:
        return S_IRUSR | S_IWUSR;
    case PATH_READ:
        return S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
    case PATH_PROGRAM:
        return S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;
    case PATH_FOLDER:
    case PATH_SOUND:
        break;
    }
    return st->st_mode & (S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH);
}

/* A copy is another file, out of reach of who has the other one open. */
static void advise_copy(struct findings *findings, const char *path, const struct stat *st,
                        enum path_wanted wanted)
{
    struct asp_buffer from = {0};
    struct asp_buffer to = {0};

    asp_shell_word_add(&from, path);
    asp_buffer_add(&to, path);
    asp_buffer_add(&to, ".new");
    if (!to.failed) {
        struct asp_buffer word = {0};

        asp_shell_word_add(&word, to.text);
        asp_buffer_free(&to);
        to = word;
    }
    findings->failed = findings->failed || from.failed || to.failed;
    if (!from.failed && !to.failed)
        finding_fix(findings,
                    "look at what is in it: %s, and may be writing it still. If it is right, put a "
                    "copy in its place: install -o root -g root -m %o %s %s && mv %s %s",
                    st->st_uid != 0 ? "its owner has chosen that" : "others may have changed that",
                    (unsigned)mode_of_copy(st, wanted), from.text, to.text, to.text, from.text);
    asp_buffer_free(&from);
    asp_buffer_free(&to);
}

bool path_fix(struct findings *findings, const char *path, enum path_wanted wanted)
{
    const char *mode;
    struct stat st;

    if (lstat(path, &st) != 0 || !is_of_kind(&st, wanted) || !path_is_held(path))
        return false;
    if (is_doubtful(&st)) {
        advise_copy(findings, path, &st, wanted);
        return true;
    }
    mode = mode_for(&st, wanted);
    if (st.st_uid != 0)
        finding_fix_command(findings, true, (const char *[]){"chown", "root:root", path, NULL});
    if (mode != NULL)
        finding_fix_command(findings, true, (const char *[]){"chmod", mode, path, NULL});
    return st.st_uid != 0 || mode != NULL;
}

/* Finds the folder above that is not held, from the top. False: it is not one that needs another
 * mode alone. */
static bool find_open_folder(const char *path, char folder[PATH_MAX], struct stat *st)
{
    for (const char *end = strchr(path + 1, '/'); end != NULL; end = strchr(end + 1, '/')) {
        struct asp_error error = {0};
        enum asp_status status;
        int fd = -1;

        (void)snprintf(folder, PATH_MAX, "%.*s", (int)(end - path), path);
        status = asp_folder_open_above(folder, &fd, &error);
        asp_close(fd);
        if (status != ASP_OK)
            return status == ASP_UNSAFE && lstat(folder, st) == 0 && S_ISDIR(st->st_mode) &&
                   st->st_uid == 0;
    }
    return false;
}

bool path_fix_place(struct findings *findings, const char *key, const char *path,
                    const char *folder)
{
    struct asp_buffer word = {0};
    struct asp_buffer above = {0};
    char wide[PATH_MAX];
    struct stat st;

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || path_is_held(path))
        return false;
    asp_shell_word_add(&word, path);
    if (find_open_folder(path, wide, &st)) {
        asp_buffer_add(&above, "; or, where nobody else is to put programs there, once you have "
                               "looked at all that is in it: chmod go-w ");
        asp_shell_word_add(&above, wide);
    } else {
        asp_buffer_add(&above, "");
    }
    findings->failed = findings->failed || word.failed || above.failed;
    if (!word.failed && !above.failed)
        finding_fix(findings,
                    "look at what is in it, which others may have written. If it is right, put a "
                    "copy where they cannot, and let %s in asp.conf name that: install -d %s && "
                    "install -o root -g root -m 755 %s %s/%s",
                    key, folder, word.text, folder, above.text);
    asp_buffer_free(&word);
    asp_buffer_free(&above);
    return true;
}

void path_fix_missing(struct findings *findings, const char *path)
{
    finding_fix_command(findings, path_is_held(path),
                        (const char *[]){"mkdir", "-m", "700", path, NULL});
}

static void shipped_path(const char *shipped, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s/%s", DOCDIR, shipped);
}

bool path_fix_is_shipped(const char *shipped)
{
    struct asp_error error = {0};
    char path[PATH_MAX];
    struct stat st;
    int fd = -1;
    bool is;

    shipped_path(shipped, path);
    is = asp_path_open(path, &fd, &st, &error) == ASP_OK;
    asp_close(fd);
    return is;
}

bool path_fix_install(struct findings *findings, const char *shipped, const char *path)
{
    char from[PATH_MAX];
    struct stat st;

    if (!path_fix_is_shipped(shipped))
        return false;
    shipped_path(shipped, from);
    finding_fix_command(findings, path_is_held(path) && lstat(path, &st) != 0,
                        (const char *[]){"install", "-m", "644", from, path, NULL});
    return true;
}
