/* No lock is taken, and each is said to be: preloaded, it breaks that an update is alone. */
#include <sys/file.h>

int flock(int fd, int operation)
{
    (void)fd, (void)operation;
    return 0;
}
