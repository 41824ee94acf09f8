/*
 * The system's log, for a PAM handle.
 */
#ifndef PAM_ASP_PAM_LOG_H
#define PAM_ASP_PAM_LOG_H

#include <security/pam_modules.h>

/*
 * pam_syslog(3), which puts module, service and facility before the line; only "PAM" where the name
 * of the service holds a control character, or may hold an app password.
 */
void pam_log(const pam_handle_t *pamh, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A login_log_write whose context is a pam_handle_t. */
void log_to_pam(void *pamh, int level, const char *line);

/* The same line to the letter in pam_sm_authenticate, by one syslog(3). */
void log_auth_to_pam(void *pamh, int level, const char *line);

#endif
