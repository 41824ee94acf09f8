/* The lines of a stack, and what libpam makes of the answers of its modules. */
#include "pam_stack.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MAX = 16 }; /* libpam's, of files that bring in others */

static void add(struct pam_stack *stack, const struct pam_entry *entry)
{
    if (stack->count == stack->room) {
        size_t room = stack->room == 0 ? 16 : 2 * stack->room;
        struct pam_entry *grown = reallocarray(stack->entries, room, sizeof *grown);

        if (grown == NULL) {
            stack->failed = true;
            return;
        }
        stack->entries = grown;
        stack->room = room;
    }
    stack->entries[stack->count++] = *entry;
}

struct adding {
    struct pam_stack *stack;
    enum facility facility;
    pam_find *find;
    void *context;
};

/* Where a file was brought in. */
struct depth {
    int files;
    int level;
    bool of_one; /* for this facility alone */
};

static bool is_wanted(const struct adding *adding, const struct pam_line *line,
                      const struct depth *depth)
{
    if (line->facility == FACILITY_UNKNOWN)
        return depth->of_one || adding->facility == FACILITY_AUTH;
    return line->facility == adding->facility || line->facility == FACILITY_ANY;
}

/* NOLINTNEXTLINE(misc-no-recursion): to LEVELS_MAX */
static void add_file(const struct adding *adding, const struct pam_file *file,
                     const struct depth *depth)
{
    for (size_t i = 0; i < file->count && !adding->stack->failed; i++) {
        struct pam_line *line = &file->lines[i];
        struct pam_entry entry = {.line = line, .file = file, .level = depth->level};
        bool others = line->kind == LINE_INCLUDE || line->kind == LINE_SUBSTACK;
        const struct pam_file *other = NULL;

        if (!is_wanted(adding, line, depth))
            continue;
        if (others && depth->files + 1 < LEVELS_MAX)
            other = adding->find(adding->context, line->word);
        if (line->kind == LINE_SUBSTACK) {
            entry.is_start = true;
            add(adding->stack, &entry);
            entry.is_start = false;
        }
        if (other == NULL) {
            entry.broken = line->kind != LINE_MODULE;
            add(adding->stack, &entry);
        } else {
            add_file(adding, other,
                     &(struct depth){depth->files + 1, depth->level + (line->kind == LINE_SUBSTACK),
                                     depth->of_one || line->facility != FACILITY_ANY});
        }
    }
}

void pam_stack_add(struct pam_stack *stack, const struct pam_file *file, enum facility facility,
                   pam_find *find, void *context)
{
    const struct adding adding = {stack, facility, find, context};

    add_file(&adding, file, &(struct depth){0, 0, false});
}

void pam_stack_free(struct pam_stack *stack)
{
    free(stack->entries);
    *stack = (struct pam_stack){0};
}

/* What was said so far. */
struct impression {
    enum { SAID_NOTHING, SAID_YES, SAID_NO } said;
    enum reply status;
};

struct asking {
    const struct pam_stack *stack;
    size_t at;
    struct impression now;
    struct impression before[LEVELS_MAX + 1]; /* each substack was entered */
};

static int level_after(const struct asking *asking)
{
    size_t next = asking->at + 1;

    return next < asking->stack->count ? asking->stack->entries[next].level : -1;
}

/* A substack counts as one line. False: there are not so many. */
static bool jump(struct asking *asking, int lines)
{
    int level = asking->stack->entries[asking->at].level;

    for (; lines > 0; lines--) {
        if (level_after(asking) < level)
            return false;
        do
            asking->at++;
        while (level_after(asking) > level);
    }
    return true;
}

/* It is decided, for this substack. */
static void leave(struct asking *asking)
{
    int level = asking->stack->entries[asking->at].level;

    while (level_after(asking) >= level)
        asking->at++;
}

static void refuse(struct asking *asking, enum reply reply)
{
    if (asking->now.said != SAID_NO)
        asking->now = (struct impression){SAID_NO, reply};
}

static void act(struct asking *asking, int action, enum reply reply)
{
    struct impression *now = &asking->now;

    switch (action) {
    case ACTION_IGNORE:
        break;
    case ACTION_OK:
    case ACTION_DONE:
        if (now->said == SAID_NOTHING || (now->said == SAID_YES && now->status == REPLY_SUCCESS))
            *now = (struct impression){SAID_YES, reply};
        if (action == ACTION_DONE && now->said == SAID_YES)
            leave(asking);
        break;
    case ACTION_BAD:
    case ACTION_DIE:
        refuse(asking, reply);
        if (action == ACTION_DIE)
            leave(asking);
        break;
    case ACTION_RESET:
        *now = asking->before[asking->stack->entries[asking->at].level];
        break;
    default:
        if (!jump(asking, action))
            *now = (struct impression){SAID_NO, REPLY_PERM_DENIED};
        break;
    }
}

enum reply pam_stack_ask(const struct pam_stack *stack, size_t from, pam_answer *answer,
                         void *context)
{
    struct asking asking = {.stack = stack, .at = from, .now = {SAID_NOTHING, REPLY_PERM_DENIED}};
    int level = from < stack->count ? stack->entries[from].level : 0;

    for (int i = 0; i <= level; i++)
        asking.before[i] = asking.now;
    for (; asking.at < stack->count; asking.at++) {
        const struct pam_entry *entry = &stack->entries[asking.at];
        enum reply reply;

        if (entry->level > level)
            asking.before[entry->level] = asking.now;
        level = entry->level;
        if (entry->is_start)
            continue;
        reply = entry->broken ? REPLY_PERM_DENIED : answer(entry, context);
        act(&asking, entry->line->actions[reply], reply);
    }
    if (asking.now.status == REPLY_SUCCESS && asking.now.said != SAID_YES)
        return REPLY_PERM_DENIED;
    return asking.now.status;
}
