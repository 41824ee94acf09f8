/* All ways through a stack: forth, over the states in which an entry can be reached, and back. */
#include "pam_walk.h"

#include <stdlib.h>
#include <string.h>

struct node {
    struct pam_state state;
    unsigned marks;
    bool some;
    bool sure;
};

/* The states in which an entry is reached; those behind the last one are the ends. */
struct layer {
    struct node *nodes;
    size_t count;
    size_t room;
};

struct walk {
    const struct pam_stack *stack;
    const struct pam_trial *trial;
    struct layer *layers; /* one more than there are entries */
    bool failed;
};

/* States that differ in nothing that is still asked for become the same. */
static void simplify(struct pam_state *state, int level)
{
    for (int i = 0; i <= PAM_LEVELS_MAX + 1; i++) {
        struct pam_impression *one = i <= PAM_LEVELS_MAX ? &state->before[i] : &state->now;

        if (i > level && i <= PAM_LEVELS_MAX)
            *one = (struct pam_impression){SAID_NOTHING, REPLY_PERM_DENIED};
        else if (one->said == SAID_NO)
            one->status = REPLY_PERM_DENIED;
        else if (one->said == SAID_YES && one->status != REPLY_SUCCESS)
            one->status = REPLY_NEW_AUTHTOK_REQD;
    }
}

static bool is_same(const struct node *one, const struct pam_state *state, unsigned marks)
{
    if (one->marks != marks || one->state.now.said != state->now.said ||
        one->state.now.status != state->now.status)
        return false;
    for (int i = 0; i <= PAM_LEVELS_MAX; i++) {
        if (one->state.before[i].said != state->before[i].said ||
            one->state.before[i].status != state->before[i].status)
            return false;
    }
    return true;
}

/* The node of a state, which is made where there is none. NULL: out of memory. */
static struct node *node_of(struct walk *walk, size_t at, const struct pam_state *state,
                            unsigned marks)
{
    struct layer *layer = &walk->layers[at];

    for (size_t i = 0; i < layer->count; i++) {
        if (is_same(&layer->nodes[i], state, marks))
            return &layer->nodes[i];
    }
    if (layer->count == layer->room) {
        size_t room = layer->room == 0 ? 8 : 2 * layer->room;
        struct node *grown = reallocarray(layer->nodes, room, sizeof *grown);

        if (grown == NULL) {
            walk->failed = true;
            return NULL;
        }
        layer->nodes = grown;
        layer->room = room;
    }
    layer->nodes[layer->count] = (struct node){.state = *state, .marks = marks};
    return &layer->nodes[layer->count++];
}

/* What the entry may answer; one that is no module goes on in one way. */
static struct pam_replies answers_of(const struct walk *walk, size_t at, unsigned marks)
{
    const struct pam_entry *entry = &walk->stack->entries[at];

    if (entry->is_start || entry->broken)
        return (struct pam_replies){PAM_REPLY(PERM_DENIED), false};
    if (entry->line->missing)
        return (struct pam_replies){PAM_REPLY(MODULE_UNKNOWN), false};
    return walk->trial->answers(entry, marks, walk->trial->context);
}

/* The node to which an answer leads, and its place in *to. */
static struct node *follow(struct walk *walk, size_t at, const struct node *node, enum reply reply,
                           size_t *to)
{
    const struct pam_entry *entry = &walk->stack->entries[at];
    struct pam_state state = node->state;
    unsigned marks = node->marks;

    *to = pam_stack_step(walk->stack, at, reply, &state);
    simplify(&state, *to < walk->stack->count ? walk->stack->entries[*to].level : -1);
    if (!entry->is_start && !entry->broken && !entry->line->missing)
        marks = walk->trial->mark(entry, reply, marks, walk->trial->context);
    return node_of(walk, *to, &state, marks);
}

static void go_forth(struct walk *walk)
{
    for (size_t at = 0; at < walk->stack->count; at++) {
        /* What is added stands in later layers. */
        for (size_t i = 0; i < walk->layers[at].count; i++) {
            struct node node = walk->layers[at].nodes[i];
            uint32_t bits = answers_of(walk, at, node.marks).bits;
            size_t to;

            for (int reply = 0; reply < REPLIES && !walk->failed; reply++) {
                if ((bits >> reply & 1) != 0)
                    (void)follow(walk, at, &node, (enum reply)reply, &to);
            }
        }
    }
}

static void judge_node(struct walk *walk, size_t at, struct node *node)
{
    struct pam_replies replies = answers_of(walk, at, node->marks);
    size_t to;

    node->some = false;
    node->sure = !replies.of_friend && replies.bits != 0;
    for (int reply = 0; reply < REPLIES; reply++) {
        const struct node *next;

        if ((replies.bits >> reply & 1) == 0)
            continue;
        next = follow(walk, at, node, (enum reply)reply, &to);
        node->some = node->some || next->some;
        node->sure = replies.of_friend ? node->sure || next->sure : node->sure && next->sure;
    }
}

static void come_back(struct walk *walk)
{
    struct layer *ends = &walk->layers[walk->stack->count];

    for (size_t i = 0; i < ends->count; i++) {
        struct node *end = &ends->nodes[i];
        bool opened = pam_stack_end(&end->state) == REPLY_SUCCESS;

        end->some = walk->trial->is_sought(opened, end->marks, walk->trial->context);
        end->sure = end->some;
    }
    for (size_t at = walk->stack->count; at-- > 0;) {
        for (size_t i = 0; i < walk->layers[at].count; i++)
            judge_node(walk, at, &walk->layers[at].nodes[i]);
    }
}

/*
 * The step from a node that shows best what came of it: where the end is sought, one that leads
 * there; else one that does not, though a friend does what it can.
 */
static struct node *show_step(struct walk *walk, size_t at, const struct node *node, bool sought,
                              size_t *to, enum reply *reply)
{
    struct pam_replies replies = answers_of(walk, at, node->marks);
    struct node *shown = NULL;

    for (int i = 0; i < REPLIES; i++) {
        struct node *next;
        size_t place;

        if ((replies.bits >> i & 1) == 0)
            continue;
        next = follow(walk, at, node, (enum reply)i, &place);
        if (shown == NULL || (sought && !shown->some && next->some) ||
            (!sought && replies.of_friend && !shown->some && next->some) ||
            (!sought && !replies.of_friend && shown->sure && !next->sure)) {
            shown = next;
            *to = place;
            *reply = (enum reply)i;
        }
    }
    return shown;
}

/* True for the step on which the last hope goes. */
static bool is_loss(const struct node *node, const struct node *next, bool hoped)
{
    if (hoped)
        return node->some && !next->some;
    return node->state.now.said != SAID_NO && next->state.now.said == SAID_NO;
}

/* One way of those that find the end that is sought, or of those that miss it. */
static void show_way(struct walk *walk, bool sought, struct pam_ways *ways)
{
    const struct node *node = &walk->layers[0].nodes[0];
    size_t at = 0;

    while (at < walk->stack->count) {
        const struct pam_entry *entry = &walk->stack->entries[at];
        size_t to = walk->stack->count;
        enum reply reply = REPLY_PERM_DENIED;
        const struct node *next = show_step(walk, at, node, sought, &to, &reply);

        if (next == NULL)
            return;
        if (sought && next->marks != node->marks) {
            ways->first_marked = ways->first_marked == NULL ? entry : ways->first_marked;
            ways->last_marked = entry;
        }
        if (!sought && ways->where == NULL && is_loss(node, next, ways->some)) {
            ways->where = entry;
            ways->reply = reply;
        }
        node = next;
        at = to;
    }
}

struct pam_ways pam_walk(const struct pam_stack *stack, const struct pam_trial *trial)
{
    struct walk walk = {.stack = stack, .trial = trial};
    struct pam_ways ways = {0};
    struct pam_state begin;

    walk.layers = calloc(stack->count + 1, sizeof *walk.layers);
    walk.failed = walk.layers == NULL;
    pam_stack_begin(&begin);
    if (!walk.failed && node_of(&walk, 0, &begin, 0) != NULL)
        go_forth(&walk);
    if (!walk.failed) {
        come_back(&walk);
        ways.some = walk.layers[0].nodes[0].some;
        ways.sure = walk.layers[0].nodes[0].sure;
        if (ways.some)
            show_way(&walk, true, &ways);
        if (!ways.sure)
            show_way(&walk, false, &ways);
    }
    ways.failed = walk.failed;
    for (size_t i = 0; walk.layers != NULL && i <= stack->count; i++)
        free(walk.layers[i].nodes);
    free(walk.layers);
    return ways;
}
