/*
 * Which database a machine is of, and by what it is let in there: files that root alone may read.
 * Who has to come to it without being root is told by a process that is.
 */
#ifndef ASP_PGSQL_CREDENTIALS_H
#define ASP_PGSQL_CREDENTIALS_H

#include "passfile.h"

#include "asp/database.h"
#include "asp/error.h"

#include <stdint.h>

enum {
    PGSQL_ID_CHARS = 36,
    PGSQL_ID_SHORT = 8, /* of it in a line: the whole could be taken for an app password */
    PGSQL_PATH_SIZE = 32,
};

/* Which database it is. */
struct pgsql_pin {
    char id[PGSQL_ID_CHARS + 1]; /* empty: that is not known yet */
    int parts;
};

/* In the order of pgsql_way_files. */
enum pgsql_credential { PGSQL_CA, PGSQL_CERT, PGSQL_KEY, PGSQL_CREDENTIALS };

/* By what it is let in. */
struct pgsql_credentials {
    char password[PGSQL_PASSWORD_MAX + 1]; /* empty: there is none */
    int files[PGSQL_CREDENTIALS];          /* open for reading; -1: there is none */
};

#define PGSQL_NO_CREDENTIALS ((struct pgsql_credentials){.files = {-1, -1, -1}})

/* Who reads them for a process that may not. What each tells is never ASP_NOT_FOUND, but of the
 * pin: this machine is of no database yet. Until `deadline` (asp_clock_ms) at most. */
struct pgsql_reader {
    /* `file` as with pgsql_pin_read. */
    enum asp_status (*pin)(void *context, int64_t deadline, struct pgsql_pin *pin, int *file,
                           struct asp_error *error);
    enum asp_status (*credentials)(void *context, int64_t deadline,
                                   struct pgsql_credentials *credentials, struct asp_error *error);
    void *context;
};

/* Reads those of a role for a process whose libpq reads files itself: its password, and whether
 * each file can be trusted. None is left open. */
enum asp_status pgsql_credentials_read(const struct asp_database *database, const char *role,
                                       struct pgsql_credentials *credentials,
                                       struct asp_error *error);

/* The same for one that may not: the files are open. In any case the caller gives them to
 * pgsql_credentials_close. */
enum asp_status pgsql_credentials_open(const struct asp_database *database, const char *role,
                                       struct pgsql_credentials *credentials,
                                       struct asp_error *error);

/* Closes the files, and wipes the password. */
void pgsql_credentials_close(struct pgsql_credentials *credentials);

/* Files by which libpq, which takes paths, reads what was opened by another. */
struct pgsql_copies {
    int files[PGSQL_CREDENTIALS];
    char paths[PGSQL_CREDENTIALS][PGSQL_PATH_SIZE]; /* empty: there is none */
};

#define PGSQL_NO_COPIES ((struct pgsql_copies){.files = {-1, -1, -1}})

/* Copies them into memory, as files that this process alone has. In any case the caller gives them
 * to pgsql_copies_close. */
enum asp_status pgsql_copies_make(const struct pgsql_credentials *credentials,
                                  struct pgsql_copies *copies, struct asp_error *error);

void pgsql_copies_close(struct pgsql_copies *copies);

#endif
