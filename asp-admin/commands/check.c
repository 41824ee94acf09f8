/* check: what a service would be told. */
#include "commands.h"
#include "given.h"

#include "asp-admin/admin.h"
#include "asp-admin/ui/console.h"
#include "asp-admin/ui/json.h"
#include "asp/buffer.h"
#include "asp/login.h"
#include "pam_asp/name_service.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* More than the longest that is looked at: what is longer is none of ours. */
enum { TYPED_SIZE = 4 * ASP_SECRET_TYPED_MAX };

static void add_wrong_case(struct asp_buffer *out, const struct asp_outcome *outcome)
{
    asp_buffer_add(out, "It is the app password \"");
    asp_buffer_add_visible(out, outcome->label);
    asp_buffer_add(out, "\" (");
    asp_buffer_add(out, outcome->id);
    asp_buffer_add(out, ") but for its capitals. Type it in small letters.\n");
}

static bool show_verdict(const struct admin *admin, const struct asp_outcome *outcome)
{
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
    if (admin->console->terminal && outcome->verdict == ASP_WRONG_CASE)
        add_wrong_case(&out, outcome);
    return console_print_and_free(admin->console, &out);
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
    enum exit_code code;
    char line[ASP_ERROR_LINE];
    char typed[TYPED_SIZE];

    if (given_check_name(admin, "--service", options->service) != EXIT_DONE)
        return EXIT_USAGE;
    if (!admin->console->read_secret(admin->console->context, typed, sizeof typed,
                                     &request.secret_length)) {
        sodium_memzero(typed, sizeof typed);
        return fail_with(admin->console, EXIT_STORE, "standard input cannot be read: %s",
                         strerror(errno));
    }
    if (request.secret_length == 0)
        console_say(admin->console, "no password was given on standard input");
    request.secret = typed;
    asp_login(admin->conf, NULL, &name_service, &request, admin->now, &outcome);
    sodium_memzero(typed, sizeof typed);
    code = outcome.verdict == ASP_ACCEPTED ? EXIT_DONE : EXIT_NO;
    if (!show_verdict(admin, &outcome))
        code = EXIT_STORE;
    else if (outcome.verdict == ASP_UNAVAILABLE) {
        admin_complete_advice(admin, outcome.account[0] != '\0' ? outcome.account : request.user,
                              &outcome.cause);
        code = fail_with(admin->console, EXIT_STORE, "%s", asp_error_line(&outcome.cause, line));
    }
    asp_outcome_free(&outcome);
    return code;
}
