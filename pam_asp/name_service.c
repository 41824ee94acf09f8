/* Who a user is, asked of the system's name service. */
#include "name_service.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY = 4096, ENTRY_MAX = 1024 * 1024 };

/* What getpwnam_r says of nobody is 0, also where a part of the name service had no room to look
 * and the next one knew nobody. */
static bool had_no_room(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOMEM;
}

/* An asp_name_service's ask. getpwnam(3) leaves open what errno is for a user who is not there; the
 * result of getpwnam_r is 0 then, and only then. */
static enum asp_answer ask(void *context, const char *typed, char *name, size_t size)
{
    int result = ERANGE;
    struct passwd *found = NULL;

    (void)context;
    name[0] = '\0';
    for (size_t room = ENTRY; result == ERANGE && room <= ENTRY_MAX; room *= 4) {
        struct passwd entry;
        char *bytes = malloc(room);

        if (bytes == NULL)
            return ASP_USER_NOT_TOLD;
        errno = 0;
        result = getpwnam_r(typed, &entry, bytes, room, &found);
        if (result == 0 && found != NULL && strlen(entry.pw_name) < size)
            memcpy(name, entry.pw_name, strlen(entry.pw_name) + 1);
        else if (result == 0 && found == NULL && had_no_room(errno))
            result = errno;
        free(bytes);
    }
    if (result != 0)
        return ASP_USER_NOT_TOLD;
    return found != NULL ? ASP_USER_KNOWN : ASP_USER_NOT_KNOWN;
}

const struct asp_name_service name_service = {ask, NULL};
