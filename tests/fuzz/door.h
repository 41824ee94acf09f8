/*
 * What the two ends of the users' door are given: a text of messages one after another, cut before
 * each head, all of them said at one end of a socket before the other is read.
 */
#ifndef ASP_TESTS_FUZZ_DOOR_H
#define ASP_TESTS_FUZZ_DOOR_H

#include "fuzz.h"

#include "asp/broker_message.h"

#include <sys/socket.h>
#include <unistd.h>

enum { DOOR_MESSAGES = 64 };

struct door {
    size_t count;
    struct door_message {
        uint8_t *bytes;
        size_t length;
        enum asp_status status; /* what asp_message_read says of it */
        struct asp_message_read read;
    } messages[DOOR_MESSAGES]; /* what is behind the last one is not said */
};

static inline bool door_is_head(const uint8_t *bytes, size_t left)
{
    return left > 3 && memcmp(bytes, "asp", 3) == 0 && bytes[3] <= ASP_MESSAGE_NEWEST + 1;
}

/* The messages lie in `bytes`. With `mend`, the length in each head is made right. */
static inline void door_cut(struct door *door, uint8_t *bytes, size_t size, bool mend)
{
    enum { HEAD = 8, LENGTH_AT = 6 };

    door->count = 0;
    for (size_t at = 0; at < size && door->count < DOOR_MESSAGES;) {
        struct door_message *message = &door->messages[door->count++];

        message->bytes = bytes + at;
        message->length = 1;
        while (at + message->length < size &&
               !door_is_head(bytes + at + message->length, size - at - message->length))
            message->length++;
        if (mend && message->length >= HEAD) {
            bytes[at + LENGTH_AT] = (uint8_t)(message->length & 0xff);
            bytes[at + LENGTH_AT + 1] = (uint8_t)(message->length >> 8 & 0xff);
        }
        message->status =
            asp_message_read(message->bytes, message->length, "fuzz", &message->read, NULL);
        if (message->length > ASP_MESSAGE_MAX)
            message->status = ASP_CORRUPT;
        at += message->length;
    }
}

/* The end at which everything is said is ends[0]. */
static inline void door_say(const struct door *door, int ends[2])
{
    FUZZ_NEED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    for (size_t i = 0; i < door->count; i++)
        FUZZ_NEED(send(ends[0], door->messages[i].bytes, door->messages[i].length, MSG_DONTWAIT) ==
                  (ssize_t)door->messages[i].length);
}

/* The same, and nothing more is said there. */
static inline void door_open(const struct door *door, int ends[2])
{
    door_say(door, ends);
    FUZZ_NEED(shutdown(ends[0], SHUT_WR) == 0);
}

/* The next message that came from the other end, which is still open and says none that is not
 * well-formed. False: there is no more. */
static inline bool door_hear(int fd, uint8_t bytes[ASP_MESSAGE_MAX], struct asp_message_read *read)
{
    ssize_t got = recv(fd, bytes, ASP_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);

    if (got < 0)
        return false;
    FUZZ_NEED(got > 0 && got <= ASP_MESSAGE_MAX);
    FUZZ_NEED(asp_message_read(bytes, (size_t)got, "x", read, NULL) == ASP_OK);
    return true;
}

static inline bool door_field_is(const struct asp_message_read *message, size_t field,
                                 const char *text)
{
    const char *is = asp_message_field(message, field);

    return is != NULL && strcmp(is, text) == 0;
}

#endif
