/* The standard descriptors, and the signals that would end a program for a failed write. */
#include "own_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* What is put in their place cannot be written. */
static bool occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    }
    return true;
}

bool own_process_prepare(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    return occupy_standard_descriptors();
}
