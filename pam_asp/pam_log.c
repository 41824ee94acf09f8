/* The system's log, for a PAM handle. */
#include "pam_log.h"

#include "asp/redact.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/* A newline would begin another line. */
static bool has_control(const char *text)
{
    while ((unsigned char)*text >= 0x20 && *text != 0x7f)
        text++;
    return *text != '\0';
}

/* The name of the service; NULL where it may hold an app password or forge a line, or there is
 * none. */
static const char *service_of(const pam_handle_t *pamh)
{
    const void *service = NULL;

    return pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS && service != NULL &&
                   !has_control(service) && !asp_redact_needed(service)
               ? service
               : NULL;
}

void pam_log(const pam_handle_t *pamh, int level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pam_vsyslog(service_of(pamh) != NULL ? pamh : NULL, level, format, args);
    va_end(args);
}

void log_to_pam(void *pamh, int level, const char *line)
{
    pam_log(pamh, level, "%s", line);
}

/* pam_syslog prints what stands before the line and the line itself apart, and then both: a fifth
 * of what a login costs with its line. */
void log_auth_to_pam(void *pamh, int level, const char *line)
{
    const char *service = service_of(pamh);

    if (service != NULL)
        syslog(LOG_AUTHPRIV | level, "pam_asp(%s:auth): %s", service, line);
    else
        syslog(LOG_AUTHPRIV | level, "PAM %s", line);
}
