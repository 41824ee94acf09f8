/* Built without libpq: then no configuration names a database. */
#include "database.h"

void database_begin_program(void)
{
}

bool database_use(struct pgsql_store **own, const struct asp_conf *conf, const char *role,
                  const char *application, struct asp_store_kept *kept)
{
    (void)own;
    (void)conf;
    (void)role;
    (void)application;
    *kept = (struct asp_store_kept){0};
    return true;
}

void database_flush(struct pgsql_store *own)
{
    (void)own;
}

int database_flush_ms(const struct pgsql_store *own)
{
    (void)own;
    return -1;
}

void database_end(struct pgsql_store **own)
{
    (void)own;
}
