/*
 * Logs in, in a process that is nothing but that: for valgrind, for callgrind, and for a look at
 * what is left in memory.
 *
 *   driver MODE CONFDIR SERVICE USER RHOST     - for no RHOST
 *     once     one login, then waits for the end of standard input
 *     stopped  the same, and stops itself in the middle of it, when the tap sees the module return
 *     counted  five logins, then one more inside of counted_login
 *     hundred  a hundred logins
 *
 * The password comes masked in ASP_PASSWORD, and stays masked but for the response to libpam. The
 * code of the last login is printed.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int counted_login(const struct world *world, char *argv[], struct conversation *conversation)
    __attribute__((noinline));

static int one(const struct world *world, char *argv[], struct conversation *conversation)
{
    const char *rhost = strcmp(argv[5], "-") == 0 ? NULL : argv[5];
    return login_with(world, argv[3], argv[4], rhost, conversation);
}

static void stop(void)
{
    (void)raise(SIGSTOP);
}

/* callgrind counts what is inside of this. */
int counted_login(const struct world *world, char *argv[], struct conversation *conversation)
{
    return one(world, argv, conversation);
}

int main(int argc, char *argv[])
{
    struct conversation conversation = {.text = getenv("ASP_PASSWORD"), .masked = true};
    struct world world = {.dir = ""};
    char byte;

    if (argc != 6 || conversation.text == NULL)
        return 2;
    (void)snprintf(world.confdir, sizeof world.confdir, "%s", argv[2]);
    bool stops = strcmp(argv[1], "stopped") == 0;
    if (stops)
        pam_tap_returned = stop;
    int before = strcmp(argv[1], "hundred") == 0 ? 99 : strcmp(argv[1], "counted") == 0 ? 5 : 0;
    for (int i = 0; i < before; i++)
        (void)one(&world, argv, &conversation);
    printf("code %d\n", counted_login(&world, argv, &conversation));
    (void)fflush(stdout);
    if (stops || strcmp(argv[1], "once") == 0)
        while (read(STDIN_FILENO, &byte, 1) > 0)
            continue;
    return 0;
}
