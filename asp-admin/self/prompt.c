/* The questions of a PAM conversation, for a person at a terminal or for a program. */
#include "prompt.h"

#include "asp-admin/ui/json.h"
#include "asp-admin/ui/read_secret.h"
#include "asp-admin/ui/table.h"
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

/* What is written before the answer is read. The caller frees it. */
static void write_question(const char *style, const char *text, bool json, struct asp_buffer *out)
{
    json_t *document;

    if (!json) {
        add_lines(out, text, is_question(style));
        return;
    }
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
    static const char text[] = "Say who you are: your login password (not an app password).\n";
    int terminal;

    if (is_for_program(json))
        return;
    terminal = open_terminal();
    (void)asp_write_all(terminal >= 0 ? terminal : STDERR_FILENO, text, sizeof text - 1);
    asp_close(terminal);
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
    write_question(style, text, program, &question);
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
