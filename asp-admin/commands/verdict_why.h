/*
 * Why a password got its verdict, in sentences for a person.
 */
#ifndef ASP_ADMIN_COMMANDS_VERDICT_WHY_H
#define ASP_ADMIN_COMMANDS_VERDICT_WHY_H

#include "asp-admin/admin.h"
#include "asp/login.h"

struct verdict {
    const struct admin *admin;
    const struct asp_request *request; /* its secret is not looked at */
    const struct asp_outcome *outcome;
    const struct asp_entry *entry; /* the one whose secret was proven, or NULL */
    bool shaped;                   /* what was typed has the form of an app password */
};

/*
 * Adds the sentences, without an end of line; nothing for ASP_UNAVAILABLE, whose cause is an error.
 * They name id, label and limits of an entry only where its secret was proven: others have chosen
 * words of theirs. The command that the last one announces goes to `command`, by itself.
 */
void verdict_add_why(struct asp_buffer *out, struct asp_buffer *command,
                     const struct verdict *verdict);

#endif
