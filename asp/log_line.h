/*
 * The text of a line in the system's log. Fixed order; a value that is missing is - without quotes;
 * nothing that others wrote can leave its quotes.
 */
#ifndef ASP_LOG_LINE_H
#define ASP_LOG_LINE_H

#include "buffer.h"
#include "login.h"

#include <stdbool.h>

/*
 * verdict=... rhost=... user="..." service="..." app="..." id=.. label="..." and, for what is
 * unavailable and for a wrong network where the host is no address, cause="...", and via="..." for
 * what came through the broker. `user` is as it was presented; after it stands account="..." where
 * that is another. A value that may hold an app password is not written, whichever it is. The
 * caller frees `out`.
 */
void asp_log_line_login(const struct asp_request *request, const struct asp_outcome *outcome,
                        struct asp_buffer *out);

/* True for what is unavailable, and for a revocation that could not be written: there is a cause to
 * be told. */
bool asp_log_line_is_error(const struct asp_outcome *outcome);

/*
 * event=... by="..." user="..." and then, those that are not NULL, id=.. label="..." reason="..."
 * via="...".
 * The caller frees `out`.
 */
struct asp_log_change {
    const char *event;
    const char *by;
    const char *user;
    const char *id;
    const char *label;
    const char *reason;
    const char *via; /* "self", or "web" in a browser, of a user's own change, for which PAM has let
                        her in */
};

void asp_log_line_change(const struct asp_log_change *change, struct asp_buffer *out);

#endif
