/* Lists of what is to be done for hooks. */
#include "hook_work.h"

#include <stdlib.h>
#include <string.h>

bool hook_works_add(struct hook_works *works, struct hook_work work)
{
    if (works->count == works->room) {
        size_t room = works->room == 0 ? 16 : 2 * works->room;
        struct hook_work *grown = reallocarray(works->list, room, sizeof *grown);

        if (grown == NULL) {
            hook_work_free(&work);
            return false;
        }
        works->list = grown;
        works->room = room;
    }
    works->list[works->count++] = work;
    return true;
}

struct hook_work hook_works_take(struct hook_works *works, size_t at)
{
    struct hook_work work = works->list[at];

    works->list[at] = works->list[--works->count];
    return work;
}

struct hook_work *hook_works_find(const struct hook_works *works, const char *user)
{
    for (size_t i = 0; i < works->count; i++) {
        if (strcmp(works->list[i].user, user) == 0)
            return &works->list[i];
    }
    return NULL;
}

void hook_work_join(struct hook_work *work, const struct hook_work *more)
{
    if (more->since == more->until)
        return;
    if (work->since == work->until) {
        work->since = more->since;
        work->until = more->until;
        return;
    }
    work->since = more->since < work->since ? more->since : work->since;
    work->until = more->until > work->until ? more->until : work->until;
}

void hook_work_free(struct hook_work *work)
{
    free(work->user);
    work->user = NULL;
}

void hook_works_clear(struct hook_works *works)
{
    for (size_t i = 0; i < works->count; i++)
        hook_work_free(&works->list[i]);
    free(works->list);
    *works = (struct hook_works){0};
}
