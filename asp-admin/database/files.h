/*
 * The files of this machine by which it comes to its database: certificates, a key, passwords.
 */
#ifndef ASP_ADMIN_DATABASE_FILES_H
#define ASP_ADMIN_DATABASE_FILES_H

#include "asp/conf.h"
#include "asp/error.h"

/* Told of one that cannot be used, or not trusted. */
typedef void database_file_fault(void *context, const char *path, const struct asp_error *fault);

/* Looks at those that the configuration names, as the way to the database does. */
void database_examine_files(const struct asp_conf *conf, database_file_fault *tell, void *context);

#endif
