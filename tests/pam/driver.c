/*
 * Logs in, in a process that is nothing but that: for valgrind, for callgrind, and for a look at
 * what is left in memory.
 *
 *   driver MODE CONFDIR SERVICE USER RHOST     - for no RHOST
 *     once     one login, then waits for the end of standard input
 *     stopped  the same, and stops itself in the middle of it, when the tap sees the module return
 *     counted  five logins, then one more inside of counted_login
 *     hundred  a hundred logins
 *   driver asked CONFDIR                       as it is told until standard input ends: in each
 * line SERVICE USER RHOST and the password, masked
 *
 * Else the password comes masked in ASP_PASSWORD. It stays masked but for the response to libpam.
 * The code of the last login is printed, or of each.
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

/* A host that lives on. Returns the exit status. */
static int be_asked(const struct world *world)
{
    char line[2048];
    char *words[6] = {NULL};

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *rest = line;

        for (int i = 3; i < 6; i++)
            words[i] = strsep(&rest, " ");
        if (rest == NULL)
            return 2;
        rest[strcspn(rest, "\n")] = '\0';
        struct conversation conversation = {.text = rest, .masked = true};
        printf("code %d\n", one(world, words, &conversation));
        (void)fflush(stdout);
    }
    return 0;
}

int main(int argc, char *argv[])
{
    struct conversation conversation = {.text = getenv("ASP_PASSWORD"), .masked = true};
    struct world world = {.dir = ""};
    char byte;

    bool is_asked = argc == 3 && strcmp(argv[1], "asked") == 0;
    if (!is_asked && (argc != 6 || conversation.text == NULL))
        return 2;
    (void)snprintf(world.confdir, sizeof world.confdir, "%s", argv[2]);
    if (is_asked)
        return be_asked(&world);
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
