/* The system's log, for a PAM handle. */
#include "pam_log.h"

#include <security/pam_ext.h>

void log_to_pam(void *pamh, int level, const char *line)
{
    pam_syslog(pamh, level, "%s", line);
}
