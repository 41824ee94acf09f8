/* The questions of a PAM conversation, for a person at a terminal or for a program. */
#include "prompt.h"

#include "asp-admin/ui/json.h"
#include "asp-admin/ui/read_secret.h"
#include "asp-admin/ui/wrap.h"
#include "asp/broker_message.h"
#include "asp/buffer.h"
#include "asp/safeio.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is(const char *style, const char *other)
{
    return strcmp(style, other) == 0;
}

static bool is_question(const char *style)
{
    return is(style, ASP_ASK_HIDDEN) || is(style, ASP_ASK_SHOWN);
}

/* Of several lines, as modules have it. */
static void add_lines(struct asp_buffer *out, const char *text, bool question)
{
    struct asp_buffer line = {0};

    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        asp_buffer_add_bytes(&line, text, (size_t)(end - text));
        asp_buffer_add_visible(out, line.text != NULL ? line.text : "");
        asp_buffer_add(out, "\n");
        out->failed = out->failed || line.failed;
        asp_buffer_free(&line);
    }
    asp_buffer_add_visible(out, text);
    asp_buffer_add(out, question || *text == '\0' ? "" : "\n");
}

static json_t *text_of(const char *text)
{
    return text[0] == '\0' ? json_string("") : json_from_text(text);
}

/* For a person, as wide as the terminal `to`. */
static void add_text(struct asp_buffer *out, const char *text, bool question, int to)
{
    const struct wrap wrap = {.width = wrap_width_of(to)};
    struct asp_buffer lines = {0};

    add_lines(&lines, text, question);
    out->failed = out->failed || lines.failed;
    if (!lines.failed)
        wrap_add(out, &wrap, lines.text);
    asp_buffer_free(&lines);
}

/* For a program. */
static void add_document(struct asp_buffer *out, const char *style, const char *text)
{
    json_t *document;

    if (is_question(style))
        document =
            json_pack("{s:o, s:b}", "prompt", text_of(text), "echo", is(style, ASP_ASK_SHOWN));
    else
        document =
            json_pack("{s:o, s:b}", "message", text_of(text), "error", is(style, ASP_ASK_ERROR));
    json_add_line(out, document);
}

static bool is_for_program(bool json)
{
    return json && isatty(STDIN_FILENO) != 1;
}

/* -1: there is no terminal. */
static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

void prompt_explain(bool json)
{
    size_t unused;

    if (!is_for_program(json))
        (void)prompt_ask(ASP_ASK_INFO,
                         "Say who you are: your login password (not an app password).", json, NULL,
                         &unused);
}

bool prompt_ask(const char *style, const char *text, bool json, char reply[PROMPT_REPLY_MAX],
                size_t *length)
{
    bool program = is_for_program(json);
    int terminal = program ? -1 : open_terminal();
    struct secret_prompt prompt = {
        .from = terminal >= 0 ? terminal : STDIN_FILENO,
        .to = terminal >= 0 ? terminal : STDERR_FILENO,
        .hidden = is(style, ASP_ASK_HIDDEN),
        .line = true,
    };
    struct asp_buffer question = {0};
    bool done;

    *length = 0;
    asp_buffer_add(&question, "");
    if (program)
        add_document(&question, style, text);
    else
        add_text(&question, text, is_question(style), prompt.to);
    prompt.text = question.text;
    if (question.failed)
        done = false;
    else if (is_question(style))
        done = secret_read(&prompt, reply, PROMPT_REPLY_MAX, length) && *length <= PROMPT_REPLY_MAX;
    else
        done = asp_write_all(prompt.to, question.text, question.length);
    asp_buffer_free(&question);
    asp_close(terminal);
    return done;
}
