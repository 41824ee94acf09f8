/* The files of PAM on this machine, and the stack of a service among them. */
#include "pam_folder.h"

#include "asp/safeio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHER "other"

enum { BYTES_MAX = 1024 * 1024 };

static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d"};

/* Links are followed, as libpam follows them. NULL: it cannot be read, or is no file. */
static char *read_text(struct pam_folder *folder, const char *path, struct pam_file *file)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st = {0};
    uint8_t *bytes = NULL;
    size_t length;
    enum asp_status status = ASP_IO;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        status = asp_file_read(fd, NULL, path, &st, BYTES_MAX, &bytes, &length, NULL);
    folder->failed = folder->failed || status == ASP_NO_MEMORY;
    asp_close(fd);
    file->device = st.st_dev;
    file->inode = st.st_ino;
    file->is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    return (char *)bytes;
}

static bool keep(struct pam_folder *folder, struct pam_file *file)
{
    if (folder->count == folder->room) {
        size_t room = folder->room == 0 ? 64 : 2 * folder->room;
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): it holds pointers */
        struct pam_file **grown = reallocarray(folder->files, room, sizeof *grown);

        if (grown == NULL)
            return false;
        folder->files = grown;
        folder->room = room;
    }
    folder->files[folder->count++] = file;
    return true;
}

bool pam_folder_misses(const char *module)
{
    char path[PATH_MAX];

    /* What $ISA is only libpam knows; and the modules of others lie where libpam looks for them. */
    if (strstr(module, "$ISA") != NULL ||
        (module[0] != '/' && access(PAMDIR "/pam_deny.so", F_OK) != 0))
        return false;
    (void)snprintf(path, sizeof path, "%s%s", module[0] == '/' ? "" : PAMDIR "/", module);
    return access(path, F_OK) != 0;
}

bool pam_folder_parse(struct pam_file *file, const char *name, const char *path, const char *text)
{
    file->name = strdup(name);
    file->path = strdup(path);
    file->whole = strdup(text);
    file->text = strdup(text);
    if (file->name == NULL || file->path == NULL || file->whole == NULL || file->text == NULL ||
        !pam_file_read(file))
        return false;
    for (size_t i = 0; i < file->count; i++) {
        struct pam_line *line = &file->lines[i];

        /* Of ours its absence is told by itself, and all else as if it were there. */
        line->missing = line->kind == LINE_MODULE && !pam_line_has(line, MODULE_FILE) &&
                        pam_folder_misses(line->word);
    }
    return true;
}

/* Reads one more. NULL: it is no file that can be read, or out of memory. */
static struct pam_file *add(struct pam_folder *folder, const char *name, const char *path)
{
    struct pam_file *file = calloc(1, sizeof *file);
    char *text = file == NULL ? NULL : read_text(folder, path, file);
    bool kept = text != NULL && pam_folder_parse(file, name, path, text) && keep(folder, file);

    folder->failed = folder->failed || file == NULL || (text != NULL && !kept);
    free(text);
    if (kept)
        return file;
    if (file != NULL)
        pam_file_free(file);
    free(file);
    return NULL;
}

/* No service has such a name. */
static bool is_left_over(const char *name)
{
    static const char *const ends[] = {"~",       ".bak",     ".orig",    ".old", ".pam-old",
                                       ".rpmnew", ".rpmsave", ".rpmorig", ".swp"};
    size_t length = strlen(name);

    if (name[0] == '.' || strstr(name, ".dpkg-") != NULL || strstr(name, ".ucf-") != NULL)
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);

        if (length > end && strcmp(name + length - end, ends[i]) == 0)
            return true;
    }
    return false;
}

static struct pam_file *find(const struct pam_folder *folder, const char *name)
{
    bool is_path = name[0] == '/';

    for (size_t i = 0; i < folder->count; i++) {
        struct pam_file *file = folder->files[i];

        if (strcmp(is_path ? file->path : file->name, name) == 0)
            return file;
    }
    return NULL;
}

struct pam_file *pam_folder_find(struct pam_folder *folder, const char *name)
{
    struct pam_file *file = find(folder, name);

    if (file == NULL && name[0] == '/')
        return add(folder, name, name);
    /* libpam opens whatever is named: a file in a folder below, or what was passed over here. */
    for (size_t i = 0; file == NULL && i < sizeof folders / sizeof *folders; i++) {
        char path[PATH_MAX];
        int length = snprintf(path, sizeof path, "%s/%s", folders[i], name);

        if (length < (int)sizeof path)
            file = add(folder, name, path);
    }
    return file;
}

static void read_folder(struct pam_folder *folder, const char *path)
{
    struct dirent **items = NULL;
    int count = scandir(path, &items, NULL, alphasort);

    folder->failed = folder->failed || (count < 0 && errno == ENOMEM);
    for (int i = 0; i < count; i++) {
        const char *name = items[i]->d_name;
        char *whole = NULL;

        if (!is_left_over(name) && find(folder, name) == NULL) {
            if (asprintf(&whole, "%s/%s", path, name) < 0)
                folder->failed = true;
            else
                (void)add(folder, name, whole);
        }
        free(whole);
        free(items[i]);
    }
    free(items);
}

/* Where it was named by a link, so is the file behind it. */
static void include(struct pam_folder *folder, struct pam_file *file)
{
    for (size_t i = 0; i < folder->count; i++) {
        struct pam_file *one = folder->files[i];

        if (one == file ||
            (!one->is_link && one->device == file->device && one->inode == file->inode))
            one->included = true;
    }
}

void pam_folder_read(struct pam_folder *folder)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        read_folder(folder, folders[i]);
    /* A file that is brought in by its path comes to the end of the list, and into this loop. */
    for (size_t i = 0; i < folder->count; i++) {
        for (size_t k = 0; k < folder->files[i]->count; k++) {
            const struct pam_line *line = &folder->files[i]->lines[k];
            struct pam_file *other = NULL;

            if (line->kind == LINE_INCLUDE || line->kind == LINE_SUBSTACK)
                other = pam_folder_find(folder, line->word);
            if (other != NULL)
                include(folder, other);
        }
    }
}

static struct pam_file *find_for_stack(void *context, const char *name)
{
    return pam_folder_find(context, name);
}

void pam_folder_lines(struct pam_folder *folder, const struct pam_file *file,
                      enum facility facility, struct pam_stack *stack)
{
    pam_stack_add(stack, file, facility, find_for_stack, folder);
    folder->failed = folder->failed || stack->failed;
}

void pam_folder_stack(struct pam_folder *folder, const struct pam_file *file,
                      enum facility facility, struct pam_stack *stack)
{
    const struct pam_file *other = find(folder, OTHER);

    pam_stack_add(stack, file, facility, find_for_stack, folder);
    if (stack->count == 0 && other != NULL)
        pam_stack_add(stack, other, facility, find_for_stack, folder);
    /* libpam starts with neither where one of the two cannot be read to its end. */
    if (file->is_cut || (other != NULL && other->is_cut))
        pam_stack_refuse(stack);
    folder->failed = folder->failed || stack->failed;
}

void pam_folder_free(struct pam_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        pam_file_free(folder->files[i]);
        free(folder->files[i]);
    }
    free(folder->files);
    *folder = (struct pam_folder){0};
}
