/*
 * The folder of a database's Unix socket.
 */
#ifndef ASP_PGSQL_SOCKET_FOLDER_H
#define ASP_PGSQL_SOCKET_FOLDER_H

#include "asp/error.h"

/*
 * ASP_UNSAFE where everybody can write to the folder at `path`, or to one above that is not a
 * sticky one: while the database is down the socket could be anybody's. What is not there is for
 * who connects to say.
 */
enum asp_status pgsql_socket_folder_check(const char *path, struct asp_error *error);

#endif
