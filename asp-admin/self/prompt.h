/*
 * The questions of a PAM conversation, put to the person who runs asp-admin.
 */
#ifndef ASP_ADMIN_SELF_PROMPT_H
#define ASP_ADMIN_SELF_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/* More than any module takes: libpam's PAM_MAX_RESP_SIZE is 512. */
enum { PROMPT_REPLY_MAX = 512 };

/*
 * Asks in one of the styles ASP_ASK_... of asp/broker_message.h, on the terminal of the process.
 * Where it has none: on standard error, and the answer is a line of standard input. With `json`,
 * unless standard input is a terminal, a program asks the person: the question is a line
 * {"prompt": TEXT, "echo": BOOL} on standard error, a message {"message": TEXT, "error": BOOL}, and
 * the answer a line of standard input. False: nobody answers. The caller wipes `reply`.
 */
bool prompt_ask(const char *style, const char *text, bool json, char reply[PROMPT_REPLY_MAX],
                size_t *length);

/* Says, where prompt_ask with this `json` asks a person, whose password the first hidden question
 * is after. */
void prompt_explain(bool json);

#endif
