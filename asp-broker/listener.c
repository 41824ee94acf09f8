/* Listening sockets: handed over, or made here. */
#include "listener.h"

#include "asp-admin/system/handed_sockets.h"
#include "asp/safeio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0755, BACKLOG = 4096 };

static enum asp_status take(int fd, struct listener *listener, struct asp_error *error)
{
    struct sockaddr_un address = {0};
    socklen_t size = sizeof address;
    int type = 0;
    int listens = 0;
    socklen_t type_size = sizeof type;
    socklen_t listens_size = sizeof listens;

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0 || address.sun_family != AF_UNIX ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_SEQPACKET ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) != 0 || listens == 0)
        return asp_fail(error, ASP_INVALID,
                        "descriptor %d was handed over, and is no listening Unix socket of type "
                        "SOCK_SEQPACKET: see ListenSequentialPacket= in systemd.socket(5)",
                        fd);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return asp_fail_errno(error, "descriptor %d", fd);
    listener->fd = fd;
    listener->made = false;
    memcpy(listener->path, address.sun_path, sizeof listener->path);
    listener->path[sizeof listener->path - 1] = '\0';
    return ASP_OK;
}

enum asp_status listeners_take(struct listener listeners[LISTENERS_MAX], size_t *count,
                               struct asp_error *error)
{
    const long given = handed_sockets_take();
    enum asp_status status = ASP_OK;

    *count = 0;
    if (given > LISTENERS_MAX)
        return asp_fail(error, ASP_INVALID, "%ld sockets were handed over, and %d are the most",
                        given, LISTENERS_MAX);
    for (long i = 0; status == ASP_OK && i < given; i++)
        status = take(HANDED_FIRST + (int)i, &listeners[(*count)++], error);
    return status;
}

/* Opens the folder above a path, which is made where it alone is missing. */
static enum asp_status open_folder(const char *path, int *fd, struct asp_error *error)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *slash = strrchr(path, '/');
    size_t length = (size_t)(slash - path);

    memcpy(folder, path, length);
    folder[length] = '\0';
    if (length > 0 && mkdir(folder, FOLDER_MODE) == 0)
        (void)chmod(folder, FOLDER_MODE); /* whatever the umask */
    return asp_folder_open_above(length > 0 ? folder : "/", fd, error);
}

/* A lock for the time in which it is made, so that two that start at once do not take each other's
 * socket for one left behind. Not on the folder: what everybody can open, everybody can lock. */
static int lock(int folder, const char *path)
{
    char name[sizeof((struct sockaddr_un *)0)->sun_path + sizeof ".lock"];
    int fd;

    (void)snprintf(name, sizeof name, "%s.lock", strrchr(path, '/') + 1);
    fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    asp_close(fd);
    return -1;
}

/* Removes a socket at which nobody listens any more. */
static enum asp_status clear(const struct sockaddr_un *address, struct asp_error *error)
{
    const char *path = address->sun_path;
    struct stat st;
    int fd;
    int code;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? ASP_OK : asp_fail_errno(error, "%s", path);
    if (!S_ISSOCK(st.st_mode))
        return asp_fail(error, ASP_UNSAFE, "%s is there, and is no socket: move it away", path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return asp_fail_errno(error, "no socket");
    code = connect(fd, (const struct sockaddr *)address, sizeof *address);
    if (code != 0)
        code = errno;
    asp_close(fd);
    if (code != ECONNREFUSED)
        return asp_fail(error, ASP_BUSY, "%s: somebody listens there already: end it first", path);
    return unlink(path) == 0 ? ASP_OK : asp_fail_errno(error, "%s", path);
}

/* Its mode is tight from the beginning, and its group comes before its mode is widened. */
static enum asp_status bind_and_listen(struct listener *listener, const struct sockaddr_un *address,
                                       mode_t mode, uid_t owner, gid_t group,
                                       struct asp_error *error)
{
    const char *path = address->sun_path;
    mode_t umask_before = umask(0777);
    int code = bind(listener->fd, (const struct sockaddr *)address, sizeof *address);

    (void)umask(umask_before);
    if (code != 0)
        return asp_fail_errno(error, "%s", path);
    listener->made = true;
    if (((owner != (uid_t)-1 || group != (gid_t)-1) && lchown(path, owner, group) != 0) ||
        chmod(path, mode) != 0 || listen(listener->fd, BACKLOG) != 0)
        return asp_fail_errno(error, "%s", path);
    return ASP_OK;
}

enum asp_status listener_make(const char *path, mode_t mode, uid_t owner, gid_t group,
                              struct listener *listener, struct asp_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    enum asp_status status;
    int folder;
    int locked;

    *listener = LISTENER_CLOSED;
    if (!asp_path_valid(path) || path[strlen(path) - 1] == '/' ||
        strlen(path) >= sizeof address.sun_path)
        return asp_fail(error, ASP_INVALID, "\"%s\" is no absolute path, or too long for a socket",
                        path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(listener->path, path, strlen(path) + 1);
    status = open_folder(path, &folder, error);
    if (status != ASP_OK)
        return status;
    locked = lock(folder, path);
    if (locked < 0)
        status = asp_fail_errno(error, "%s.lock", path);
    if (status == ASP_OK)
        status = clear(&address, error);
    if (status == ASP_OK) {
        listener->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        status = listener->fd >= 0 ? bind_and_listen(listener, &address, mode, owner, group, error)
                                   : asp_fail_errno(error, "no socket");
    }
    asp_close(locked);
    asp_close(folder);
    if (status != ASP_OK) {
        listener_hide(listener);
        listener_close(listener);
    }
    return status;
}

void listener_hide(struct listener *listener)
{
    if (listener->made)
        (void)unlink(listener->path);
    listener->made = false;
}

void listener_close(struct listener *listener)
{
    asp_close(listener->fd);
    listener->fd = -1;
}
