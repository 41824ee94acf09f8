/* Where there is no libpq no store is in a database. */
#include "store_database.h"

bool database_is_there(void)
{
    return false;
}

void database_begin(struct asp_store_kept *kept)
{
    (void)kept;
}

void database_empty(void)
{
}
