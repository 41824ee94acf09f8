/* The folder of a database's Unix socket. */
#include "socket_folder.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* In a sticky folder a name that is there stays whose it is: that is enough above, and not for a
 * socket, which is made anew each time that PostgreSQL begins. */
static enum asp_status check(const char *folder, bool above, struct asp_error *error)
{
    struct stat st;

    if (stat(folder, &st) != 0 || (st.st_mode & S_IWOTH) == 0 ||
        (above && (st.st_mode & S_ISVTX) != 0))
        return ASP_OK;
    (void)asp_fail(error, ASP_UNSAFE,
                   "everybody can write to %s (mode %04o): what listens there may be anybody's",
                   folder, (unsigned)(st.st_mode & 07777));
    return asp_advise(error, ASP_UNSAFE,
                      "have PostgreSQL make its socket where nobody else can "
                      "(unix_socket_directories), and name that folder in asp.conf");
}

enum asp_status pgsql_socket_folder_check(const char *path, struct asp_error *error)
{
    char folder[PATH_MAX];
    enum asp_status status = ASP_OK;

    /* /var/run is a link on most systems. */
    if (realpath(path, folder) != NULL)
        status = check(folder, false, error);
    else
        folder[0] = '\0';
    for (char *slash; status == ASP_OK && (slash = strrchr(folder, '/')) != NULL;) {
        *slash = '\0';
        status = check(folder[0] != '\0' ? folder : "/", true, error);
    }
    return status;
}
