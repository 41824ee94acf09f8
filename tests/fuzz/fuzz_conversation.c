/*
 * What the broker says to asp-web in a session: all of it said before any is taken. The first byte
 * is where the session stands: a, somebody signs in; l, a command runs; c, one that makes a
 * password. What a running command says is held against what asp_message_read has of it.
 */
#include "door.h"

#include "asp-web/conversation.h"

#include <fcntl.h>

static void look_at(const struct conversation *conversation)
{
    size_t bytes = 0;
    bool asked = false;

    FUZZ_NEED(conversation->count <= CONVERSATION_LINES);
    for (size_t i = 0; i < conversation->count; i++) {
        const struct conversation_line *line = &conversation->lines[i];

        FUZZ_NEED(line->number == conversation->last - (unsigned)(conversation->count - 1 - i));
        asked = asked || (line->question && line->number == conversation->asked);
        bytes += strlen(line->text);
    }
    FUZZ_NEED(bytes == conversation->bytes && bytes <= CONVERSATION_BYTES);
    FUZZ_NEED(conversation->asked == 0 || asked);
    FUZZ_NEED(conversation->out.length <= CONVERSATION_ANSWER_MAX);
    FUZZ_NEED((conversation->fd < 0) == (conversation->state == CONVERSATION_OVER));
    FUZZ_NEED(conversation->state != CONVERSATION_CLOSED);
    FUZZ_NEED(strlen(conversation->account) <= ASP_USER_MAX);
}

/* Each answer is to something that was said. */
static void count_answers(const struct door *door, int fd, size_t commands)
{
    static uint8_t bytes[ASP_MESSAGE_MAX];
    struct asp_message_read answer;
    size_t answers = 0;

    while (door_hear(fd, bytes, &answer)) {
        FUZZ_NEED(answer.type == ASP_MESSAGE_SAID || answer.type == ASP_MESSAGE_REPLY ||
                  (answer.type == ASP_MESSAGE_COMMAND && answers < commands));
        answers++;
    }
    FUZZ_NEED(answers <= door->count + commands + 1);
}

/* The streams of a command that runs and has no document to be shown: up to the first message that
 * is none of its, they are what was said. */
static void compare_streams(const struct door *door, const struct conversation *conversation)
{
    size_t out = 0;
    size_t err = 0;

    for (size_t i = 0; i < door->count && door->messages[i].status == ASP_OK; i++) {
        const struct asp_message_read *message = &door->messages[i].read;
        const bool says = message->type == ASP_MESSAGE_SAY && message->count == 2 &&
                          asp_message_field(message, 0) != NULL;
        const bool is_out = says && door_field_is(message, 0, ASP_STREAM_OUT);
        const struct asp_buffer *to = is_out ? &conversation->out : &conversation->err;
        size_t *at = is_out ? &out : &err;

        if (message->type == ASP_MESSAGE_ASK && asp_message_field(message, 0) != NULL &&
            asp_message_field(message, 1) != NULL)
            continue;
        if (!says)
            break;
        if (door_field_is(message, 0, ASP_STREAM_PROFILE))
            continue;
        FUZZ_NEED(*at + message->fields[1].length <= to->length);
        FUZZ_NEED(message->fields[1].length == 0 ||
                  memcmp(to->text + *at, message->fields[1].bytes, message->fields[1].length) == 0);
        *at += message->fields[1].length;
    }
    FUZZ_NEED(out == conversation->out.length && err == conversation->err.length);
}

static void hold(const struct door *door, char how)
{
    static const char *const commands[2][2] = {{"list", "alice"}, {"--app=mail", "create"}};
    struct conversation conversation = {.state = CONVERSATION_ASKING};
    size_t begun = 0;
    int ends[2];

    door_say(door, ends);
    /* Where it is hung up, what was said to the broker is still to be heard. */
    conversation.fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 0);
    FUZZ_NEED(conversation.fd >= 0);
    if (how != 'a') {
        conversation.state = CONVERSATION_READY;
        FUZZ_NEED(conversation_run(&conversation, commands[how == 'c'], 2));
        begun = 1;
    }
    (void)conversation_receive(&conversation);
    look_at(&conversation);
    if (how == 'l')
        compare_streams(door, &conversation);
    if (conversation.state == CONVERSATION_SHOWING)
        conversation_show(&conversation);
    if (conversation.asked != 0)
        conversation_answer(&conversation, "secret", 6);
    FUZZ_NEED(conversation.asked == 0);
    look_at(&conversation);
    /* And then the broker breaks off. */
    FUZZ_NEED(shutdown(ends[0], SHUT_WR) == 0 && !conversation_receive(&conversation));
    look_at(&conversation);
    count_answers(door, ends[0], begun);
    conversation_end(&conversation);
    FUZZ_NEED(conversation.state == CONVERSATION_CLOSED);
    FUZZ_NEED(close(ends[0]) == 0 && close(ends[1]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct door door;
    uint8_t *bytes;

    if (size == 0)
        return 0;
    bytes = (uint8_t *)fuzz_text(data + 1, size - 1);
    door_cut(&door, bytes, size - 1, false);
    hold(&door, (char)data[0]);
    door_cut(&door, bytes, size - 1, true);
    hold(&door, (char)data[0]);
    free(bytes);
    return 0;
}
