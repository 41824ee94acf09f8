/* What is so in the stacks of a service: a trial for each thing that has to be. */
#include "pam_proof.h"

#include "pam_module.h"
#include "pam_walk.h"

#include <string.h>

#define SUCCESS PAM_REPLY(SUCCESS)
#define IGNORE PAM_REPLY(IGNORE)
#define AUTH_ERR PAM_REPLY(AUTH_ERR)

/* What is remembered on the way; the token in the lowest two bits. */
enum {
    MARK_TOKEN = 3,
    MARK_ACCEPTED = 4,
    MARK_ASKED = 8,
    MARK_COUNTED = 16,
    MARK_PRIMARY = 32,
    MARK_LET_IN = 64, /* who keeps a rule is to get in, or on, without a password */
};

enum what {
    OUR_RIGHT,       /* an app password that is right */
    OUR_REFUSED,     /* one that pam_asp knows and refuses */
    NO_PASSWORD,     /* what is no password at all */
    COUNTS,          /* an app password, as faillock sees it */
    PRIMARY,         /* the primary password */
    ACCOUNT_OURS,    /* account, behind an app password */
    ACCOUNT_AGES,    /* the same, by the age of the primary password alone */
    ACCOUNT_PRIMARY, /* account, behind the primary password */
    ACCOUNT_AGED,    /* the same, when it is too old */
};

struct trial {
    enum what what;
    uint32_t ours;                /* what pam_asp may answer */
    const struct pam_line *right; /* the line of ours that accepts, and those like it */
    const struct pam_line *barring;
};

bool pam_line_is_like(const struct pam_line *one, const struct pam_line *other)
{
    if (one->kind != LINE_MODULE || other->kind != LINE_MODULE ||
        strcmp(one->word, other->word) != 0 || one->argument_count != other->argument_count)
        return false;
    for (int i = 0; i < one->argument_count; i++) {
        if (strcmp(one->arguments[i], other->arguments[i]) != 0)
            return false;
    }
    return true;
}

static bool is_auth(const struct trial *trial)
{
    return trial->what < ACCOUNT_OURS;
}

static uint32_t of_ours(const struct trial *trial, const struct pam_line *line, unsigned marks)
{
    if (trial->what != OUR_RIGHT)
        return trial->ours;
    if (pam_line_has_argument(line, "use_first_pass") && (marks & MARK_TOKEN) == TOKEN_NOT)
        return AUTH_ERR;
    return pam_line_is_like(line, trial->right) ? SUCCESS : AUTH_ERR;
}

static uint32_t of_primary(const struct trial *trial, const struct pam_line *line, unsigned marks)
{
    switch (trial->what) {
    case ACCOUNT_OURS:
        return pam_ages_of(line);
    case ACCOUNT_AGES:
        return pam_ages_of(line) &
               (SUCCESS | PAM_REPLY(NEW_AUTHTOK_REQD) | PAM_REPLY(AUTHTOK_EXPIRED));
    case ACCOUNT_PRIMARY:
        return SUCCESS;
    case ACCOUNT_AGED:
        return PAM_REPLY(NEW_AUTHTOK_REQD);
    case PRIMARY:
        return pam_refusals_of(line) | SUCCESS;
    case OUR_REFUSED:
        /* What comes to it behind us is as good as let in: it may be its very password. */
        return pam_refusals_of(line) | ((marks & MARK_ASKED) != 0 ? SUCCESS : 0);
    default:
        return pam_refusals_of(line);
    }
}

/* Looks whether the account is shut: while it is, pam_faillock counts nothing. */
static bool looks(const struct pam_line *line)
{
    return pam_line_has(line, "pam_faillock.so") && !pam_counts(line);
}

static struct pam_replies answers(const struct pam_entry *entry, unsigned marks,
                                  const void *context)
{
    const struct trial *trial = context;
    const struct pam_line *line = entry->line;
    enum pam_kind kind = pam_kind_of(line);
    uint32_t bits;

    if (kind == KIND_OURS)
        return (struct pam_replies){of_ours(trial, line, marks), false};
    if (kind == KIND_PRIMARY)
        return (struct pam_replies){of_primary(trial, line, marks), false};
    bits = pam_answers_of(line, is_auth(trial) ? FACILITY_AUTH : FACILITY_ACCOUNT);
    if (trial->barring != NULL && pam_line_is_like(line, trial->barring))
        bits &= ~(SUCCESS | IGNORE);
    else if (trial->what == NO_PASSWORD && kind != KIND_RULE)
        bits &= ~(SUCCESS | IGNORE);
    else if (trial->what == COUNTS && (pam_bars(line, FACILITY_AUTH) || looks(line)))
        bits &= SUCCESS | IGNORE;
    return (struct pam_replies){bits, true};
}

/* A rule such as pam_rootok's, by which its line ends the login well, or jumps. */
static bool lets_in(const struct pam_line *line, enum reply reply)
{
    int action = line->actions[reply];

    return pam_is_kept_by_some(line, FACILITY_AUTH) && reply == REPLY_SUCCESS &&
           (action == ACTION_DONE || action > ACTION_IGNORE);
}

static unsigned mark(const struct pam_entry *entry, enum reply reply, unsigned marks,
                     const void *context)
{
    const struct trial *trial = context;
    enum pam_kind kind = pam_kind_of(entry->line);

    if (!is_auth(trial))
        return marks;
    if (trial->what == OUR_RIGHT) {
        enum pam_token token = pam_token_of(entry->line, (enum pam_token)(marks & MARK_TOKEN));

        marks = (marks & ~(unsigned)MARK_TOKEN) | token;
        return kind == KIND_OURS && reply == REPLY_SUCCESS ? marks | MARK_ACCEPTED : marks;
    }
    if (kind == KIND_OURS)
        marks |= MARK_ASKED;
    if (trial->what == COUNTS && pam_counts(entry->line))
        marks |= MARK_COUNTED;
    if (trial->what == NO_PASSWORD && lets_in(entry->line, reply))
        marks |= MARK_LET_IN;
    if ((kind == KIND_PRIMARY || kind == KIND_UNKNOWN) && reply == REPLY_SUCCESS)
        marks |= MARK_PRIMARY;
    return marks;
}

static bool is_sought(bool opened, unsigned marks, const void *context)
{
    const struct trial *trial = context;

    switch (trial->what) {
    case OUR_RIGHT:
        return opened && (marks & MARK_ACCEPTED) != 0;
    case OUR_REFUSED:
        return opened && (marks & MARK_ASKED) != 0;
    case NO_PASSWORD:
        return opened && ((marks & MARK_ASKED) != 0 || (marks & MARK_LET_IN) == 0);
    case COUNTS:
        return (marks & MARK_ASKED) != 0 && (marks & MARK_COUNTED) != 0;
    case PRIMARY:
        return opened && (marks & MARK_PRIMARY) != 0;
    default:
        return opened;
    }
}

static struct pam_ways try(const struct pam_stack *stack, struct trial trial)
{
    return pam_walk(stack, &(struct pam_trial){answers, mark, is_sought, &trial});
}

static struct pam_opening opening_of(const struct pam_ways *ways)
{
    return (struct pam_opening){ways->some, ways->sure, ways->where, ways->reply};
}

/* Where lines of ours have different arguments, the one that opens best. */
static void prove_opening(const struct pam_stack *stack, const struct pam_line *barring,
                          struct pam_auth_proof *proof)
{
    for (size_t i = 0; i < stack->count && !proof->opening.sure; i++) {
        const struct pam_line *line = stack->entries[i].line;
        struct pam_ways ways;

        if (stack->entries[i].is_start || pam_kind_of(line) != KIND_OURS)
            continue;
        ways = try(stack, (struct trial){.what = OUR_RIGHT, .right = line, .barring = barring});
        if (proof->ours == NULL || ways.sure || (ways.some && !proof->opening.can))
            proof->opening = opening_of(&ways);
        if (proof->ours == NULL)
            proof->ours = &stack->entries[i];
        proof->failed = proof->failed || ways.failed;
    }
}

/* The line that counts on the way that was found, or NULL. */
static const struct pam_entry *counter_of(const struct pam_ways *ways)
{
    if (!ways->some)
        return NULL;
    return pam_counts(ways->last_marked->line) ? ways->last_marked : ways->first_marked;
}

static const struct pam_entry *prove_count(const struct pam_stack *stack, uint32_t ours,
                                           struct pam_auth_proof *proof)
{
    struct pam_ways ways = try(stack, (struct trial){.what = COUNTS, .ours = ours});

    proof->failed = proof->failed || ways.failed;
    return counter_of(&ways);
}

struct pam_barred_count pam_prove_barred_count(const struct pam_stack *stack)
{
    struct pam_barred_count count = {0};

    for (size_t i = 0; i < stack->count && count.rule == NULL; i++) {
        const struct pam_entry *entry = &stack->entries[i];
        struct pam_ways ways;

        if (entry->is_start || entry->broken || !pam_bars(entry->line, FACILITY_AUTH))
            continue;
        ways = try(stack, (struct trial){.what = COUNTS, .ours = SUCCESS, .barring = entry->line});
        count.counter = counter_of(&ways);
        count.rule = count.counter != NULL ? entry : NULL;
        count.failed = count.failed || ways.failed;
    }
    return count;
}

static void prove_primary(const struct pam_stack *stack, const struct pam_line *barring,
                          struct pam_auth_proof *proof)
{
    static const struct {
        unsigned bit;
        uint32_t ours;
    } cases[] = {
        {PRIMARY_OF_ENROLLED, PAM_REPLY(CRED_INSUFFICIENT)},
        {PRIMARY_OF_OTHERS, PAM_REPLY(USER_UNKNOWN)},
        {PRIMARY_WHILE_UNAVAILABLE, PAM_REPLY(AUTHINFO_UNAVAIL)},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pam_ways ways =
            try(stack, (struct trial){.what = PRIMARY, .ours = cases[i].ours, .barring = barring});

        proof->primary |= ways.some ? cases[i].bit : 0;
        proof->failed = proof->failed || ways.failed;
    }
}

struct pam_auth_proof pam_prove_auth(const struct pam_stack *stack, const struct pam_line *barring)
{
    static const uint32_t refusals = AUTH_ERR | PAM_REPLY(CRED_INSUFFICIENT) |
                                     PAM_REPLY(USER_UNKNOWN) | PAM_REPLY(AUTHINFO_UNAVAIL) |
                                     PAM_REPLY(SERVICE_ERR) | PAM_REPLY(BUF_ERR);
    struct pam_auth_proof proof = {0};
    struct pam_ways ways;

    prove_opening(stack, barring, &proof);
    prove_primary(stack, barring, &proof);
    if (proof.ours == NULL)
        return proof;
    ways = try(stack, (struct trial){.what = OUR_REFUSED, .ours = AUTH_ERR});
    proof.goes_on = ways.some ? ways.first_marked : NULL;
    proof.failed = proof.failed || ways.failed;
    ways = try(stack, (struct trial){.what = NO_PASSWORD, .ours = refusals});
    proof.open = !ways.some ? NULL : ways.first_marked != NULL ? ways.first_marked : proof.ours;
    proof.failed = proof.failed || ways.failed;
    proof.counted = prove_count(stack, SUCCESS | AUTH_ERR, &proof);
    proof.counted_unavailable = prove_count(stack, PAM_REPLY(AUTHINFO_UNAVAIL), &proof);
    return proof;
}

struct pam_account_proof pam_prove_account(const struct pam_stack *stack,
                                           const struct pam_line *barring)
{
    struct pam_account_proof proof = {0};
    struct pam_ways ways;

    ways = try(stack, (struct trial){.what = ACCOUNT_OURS, .ours = SUCCESS, .barring = barring});
    proof.opening = opening_of(&ways);
    proof.failed = ways.failed;
    if (ways.some && !ways.sure) {
        ways =
            try(stack, (struct trial){.what = ACCOUNT_AGES, .ours = SUCCESS, .barring = barring});
        proof.ages = !ways.sure;
        proof.failed = proof.failed || ways.failed;
    }
    ways = try(stack, (struct trial){.what = ACCOUNT_PRIMARY, .ours = IGNORE, .barring = barring});
    proof.primary = ways.some;
    proof.failed = proof.failed || ways.failed;
    ways = try(stack, (struct trial){.what = ACCOUNT_AGED, .ours = IGNORE, .barring = barring});
    proof.aged = ways.some;
    proof.failed = proof.failed || ways.failed;
    return proof;
}
