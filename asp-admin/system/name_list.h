/*
 * User names in a row, as many as come.
 */
#ifndef ASP_ADMIN_SYSTEM_NAME_LIST_H
#define ASP_ADMIN_SYSTEM_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {0}. */
struct names {
    char **list;
    size_t count;
    size_t room;
};

/* Adds a copy at the end. False: out of memory. */
bool names_add(struct names *names, const char *name);

/* Takes the last one away. There is one. */
void names_drop(struct names *names);

/* Frees them all and begins anew. */
void names_clear(struct names *names);

#endif
