/*
 * Memory that runs out in one process: preloaded, it lets the allocation ASP_TEST_STARVE fail, and
 * with a + behind the number all that follow. How many there were is written to descriptor
 * ASP_TEST_STARVE_TO at the end.
 */
#include "../support/starving.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

SPARE(struct passwd *, getpwnam, (const char *name), (name))
SPARE(struct passwd *, getpwuid, (uid_t uid), (uid))
SPARE(struct group *, getgrnam, (const char *name), (name))

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("ASP_TEST_STARVE");

    fail_at = at == NULL ? 0 : strtol(at, NULL, 10);
    fail_on = at != NULL && strchr(at, '+') != NULL;
    counting = true;
}

__attribute__((destructor)) static void end(void)
{
    const char *to = getenv("ASP_TEST_STARVE_TO");

    counting = false;
    if (to != NULL)
        (void)dprintf(atoi(to), "%ld\n", allocations);
}
