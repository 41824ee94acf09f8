/*
 * The files of this machine by which it comes to its database: certificates, a key, passwords.
 */
#ifndef ASP_PGSQL_WAY_FILE_H
#define ASP_PGSQL_WAY_FILE_H

#include "asp/database.h"
#include "asp/error.h"

#include <sys/stat.h>

enum { PGSQL_WAY_FILES = 3 };

struct pgsql_way_file {
    const char *key;  /* of asp.conf, which names it */
    const char *path; /* borrowed */
    const char *lost; /* what to do where others could read it; NULL: it is no secret */
};

/* Those that libpq reads for this database. Returns how many; they last as long as it. */
size_t pgsql_way_files(const struct asp_database *database,
                       struct pgsql_way_file files[PGSQL_WAY_FILES]);

/*
 * Opens it. It must be trusted as the store is (asp/safeio.h), and nobody but its owner may read a
 * secret. The caller closes `*fd`, which is -1 where it fails: never as ASP_NOT_FOUND, with a line
 * that has both key and path, and what to do unless owner and mode say that.
 */
enum asp_status pgsql_way_file_open(const struct pgsql_way_file *file, int *fd, struct stat *st,
                                    struct asp_error *error);

/* The same, to know whether it can be. */
enum asp_status pgsql_way_file_check(const struct pgsql_way_file *file, struct asp_error *error);

/* Adds the key to a line about the file, and returns the status. That it is not there is ASP_IO: it
 * is no account. */
enum asp_status pgsql_way_file_failed(const struct pgsql_way_file *file, enum asp_status status,
                                      struct asp_error *error);

#endif
