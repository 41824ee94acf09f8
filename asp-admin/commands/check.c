/* check: what a service would be told, and why. */
#include "commands.h"
#include "given.h"
#include "verdict_why.h"

#include "asp-admin/admin.h"
#include "asp-admin/doctor/pam_service.h"
#include "asp-admin/ui/console.h"
#include "asp-admin/ui/json.h"
#include "asp-admin/ui/wrap.h"
#include "asp/buffer.h"
#include "asp/login.h"
#include "asp/redact.h"
#include "pam_asp/name_service.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* More than the longest that is looked at: what is longer is none of ours. */
enum { TYPED_SIZE = 4 * ASP_SECRET_TYPED_MAX };

/* The entry whose secret was proven, in its account, which the caller frees. NULL: none was, or
 * what stands there by now cannot be read. */
static const struct asp_entry *find_entry(const struct admin *admin,
                                          const struct asp_outcome *outcome,
                                          struct asp_account *account)
{
    struct asp_store store;
    enum asp_status status = ASP_NOT_FOUND;

    *account = (struct asp_account){0};
    if (outcome->id[0] == '\0' || admin_open_beside(admin, &store, NULL) != ASP_OK)
        return NULL;
    status = asp_store_load(&store, outcome->account, NULL, account, NULL);
    asp_store_close(&store);
    return status == ASP_OK ? asp_account_find(account, outcome->id) : NULL;
}

/* Others have chosen words of the sentences; the command is ours, on a line of its own where both
 * do not fit one. A name in them may be an app password. */
static void add_sentences(struct asp_buffer *out, const struct console *console,
                          struct asp_buffer *why, struct asp_buffer *command)
{
    const struct wrap wrap = {.width = console_wrap_width(console), .others = true};

    asp_redact(why->text);
    wrap_add(out, &wrap, why->text);
    if (command->length > 0) {
        const size_t columns = wrap_columns(why->text) + 1 + wrap_columns(command->text);

        asp_redact(command->text);
        asp_buffer_add(out, wrap.width == 0 || columns <= wrap.width ? " " : "\n");
        asp_buffer_add(out, command->text);
    }
    asp_buffer_add(out, "\n");
}

/* On a terminal, below the word of the verdict. */
static void add_why(struct asp_buffer *out, struct verdict *verdict)
{
    struct asp_buffer why = {0};
    struct asp_buffer command = {0};
    struct asp_account account;

    verdict->entry = find_entry(verdict->admin, verdict->outcome, &account);
    verdict_add_why(&why, &command, verdict);
    out->failed = out->failed || why.failed || command.failed;
    if (!out->failed && why.length > 0)
        add_sentences(out, verdict->admin->console, &why, &command);
    asp_buffer_free(&why);
    asp_buffer_free(&command);
    asp_account_free(&account);
}

static bool show_verdict(struct verdict *verdict)
{
    const struct admin *admin = verdict->admin;
    const struct asp_outcome *outcome = verdict->outcome;
    const char *word = asp_verdict_word(outcome->verdict);
    struct asp_buffer out = {0};

    if (admin->options->json)
        return json_write(admin->console,
                          json_pack("{s:o, s:s, s:o, s:o, s:o}", "user",
                                    json_from_text(admin->options->arguments[0]), "verdict", word,
                                    "id", json_from_text(outcome->id), "label",
                                    json_from_text(outcome->label), "app",
                                    json_from_text(outcome->app)));
    asp_buffer_add(&out, word);
    asp_buffer_add(&out, "\n");
    if (admin->console->terminal)
        add_why(&out, verdict);
    return console_print_and_free(admin->console, &out);
}

/* A verdict is nothing that a service gets which does not ask for it. */
static void warn_of_service(const struct admin *admin)
{
    const char *service = admin->options->service;

    if (!admin->console->terminal || admin->options->json)
        return;
    switch (pam_service_look(service)) {
    case PAM_SERVICE_ASKS:
        break;
    case PAM_SERVICE_SILENT:
        console_say(admin->console,
                    "note: PAM does not ask pam_asp for the service %s, whatever the verdict: its "
                    "PAM file does not name it",
                    service);
        break;
    case PAM_SERVICE_NO_FILE:
        console_say(admin->console,
                    "note: PAM does not ask pam_asp for the service %s, whatever the verdict: "
                    "there is no /etc/pam.d/%s; /etc/pam.d/other decides, and does not name "
                    "pam_asp",
                    service, service);
        break;
    }
}

/* Whether what was typed has the form of an app password. */
static bool is_shaped(const char *typed, size_t length)
{
    struct asp_secret secret;
    bool shaped = length <= ASP_SECRET_TYPED_MAX && asp_secret_read(typed, length, &secret);

    asp_secret_wipe(&secret);
    return shaped;
}

/* The answer, and where there is no verdict its cause. */
static enum exit_code tell(struct verdict *verdict)
{
    const struct admin *admin = verdict->admin;
    const struct asp_outcome *outcome = verdict->outcome;
    struct asp_error cause = outcome->cause;
    char line[ASP_ERROR_LINE];

    if (!show_verdict(verdict))
        return EXIT_STORE;
    warn_of_service(admin);
    if (outcome->verdict != ASP_UNAVAILABLE)
        return outcome->verdict == ASP_ACCEPTED ? EXIT_DONE : EXIT_NO;
    admin_complete_advice(
        admin, outcome->account[0] != '\0' ? outcome->account : verdict->request->user, &cause);
    return fail_with(admin->console, EXIT_STORE, "%s", asp_error_line(&cause, line));
}

enum exit_code command_check(struct admin *admin)
{
    const struct options *options = admin->options;
    struct asp_request request = {
        .user = admin->user[0] != '\0' ? admin->user : options->arguments[0],
        .service = options->service,
        .host = options->rhost,
        .dry = true,
    };
    struct asp_outcome outcome;
    struct verdict verdict = {.admin = admin, .request = &request, .outcome = &outcome};
    enum exit_code code;
    char typed[TYPED_SIZE];

    if (given_check_name(admin, "--service", options->service) != EXIT_DONE)
        return EXIT_USAGE;
    if (!admin->console->read_secret(admin->console->context, request.user, typed, sizeof typed,
                                     &request.secret_length)) {
        sodium_memzero(typed, sizeof typed);
        return fail_with(admin->console, EXIT_STORE, "standard input cannot be read: %s",
                         strerror(errno));
    }
    if (request.secret_length == 0 || (request.secret_length == 1 && typed[0] == '\n'))
        console_say(admin->console, "no password was given on standard input");
    request.secret = typed;
    asp_login(admin->conf, &admin->kept, &name_service, &request, admin->now, &outcome);
    verdict.shaped = is_shaped(typed, request.secret_length);
    sodium_memzero(typed, sizeof typed);
    code = tell(&verdict);
    asp_outcome_free(&outcome);
    return code;
}
