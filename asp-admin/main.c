/*
 * asp-admin: app passwords made, listed, renamed, renewed and revoked.
 */
#include "asp-admin/commands/commands.h"
#include "asp-admin/self/self_client.h"
#include "asp-admin/ui/console.h"
#include "asp/buffer.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static enum exit_code show_version(void)
{
    struct asp_buffer out = {0};

    asp_buffer_add(&out, "asp-admin " VERSION "\n");
    return emit_and_free(&out) ? EXIT_DONE : EXIT_STORE;
}

static enum exit_code run(const struct command *command, const struct options *options)
{
    struct admin admin = {.options = options, .store = ASP_STORE_CLOSED, .now = time(NULL)};
    enum exit_code code = command_check_line(command, options);

    if (code != EXIT_DONE)
        return code;
    if (!command->opens_own_conf)
        code = admin_open(&admin, options, NULL);
    if (code == EXIT_DONE)
        code = command->run(&admin);
    admin_close(&admin);
    return code;
}

static enum exit_code dispatch(int argc, char **argv)
{
    const struct command *command = NULL;
    struct options options;
    char socket[SELF_SOCKET_SIZE];
    enum exit_code code;

    if (sodium_init() < 0)
        return fail_with(EXIT_STORE, "libsodium does not start");
    if (!options_read(argc, argv, &options))
        return EXIT_USAGE;
    if (options.command != NULL)
        command = command_find(options.command);
    if (options.help)
        return commands_help(command);
    if (options.version)
        return show_version();
    if (options.command == NULL)
        return fail_with(EXIT_USAGE, "which command? See asp-admin --help");
    if (command == NULL)
        return fail_with(EXIT_USAGE, "there is no command %s: see asp-admin --help",
                         options.command);
    code = self_client_find_socket(&options, socket);
    if (code != EXIT_DONE)
        return code;
    if (socket[0] != '\0')
        return self_client_run(&options, socket, argc, argv);
    return run(command, &options);
}

/*
 * Whoever calls with a closed descriptor would have the next file that is opened in its place, and
 * a password written into it. What is put there instead cannot be written.
 */
static bool occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct console console;

    if (!occupy_standard_descriptors())
        return EXIT_STORE;
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)signal(SIGPIPE, SIG_IGN);
    console = console_of_process();
    console_use(&console);
    return (int)dispatch(argc, argv);
}
