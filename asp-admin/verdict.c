/* check: what a service would be told. */
#include "admin.h"
#include "document.h"
#include "screen.h"

#include "asp/login.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* More than the longest that is looked at: what is longer is none of ours. */
enum { TYPED_SIZE = 4 * ASP_SECRET_TYPED_MAX };

/* Turns the terminal's echo off, and says whether it was on. */
static bool hide_typing(struct termios *before)
{
    struct termios hidden;

    if (tcgetattr(STDIN_FILENO, before) != 0)
        return false;
    hidden = *before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)asp_write_all(STDERR_FILENO, "App password: ", strlen("App password: "));
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

/* Reads to the end of the input, of a line on a terminal, or of the room. */
static bool read_typed(char typed[TYPED_SIZE], size_t *length)
{
    struct termios before;
    bool hidden = hide_typing(&before);
    ssize_t got = 1;

    *length = 0;
    while (*length < TYPED_SIZE && got > 0) {
        got = read(STDIN_FILENO, typed + *length, TYPED_SIZE - *length);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            *length += (size_t)got;
        if (hidden && *length > 0 && typed[*length - 1] == '\n')
            break;
    }
    if (hidden) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)asp_write_all(STDERR_FILENO, "\n", 1);
    }
    return got >= 0;
}

static bool show_verdict(const struct admin *admin, const struct asp_outcome *outcome)
{
    const char *word = asp_verdict_word(outcome->verdict);
    struct asp_out out = {0};
    bool shown;

    if (admin->options->json)
        return document_emit(json_pack(
            "{s:o, s:s, s:o, s:o, s:o}", "user", document_text(admin->options->arguments[0]),
            "verdict", word, "id", document_text(outcome->id), "label",
            document_text(outcome->label), "app", document_text(outcome->app)));
    asp_out_add(&out, word);
    asp_out_add(&out, "\n");
    shown = emit(&out);
    asp_out_free(&out);
    return shown;
}

enum exit_code command_check(struct admin *admin)
{
    const struct options *options = admin->options;
    struct asp_request request = {
        .user = options->arguments[0],
        .service = options->service,
        .host = options->rhost,
        .dry = true,
    };
    struct asp_outcome outcome;
    char typed[TYPED_SIZE];

    if (!asp_service_valid(options->service))
        return complain(EXIT_USAGE, "--service %s: not a well-formed name", options->service);
    if (!read_typed(typed, &request.secret_length)) {
        sodium_memzero(typed, sizeof typed);
        return complain(EXIT_STORE, "standard input cannot be read: %s", strerror(errno));
    }
    request.secret = typed;
    asp_login(admin->conf, &request, admin->now, &outcome);
    asp_outcome_free(&outcome); /* nothing was revoked: it was a dry run */
    sodium_memzero(typed, sizeof typed);
    if (!show_verdict(admin, &outcome))
        return EXIT_STORE;
    if (outcome.verdict == ASP_UNAVAILABLE)
        return complain(EXIT_STORE, "%s", outcome.cause.text);
    return outcome.verdict == ASP_ACCEPTED ? EXIT_DONE : EXIT_NO;
}
