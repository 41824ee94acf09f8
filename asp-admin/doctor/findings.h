/*
 * What doctor has found: rows of a check's name, whether all is well there, what is so, and what
 * fixes it.
 */
#ifndef ASP_ADMIN_DOCTOR_FINDINGS_H
#define ASP_ADMIN_DOCTOR_FINDINGS_H

#include "asp-admin/ui/console.h"

#include <stdbool.h>
#include <stddef.h>

/* A command that mends something, as a program takes it. */
struct finding_command {
    char **words; /* ends with NULL */
    bool safe;    /* it may be run for whoever agrees to it: it takes nothing from anybody */
};

struct finding {
    const char *check; /* borrowed */
    bool ok;
    char *message;
    char *fix;   /* NULL when it is ok */
    bool pasted; /* the fix is a line for a shell, else a sentence */
    struct finding_command
        *commands; /* those that such a fix is made of, as far as they are known */
    size_t command_count;
};

/* Begins as {0}. */
struct findings {
    struct finding *list;
    size_t count;
    size_t room;
    size_t faults;
    bool failed; /* out of memory: something is missing */
};

/* All is well, and this is how it is. */
void finding_ok(struct findings *findings, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Nothing is wrong, and yet somebody should know: an ok whose message begins with "note:". */
void finding_note(struct findings *findings, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something is wrong. What fixes it is said next, with finding_fix. */
void finding_fault(struct findings *findings, const char *check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What fixes the fault that was added last. */
void finding_fix(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A command that does it, after those that were given before; `words` ends with NULL. It is printed
 * as it can be pasted into a shell. */
void finding_fix_command(struct findings *findings, bool safe, const char *const words[]);

/* A line for a shell, of more than plain commands, that does it. */
void finding_fix_script(struct findings *findings, const char *script);

/* True when nothing was found by this check yet. */
bool findings_none_of(const struct findings *findings, const char *check);

/* True when a fault was found by this check. */
bool findings_have_fault(const struct findings *findings, const char *check);

/* One of them, as it is shown to a person. */
void finding_add_row(const struct console *console, struct asp_buffer *out,
                     const struct finding *finding);

/* Writes them to standard output, in the order in which they were found. False when they did not
 * get there.
 */
bool findings_show(const struct findings *findings, const struct console *console, bool json);

void findings_free(struct findings *findings);

#endif
