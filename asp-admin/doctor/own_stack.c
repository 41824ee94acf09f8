/* doctor: the PAM files by which users come to their own app passwords. */
#include "own_stack.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 128 };

/* None is there: whoever is to answer is another service's. */
static void tell_missing(struct examination *exam, const char *check, const char *service)
{
    char shipped[NAME_SIZE];
    char path[NAME_SIZE];

    (void)snprintf(shipped, sizeof shipped, "pam.d/%s", service);
    (void)snprintf(path, sizeof path, "/etc/pam.d/%s", service);
    finding_fault(&exam->findings, check,
                  "there is no %s: /etc/pam.d/other decides who acts on her app passwords", path);
    if (!path_fix_install(&exam->findings, shipped, path))
        finding_fix(&exam->findings, "write one that asks for the primary password, and for the "
                                     "second factor if there is one");
}

/* A line by which everybody is refused, whatever she answers. False: there is none. */
static bool tell_failing(struct examination *exam, const char *check, const struct pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const struct pam_entry *entry = &stack->entries[i];
        const struct pam_line *line = entry->line;

        if (entry->is_start)
            continue;
        if (entry->broken || line->fails) {
            finding_fault(&exam->findings, check,
                          "%s:%zu is no line that libpam understands: nobody is let in",
                          entry->file->path, line->number);
            finding_fix(&exam->findings, "put it right as pam.d(5) has it, or take it out");
        } else if (line->missing && line->actions[REPLY_MODULE_UNKNOWN] != ACTION_IGNORE) {
            finding_fault(&exam->findings, check,
                          "%s:%zu asks a module that is not there, %s: nobody is let in",
                          entry->file->path, line->number, line->word);
            finding_fix(&exam->findings,
                        "write its name right, install what it belongs to, or take that line out");
        } else {
            continue;
        }
        return true;
    }
    return false;
}

/* The auth lines were right. */
static void check_account(struct examination *exam, const char *check, const struct pam_file *file)
{
    struct pam_stack stack = {0};

    pam_folder_stack(&exam->pam, file, FACILITY_ACCOUNT, &stack);
    (void)tell_failing(exam, check, &stack);
    pam_stack_free(&stack);
}

void own_stack_check(struct examination *exam, const char *check, const char *service,
                     bool is_needed)
{
    const struct pam_file *file = pam_folder_find(&exam->pam, service);
    struct pam_stack stack = {0};

    if (file == NULL) {
        if (is_needed)
            tell_missing(exam, check, service);
        return;
    }
    pam_folder_stack(&exam->pam, file, FACILITY_AUTH, &stack);
    for (size_t i = 0; i < stack.count; i++) {
        if (!pam_line_has(stack.entries[i].line, MODULE_FILE))
            continue;
        finding_fault(&exam->findings, check,
                      "%s asks pam_asp, by line %zu of %s: nobody acts on her app passwords with "
                      "one of them",
                      file->path, stack.entries[i].line->number, stack.entries[i].file->path);
        finding_fix(&exam->findings,
                    "take that line out: " DOCDIR "/pam.d/%s asks for the primary password, and "
                    "has lines ready for a second factor",
                    service);
        break;
    }
    if (is_needed && !tell_failing(exam, check, &stack))
        check_account(exam, check, file);
    pam_stack_free(&stack);
}
