/* What a walk has read with others of the account that it is at. */
#include "own.h"

#include <string.h>

bool pgsql_visited_account(struct pgsql_store *own, const char *name, struct pgsql_loaded *loaded)
{
    struct pgsql_visited *visited = &own->visited;

    if (!visited->has_account || strcmp(visited->name, name) != 0)
        return false;
    visited->has_account = false;
    *loaded = (struct pgsql_loaded){
        .is_there = true,
        .body = visited->body,
        .length = visited->length,
        .written = visited->written,
    };
    return true;
}

bool pgsql_visited_uses(struct pgsql_store *own, const char *name, struct pgsql_rows *rows)
{
    struct pgsql_visited *visited = &own->visited;

    if (!visited->has_uses || strcmp(visited->name, name) != 0)
        return false;
    visited->has_uses = false;
    *rows = visited->uses;
    return true;
}
