/*
 * Random numbers by the system call alone, for who traces it: preloaded. libc's own function takes
 * them from the vDSO where it can, from glibc 2.41 and Linux 6.11 on, and calls nobody.
 */
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    return syscall(SYS_getrandom, buffer, length, flags);
}
