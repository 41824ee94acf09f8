/* What to write in the own file of a service: proposals, and the proof of each. */
#include "pam_fix.h"

#include "pam_edit.h"
#include "pam_module.h"

#include <string.h>

#define OTHER "other"

/* Of PRIMARY_ bits those of who pam_asp can tell. */
enum { KNOWN = PRIMARY_OF_ENROLLED | PRIMARY_OF_OTHERS };

/* What a change has to come to, and the stack before it. */
struct goal {
    struct pam_folder *folder;
    const struct pam_file *file;
    enum facility facility;
    struct pam_stack before;
    const struct pam_auth_proof *auth;
    const struct pam_account_proof *account;
    bool failed;
};

typedef bool is_meant(const struct pam_line *line);

static bool is_ours(const struct pam_line *line)
{
    return pam_kind_of(line) == KIND_OURS;
}

/* What refuses an app password, or counts it. */
static bool refuses(const struct pam_line *line)
{
    return pam_kind_of(line) == KIND_PRIMARY || pam_line_has(line, "pam_deny.so") ||
           pam_counts(line);
}

static bool is_wanted(const struct goal *goal, const struct pam_line *line)
{
    return line->facility == goal->facility || line->facility == FACILITY_ANY ||
           (line->facility == FACILITY_UNKNOWN && goal->facility == FACILITY_AUTH);
}

/* True when the line is such a one, or brings one in. */
static bool brings(struct goal *goal, const struct pam_line *line, is_meant *meant)
{
    struct pam_stack stack = {0};
    const struct pam_file *other = NULL;
    bool found = line->kind == LINE_MODULE && meant(line);

    if (line->kind == LINE_INCLUDE || line->kind == LINE_SUBSTACK)
        other = pam_folder_find(goal->folder, line->word);
    if (other != NULL)
        pam_folder_lines(goal->folder, other, goal->facility, &stack);
    for (size_t i = 0; i < stack.count; i++)
        found = found || (!stack.entries[i].is_start && meant(stack.entries[i].line));
    pam_stack_free(&stack);
    return found;
}

/* The first line of the file itself that is such a one or brings one in; NULL: there is none. */
static const struct pam_line *first(struct goal *goal, is_meant *meant)
{
    for (size_t i = 0; i < goal->file->count; i++) {
        const struct pam_line *line = &goal->file->lines[i];

        if (is_wanted(goal, line) && brings(goal, line, meant))
            return line;
    }
    return NULL;
}

/* True when the file has a line of the facility, so that those of `other` are not asked. */
static bool has_lines(const struct goal *goal)
{
    struct pam_stack stack = {0};
    bool found;

    pam_folder_lines(goal->folder, goal->file, goal->facility, &stack);
    found = stack.count > 0;
    pam_stack_free(&stack);
    return found;
}

/* The lines of ours in the file itself go: others are written for them. */
static void let_go(const struct goal *goal, struct pam_edit *edit)
{
    for (size_t i = 0; i < goal->file->count; i++) {
        const struct pam_line *line = &goal->file->lines[i];

        if (line->facility == goal->facility && is_ours(line) &&
            edit->gone_count < PAM_EDIT_GONE_MAX)
            edit->gone[edit->gone_count++] = line;
    }
}

/* The stack of the file as it would be. */
static bool stack_of(struct goal *goal, const struct pam_edit *edit, struct pam_file *file,
                     struct pam_stack *stack)
{
    struct asp_buffer text = {0};
    bool done = !edit->lines.failed;

    if (done)
        pam_edit_apply(edit, &text);
    done = done && !text.failed && text.text != NULL &&
           pam_folder_parse(file, goal->file->name, goal->file->path, text.text);
    if (done)
        pam_folder_stack(goal->folder, file, goal->facility, stack);
    goal->failed = goal->failed || !done || stack->failed;
    asp_buffer_free(&text);
    return !goal->failed;
}

/*
 * Whether it is right that an app password opens now, for somebody who does not keep the rule: as
 * it was; or where none has opened at all, when the rule is not there to bar.
 */
static bool is_right(bool bars, bool opened, bool before, bool after)
{
    return opened ? after == before : !after || !bars;
}

/* With somebody who does not keep that rule it comes to the same as before. */
static bool is_same_without(struct goal *goal, const struct pam_stack *stack,
                            const struct pam_line *rule)
{
    bool bars = pam_bars(rule, goal->facility);

    if (goal->facility == FACILITY_AUTH) {
        struct pam_auth_proof before = pam_prove_auth(&goal->before, rule);
        struct pam_auth_proof after = pam_prove_auth(stack, rule);

        goal->failed = goal->failed || before.failed || after.failed;
        return is_right(bars, goal->auth->opening.can, before.opening.can, after.opening.can) &&
               (after.primary & KNOWN) == (before.primary & KNOWN);
    } else {
        struct pam_account_proof before = pam_prove_account(&goal->before, rule);
        struct pam_account_proof after = pam_prove_account(stack, rule);

        goal->failed = goal->failed || before.failed || after.failed;
        return is_right(bars, goal->account->opening.can, before.opening.can, after.opening.can) &&
               is_right(bars, goal->account->primary, before.primary, after.primary);
    }
}

/* The first rule for which it does not, or NULL. */
static const struct pam_entry *changed_rule(struct goal *goal, const struct pam_stack *stack)
{
    for (size_t i = 0; i < goal->before.count; i++) {
        const struct pam_entry *entry = &goal->before.entries[i];

        if (!entry->is_start && !entry->broken &&
            pam_is_kept_by_some(entry->line, goal->facility) &&
            !is_same_without(goal, stack, entry->line))
            return entry;
    }
    return NULL;
}

/* All is as it should be but, maybe, that a rule is passed by. */
static bool is_well(struct goal *goal, const struct pam_stack *stack)
{
    if (goal->facility == FACILITY_AUTH) {
        struct pam_auth_proof after = pam_prove_auth(stack, NULL);
        unsigned before = goal->auth->primary;

        goal->failed = goal->failed || after.failed;
        return after.opening.sure && after.goes_on == NULL && after.open == NULL &&
               after.counted == NULL && (after.primary & KNOWN) == (before & KNOWN) &&
               (after.primary & ~before) == 0;
    } else {
        struct pam_account_proof after = pam_prove_account(stack, NULL);
        bool opens = (goal->auth->primary & KNOWN) != 0;

        goal->failed = goal->failed || after.failed;
        return after.opening.sure && after.primary == (opens || goal->account->primary) &&
               (!after.aged || goal->account->aged || !goal->account->primary);
    }
}

/* True when the changed file is well; *rule is one for which it comes to something else, or NULL.
 */
static bool judge(struct goal *goal, const struct pam_edit *edit, const struct pam_entry **rule)
{
    struct pam_file file = {0};
    struct pam_stack stack = {0};
    bool well = stack_of(goal, edit, &file, &stack) && is_well(goal, &stack);

    *rule = well ? changed_rule(goal, &stack) : NULL;
    pam_stack_free(&stack);
    pam_file_free(&file);
    return well && !goal->failed;
}

static void copy_above(struct pam_edit *edit, const struct pam_entry *rule)
{
    struct asp_buffer lines = edit->lines;

    edit->lines = (struct asp_buffer){0};
    pam_edit_copy(edit, rule->file, rule->line);
    pam_edit_add(edit, lines.text);
    asp_buffer_free(&lines);
}

/* A rule that would no longer bar is copied above what is written. */
static bool is_proven(struct goal *goal, struct pam_edit *edit)
{
    enum { COPIES_MAX = 4 };
    const struct pam_entry *rule = NULL;

    for (int copies = 0; judge(goal, edit, &rule); copies++) {
        if (rule == NULL)
            return true;
        if (copies == COPIES_MAX || !pam_bars(rule->line, goal->facility))
            return false;
        copy_above(edit, rule);
    }
    return false;
}

/* What is to be written, and where. */
struct proposal {
    const char *line;
    const char *behind; /* one more behind it, or NULL */
};

/* With the lines of ours that are there taken out, or left where they may be jumped to. */
static bool propose(struct goal *goal, const struct proposal *proposal,
                    const struct pam_line *above, bool leaves, struct asp_buffer *out)
{
    struct pam_edit edit = {.file = goal->file, .above = above};
    bool proven;

    pam_edit_add(&edit, proposal->line);
    if (proposal->behind != NULL)
        pam_edit_add(&edit, proposal->behind);
    if (!leaves)
        let_go(goal, &edit);
    proven = is_proven(goal, &edit);
    if (proven)
        pam_edit_describe(&edit, out);
    pam_edit_free(&edit);
    goal->failed = goal->failed || out->failed;
    return proven && !goal->failed;
}

/* In each place where it may stand: that of ours, above what refuses, at the end. */
static bool propose_in_places(struct goal *goal, const char *line, const char *behind,
                              struct asp_buffer *out)
{
    const struct proposal proposal = {line, behind};
    const struct pam_line *ours = first(goal, is_ours);
    const struct pam_line *refusing = first(goal, refuses);

    if (!has_lines(goal)) {
        bool is_auth = goal->facility == FACILITY_AUTH;
        const struct proposal rest = {line,
                                      is_auth ? "auth include other" : "account include other"};
        bool has_other = pam_folder_find(goal->folder, OTHER) != NULL;

        return propose(goal, has_other ? &rest : &proposal, NULL, false, out);
    }
    for (int leaves = 0; leaves < 2; leaves++) {
        if ((ours != NULL && propose(goal, &proposal, ours, leaves != 0, out)) ||
            (refusing != NULL && propose(goal, &proposal, refusing, leaves != 0, out)) ||
            propose(goal, &proposal, NULL, leaves != 0, out))
            return true;
    }
    return false;
}

static void begin(struct goal *goal)
{
    pam_folder_stack(goal->folder, goal->file, goal->facility, &goal->before);
    goal->failed = goal->before.failed;
}

/* The line of ours with that control, as the module is named there. */
static void add_ours(struct asp_buffer *line, const char *before, const struct pam_entry *ours)
{
    asp_buffer_add(line, before);
    asp_buffer_add(line, " ");
    /* Where there is no token yet it is asked for, and else it is used all the same. */
    pam_edit_add_module(line, ours->line, "use_first_pass");
}

static void add_brackets(struct asp_buffer *control, unsigned primary)
{
    asp_buffer_add(control, "auth [success=done");
    if ((primary & PRIMARY_OF_ENROLLED) != 0)
        asp_buffer_add(control, " cred_insufficient=ignore");
    if ((primary & PRIMARY_OF_OTHERS) != 0)
        asp_buffer_add(control, " user_unknown=ignore");
    if ((primary & PRIMARY_WHILE_UNAVAILABLE) != 0)
        asp_buffer_add(control, " authinfo_unavail=ignore");
    asp_buffer_add(control, " default=die]");
}

bool pam_fix_auth(struct pam_folder *folder, const struct pam_file *file,
                  const struct pam_auth_proof *proof, struct asp_buffer *out)
{
    struct goal goal = {folder, file, FACILITY_AUTH, {0}, proof, NULL, false};
    struct asp_buffer line = {0};
    struct asp_buffer control = {0};
    unsigned primary = proof->primary;
    bool done = false;

    begin(&goal);
    if ((primary & KNOWN) == 0) {
        add_ours(&line, "auth required", proof->ours);
        done = !line.failed && propose_in_places(&goal, line.text, NULL, out);
        asp_buffer_free(&line);
        line = (struct asp_buffer){0};
    }
    if (proof->counted != NULL || proof->counted_unavailable != NULL)
        primary &= ~(unsigned)PRIMARY_WHILE_UNAVAILABLE;
    add_brackets(&control, primary);
    if (!control.failed)
        add_ours(&line, control.text, proof->ours);
    if (!done && !control.failed && !line.failed)
        (void)propose_in_places(&goal, line.text, NULL, out);
    goal.failed = goal.failed || control.failed || line.failed;
    asp_buffer_free(&control);
    asp_buffer_free(&line);
    pam_stack_free(&goal.before);
    return !goal.failed;
}

/* What is to let the primary password in where no account line does: that by which the auth lines
 * know it. False: there is nothing of that number. */
static bool account_of_primary(struct goal *goal, int number, struct asp_buffer *line)
{
    struct goal auth = *goal;
    const struct pam_line *known;

    auth.facility = FACILITY_AUTH;
    known = first(&auth, refuses);
    if (number == 0 && known != NULL && known->facility == FACILITY_ANY) {
        if (strcmp(known->word, "common-auth") != 0)
            return false;
        asp_buffer_add(line, "@include common-account");
    } else if (number == 1 && known != NULL && known->kind != LINE_MODULE) {
        asp_buffer_add(line, "account include ");
        asp_buffer_add(line,
                       strcmp(known->word, "common-auth") == 0 ? "common-account" : known->word);
    } else if (number == 2 && known != NULL && known->kind == LINE_MODULE) {
        asp_buffer_add(line, "account required ");
        asp_buffer_add(line, known->word);
    } else if (number == 3) {
        asp_buffer_add(line, "account required pam_unix.so");
    }
    return line->length > 0;
}

bool pam_fix_account(struct pam_folder *folder, const struct pam_file *file,
                     const struct pam_auth_proof *auth, const struct pam_account_proof *proof,
                     struct asp_buffer *out)
{
    enum { LINES = 4 };
    struct goal goal = {folder, file, FACILITY_ACCOUNT, {0}, auth, proof, false};
    struct asp_buffer line = {0};
    bool done;

    begin(&goal);
    asp_buffer_add(&line, "account sufficient ");
    if (auth->ours != NULL)
        asp_buffer_add(&line, auth->ours->line->word);
    goal.failed = goal.failed || line.failed;
    done = !goal.failed && propose_in_places(&goal, line.text, NULL, out);
    for (int i = 0;
         i < LINES && !done && !goal.failed && !proof->primary && (auth->primary & KNOWN) != 0;
         i++) {
        struct asp_buffer behind = {0};

        if (account_of_primary(&goal, i, &behind))
            done = propose_in_places(&goal, line.text, behind.text, out);
        goal.failed = goal.failed || behind.failed;
        asp_buffer_free(&behind);
    }
    goal.failed = goal.failed || line.failed;
    asp_buffer_free(&line);
    pam_stack_free(&goal.before);
    return !goal.failed;
}
