/*
 * Last uses, of a page of accounts at once.
 */
#ifndef ASP_ADMIN_DATABASE_COPY_USES_H
#define ASP_ADMIN_DATABASE_COPY_USES_H

#include "copy.h"

/* Reads those of each account in a page. Where none is known it is still known from when on. */
enum asp_status database_copy_read_uses(const struct database_copy *copy,
                                        struct asp_copy_page *page, struct asp_error *error);

/* Writes them, where they are later than what is known. */
enum asp_status database_copy_put_uses(const struct database_copy *copy,
                                       const struct asp_copy_page *page, struct asp_error *error);

#endif
