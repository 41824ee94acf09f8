/*
 * Which of the hosts of a database are written to: one alone should be.
 */
#ifndef ASP_ADMIN_DATABASE_HOSTS_H
#define ASP_ADMIN_DATABASE_HOSTS_H

#include "asp/conf.h"

#include <stdbool.h>
#include <stddef.h>

enum { DATABASE_WRITTEN_SIZE = 512 };

struct database_written {
    size_t count;                      /* of servers: two addresses may be of one */
    char names[DATABASE_WRITTEN_SIZE]; /* a host of each, "db1 and db2" */
};

/* Connects to each host by itself, one after the other, as `role`. One that says nothing in time,
 * or refuses, is not written to as far as anybody knows. False: out of memory. */
bool database_find_written(const struct asp_conf *conf, const char *role,
                           struct database_written *written);

#endif
