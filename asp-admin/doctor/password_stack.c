/* doctor: the PAM password stacks, which see a primary password in the moment in which it is set.
 */
#include "password_stack.h"

#include "pam_auth_update.h"

#include "asp-admin/system/program.h"

#include <string.h>
#include <unistd.h>

#define PROFILE "/usr/share/pam-configs/asp"

static bool is_ours(const struct pam_entry *entry)
{
    return pam_line_has(entry->line, MODULE_FILE);
}

/* When all but our line succeed or, with *good false, fail: whether ours is reached. */
struct trial {
    bool good;
    bool reached;
};

static enum reply answer(const struct pam_entry *entry, void *context)
{
    struct trial *trial = context;

    if (is_ours(entry)) {
        trial->reached = true;
        return REPLY_SUCCESS;
    }
    return trial->good && !pam_line_has(entry->line, "pam_deny.so") ? REPLY_SUCCESS
                                                                    : REPLY_AUTHTOK_ERR;
}

static bool is_reached(const struct pam_stack *stack, bool good)
{
    struct trial trial = {.good = good};

    (void)pam_stack_ask(stack, 0, answer, &trial);
    return trial.reached;
}

/* Our line is reached when a password was set, and only then. */
static void check_place(struct examination *exam, const struct pam_stack *stack,
                        const struct pam_entry *entry)
{
    struct findings *findings = &exam->findings;
    const char *path = entry->file->path;
    size_t number = entry->line->number;

    if ((entry->line->told & TOLD_PLACE) != 0)
        return;
    entry->line->told |= TOLD_PLACE;
    if (!is_reached(stack, true)) {
        finding_fault(findings, CHECK_PASSWORD_STACK,
                      "%s:%zu is not reached: a line above it ends the stack when a password was "
                      "set",
                      path, number);
    } else if (!is_reached(stack, false)) {
        return;
    } else if (exam->absent == 0) {
        finding_note(
            findings, CHECK_PASSWORD_STACK,
            "%s:%zu is reached after a failure too. For users with no line in /etc/shadow, "
            "if there were any, that would count as a change",
            path, number);
        return;
    } else {
        finding_fault(findings, CHECK_PASSWORD_STACK,
                      "%s:%zu is reached after a failure too: it revokes the app passwords of "
                      "users with no line in /etc/shadow when nothing was changed",
                      path, number);
    }
    finding_fix(findings, "place it as " DOCDIR "/pam-configs/asp does: see The primary password "
                          "in pam_asp(8)");
}

/* True when the service tells us of a password that is set. */
static bool check_service(struct examination *exam, const struct pam_file *file)
{
    struct pam_stack stack = {0};
    bool asks = false;

    pam_folder_stack(&exam->pam, file, FACILITY_PASSWORD, &stack);
    for (size_t i = 0; i < stack.count; i++) {
        if (!is_ours(&stack.entries[i]))
            continue;
        check_place(exam, &stack, &stack.entries[i]);
        asks = true;
    }
    pam_stack_free(&stack);
    return asks;
}

/* What puts our line in, where it is not: pam-auth-update, unless it would leave the files alone.
 */
static void add_way_in(struct examination *exam, struct asp_buffer *out)
{
    char path[PROGRAM_PATH_SIZE];
    char edited[PATH_MAX];

    if (!program_find("pam-auth-update", path)) {
        asp_buffer_add(out, "The primary password in pam_asp(8) has the line");
    } else if (pam_auth_update_would(exam, edited)) {
        asp_buffer_add(out, "The profile changes that: ");
        if (access(PROFILE, F_OK) != 0)
            asp_buffer_add(out, "cp " DOCDIR "/pam-configs/asp " PROFILE " && ");
        asp_buffer_add(out, "pam-auth-update --enable asp");
    } else {
        asp_buffer_add(out,
                       "pam-auth-update changes nothing here, for it did not write all that is "
                       "in ");
        asp_buffer_add(out, edited);
        asp_buffer_add(out, ". Add this line at the end of /etc/pam.d/common-password: password "
                            "optional pam_asp.so");
    }
}

static void tell_without(struct examination *exam, const struct pam_file *file, bool at_login)
{
    struct asp_buffer way = {0};

    add_way_in(exam, &way);
    exam->findings.failed = exam->findings.failed || way.failed;
    finding_note(&exam->findings, CHECK_PASSWORD_STACK,
                 "%s does not ask pam_asp, so a password that it sets is seen later, by %s. %s",
                 file->path, at_login ? "a login or a watch" : "a watch",
                 way.failed ? "" : way.text);
    asp_buffer_free(&way);
}

void examine_password_stack(struct examination *exam)
{
    static const char *const passwd = "passwd"; /* by which people set theirs */
    const struct asp_source_traits source = asp_source_traits(exam->admin->conf->primary_source);
    struct findings *findings = &exam->findings;
    const struct pam_file *file = pam_folder_find(&exam->pam, passwd);
    bool any = false;

    if (!source.is_compared) {
        finding_ok(findings, CHECK_PASSWORD_STACK,
                   "primary.source is \"none\": pam_asp does nothing there");
        return;
    }
    for (size_t i = 0; i < exam->pam.count; i++) {
        if (!exam->pam.files[i]->included && exam->pam.files[i]->name[0] != '/')
            any = check_service(exam, exam->pam.files[i]) || any;
    }
    if (file != NULL && !check_service(exam, file))
        tell_without(exam, file, source.at_login);
    else if (!any)
        finding_note(findings, CHECK_PASSWORD_STACK, "no password stack asks pam_asp");
    if (findings_none_of(findings, CHECK_PASSWORD_STACK))
        finding_ok(findings, CHECK_PASSWORD_STACK,
                   "pam_asp is told of a password that passwd(1) has set");
}
