/* The files that are served. */
#include "page_files.h"

#include "asp/safeio.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX "/index.html"

/* By the end of its name; NULL: it is none of the page. */
static const char *type_of(const char *name)
{
    static const struct {
        const char *end;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
    };
    const char *end = strrchr(name, '.');

    if (end == NULL || end == name || strlen(name) > PAGE_NAME_MAX)
        return NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(end, types[i].end) == 0)
            return types[i].type;
    }
    return NULL;
}

static enum asp_status read_file(int fd, const char *folder, const char *name,
                                 struct page_files *files, struct asp_error *error)
{
    struct page_file *file = &files->list[files->count];
    enum asp_status status;

    if (files->count == PAGE_FILES_MAX)
        return asp_fail(error, ASP_FULL, "%s has more than %d files", folder, PAGE_FILES_MAX);
    status = asp_file_read_at(fd, folder, name, PAGE_FILE_BYTES_MAX, &file->bytes, &file->length,
                              NULL, error);
    if (status != ASP_OK)
        return status;
    file->path[0] = '/';
    memcpy(file->path + 1, name, strlen(name) + 1); /* type_of has looked at its length */
    file->type = type_of(name);
    files->count++;
    return ASP_OK;
}

static enum asp_status read_all(int fd, const char *folder, struct page_files *files,
                                struct asp_error *error)
{
    int again = dup(fd);
    DIR *names = again >= 0 ? fdopendir(again) : NULL;
    enum asp_status status = ASP_OK;
    const struct dirent *name;

    if (names == NULL) {
        asp_close(again);
        return asp_fail_errno(error, "%s", folder);
    }
    for (errno = 0; status == ASP_OK && (name = readdir(names)) != NULL; errno = 0) {
        if (type_of(name->d_name) != NULL)
            status = read_file(fd, folder, name->d_name, files, error);
    }
    if (status == ASP_OK && errno != 0)
        status = asp_fail_errno(error, "%s", folder);
    (void)closedir(names);
    return status;
}

enum asp_status page_files_read(const char *folder, struct page_files *files,
                                struct asp_error *error)
{
    int fd;
    enum asp_status status;

    files->count = 0;
    status = asp_folder_open(folder, NULL, &fd, error);
    if (status == ASP_OK)
        status = read_all(fd, folder, files, error);
    if (status == ASP_OK && page_files_find(files, "/") == NULL)
        status = asp_fail(error, ASP_NOT_FOUND, "%s" INDEX " is not there", folder);
    asp_close(fd);
    if (status != ASP_OK)
        page_files_free(files);
    return status;
}

const struct page_file *page_files_find(const struct page_files *files, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = INDEX;
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(path, files->list[i].path) == 0)
            return &files->list[i];
    }
    return NULL;
}

void page_files_free(struct page_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->list[i].bytes);
    files->count = 0;
}
