/*
 * User names in a row, as many as come.
 */
#ifndef ASP_ADMIN_SYSTEM_NAME_LIST_H
#define ASP_ADMIN_SYSTEM_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Begins as {0}. */
struct name_list {
    char **list;
    size_t count;
    size_t room;
};

/* Adds a copy at the end. False: out of memory. */
bool name_list_add(struct name_list *names, const char *name);

/* True when it has that name. */
bool name_list_has(const struct name_list *names, const char *name);

/* Adds a copy at the end, unless it has that name. False: out of memory. */
bool name_list_add_once(struct name_list *names, const char *name);

/* Takes the last one away. There is one. */
void name_list_drop_last(struct name_list *names);

/* Frees them all and begins anew. */
void name_list_clear(struct name_list *names);

/* Puts them in the order of their bytes. */
void name_list_sort(struct name_list *names);

#endif
