/*
 * asp-admin: app passwords made, listed, renamed, renewed and revoked.
 */
#include "asp-admin/commands/help.h"
#include "asp-admin/commands/line.h"
#include "asp-admin/commands/new_password_device.h"
#include "asp-admin/database/database.h"
#include "asp-admin/profile/profile_file.h"
#include "asp-admin/self/self_client.h"
#include "asp-admin/system/own_process.h"
#include "asp-admin/ui/console.h"
#include "asp/buffer.h"
#include "asp/random.h"

#include <locale.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static enum exit_code show_version(const struct console *console)
{
    struct asp_buffer out = {0};

    asp_buffer_add(&out, "asp-admin " VERSION "\n");
    return console_print_and_free(console, &out) ? EXIT_DONE : EXIT_STORE;
}

static enum exit_code run(const struct command *command, const struct options *options,
                          const struct console *console)
{
    struct admin admin = {
        .options = options,
        .console = console,
        .typed_config = options->config,
        .store = ASP_STORE_CLOSED,
        .now = time(NULL),
    };
    enum exit_code code = line_check(command, console, options);

    if (code != EXIT_DONE)
        return code;
    if (!command->opens_own_conf)
        code = admin_open(&admin, options, console, command->by);
    admin.takes_exact = command->takes_exact;
    if (code == EXIT_DONE && !command->opens_own_conf && !command->takes_any_name)
        code = admin_take_user(&admin);
    if (code == EXIT_DONE)
        code = command->run(&admin);
    admin_close(&admin);
    return code;
}

static bool is_help(const char *word)
{
    return word != NULL && strcmp(word, "help") == 0;
}

/* help COMMAND is COMMAND --help. False: it is neither. */
static bool wants_help(struct options *options)
{
    if (is_help(options->command)) {
        options->help = true;
        options->command = options->argument_count > 0 ? options->arguments[0] : NULL;
    }
    if (is_help(options->command))
        options->command = NULL;
    return options->help;
}

/* By the broker that serves at this socket, or here. */
static enum exit_code carry_out(const struct command *command, const struct options *options,
                                const struct console *console, const char *socket, int argc,
                                char **argv)
{
    if (socket[0] != '\0')
        return self_client_run(options, console, socket, argc, argv);
    return run(command, options, console);
}

/* `sorted` are the same words, whose order is getopt's to change: a broker gets them as typed. */
static enum exit_code dispatch(int argc, char **argv, char **sorted, const struct console *console)
{
    const struct command *command;
    struct asp_error error = {0};
    struct options options;
    struct profile_file profile;
    char socket[SELF_SOCKET_SIZE] = "";
    enum exit_code code = EXIT_DONE;

    if (asp_random_check_start(&error) != ASP_OK)
        return fail_with_error(console, &error);
    if (sodium_init() < 0)
        return fail_with(console, EXIT_STORE, "libsodium does not start");
    if (!options_read(argc, sorted, console, command_options_of, &options))
        return EXIT_USAGE;
    if (wants_help(&options))
        return help_show(console, options.command);
    if (options.version)
        return show_version(console);
    if (options.command == NULL)
        return fail_with(console, EXIT_USAGE, "which command? asp-admin help lists them");
    command = command_find(options.command);
    if (command == NULL)
        return help_fail_unknown(console, options.command);
    if (!command->is_run_here)
        code = self_client_find_socket(&options, console, socket);
    if (code != EXIT_DONE)
        return code;
    if (!device_profile_in_file(&options))
        return carry_out(command, &options, console, socket, argc, argv);
    code = profile_file_open(&profile, options.profile, console);
    if (code != EXIT_DONE)
        return code;
    code = carry_out(command, &options, &profile.console, socket, argc, argv);
    profile_file_close(&profile, code == EXIT_DONE);
    return code;
}

int main(int argc, char **argv)
{
    struct console console;
    char **sorted;
    enum exit_code code = EXIT_STORE;

    if (!own_process_prepare())
        return EXIT_STORE;
    database_begin_program();
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    console = console_of_process("asp-admin");
    sorted = calloc((size_t)argc + 1, sizeof *sorted);
    if (sorted == NULL)
        return (int)fail_with(&console, code, "out of memory");
    memcpy(sorted, argv, (size_t)argc * sizeof *sorted);
    code = dispatch(argc, argv, sorted, &console);
    free(sorted);
    return (int)code;
}
