/*
 * A user who is not root, on her own account: this process hands her command line to asp-broker,
 * and reads and writes at her terminal for it.
 */
#ifndef ASP_ADMIN_SELF_SELF_CLIENT_H
#define ASP_ADMIN_SELF_SELF_CLIENT_H

#include "asp-admin/commands/commands.h"

#include <sys/un.h>

enum { SELF_SOCKET_SIZE = sizeof((struct sockaddr_un *)0)->sun_path };

/* Where the broker has to be asked, since the store of the configuration is another user's; empty
 * when it has not. EXIT_DONE, else what is wrong with the configuration was said. */
enum exit_code self_client_find_socket(const struct options *options, const struct console *console,
                                       char socket[SELF_SOCKET_SIZE]);

/* Has the broker carry out the line `argv`. Returns its exit code, or one of this side. */
enum exit_code self_client_run(const struct options *options, const struct console *console,
                               const char *socket, int argc, char **argv);

/*
 * Does what the broker at `fd` wants of the person, until it has said how the command has ended:
 * writes what it says to the console, puts its questions, with `json` as a program has them
 * (prompt_ask), and answers each. Returns that exit code; else, after a line on the console,
 * EXIT_STORE.
 */
enum exit_code self_client_serve(const struct console *console, int fd, bool json);

#endif
