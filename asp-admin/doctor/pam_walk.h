/*
 * All ways through a stack, for every answer that its modules may give. Pure.
 *
 * An answer is of one of two kinds. Some are a friend's: one of them is enough to lead on, as that
 * of a rule which this user keeps. The others may come as they like, and each of them has to.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_WALK_H
#define ASP_ADMIN_DOCTOR_PAM_WALK_H

#include "pam_stack.h"

#include <stdint.h>

#define PAM_REPLY(name) ((uint32_t)1 << REPLY_##name)

struct pam_replies {
    uint32_t bits; /* PAM_REPLY of each; with none nothing goes on there */
    bool of_friend;
};

/* What is tried: who answers what, what is remembered on the way, and which end is looked for. */
struct pam_trial {
    /* What the module of an entry may answer to who has come there with these marks. */
    struct pam_replies (*answers)(const struct pam_entry *entry, unsigned marks,
                                  const void *context);
    /* The marks behind that answer: 8 bits, of the trial's own meaning; they begin as 0. */
    unsigned (*mark)(const struct pam_entry *entry, enum reply reply, unsigned marks,
                     const void *context);
    bool (*is_sought)(bool opened, unsigned marks, const void *context);
    const void *context;
};

/* What came of it. */
struct pam_ways {
    bool some;   /* there is a way to the end that is sought */
    bool sure;   /* whatever those answer that are no friends */
    bool failed; /* out of memory */
    /* Where the last hope goes on the way that misses it, and the answer there; NULL: no entry has
     * refused, and the stack comes to its end without. */
    const struct pam_entry *where;
    enum reply reply;
    /* On the way that finds it: the first and the last entry that left marks, or NULL. */
    const struct pam_entry *first_marked;
    const struct pam_entry *last_marked;
};

struct pam_ways pam_walk(const struct pam_stack *stack, const struct pam_trial *trial);

#endif
