/* A user's own command, handed to asp-broker; this process is what reads and writes at her
 * terminal. */
#include "self_client.h"

#include "prompt.h"

#include "asp-admin/ui/console.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PEER "asp-broker"

enum {
    WAIT_MS = 700 * 1000, /* a hook may run for 300 seconds, and there can be two */
    SECRET_SIZE = 512,
};

enum exit_code self_client_find_socket(const struct options *options, const struct console *console,
                                       char socket[SELF_SOCKET_SIZE])
{
    struct admin admin = {.options = options, .console = console, .store = ASP_STORE_CLOSED};
    enum exit_code code;

    socket[0] = '\0';
    if (geteuid() == 0)
        return EXIT_DONE;
    code = admin_read_conf(&admin);
    if (code == EXIT_DONE && !asp_store_is_own(admin.conf, &admin.kept))
        (void)snprintf(socket, SELF_SOCKET_SIZE, "%s", admin.conf->self_socket);
    admin_close(&admin);
    return code;
}

static void write_command(const struct console *console, int argc, char **argv,
                          struct asp_message *message)
{
    asp_message_begin(message, ASP_MESSAGE_COMMAND);
    if (console->terminal)
        asp_message_number(message, (unsigned)console->width);
    else
        asp_message_text(message, NULL, 0);
    asp_message_text(message, console->colour ? "colour" : NULL, ASP_MESSAGE_MAX);
    for (int i = 0; i < argc; i++)
        asp_message_text(message, argv[i], ASP_MESSAGE_MAX);
}

/* Writes what the command says to where it belongs, and answers whether it got there. */
static bool say(const struct console *console, const struct asp_message_read *message,
                struct asp_message *answer)
{
    const char *stream = asp_message_field(message, 0);
    enum console_stream to = CONSOLE_ERR;

    if (stream == NULL || message->count != 2)
        return false;
    if (strcmp(stream, ASP_STREAM_OUT) == 0)
        to = CONSOLE_OUT;
    else if (strcmp(stream, ASP_STREAM_PROFILE) == 0)
        to = CONSOLE_PROFILE;
    asp_message_begin(answer, ASP_MESSAGE_SAID);
    if (console->write(console->context, to, (const char *)message->fields[1].bytes,
                       message->fields[1].length))
        asp_message_number(answer, 0);
    else
        asp_message_number(answer, (unsigned)errno);
    return true;
}

/* Whom the questions are put to. */
struct person {
    const struct console *console;
    bool json;
    bool explained; /* what is asked for */
};

/* Asks the person, and answers what was typed. */
static bool ask(struct person *person, const struct asp_message_read *message,
                struct asp_message *answer)
{
    const struct console *console = person->console;
    const char *style = asp_message_field(message, 0);
    const char *text = asp_message_field(message, 1);
    char reply[SECRET_SIZE];
    size_t length = 0;
    bool typed;

    if (style == NULL || text == NULL)
        return false;
    if (strcmp(style, ASP_ASK_HIDDEN) == 0 && !person->explained) {
        prompt_explain(person->json);
        person->explained = true;
    }
    if (strcmp(style, ASP_ASK_APP_PASSWORD) == 0)
        typed = console->read_secret(console->context, text, reply, sizeof reply, &length);
    else
        typed = prompt_ask(style, text, person->json, reply, &length);
    asp_message_begin(answer, ASP_MESSAGE_REPLY);
    if (typed) {
        asp_message_bytes(answer, reply, length);
        asp_message_text(answer, "typed", ASP_MESSAGE_MAX);
    }
    sodium_memzero(reply, sizeof reply);
    return true;
}

/* Does what the broker wants. True with an answer for it; else *code is the end. */
static bool handle_message(struct person *person, const struct asp_message_read *message,
                           struct asp_message *answer, enum exit_code *code)
{
    const struct console *console = person->console;
    int number;

    if (message->type == ASP_MESSAGE_SAY && say(console, message, answer))
        return true;
    if (message->type == ASP_MESSAGE_ASK && ask(person, message, answer))
        return true;
    if (message->type == ASP_MESSAGE_DONE && asp_message_read_number(message, 0, &number) &&
        number <= EXIT_CONF)
        *code = (enum exit_code)number;
    else
        *code = fail_with(console, EXIT_STORE, "what " PEER " says is no message of this version");
    return false;
}

enum exit_code self_client_serve(const struct console *console, int fd, bool json)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;
    struct asp_message answer = {.length = 0};
    struct person person = {.console = console, .json = json};
    struct asp_error error = {0};
    enum asp_status status = ASP_OK;
    enum exit_code code = EXIT_STORE;
    bool more = true;

    while (more) {
        status = asp_broker_receive(fd, PEER, asp_clock_ms() + WAIT_MS, bytes, &message, &error);
        if (status != ASP_OK)
            break;
        more = handle_message(&person, &message, &answer, &code);
        /* Where it has not waited for the answer, what it has said before it left is still to come.
         */
        if (more)
            (void)asp_broker_send(fd, PEER, &answer, NULL);
        asp_message_wipe(&answer);
        sodium_memzero(bytes, sizeof bytes);
    }
    if (status == ASP_OK)
        return code;
    return fail_with(console, EXIT_STORE,
                     status == ASP_NOT_FOUND
                         ? "%s: asp-admin list shows whether it was done; try again if not"
                         : "%s",
                     error.text);
}

enum exit_code self_client_run(const struct options *options, const struct console *console,
                               const char *socket, int argc, char **argv)
{
    struct asp_message command;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum exit_code code;
    int fd;
    enum asp_status status = asp_broker_connect(socket, &fd, &error);

    write_command(console, argc, argv, &command);
    if (status == ASP_NOT_FOUND || status == ASP_DENIED) {
        code = fail_with(console, EXIT_STORE,
                         "%s: no asp-broker serves users there: run asp-admin as root, or have "
                         "asp-self.socket started",
                         socket);
    } else if (status != ASP_OK) {
        code = fail_with(console, EXIT_STORE, "%s", asp_error_line(&error, line));
    } else if (command.failed) {
        code =
            fail_with(console, EXIT_USAGE, "that is too long for one command: say less at a time");
    } else {
        /* Who is refused is told why without being heard. */
        (void)asp_broker_send(fd, PEER, &command, NULL);
        code = self_client_serve(console, fd, options->json);
    }
    asp_close(fd);
    return code;
}
