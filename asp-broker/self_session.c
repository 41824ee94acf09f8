/* One command of one user on her own account, from her words to its exit code. */
#include "self_session.h"

#include "self_pam.h"

#include "asp-admin/self/self_rules.h"
#include "asp-admin/ui/console.h"
#include "asp/broker_socket.h"
#include "asp/buffer.h"
#include "asp/clock.h"
#include "pam_asp/name_service.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#define CLIENT "the client"

enum {
    COMMAND_MS = 5000,  /* until it has said what it wants */
    WRITTEN_MS = 30000, /* until what it was told is written */
    CHUNK = 4096,
    WIDTH = 80,
    WIDTH_MAX = 1000,
    FREE_NICE = 10, /* of a command that anybody may begin as often as she likes */
};

enum { FIELD_WIDTH, FIELD_COLOUR, FIELD_WORDS };

/* The other end, as the commands have it before them. */
struct client {
    int fd;
    bool silent; /* it has not answered in time: it is told the rest, and not waited for again */
};

/* Whether it is written: 0, or an errno. */
static int wait_written(struct client *client, int64_t deadline)
{
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read answer;
    int number;

    if (client->silent ||
        asp_broker_receive(client->fd, CLIENT, deadline, bytes, &answer, NULL) != ASP_OK) {
        client->silent = true;
        return EPIPE;
    }
    if (answer.type != ASP_MESSAGE_SAID || !asp_message_read_number(&answer, 0, &number))
        return EPROTO;
    return number;
}

static bool write_chunk(struct client *client, enum console_stream stream, const char *text,
                        size_t length, int64_t deadline)
{
    static const char *const streams[] = {
        [CONSOLE_OUT] = ASP_STREAM_OUT,
        [CONSOLE_ERR] = ASP_STREAM_ERR,
        [CONSOLE_PROFILE] = ASP_STREAM_PROFILE,
    };
    struct asp_message message;
    enum asp_status status;

    asp_message_begin(&message, ASP_MESSAGE_SAY);
    asp_message_text(&message, streams[stream], ASP_MESSAGE_MAX);
    asp_message_bytes(&message, text, length);
    status = asp_broker_send(client->fd, CLIENT, &message, NULL);
    asp_message_wipe(&message);
    errno = status == ASP_OK ? wait_written(client, deadline) : EPIPE;
    return errno == 0;
}

/* True when all of it was acknowledged in time: by the client itself, once it has written it. */
static bool write_to_client(void *context, enum console_stream stream, const char *text,
                            size_t length)
{
    struct client *client = context;
    const int64_t deadline = asp_clock_ms() + WRITTEN_MS;

    for (size_t at = 0; at < length; at += CHUNK) {
        if (!write_chunk(client, stream, text + at, length - at < CHUNK ? length - at : CHUNK,
                         deadline))
            return false;
    }
    return true;
}

static bool read_secret(void *context, const char *user, char *typed, size_t size, size_t *length)
{
    const struct client *client = context;
    bool answered =
        self_ask(client->fd, ASP_ASK_APP_PASSWORD, user, typed, size, length, NULL) == ASP_OK;

    errno = EPIPE;
    return answered;
}

/* What the command says goes to the client. */
static struct console console_of_client(struct client *client,
                                        const struct asp_message_read *message)
{
    struct console console = {
        .program = "asp-admin",
        .write = write_to_client,
        .read_secret = read_secret,
        .context = client,
        .colour = asp_message_field(message, FIELD_COLOUR) != NULL,
    };
    int width = WIDTH;

    console.terminal = asp_message_read_number(message, FIELD_WIDTH, &width);
    console.width = width > 0 && width <= WIDTH_MAX ? (size_t)width : WIDTH;
    return console;
}

static void log_refusal(const char *name, const char *cause)
{
    struct asp_buffer line = {0};

    asp_buffer_add(&line, "self-service refused: user=");
    asp_buffer_add_logged(&line, name);
    asp_buffer_add(&line, " cause=");
    asp_buffer_add_logged(&line, cause);
    if (!line.failed)
        syslog(LOG_NOTICE, "%s", line.text);
    asp_buffer_free(&line);
}

/* Her own primary password, on which what she has answered hangs. */
struct hers {
    const struct own_primary_key *key;
    const struct admin *admin;
    struct own_primary own; /* as it was before she was asked */
};

/* Before she is asked, and before an earlier answer is taken for one. What cannot be told is no
 * earlier answer's, and is refused where something is to be changed. Her account is one without
 * entries where it is not there yet, or cannot be read: then the command says why. */
static void look_at_primary(struct hers *hers)
{
    const struct admin *admin = hers->admin;
    struct asp_account account;
    struct asp_store store;
    enum asp_status status = asp_store_open(&store, admin->conf, NULL, NULL);

    if (status == ASP_OK)
        status = asp_store_load(&store, admin->user, NULL, &account, NULL);
    if (status != ASP_OK)
        asp_account_init(&account, admin->user);
    (void)own_primary_take(hers->key, admin->conf, &store, &account, admin->now, &hers->own, NULL);
    asp_account_free(&account);
    asp_store_close(&store);
}

/* Under the lock of a change: what was answered to an earlier primary password makes nothing that
 * the change of it would not revoke. */
static enum asp_status check_primary(void *context, const struct asp_account *account,
                                     struct asp_error *error)
{
    const struct hers *hers = context;
    const struct admin *admin = hers->admin;
    struct own_primary now;
    enum asp_status status =
        own_primary_take(hers->key, admin->conf, &admin->store, account, admin->now, &now, error);

    if (status == ASP_OK && !own_primary_same(&now, &hers->own))
        status =
            asp_fail(error, ASP_BUSY, "the primary password of %s was changed meanwhile: try again",
                     account->user);
    return status;
}

/* What her own command makes of the account is no change that others have made. */
static void follow_account(void *context, const struct asp_account *account)
{
    struct hers *hers = context;

    own_primary_follow(hers->key, hers->admin->conf, account, &hers->own);
}

/* Whether she is who she is known to be. Three wrong answers make her wait. */
static enum exit_code authenticate(const struct self_session *session, const struct admin *admin,
                                   const char *name, const struct own_primary *own)
{
    const struct console *console = admin->console;
    struct self_report report = {.process = getpid(), .own = *own};
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status;

    if (session->ticket != NULL && own_primary_same(session->ticket, own))
        return EXIT_DONE;
    if (session->wait_ms > 0)
        return fail_with(console, EXIT_NO, "too many wrong answers: wait %" PRId64 " seconds",
                         (session->wait_ms + 999) / 1000);
    status = self_pam_ask(session->fd, admin, &error);
    report.admitted = status == ASP_OK;
    if ((status == ASP_OK || status == ASP_DENIED) &&
        write(session->report, &report, sizeof report) != (ssize_t)sizeof report)
        return fail_with(console, EXIT_STORE, "asp-broker is about to end: try again");
    if (status == ASP_OK)
        return EXIT_DONE;
    log_refusal(name, error.text);
    return fail_with(console, EXIT_NO, status == ASP_DENIED ? "you were not let in: %s" : "%s",
                     asp_error_line(&error, line));
}

/* A command that is sound, of a user who may: now she is asked, and it is carried out. */
static enum exit_code carry_out(const struct self_session *session, struct admin *admin,
                                const struct command *command, const char *name, struct hers *hers)
{
    enum exit_code code = EXIT_DONE;
    sigset_t stop;

    if (admin->conf->self_apps.count > 0)
        admin->apps = &admin->conf->self_apps;
    /* A slip of the hand costs no one-time code. */
    if (command->validate != NULL)
        code = command->validate(admin);
    if (code == EXIT_DONE && command->self_use == SELF_ASKED) {
        look_at_primary(hers);
        code = authenticate(session, admin, name, &hers->own);
    }
    if (code != EXIT_DONE)
        return code;
    /* What changes nothing holds no lock, and may cost a hash: logins come first. */
    if (command->self_use == SELF_FREE)
        (void)setpriority(PRIO_PROCESS, 0, FREE_NICE);
    /* What changes something is brought to its end: a password that was shown is made alive, or
     * dropped. */
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SELF_END);
    (void)sigaddset(&stop, SIGTERM);
    if (command->self_use == SELF_ASKED)
        (void)sigprocmask(SIG_BLOCK, &stop, NULL);
    return command->run(admin);
}

/* Her account, whether it is there or not. False: the name service does not know her by the name
 * that it has told, or the name stands for another. */
static bool find_account(struct admin *admin, const char *name, struct asp_error *error)
{
    struct asp_store store;
    struct asp_account_name found;
    bool is_open = asp_store_open(&store, admin->conf, NULL, NULL) == ASP_OK;
    enum asp_status status =
        asp_account_name(admin->conf, is_open ? &store : NULL, &name_service, name, &found, error);

    asp_store_close(&store);
    if (status != ASP_OK && status != ASP_NOT_FOUND)
        return false;
    (void)asp_fail(error, ASP_DENIED, "%s is no account of yours here: ask the administrator",
                   found.name[0] != '\0' ? found.name : name);
    memcpy(admin->user, found.name, sizeof admin->user);
    admin->known = found.known;
    admin->typed = NULL;
    return found.name[0] != '\0' && (found.known || strcmp(found.name, name) == 0);
}

/* Whether she may act here at all, and on which account: her own, always. */
static enum exit_code check_who(struct admin *admin, const struct command *command,
                                struct options *options, const char *name, char **words)
{
    const struct console *console = admin->console;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (!self_rules_admit(admin->conf, name))
        return fail_with(console, EXIT_STORE,
                         "self-service is not for you here: ask the administrator");
    if (!find_account(admin, name, &error))
        return fail_with(console, EXIT_STORE, "%s", asp_error_line(&error, line));
    return self_rules_check(admin, command, options, words);
}

static enum exit_code run_command(const struct self_session *session, const struct console *console,
                                  const struct command *command, struct options *options,
                                  const char *name)
{
    const char *typed_config = options->config;
    struct admin admin = {0};
    struct hers hers = {.key = &session->key, .admin = &admin};
    const struct admin_guard guard = {check_primary, follow_account, &hers};
    char **words = calloc((size_t)options->argument_count + 1, sizeof *words);
    enum exit_code code;

    if (words == NULL)
        return fail_with(console, EXIT_STORE, "out of memory");
    options->config = session->conf_required ? session->conf_path : NULL;
    code = admin_open(&admin, options, console, name);
    admin.typed_config = typed_config;
    if (code == EXIT_DONE && !command->takes_any_name)
        code = admin_take_user(&admin);
    if (code == EXIT_DONE)
        code = check_who(&admin, command, options, name, words);
    admin.guard = &guard;
    if (code == EXIT_DONE)
        code = carry_out(session, &admin, command, name, &hers);
    admin_close(&admin);
    free(words);
    return code;
}

/* The words lie in the bytes of the message, NUL-terminated each. */
static enum exit_code run_words(const struct self_session *session, const struct console *console,
                                uint8_t *bytes, const struct asp_message_read *message,
                                const char *name)
{
    char *words[ASP_MESSAGE_FIELDS + 1] = {NULL};
    size_t count = 0;
    struct options options;
    const struct command *command = NULL;

    for (size_t i = FIELD_WORDS; i < message->count; i++) {
        const char *word = asp_message_field(message, i);

        if (word == NULL)
            return fail_with(console, EXIT_USAGE, "a word of the command line is missing");
        words[count++] = (char *)bytes + (word - (const char *)bytes);
    }
    if (count == 0 || !options_read((int)count, words, console, command_options_of, &options))
        return EXIT_USAGE;
    if (options.command != NULL)
        command = command_find(options.command);
    if (command == NULL)
        return fail_with(console, EXIT_USAGE, "there is no such command");
    return run_command(session, console, command, &options, name);
}

static void say_done(int fd, enum exit_code code)
{
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_DONE);
    asp_message_number(&message, (unsigned)code);
    (void)asp_broker_send(fd, CLIENT, &message, NULL);
}

/* Who it is, and what she wants. */
static enum asp_status read_command(const struct self_session *session,
                                    uint8_t bytes[ASP_MESSAGE_MAX],
                                    struct asp_message_read *message, char name[ASP_USER_MAX + 1],
                                    struct asp_error *error)
{
    const struct passwd *user = getpwuid(session->uid);
    enum asp_status status;

    /* Nobody who has no account is listened to: of such uids one person can have many. */
    if (user == NULL || strlen(user->pw_name) > ASP_USER_MAX)
        return asp_fail(error, ASP_NOT_FOUND, "the system does not know who you are: uid %lu",
                        (unsigned long)session->uid);
    memcpy(name, user->pw_name, strlen(user->pw_name) + 1);
    status =
        asp_broker_receive(session->fd, CLIENT, asp_clock_ms() + COMMAND_MS, bytes, message, error);
    if (status == ASP_OK && message->type != ASP_MESSAGE_COMMAND)
        status = asp_fail(error, ASP_CORRUPT, "this is no command");
    return status;
}

int self_session_run(const struct self_session *session)
{
    struct client client = {.fd = session->fd};
    uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message = {.count = 0};
    struct console console;
    char name[ASP_USER_MAX + 1];
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (read_command(session, bytes, &message, name, &error) != ASP_OK) {
        asp_broker_refuse(session->fd, asp_error_line(&error, line));
        return 1;
    }
    console = console_of_client(&client, &message);
    say_done(session->fd, run_words(session, &console, bytes, &message, name));
    sodium_memzero(bytes, sizeof bytes);
    return 0;
}
