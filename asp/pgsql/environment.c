/* What libpq takes from the environment. */
#include "environment.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

void pgsql_forget_environment(void)
{
    char **kept = environ;

    if (environ == NULL)
        return;
    for (char **variable = environ; *variable != NULL; variable++) {
        if (strncmp(*variable, "PG", strlen("PG")) != 0)
            *kept++ = *variable;
    }
    *kept = NULL;
}
