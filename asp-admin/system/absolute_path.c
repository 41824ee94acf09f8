/* Absolute paths, by name alone. */
#include "absolute_path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool absolute_path(const char *given, char path[PATH_MAX])
{
    char whole[2 * PATH_MAX];
    char *rest = NULL;
    size_t length = 0;

    if (given[0] == '/') {
        (void)snprintf(whole, sizeof whole, "%s", given);
    } else {
        if (getcwd(path, PATH_MAX) == NULL)
            return false;
        (void)snprintf(whole, sizeof whole, "%s/%s", path, given);
    }
    for (char *part = strtok_r(whole, "/", &rest); part != NULL;
         part = strtok_r(NULL, "/", &rest)) {
        if (strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            while (length > 0 && path[--length] != '/')
                ;
            continue;
        }
        if (length + 1 + strlen(part) >= PATH_MAX)
            return false;
        path[length++] = '/';
        memcpy(path + length, part, strlen(part));
        length += strlen(part);
    }
    path[length] = '\0';
    return length > 0;
}
