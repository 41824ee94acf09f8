/*
 * doctor --fix: the commands that mend something, asked for one by one and run.
 */
#ifndef ASP_ADMIN_DOCTOR_FIX_H
#define ASP_ADMIN_DOCTOR_FIX_H

#include "findings.h"

#include "asp-admin/admin.h"
#include "asp-admin/system/name_list.h"

/* EXIT_DONE where somebody can be asked, or a code after a line on the console. */
enum exit_code fix_check(const struct admin *admin);

/* Begins as {0}; the caller calls name_list_clear for `asked`. */
struct fixing {
    struct name_list asked; /* commands that were asked for: none is asked for twice */
    bool ran;               /* a command was run by the last fix_faults, whatever came of it */
    bool failed;            /* out of memory */
};

/* Asks for each safe command of the faults that was not asked for before, and runs those that are
 * agreed to. */
void fix_faults(struct fixing *fixing, const struct findings *findings,
                const struct console *console);

#endif
