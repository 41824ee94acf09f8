/*
 * The files of the page, read once: what is served is what was in their folder at the start.
 */
#ifndef ASP_WEB_PAGE_FILES_H
#define ASP_WEB_PAGE_FILES_H

#include "asp/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PAGE_FILES_MAX = 64,
    PAGE_FILE_BYTES_MAX = 1024 * 1024,
    PAGE_NAME_MAX = 64,
};

struct page_file {
    char path[1 + PAGE_NAME_MAX + 1]; /* as it is asked for: /NAME */
    const char *type;
    uint8_t *bytes;
    size_t length;
};

struct page_files {
    struct page_file list[PAGE_FILES_MAX];
    size_t count;
};

/* Reads those of the folder that a browser can use; the others are none of the page. On any other
 * status than ASP_OK nothing is held. */
enum asp_status page_files_read(const char *folder, struct page_files *files,
                                struct asp_error *error);

/* The file of that path, of which `/` is /index.html. NULL: there is none. */
const struct page_file *page_files_find(const struct page_files *files, const char *path);

void page_files_free(struct page_files *files);

#endif
