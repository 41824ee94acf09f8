/* The files of this machine by which it comes to its database. */
#include "way_file.h"

#include "parameters.h"

#include "asp/buffer.h"
#include "asp/safeio.h"
#include "asp/shell_word.h"

size_t pgsql_way_files(const struct asp_database *database,
                       struct pgsql_way_file files[PGSQL_WAY_FILES])
{
    size_t count = 0;
    bool tls = false;

    for (size_t i = 0; i < database->host_count; i++)
        tls = tls || pgsql_host_has_tls(database, &database->hosts[i]);
    if (tls)
        files[count++] = (struct pgsql_way_file){"database.ca", database->ca, NULL};
    if (tls && database->cert[0] != '\0') {
        files[count++] = (struct pgsql_way_file){"database.cert", database->cert, NULL};
        files[count++] =
            (struct pgsql_way_file){"database.key", database->key, "have another key certified"};
    }
    return count;
}

static enum asp_status exposed(const struct pgsql_way_file *file, mode_t mode,
                               struct asp_error *error)
{
    struct asp_buffer word = {0};

    (void)asp_fail(error, ASP_UNSAFE, "%s can be read by others than its owner (mode %04o)",
                   file->path, (unsigned)(mode & 07777));
    asp_shell_word_add(&word, file->path);
    if (!word.failed)
        (void)asp_advise(error, ASP_UNSAFE, "chmod 600 %s, and %s: others may have read it",
                         word.text, file->lost);
    asp_buffer_free(&word);
    return ASP_UNSAFE;
}

/* What else is wrong with a file that is not to be trusted is told with what mends it. */
static bool is_no_file(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode);
}

enum asp_status pgsql_way_file_failed(const struct pgsql_way_file *file, enum asp_status status,
                                      struct asp_error *error)
{
    struct asp_error said;

    if (status == ASP_NOT_FOUND)
        status = ASP_IO;
    if (error == NULL)
        return status;
    said = *error;
    (void)asp_fail(error, status, "%s: %s", file->key, said.text);
    if (said.advice[0] != '\0')
        (void)asp_advise(error, status, "%s", said.advice);
    else if (status != ASP_UNSAFE || is_no_file(file->path))
        (void)asp_advise(error, status,
                         "put it there as asp-store(7) has it, or name another in asp.conf");
    return status;
}

enum asp_status pgsql_way_file_open(const struct pgsql_way_file *file, int *fd, struct stat *st,
                                    struct asp_error *error)
{
    enum asp_status status = asp_path_open(file->path, fd, st, error);

    if (status == ASP_OK && file->lost != NULL && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        asp_close(*fd);
        *fd = -1;
        status = exposed(file, st->st_mode, error);
    }
    return status == ASP_OK ? status : pgsql_way_file_failed(file, status, error);
}

enum asp_status pgsql_way_file_check(const struct pgsql_way_file *file, struct asp_error *error)
{
    struct stat st;
    int fd = -1;
    enum asp_status status = pgsql_way_file_open(file, &fd, &st, error);

    asp_close(fd);
    return status;
}
