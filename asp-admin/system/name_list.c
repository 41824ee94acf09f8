/* User names in a row. */
#include "name_list.h"

#include <stdlib.h>
#include <string.h>

bool name_list_add(struct name_list *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room == 0 ? 16 : 2 * names->room;
        char **grown = reallocarray(names->list, room, sizeof *grown);

        if (grown == NULL)
            return false;
        names->list = grown;
        names->room = room;
    }
    names->list[names->count] = strdup(name);
    if (names->list[names->count] == NULL)
        return false;
    names->count++;
    return true;
}

bool name_list_has(const struct name_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i], name) == 0)
            return true;
    }
    return false;
}

bool name_list_add_once(struct name_list *names, const char *name)
{
    return name_list_has(names, name) || name_list_add(names, name);
}

void name_list_drop_last(struct name_list *names)
{
    free(names->list[--names->count]);
}

void name_list_clear(struct name_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct name_list){0};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void name_list_sort(struct name_list *names)
{
    if (names->count > 0)
        qsort(names->list, names->count, sizeof *names->list, by_name);
}
