/*
 * The stack of a service: the lines of one facility, with those of the files that it brings in; and
 * what libpam makes of the answers of its modules. Pure.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_STACK_H
#define ASP_ADMIN_DOCTOR_PAM_STACK_H

#include "pam_file.h"

enum { PAM_LEVELS_MAX = 16 }; /* libpam's, of files that bring in others */

struct pam_entry {
    struct pam_line *line;
    const struct pam_file *file;
    int level;     /* of substacks */
    bool is_start; /* of a substack: no module */
    bool broken;   /* libpam lets it fail */
};

/* Begins as {0}. */
struct pam_stack {
    struct pam_entry *entries;
    size_t count;
    size_t room;
    bool failed; /* out of memory */
};

/* Finds the file that another brings in, or NULL. */
typedef struct pam_file *pam_find(void *context, const char *name);

/* Adds the lines of the facility in a file. */
void pam_stack_add(struct pam_stack *stack, const struct pam_file *file, enum facility facility,
                   pam_find *find, void *context);

/* No module of it is asked: libpam refuses the file as a whole. */
void pam_stack_refuse(struct pam_stack *stack);

void pam_stack_free(struct pam_stack *stack);

/* What was said so far. */
struct pam_impression {
    enum pam_said { SAID_NOTHING, SAID_YES, SAID_NO } said;
    enum reply status;
};

struct pam_state {
    struct pam_impression now;
    struct pam_impression before[PAM_LEVELS_MAX + 1]; /* each substack was entered */
};

/* Before the first entry. */
void pam_stack_begin(struct pam_state *state);

/*
 * What the answer of the entry with this index leads to. Returns the index of the next entry, which
 * is higher; with that of the count the stack is at its end. The answer does not matter where the
 * entry is no module, or is broken.
 */
size_t pam_stack_step(const struct pam_stack *stack, size_t at, enum reply reply,
                      struct pam_state *state);

/* What the stack answers at its end. */
enum reply pam_stack_end(const struct pam_state *state);

/* What the module of an entry is to answer. */
typedef enum reply pam_answer(const struct pam_entry *entry, void *context);

/*
 * What the stack answers when it is asked from the entry with this index on, as if those above had
 * answered PAM_IGNORE.
 */
enum reply pam_stack_ask(const struct pam_stack *stack, size_t from, pam_answer *answer,
                         void *context);

#endif
