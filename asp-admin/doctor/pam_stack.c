/* The lines of a stack, and what libpam makes of the answers of its modules. */
#include "pam_stack.h"

#include <stdlib.h>
#include <string.h>

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

/* NOLINTNEXTLINE(misc-no-recursion): to PAM_LEVELS_MAX */
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
        if (others && depth->files + 1 < PAM_LEVELS_MAX)
            other = adding->find(adding->context, line->word);
        if (line->kind == LINE_SUBSTACK) {
            entry.is_start = true;
            add(adding->stack, &entry);
            entry.is_start = false;
        }
        if (other != NULL)
            add_file(adding, other,
                     &(struct depth){depth->files + 1, depth->level + (line->kind == LINE_SUBSTACK),
                                     depth->of_one || line->facility != FACILITY_ANY});
        /* A file that cannot be read to its end fails behind what was read. */
        if (other == NULL || other->is_cut) {
            entry.broken = line->kind != LINE_MODULE;
            add(adding->stack, &entry);
        }
    }
}

void pam_stack_add(struct pam_stack *stack, const struct pam_file *file, enum facility facility,
                   pam_find *find, void *context)
{
    const struct adding adding = {stack, facility, find, context};

    add_file(&adding, file, &(struct depth){0, 0, false});
}

void pam_stack_refuse(struct pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        stack->entries[i].broken = true;
}

void pam_stack_free(struct pam_stack *stack)
{
    free(stack->entries);
    *stack = (struct pam_stack){0};
}

static int level_after(const struct pam_stack *stack, size_t at)
{
    return at + 1 < stack->count ? stack->entries[at + 1].level : -1;
}

/* A substack counts as one line. False: there are not so many. */
static bool jump(const struct pam_stack *stack, size_t *at, int lines)
{
    int level = stack->entries[*at].level;

    for (; lines > 0; lines--) {
        if (level_after(stack, *at) < level)
            return false;
        do
            ++*at;
        while (level_after(stack, *at) > level);
    }
    return true;
}

/* It is decided, for this substack. */
static void leave(const struct pam_stack *stack, size_t *at)
{
    int level = stack->entries[*at].level;

    while (level_after(stack, *at) >= level)
        ++*at;
}

static void refuse(struct pam_impression *now, enum reply reply)
{
    if (now->said != SAID_NO)
        *now = (struct pam_impression){SAID_NO, reply == REPLY_IGNORE ? REPLY_PERM_DENIED : reply};
}

static void act(const struct pam_stack *stack, size_t *at, enum reply reply,
                struct pam_state *state)
{
    const struct pam_entry *entry = &stack->entries[*at];
    struct pam_impression *now = &state->now;
    int action = entry->line->actions[reply];

    switch (action) {
    case ACTION_IGNORE:
        break;
    case ACTION_OK:
    case ACTION_DONE:
        if (now->said == SAID_NOTHING || (now->said == SAID_YES && now->status == REPLY_SUCCESS))
            *now = (struct pam_impression){SAID_YES, reply};
        if (action == ACTION_DONE && now->said == SAID_YES)
            leave(stack, at);
        break;
    case ACTION_BAD:
    case ACTION_DIE:
        refuse(now, reply);
        if (action == ACTION_DIE)
            leave(stack, at);
        break;
    case ACTION_RESET:
        *now = state->before[entry->level];
        break;
    default:
        if (!jump(stack, at, action))
            *now = (struct pam_impression){SAID_NO, REPLY_PERM_DENIED};
        break;
    }
}

void pam_stack_begin(struct pam_state *state)
{
    static const struct pam_impression nothing = {SAID_NOTHING, REPLY_PERM_DENIED};

    state->now = nothing;
    for (size_t i = 0; i < sizeof state->before / sizeof *state->before; i++)
        state->before[i] = nothing;
}

size_t pam_stack_step(const struct pam_stack *stack, size_t at, enum reply reply,
                      struct pam_state *state)
{
    int level = stack->entries[at].level;

    if (stack->entries[at].broken)
        reply = REPLY_PERM_DENIED;
    if (!stack->entries[at].is_start)
        act(stack, &at, reply, state);
    at++;
    if (at < stack->count && stack->entries[at].level > level)
        state->before[stack->entries[at].level] = state->now;
    return at;
}

enum reply pam_stack_end(const struct pam_state *state)
{
    if (state->now.status == REPLY_SUCCESS && state->now.said != SAID_YES)
        return REPLY_PERM_DENIED;
    return (enum reply)state->now.status;
}

enum reply pam_stack_ask(const struct pam_stack *stack, size_t from, pam_answer *answer,
                         void *context)
{
    struct pam_state state;
    size_t at = from;

    pam_stack_begin(&state);
    while (at < stack->count) {
        const struct pam_entry *entry = &stack->entries[at];
        bool is_module = !entry->is_start && !entry->broken;

        at = pam_stack_step(stack, at, is_module ? answer(entry, context) : REPLY_PERM_DENIED,
                            &state);
    }
    return pam_stack_end(&state);
}
