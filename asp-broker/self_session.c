/* One command of one user on her own account, from her words to its exit code. */
#include "self_session.h"

#include "self_account.h"
#include "self_console.h"
#include "self_pam.h"
#include "session_process.h"

#include "asp-admin/app.h"
#include "asp-admin/database/database.h"
#include "asp-admin/self/self_rules.h"
#include "asp-admin/ui/console.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"

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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENT "the client"
#define SIGN_IN_AGAIN "your primary password was changed, or is not to be used now: sign in again"

enum {
    COMMAND_MS = 5000, /* until it has said what it wants */
    WIDTH = 80,
    WIDTH_MAX = 1000,
    FREE_NICE = 10, /* of a command that anybody may begin as often as she likes */
};

enum { FIELD_WIDTH, FIELD_COLOUR, FIELD_WORDS };

static bool read_secret(void *context, const char *user, char *typed, size_t size, size_t *length)
{
    const struct self_client *client = context;
    bool answered =
        self_ask(client->fd, ASP_ASK_APP_PASSWORD, user, typed, size, length, NULL) == ASP_OK;

    errno = EPIPE;
    return answered;
}

/* What the command says goes to the client. */
static struct console console_of_client(struct self_client *client,
                                        const struct asp_message_read *message)
{
    struct console console = {
        .program = "asp-admin",
        .write = self_console_write,
        .read_secret = read_secret,
        .context = client,
        .colour = asp_message_field(message, FIELD_COLOUR) != NULL,
    };
    int width = WIDTH;

    console.terminal = asp_message_read_number(message, FIELD_WIDTH, &width);
    console.width = width > 0 && width <= WIDTH_MAX ? (size_t)width : WIDTH;
    return console;
}

/* Her own primary password, on which what she has answered hangs. */
struct hers {
    const struct self_session *session;
    const struct admin *admin;
    struct own_primary own;        /* as it was before she was asked */
    struct asp_fingerprint before; /* as her account had it before the change that is made */
    struct own_primary next; /* as it is once what her command makes of the account is stored */
};

/* Under the lock of a change: what was answered to an earlier primary password makes nothing that
 * the change of it would not revoke. */
static enum asp_status check_primary(void *context, const struct asp_account *account,
                                     struct asp_error *error)
{
    struct hers *hers = context;
    const struct admin *admin = hers->admin;
    struct own_primary now;
    enum asp_status status = own_primary_take(&hers->session->key, admin->conf, &admin->store,
                                              account, admin->now, &now, error);

    if (status == ASP_OK && !own_primary_same(&now, &hers->own))
        status =
            asp_fail(error, ASP_BUSY, "the primary password of %s was changed meanwhile: try again",
                     account->user);
    hers->before = account->primary;
    return status;
}

/* What her own command makes of the account is no change that others have made; but what it finds
 * that they have is, and she may have answered before that. */
static void follow_account(void *context, const struct asp_account *account)
{
    struct hers *hers = context;

    hers->next = hers->own;
    if (asp_fingerprint_is_replaced(&hers->before, &account->primary))
        return;
    own_primary_follow(&hers->session->key, hers->admin->conf, account, &hers->next);
}

static void keep_followed(void *context)
{
    struct hers *hers = context;

    hers->own = hers->next;
}

static bool report(const struct self_session *session, enum self_report_kind kind,
                   const struct own_primary *own)
{
    const struct self_report report = {.process = getpid(), .kind = kind, .own = *own};

    return write(session->report, &report, sizeof report) == (ssize_t)sizeof report;
}

/* Whether her primary password is what it was when she signed in. */
static enum asp_status compare_signed_in(const struct self_session *session,
                                         const struct admin *admin, struct own_primary *own,
                                         struct asp_error *error)
{
    enum asp_status status = self_account_print(admin, &session->key, own, error);

    if (own_primary_same(session->ticket, own))
        return ASP_OK;
    return status == ASP_OK || status == ASP_DENIED ? asp_fail(error, ASP_DENIED, SIGN_IN_AGAIN)
                                                    : status;
}

/* One who has signed in is not asked again: what she has answered holds, or her session is over. */
static enum exit_code take_signed_in(const struct self_session *session, const struct admin *admin,
                                     struct own_primary *own)
{
    const struct console *console = admin->console;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status = compare_signed_in(session, admin, own, &error);

    if (status != ASP_OK)
        return fail_with(console, status == ASP_DENIED ? EXIT_NO : EXIT_STORE, "%s",
                         asp_error_line(&error, line));
    if (!session->may_change)
        return fail_with(console, EXIT_NO, "too many changes in a minute: wait a moment");
    return report(session, SELF_CHANGES, own)
               ? EXIT_DONE
               : fail_with(console, EXIT_STORE, "asp-broker is about to end: try again");
}

/* Whether she is who she is known to be. Three wrong answers make her wait. */
static enum exit_code authenticate(const struct self_session *session, const struct admin *admin,
                                   const char *name, struct own_primary *own)
{
    const struct console *console = admin->console;
    const struct self_pam pam = {
        .fd = session->fd, .service = SERVICE_TERMINAL, .user = admin->user, .ruser = admin->user};
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];
    enum asp_status status;

    if (session->account != NULL)
        return take_signed_in(session, admin, own);
    (void)self_account_print(admin, &session->key, own, NULL);
    if (session->ticket != NULL && own_primary_same(session->ticket, own))
        return EXIT_DONE;
    if (session->wait_ms > 0)
        return fail_with(console, EXIT_NO, "too many wrong answers: wait %" PRId64 " seconds",
                         (session->wait_ms + 999) / 1000);
    status = self_pam_ask(&pam, admin, &error);
    if ((status == ASP_OK || status == ASP_DENIED) &&
        !report(session, status == ASP_OK ? SELF_ADMITTED : SELF_WRONG, own))
        return fail_with(console, EXIT_STORE, "asp-broker is about to end: try again");
    if (status == ASP_OK)
        return EXIT_DONE;
    self_account_log_refusal(name, error.text, NULL);
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
    if (code == EXIT_DONE && command->self_use == SELF_ASKED)
        code = authenticate(session, admin, name, &hers->own);
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
    code = command->run(admin);
    /* Her session goes on with what she has made of her account herself. */
    if (session->account != NULL && command->self_use == SELF_ASKED &&
        !own_primary_same(session->ticket, &hers->own))
        (void)report(session, SELF_FOLLOWED, &hers->own);
    return code;
}

/* The account that she has signed in to is another one's by now only where the name service says
 * so. */
static bool find_account(const struct self_session *session, struct admin *admin, const char *name,
                         struct asp_error *error)
{
    if (session->account == NULL)
        return self_account_find(admin, name, error);
    return self_account_find_typed(admin, session->account, error) &&
           strcmp(admin->user, session->account) == 0;
}

/* Whether she may act here at all, and on which account: her own, always. */
static enum exit_code check_who(const struct self_session *session, struct admin *admin,
                                const struct command *command, struct options *options,
                                const char *name, char **words)
{
    const struct console *console = admin->console;
    struct asp_error error = {0};
    char line[ASP_ERROR_LINE];

    if (!self_rules_admit(admin->conf, name))
        return fail_with(console, EXIT_STORE,
                         "self-service is not for you here: ask the administrator");
    if (!find_account(session, admin, name, &error))
        return fail_with(console, EXIT_STORE, "%s", asp_error_line(&error, line));
    return self_rules_check(admin, command, options, words);
}

static enum exit_code run_command(const struct self_session *session, const struct console *console,
                                  const struct command *command, struct options *options,
                                  const char *name)
{
    const char *typed_config = options->config;
    struct admin admin = {0};
    struct hers hers = {.session = session, .admin = &admin};
    const struct admin_guard guard = {
        .check = check_primary,
        .changed = follow_account,
        .stored = keep_followed,
        .context = &hers,
        .via = session->account != NULL ? "web" : "self",
    };
    char **words = calloc((size_t)options->argument_count + 1, sizeof *words);
    enum exit_code code;

    if (words == NULL)
        return fail_with(console, EXIT_STORE, "out of memory");
    options->config = session->conf_required ? session->conf_path : NULL;
    code = admin_open(&admin, options, console, name);
    admin.typed_config = typed_config;
    database_hide(admin.database);
    if (code == EXIT_DONE && !command->takes_any_name)
        code = admin_take_user(&admin);
    if (code == EXIT_DONE)
        code = check_who(session, &admin, command, options, name, words);
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

/* Who cannot be told would wait for it as long as her session lasts: the listener holds the
 * connection too. */
static void say_done(int fd, enum exit_code code)
{
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_DONE);
    asp_message_number(&message, (unsigned)code);
    if (asp_broker_send(fd, CLIENT, &message, NULL) != ASP_OK)
        (void)shutdown(fd, SHUT_RDWR);
}

/* Whether one who has signed in may still act, and her primary password is what it was. */
static enum asp_status check_signed_in(const struct self_session *session, struct asp_error *error)
{
    struct admin admin = {.now = time(NULL), .store = ASP_STORE_CLOSED};
    struct asp_identity identity;
    struct own_primary own;
    bool is_user;
    enum asp_status status =
        admin_load_conf(&admin, session->conf_path, session->conf_required, &identity, error);

    if (status != ASP_OK)
        return status;
    database_hide(admin.database);
    if (!self_rules_admit(admin.conf, session->account)) {
        status = asp_fail(error, ASP_DENIED, "this is not for you any more: ask the administrator");
    } else if (!find_account(session, &admin, NULL, error)) {
        status = error->status;
    } else {
        status = compare_signed_in(session, &admin, &own, error);
        if (status == ASP_OK)
            status = self_account_ask(session->account, &is_user, error);
        /* Who is gone is no virtual user, nor is one who was virtual the user of that name. */
        if (status == ASP_OK && is_user != session->is_user)
            status = asp_fail(error, ASP_DENIED, SIGN_IN_AGAIN);
    }
    admin_close(&admin);
    return status;
}

/* Who it is. Nobody who has no account is listened to: of such uids one person can have many. */
static enum asp_status find_name(const struct self_session *session, char name[ASP_USER_MAX + 1],
                                 struct asp_error *error)
{
    const struct passwd *user;

    if (session->account != NULL) {
        memcpy(name, session->account, strlen(session->account) + 1);
        return check_signed_in(session, error);
    }
    user = getpwuid(session->uid);
    if (user == NULL || strlen(user->pw_name) > ASP_USER_MAX)
        return asp_fail(error, ASP_NOT_FOUND, "the system does not know who you are: uid %lu",
                        (unsigned long)session->uid);
    memcpy(name, user->pw_name, strlen(user->pw_name) + 1);
    return ASP_OK;
}

/* Who it is, and what she wants. */
static enum asp_status read_command(const struct self_session *session,
                                    uint8_t bytes[ASP_MESSAGE_MAX],
                                    struct asp_message_read *message, char name[ASP_USER_MAX + 1],
                                    struct asp_error *error)
{
    enum asp_status status = find_name(session, name, error);

    if (status != ASP_OK)
        return status;
    status =
        asp_broker_receive(session->fd, CLIENT, asp_clock_ms() + COMMAND_MS, bytes, message, error);
    if (status == ASP_OK && message->type != ASP_MESSAGE_COMMAND)
        status = asp_fail(error, ASP_CORRUPT, "this is no command");
    return status;
}

int self_session_run(const struct self_session *session)
{
    struct self_client client = {.fd = session->fd};
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
