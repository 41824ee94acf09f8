/*
 * Which standbys a commit of PostgreSQL waits for: pure.
 */
#ifndef ASP_ADMIN_DATABASE_STANDBYS_H
#define ASP_ADMIN_DATABASE_STANDBYS_H

#include <stddef.h>

enum { DATABASE_STANDBYS_ANY = 1000000 };

struct database_standbys {
    size_t needed;    /* a commit waits for so many; 0: for none */
    size_t listed;    /* of so many that are named; DATABASE_STANDBYS_ANY: of whichever there are */
    size_t connected; /* so many of those are there */
    size_t followers; /* so many receive what is written, named or not */
};

/*
 * Reads what synchronous_standby_names is set to, as PostgreSQL has taken it. `followers` has the
 * application_name of each that is connected, a line each, without an end behind the last; empty:
 * there is none.
 */
void database_standbys_read(const char *names, const char *followers,
                            struct database_standbys *standbys);

#endif
