/*
 * What is so in the stacks of a service, whatever the other modules answer: that a right app
 * password opens it, and that nothing else of ours gets in or counts. Pure.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_PROOF_H
#define ASP_ADMIN_DOCTOR_PAM_PROOF_H

#include "pam_stack.h"

/* Whether a right app password opens, where rules such as pam_nologin's bar nobody. */
struct pam_opening {
    bool can;
    bool sure;                     /* whatever those answer that know the primary password */
    const struct pam_entry *where; /* what refuses it else; NULL: it comes to no success */
    enum reply reply;              /* the answer there */
};

/* Who opens it with the primary password: bits. */
enum {
    PRIMARY_OF_ENROLLED = 1,
    PRIMARY_OF_OTHERS = 2,
    PRIMARY_WHILE_UNAVAILABLE = 4, /* pam_asp cannot tell */
};

/* Entries are of the stack that was proven, NULL for what is not so. */
struct pam_auth_proof {
    const struct pam_entry *ours; /* the first line of ours */
    struct pam_opening opening;
    const struct pam_entry *goes_on; /* the line of ours behind whose refusal somebody gets in */
    const struct pam_entry *open;    /* the same, and nobody has asked for a password */
    const struct pam_entry *counted; /* what counts an app password as a failed login */
    const struct pam_entry *counted_unavailable; /* the same, while pam_asp cannot tell */
    unsigned primary;                            /* PRIMARY_ bits */
    bool failed;                                 /* out of memory */
};

struct pam_account_proof {
    struct pam_opening opening; /* to who came with an app password */
    bool ages;                  /* it does not, for some whose primary password is too old */
    bool primary;               /* who came with the primary password gets in */
    bool aged;                  /* also when it is too old */
    bool failed;
};

/* `barring` is a rule that refuses whatever its user does, wherever it stands; or NULL. */
struct pam_auth_proof pam_prove_auth(const struct pam_stack *stack, const struct pam_line *barring);
struct pam_account_proof pam_prove_account(const struct pam_stack *stack,
                                           const struct pam_line *barring);

/* What counts an app password as a failed login while a rule such as pam_nologin's refuses
 * everybody and the login goes on all the same. */
struct pam_barred_count {
    const struct pam_entry *rule; /* NULL: none does */
    const struct pam_entry *counter;
    bool failed;
};

struct pam_barred_count pam_prove_barred_count(const struct pam_stack *stack);

/* True for two lines with the same module and the same arguments. */
bool pam_line_is_like(const struct pam_line *one, const struct pam_line *other);

#endif
