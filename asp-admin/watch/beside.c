/* A process that works beside a running watch, and ends with it. */
#include "beside.h"

#include "asp/safeio.h"

#include <signal.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>

bool beside_begin(pid_t watch)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != watch)
        return false;
    closelog(); /* else the log would go to whatever is opened under its number next */
    asp_close_from(STDERR_FILENO + 1);
    openlog("asp-admin", LOG_PID | (isatty(STDERR_FILENO) == 1 ? LOG_PERROR : 0), LOG_AUTHPRIV);
    return true;
}
