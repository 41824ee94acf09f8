/*
 * The system's log, for a PAM handle: pam_syslog(3), which names module, service and facility.
 */
#ifndef PAM_ASP_PAM_LOG_H
#define PAM_ASP_PAM_LOG_H

/* A login_log_write whose context is a pam_handle_t. */
void log_to_pam(void *pamh, int level, const char *line);

#endif
