/*
 * A write that is short: preloaded, the one of that number in its process, ASP_TEST_SHORT, takes
 * half of what it is given, and says so. Each is noted in the file ASP_TEST_SHORT_TO.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* How much of it is to be taken. What is noted is written by libc's own way, and so not counted. */
static size_t taken(const char *name, int fd, size_t length)
{
    static int count;
    const char *at = getenv("ASP_TEST_SHORT"), *to = getenv("ASP_TEST_SHORT_TO");
    const int note = to == NULL ? -1 : open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    count++;
    if (note >= 0) {
        (void)dprintf(note, "%s(%d, %zu)\n", name, fd, length);
        (void)close(note);
    }
    return at != NULL && count == atoi(at) && length > 1 ? length / 2 : length;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    const struct iovec all = {(void *)(uintptr_t)bytes, taken("write", fd, length)};
    return writev(fd, &all, 1);
}

/* Where an offset has 64 bits, as in all that is built here, this is pwrite64. */
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    const struct iovec all = {(void *)(uintptr_t)bytes, taken("pwrite", fd, length)};
    return pwritev(fd, &all, 1, at);
}

/* A message is taken whole or not at all, so only of a stream. */
ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
    int type = 0;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM)
        length = taken("send", fd, length);
    return sendto(fd, bytes, length, flags, NULL, 0);
}
