/*
 * A line of pam_asp's in the log, read: what asp/log_line.h writes, to the letter, and nothing
 * else. Whoever may write to a log can write such a line; that others got theirs in between the
 * quotes of one, or behind the name of another program, is what is ruled out here. And a line of
 * pam_warn, which stands in the stacks of conf/migration where the primary password was right.
 */
#ifndef ASP_ADMIN_LOG_DECISION_H
#define ASP_ADMIN_LOG_DECISION_H

#include "asp/check.h"
#include "asp/label.h"
#include "asp/name.h"
#include "asp/network.h"
#include "asp/secret.h"

#include <stdbool.h>

enum { DECISION_USER_MAX = 256 }; /* as it was typed, it is logged so far */

/* What is missing in the line is empty, and so is what may hold an app password. */
struct decision {
    bool let_in; /* it is pam_warn's: the stack has let her in; there is no verdict in it */
    enum asp_verdict verdict;
    char typed[DECISION_USER_MAX + 1];
    char user[DECISION_USER_MAX + 1]; /* whose account, or what was typed */
    char host[ASP_HOST_MAX + 1];
    char service[ASP_SERVICE_MAX + 1];
    char id[ASP_ID_CHARS + 1];  /* of a secret that was proven */
    char label[ASP_LABEL_SIZE]; /* the same */
};

enum decision_read {
    DECISION_NONE, /* it is no decision, or another program's */
    DECISION_READ,
    DECISION_BROKEN, /* it begins as a decision, and goes on as none that we write */
};

/* `program` is who has written it, without its process id; `text` what it says. */
enum decision_read decision_read(const char *program, const char *text, struct decision *decision);

#endif
