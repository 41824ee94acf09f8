/* What is said between a session and the broker. */
#include "conversation.h"

#include "asp-admin/ui/json.h"
#include "asp/broker_sign_in.h"
#include "asp/broker_socket.h"
#include "asp/clock.h"
#include "asp/safeio.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PEER "asp-broker"

enum { THERE_MS = 100 }; /* for what is there already */

/* Where the broker does not hear it, it would wait, and so would she: that they no longer speak is
 * known when it is read from. */
static void say(struct conversation *conversation, struct asp_message *message)
{
    if (!asp_broker_send_now(conversation->fd, message))
        (void)shutdown(conversation->fd, SHUT_RDWR);
    asp_message_wipe(message);
}

static void say_written(struct conversation *conversation, int code)
{
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_SAID);
    asp_message_number(&message, (unsigned)code);
    say(conversation, &message);
}

/* Nobody answers. */
static void say_nothing(struct conversation *conversation)
{
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_REPLY);
    say(conversation, &message);
}

static void end_with(struct conversation *conversation, const char *why)
{
    asp_close(conversation->fd);
    conversation->fd = -1;
    conversation->asked = 0;
    conversation->state = CONVERSATION_OVER;
    asp_buffer_add(&conversation->why, why);
}

static void drop_lines(struct conversation *conversation, size_t number)
{
    for (size_t i = 0; i < number; i++) {
        conversation->bytes -= strlen(conversation->lines[i].text);
        free(conversation->lines[i].text);
    }
    conversation->count -= number;
    memmove(conversation->lines, conversation->lines + number,
            conversation->count * sizeof *conversation->lines);
}

/* What has no room takes that of what was said first: a question is the last that is said. */
static void add_line(struct conversation *conversation, struct conversation_line line,
                     const char *text, size_t length)
{
    length = length < CONVERSATION_BYTES ? length : CONVERSATION_BYTES;
    while (conversation->count > 0 && (conversation->count == CONVERSATION_LINES ||
                                       conversation->bytes + length > CONVERSATION_BYTES))
        drop_lines(conversation, 1);
    line.text = strndup(text, length);
    if (line.text == NULL) {
        end_with(conversation, "out of memory");
        return;
    }
    line.number = ++conversation->last;
    conversation->bytes += strlen(line.text);
    conversation->lines[conversation->count++] = line;
    if (line.question)
        conversation->asked = line.number;
}

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

/* What is asked for beside a command is not asked for here: an app password that is to be checked
 * is typed at no page. */
static bool take_question(struct conversation *conversation, const struct asp_message_read *message)
{
    const char *style = asp_message_field(message, 0);
    const char *text = asp_message_field(message, 1);

    if (style == NULL || text == NULL)
        return false;
    if (conversation->state == CONVERSATION_ASKING &&
        (is(style, ASP_ASK_HIDDEN) || is(style, ASP_ASK_SHOWN)))
        add_line(conversation,
                 (struct conversation_line){.question = true, .hidden = is(style, ASP_ASK_HIDDEN)},
                 text, strlen(text));
    else
        say_nothing(conversation);
    return true;
}

/* Whether the streams end where a document does. */
static bool is_whole(const struct asp_buffer *out)
{
    enum asp_status status;
    json_error_t fault;
    json_t *document = NULL;

    if (out->length > 0 && out->text[out->length - 1] == '\n')
        document = json_read(out->text, out->length, &status, &fault);
    json_decref(document);
    return document != NULL;
}

static int take_words(struct conversation *conversation, const char *stream, const char *bytes,
                      size_t length)
{
    struct asp_buffer *to = is(stream, ASP_STREAM_OUT) ? &conversation->out : &conversation->err;

    if (is(stream, ASP_STREAM_PROFILE))
        return EBADF;
    if (to->length + length > CONVERSATION_ANSWER_MAX)
        return EFBIG;
    asp_buffer_add_bytes(to, bytes, length);
    return to->failed ? ENOMEM : 0;
}

/* A document with a password in it is acknowledged when it is whole, by who shows it. */
static bool take_said(struct conversation *conversation, const struct asp_message_read *message)
{
    const char *stream = asp_message_field(message, 0);
    const char *bytes;
    size_t length;
    int code;

    if (stream == NULL || message->count != 2)
        return false;
    bytes = message->fields[1].length > 0 ? (const char *)message->fields[1].bytes : "";
    length = message->fields[1].length;
    if (conversation->state == CONVERSATION_ASKING) {
        add_line(conversation, (struct conversation_line){.error = is(stream, ASP_STREAM_ERR)},
                 bytes, length);
        say_written(conversation, 0);
        return true;
    }
    /* Who says more has not waited until it was shown, and waits for no answer any more. */
    if (conversation->state == CONVERSATION_SHOWING) {
        conversation->has_shown_part = false;
        conversation->given_up = true;
        conversation->state = CONVERSATION_RUNNING;
    }
    if (conversation->state != CONVERSATION_RUNNING)
        return false;
    code = take_words(conversation, stream, bytes, length);
    if (code == 0 && conversation->has_shown_part && is(stream, ASP_STREAM_OUT) &&
        is_whole(&conversation->out))
        conversation->state = CONVERSATION_SHOWING;
    else if (!conversation->given_up)
        say_written(conversation, code);
    return true;
}

static bool take_signed_in(struct conversation *conversation,
                           const struct asp_message_read *message)
{
    const char *account = asp_message_field(message, 1);

    if (account == NULL || strlen(account) > ASP_USER_MAX)
        return false;
    memcpy(conversation->account, account, strlen(account) + 1);
    conversation->state = CONVERSATION_READY;
    return true;
}

static bool take_done(struct conversation *conversation, const struct asp_message_read *message)
{
    int code;

    if (!asp_message_read_number(message, 0, &code))
        return false;
    if (conversation->state == CONVERSATION_ASKING) {
        drop_lines(conversation, conversation->count);
        if (code == 0)
            return take_signed_in(conversation, message);
        end_with(conversation, "");
        return true;
    }
    if (conversation->state != CONVERSATION_RUNNING && conversation->state != CONVERSATION_SHOWING)
        return false;
    conversation->code = code;
    conversation->done = true;
    conversation->state = CONVERSATION_READY;
    return true;
}

static bool take_message(struct conversation *conversation, const struct asp_message_read *message)
{
    switch (message->type) {
    case ASP_MESSAGE_ASK:
        return take_question(conversation, message);
    case ASP_MESSAGE_SAY:
        return take_said(conversation, message);
    case ASP_MESSAGE_DONE:
        return take_done(conversation, message);
    default:
        return false;
    }
}

static bool is_readable(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, 0) > 0;
}

bool conversation_receive(struct conversation *conversation)
{
    static uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read message;
    const char *why;
    enum asp_status status;

    while (conversation->fd >= 0 && is_readable(conversation->fd)) {
        status = asp_broker_receive(conversation->fd, PEER, asp_clock_ms() + THERE_MS, bytes,
                                    &message, NULL);
        why = status == ASP_INVALID ? asp_message_field(&message, 0) : NULL;
        if (status != ASP_OK)
            end_with(conversation, why != NULL ? why : PEER " broke off: sign in again");
        else if (!take_message(conversation, &message))
            end_with(conversation, "what " PEER " says is no message of this version");
        sodium_memzero(bytes, sizeof bytes);
    }
    return conversation->fd >= 0;
}

enum asp_status conversation_begin(struct conversation *conversation, const char *socket,
                                   const char *user, const char *address, struct asp_error *error)
{
    struct asp_message message;
    enum asp_status status;

    *conversation = (struct conversation){.fd = -1};
    status = asp_broker_connect_at_once(socket, &conversation->fd, error);
    if (status == ASP_OK) {
        asp_broker_sign_in_write(&(struct asp_broker_sign_in){user, address}, &message);
        if (!asp_broker_send_now(conversation->fd, &message))
            status = asp_fail(error, ASP_BUSY, "%s: " PEER " does not listen", socket);
        asp_message_wipe(&message);
    }
    if (status == ASP_OK) {
        conversation->state = CONVERSATION_ASKING;
    } else {
        asp_close(conversation->fd);
        conversation->fd = -1;
    }
    return status;
}

void conversation_answer(struct conversation *conversation, const char *answer, size_t length)
{
    struct asp_message message;

    asp_message_begin(&message, ASP_MESSAGE_REPLY);
    asp_message_bytes(&message, answer, length);
    asp_message_text(&message, "typed", ASP_MESSAGE_MAX);
    say(conversation, &message);
    conversation->asked = 0;
    drop_lines(conversation, conversation->count);
}

/* What makes a password is known by its first word that is no option. */
static bool makes_password(const char *const words[], size_t count)
{
    size_t i = 0;

    while (i < count && words[i][0] == '-')
        i++;
    return i < count && (is(words[i], "create") || is(words[i], "rotate"));
}

bool conversation_run(struct conversation *conversation, const char *const words[], size_t count)
{
    struct asp_message message;
    bool fits;

    conversation_forget(conversation);
    asp_message_begin(&message, ASP_MESSAGE_COMMAND);
    asp_message_text(&message, NULL, 0);
    asp_message_text(&message, NULL, 0);
    asp_message_text(&message, "asp-admin", ASP_MESSAGE_MAX);
    asp_message_text(&message, "--json", ASP_MESSAGE_MAX);
    for (size_t i = 0; i < count; i++)
        asp_message_text(&message, words[i], ASP_MESSAGE_MAX);
    fits = !message.failed;
    if (fits) {
        conversation->has_shown_part = makes_password(words, count);
        conversation->given_up = false;
        conversation->state = CONVERSATION_RUNNING;
        say(conversation, &message);
    } else {
        asp_message_wipe(&message);
    }
    return fits;
}

void conversation_show(struct conversation *conversation)
{
    conversation->has_shown_part = false;
    conversation->state = CONVERSATION_RUNNING;
    say_written(conversation, 0);
}

void conversation_forget(struct conversation *conversation)
{
    asp_buffer_free(&conversation->out);
    asp_buffer_free(&conversation->err);
    conversation->out = (struct asp_buffer){0};
    conversation->err = (struct asp_buffer){0};
    conversation->done = false;
}

void conversation_end(struct conversation *conversation)
{
    if (conversation->state == CONVERSATION_CLOSED)
        return;
    asp_close(conversation->fd);
    drop_lines(conversation, conversation->count);
    conversation_forget(conversation);
    asp_buffer_free(&conversation->why);
    *conversation = (struct conversation){.fd = -1};
}
