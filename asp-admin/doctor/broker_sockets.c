/* doctor: the sockets of asp-broker. */
#include "broker_sockets.h"

#include "package.h"
#include "units.h"

#include "asp/broker_socket.h"
#include "asp/buffer.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM LIBEXECDIR "/asp-broker"
#define PACKAGE "asp-broker" /* and what it is called elsewhere */

bool broker_socket_is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 || errno != ENOENT;
}

enum asp_status broker_socket_probe(const char *path, struct asp_error *error)
{
    int fd;
    enum asp_status status = asp_broker_connect(path, &fd, error);

    asp_close(fd);
    return status;
}

void broker_socket_fix(struct examination *exam, const char *path, const char *owner,
                       const char *mode)
{
    const bool safe = path_is_held(path);

    finding_fix_command(&exam->findings, safe, (const char *[]){"chown", owner, path, NULL});
    finding_fix_command(&exam->findings, safe, (const char *[]){"chmod", mode, path, NULL});
}

/* It may be started in another way than by the unit that is shipped, and from another place. */
static bool is_installed(const char *unit)
{
    return access(PROGRAM, F_OK) == 0 || unit_is_there(unit);
}

void broker_fix_start(struct examination *exam, const char *unit)
{
    if (!is_installed(unit))
        package_fix(&exam->findings, PACKAGE, PACKAGE);
    else if (!unit_fix_start(&exam->findings, unit))
        finding_fix(&exam->findings, "start " PROGRAM " as root, and keep it running");
}

void broker_note_nobody(struct examination *exam, const char *check, const char *unit,
                        const char *socket, const char *meaning, const char *start)
{
    struct asp_buffer advice = {0};

    if (is_installed(unit))
        asp_buffer_add(&advice, start);
    else
        package_add(&advice, PACKAGE, PACKAGE);
    exam->findings.failed = exam->findings.failed || advice.failed;
    finding_note(&exam->findings, check, "nobody listens at %s%s%s", socket, meaning,
                 advice.failed ? "" : advice.text);
    asp_buffer_free(&advice);
}
