/*
 * The file of the database's passwords: a line for each role, ROLE<TAB>PASSWORD.
 *
 * libpq has one of its own, which is not used: it is keyed by the name of a host and not by its
 * address, and where others can read it it is passed over, so that the server is told no password.
 */
#ifndef ASP_PGSQL_PASSFILE_H
#define ASP_PGSQL_PASSFILE_H

#include "asp/error.h"

enum { PGSQL_PASSWORD_MAX = 255 }; /* bytes */

/*
 * Reads the password of a role. The file must be trusted as the store is (asp/safeio.h), and nobody
 * but its owner may read it. On any other status than ASP_OK, which is never ASP_NOT_FOUND, the
 * line in `error` names the file, and never what is in it. The caller wipes `password`.
 */
enum asp_status pgsql_password_read(const char *path, const char *role,
                                    char password[PGSQL_PASSWORD_MAX + 1], struct asp_error *error);

#endif
