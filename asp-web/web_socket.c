/* The listening socket. */
#include "web_socket.h"

#include "asp-admin/system/handed_sockets.h"
#include "asp/safeio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512, PORT_MAX = 65535 };

enum asp_status web_socket_take(int *fd, bool *is_tcp, struct asp_error *error)
{
    const long given = handed_sockets_take();
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int type = 0;
    socklen_t type_size = sizeof type;

    *fd = -1;
    if (given == 0)
        return ASP_OK;
    if (given != 1)
        return asp_fail(error, ASP_INVALID, "%ld sockets were handed over, and one is served",
                        given);
    if (getsockname(HANDED_FIRST, (struct sockaddr *)&address, &size) != 0 ||
        getsockopt(HANDED_FIRST, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 ||
        type != SOCK_STREAM)
        return asp_fail(error, ASP_INVALID,
                        "what was handed over is no listening socket of type SOCK_STREAM: see "
                        "ListenStream= in systemd.socket(5)");
    if (fcntl(HANDED_FIRST, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(HANDED_FIRST, F_SETFL, O_NONBLOCK) != 0)
        return asp_fail_errno(error, "descriptor %d", HANDED_FIRST);
    *is_tcp = address.ss_family != AF_UNIX;
    *fd = HANDED_FIRST;
    return ASP_OK;
}

/* Takes away a socket at which nobody listens. */
static enum asp_status clear(const struct sockaddr_un *address, struct asp_error *error)
{
    struct stat st;
    int fd;
    int code;

    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? ASP_OK : asp_fail_errno(error, "%s", address->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return asp_fail(error, ASP_UNSAFE, "%s is there, and is no socket: move it away",
                        address->sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return asp_fail_errno(error, "no socket");
    code = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    asp_close(fd);
    if (code != ECONNREFUSED)
        return asp_fail(error, ASP_BUSY, "%s: somebody listens there already: end it first",
                        address->sun_path);
    return unlink(address->sun_path) == 0 ? ASP_OK : asp_fail_errno(error, "%s", address->sun_path);
}

enum asp_status web_socket_make(const char *path, gid_t group, int *fd, struct asp_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder;
    mode_t umask_before;
    enum asp_status status;
    bool made;

    *fd = -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    status = asp_folder_open_above("/run/asp", &folder, error);
    asp_close(folder);
    if (status == ASP_OK)
        status = clear(&address, error);
    if (status != ASP_OK)
        return status;
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return asp_fail_errno(error, "no socket");
    /* Its group comes before its mode is widened. */
    umask_before = umask(0777);
    made = bind(*fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)umask(umask_before);
    if (!made || (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) != 0) ||
        chmod(path, 0660) != 0 || listen(*fd, BACKLOG) != 0)
        return asp_fail_errno(error, "%s", path);
    return ASP_OK;
}

static bool read_port(const char *text, in_port_t *port)
{
    char *end;
    unsigned long number;

    if (text[0] < '1' || text[0] > '9')
        return false;
    number = strtoul(text, &end, 10);
    *port = htons((uint16_t)number);
    return *end == '\0' && number <= PORT_MAX;
}

enum asp_status web_socket_listen(const char *where, int *fd, struct asp_error *error)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const bool is_v4 = strncmp(where, "127.0.0.1:", 10) == 0;
    const bool is_v6 = strncmp(where, "[::1]:", 6) == 0;
    const int on = 1;

    *fd = -1;
    if ((!is_v4 || !read_port(where + 10, &v4.sin_port)) &&
        (!is_v6 || !read_port(where + 6, &v6.sin6_port)))
        return asp_fail(error, ASP_INVALID,
                        "\"%s\" is no port of this machine alone: say 127.0.0.1:PORT or [::1]:PORT",
                        where);
    *fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(*fd, is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
             is_v4 ? sizeof v4 : sizeof v6) != 0 ||
        listen(*fd, BACKLOG) != 0)
        return asp_fail_errno(error, "%s", where);
    return ASP_OK;
}
