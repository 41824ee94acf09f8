/*
 * What is logged of a login and of a revocation: by the module, and by the broker for those that it
 * answers.
 */
#ifndef PAM_ASP_LOGIN_LOG_H
#define PAM_ASP_LOGIN_LOG_H

#include "asp/login.h"

/* Hands one line to the system's log at a level of syslog(3). */
typedef void login_log_write(void *context, int level, const char *line);

/* One line for the decision, unless it is one that the configuration leaves out, and one for each
 * entry that it has revoked. */
void login_log_decision(login_log_write *log, void *context, const struct asp_conf *conf,
                        const struct asp_request *request, const struct asp_outcome *outcome);

/* A line for each entry that a changed primary password has revoked. */
void login_log_revocations(login_log_write *log, void *context, const char *by, const char *user,
                           const struct asp_entry *entries, size_t count);

#endif
