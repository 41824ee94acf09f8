/* Small files of this machine, each written whole or not at all. */
#include "node_file.h"

#include "asp/buffer.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum asp_status pgsql_node_file_read(const char *folder, const char *name, size_t most,
                                     uint8_t **bytes, size_t *length, time_t *written,
                                     struct asp_error *error)
{
    struct asp_buffer path = {0};
    struct stat st = {.st_mode = 0};
    int fd = -1;
    enum asp_status status;

    asp_buffer_add(&path, folder);
    asp_buffer_add(&path, "/");
    asp_buffer_add(&path, name);
    status = path.failed ? asp_fail(error, ASP_NO_MEMORY, "out of memory")
                         : asp_path_open(path.text, &fd, &st, error);
    if (status == ASP_OK && written != NULL)
        *written = st.st_mtime;
    if (status == ASP_OK)
        status = asp_file_read(fd, NULL, path.text, &st, most, bytes, length, error);
    asp_close(fd);
    asp_buffer_free(&path);
    return status;
}

static bool put(int folder, int fd, const char *fresh, const char *name, const char *bytes,
                size_t length)
{
    return asp_file_may_reach(length) && asp_write_all(fd, bytes, length) && fsync(fd) == 0 &&
           renameat(folder, fresh, folder, name) == 0 && fsync(folder) == 0;
}

enum asp_status pgsql_node_file_write(const char *folder, const char *name, const char *bytes,
                                      size_t length, struct asp_error *error)
{
    char fresh[NAME_MAX + 1];
    struct stat st;
    int at = -1;
    int fd = -1;
    enum asp_status status = asp_folder_open(folder, NULL, &at, error);

    (void)snprintf(fresh, sizeof fresh, "%s.new", name);
    if (status == ASP_OK)
        status = asp_file_open(at, folder, fresh, O_WRONLY | O_CREAT | O_TRUNC, &fd, &st, error);
    if (status == ASP_OK && !put(at, fd, fresh, name, bytes, length))
        status = asp_fail_errno(error, "%s/%s cannot be written", folder, name);
    asp_close(fd);
    asp_close(at);
    return status;
}

enum asp_status pgsql_node_file_drop(const char *folder, const char *name, struct asp_error *error)
{
    int at = -1;
    enum asp_status status = asp_folder_open(folder, NULL, &at, error);

    if (status == ASP_OK && unlinkat(at, name, 0) != 0 && errno != ENOENT)
        status = asp_fail_errno(error, "%s/%s cannot be removed", folder, name);
    asp_close(at);
    return status;
}
