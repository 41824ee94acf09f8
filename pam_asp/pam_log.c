/* The system's log, for a PAM handle. */
#include "pam_log.h"

#include "asp/redact.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <stddef.h>

void pam_log(const pam_handle_t *pamh, int level, const char *format, ...)
{
    const void *service = NULL;
    va_list args;

    if (pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS && service != NULL &&
        asp_redact_needed(service))
        pamh = NULL;
    va_start(args, format);
    pam_vsyslog(pamh, level, format, args);
    va_end(args);
}

void log_to_pam(void *pamh, int level, const char *line)
{
    pam_log(pamh, level, "%s", line);
}
