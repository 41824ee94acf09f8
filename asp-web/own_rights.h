/*
 * What this process may do, which is as little as can be.
 */
#ifndef ASP_WEB_OWN_RIGHTS_H
#define ASP_WEB_OWN_RIGHTS_H

#include "asp/error.h"

/* No core, no other process that looks in, no new privileges, and no memory that is written to disk
 * where that is allowed. */
void own_rights_shut(void);

/* Started as root, it becomes this user, with no group but that user's own and `group` (NULL:
 * none). As anybody else it stays who it is. */
enum asp_status own_rights_drop(const char *name, const char *group, struct asp_error *error);

#endif
