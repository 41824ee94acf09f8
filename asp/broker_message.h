/*
 * What a host and the broker say to each other: one message is one datagram of a SOCK_SEQPACKET
 * socket. Pure; what is read comes from somebody who need not be trusted.
 *
 *   'a' 's' 'p' VERSION TYPE COUNT LENGTH(2) and COUNT times: LENGTH(2) BYTES
 *
 * Lengths are little-endian; the first is that of the whole message. A field of length 0 is a value
 * that is missing; a text has its NUL with it, and no other. The head, and the message
 * ASP_MESSAGE_REFUSED, are the same in every version, so that who speaks an older one can say so,
 * in its own, and be asked again in that. What is asked in a version is answered in it.
 *
 *   1  all that is below
 *   2  an outcome may be wrong-case
 *   3  a primary password was set
 *   4  an outcome says whose account it is
 *
 * At self_service.web_socket, where self_service.web_user alone is heard, all are of version 1, and
 * a connection is the session of one user in her browser:
 *
 *   the web server                     the broker
 *
 *   SIGN_IN user, address or -                               within 5 s
 *                                      ASK hidden or shown, text
 *   REPLY bytes, "typed"                                     what PAM service asp-web asks,
 *                                      SAY out or err, text  and tells, in any order and number
 *   SAID "0"
 *                                      DONE "0", account     she is signed in, on that account
 *                                      DONE "1"              she is not
 *
 *   COMMAND -, -, "asp-admin", words                         any number, one after another, each
 *                                      SAY, ASK, DONE        answered as at self_service.socket
 *
 * The user is as she has typed it; the address is that of her browser, of IPv4 or IPv6, and missing
 * where it is not known. A REPLY has 511 bytes at most and no NUL; one without fields says that
 * nobody answers. A question comes at the earliest 0.3 s, and DONE "1" 3 s, after what was said
 * before it. That is the same whether there is such a user, whatever she has answered, and whether
 * she has leave; then the broker closes the connection, and who tries again makes another.
 * REFUSED may come in place of any message of the broker's, also of itself. It is the end too. Its
 * text is for her: she has to wait after wrong answers, too many sign in at once, she has been idle
 * for ten minutes or was signed in for an hour, her primary password was changed; before she is
 * signed in it says nothing of her account. Who says something out of turn, SIGN_IN again or a
 * COMMAND before DONE "0", is refused or gets DONE "1". While a command runs, what the broker says
 * is answered within 30 s, a question within 120 s. Whoever hangs up has ended the session; a
 * change that was begun is brought to its end, and what was not acknowledged with SAID "0" was not
 * shown.
 */
#ifndef ASP_BROKER_MESSAGE_H
#define ASP_BROKER_MESSAGE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASP_MESSAGE_OLDEST = 1, /* the versions that are understood, */
    ASP_MESSAGE_NEWEST = 4,
    ASP_MESSAGE_MAX = 8192,   /* bytes of a message */
    ASP_MESSAGE_FIELDS = 255, /* as many as the byte of their count can say */
};

enum asp_message_type {
    ASP_MESSAGE_REFUSED = 1, /* text: why nothing was done */
    ASP_MESSAGE_LOGIN,       /* user, service, app or -, host or -, secret (bytes) */
    ASP_MESSAGE_OUTCOME,     /* verdict, app, id, label, account: texts, empty where there is none;
                                before version 4 without the account */

    /* A user on her own account. Each that the broker sends is answered by the one after it, but
     * the last. */
    ASP_MESSAGE_COMMAND, /* width of the terminal or -, colour or -, the words of the command line
                          */
    ASP_MESSAGE_SAY,     /* one of the streams below, bytes to be written there */
    ASP_MESSAGE_SAID,    /* errno as a number, 0: they were */
    ASP_MESSAGE_ASK,     /* ASP_ASK_..., the text to be shown; the answer is ASP_MESSAGE_REPLY */
    ASP_MESSAGE_REPLY, /* what was typed (bytes, may be none), then "typed"; else nobody answers */
    ASP_MESSAGE_DONE,  /* the exit status as a number; and for who has signed in in a browser, see
                        * above, her account */

    /* The password stack, which is root's. It is answered at once, and once more when it is done:
     * ASP_MESSAGE_DONE. */
    ASP_MESSAGE_PASSWORD, /* user, service, path and state of asp.conf (broker_password.h) */
    ASP_MESSAGE_ACCEPTED, /* it will be done, whatever becomes of who asked */
    ASP_MESSAGE_BUSY,     /* it will not, for others' is done just now: it is to be asked again */

    ASP_MESSAGE_SIGN_IN, /* user, address of her browser or -; see above */
};

#define ASP_STREAM_OUT "out"
#define ASP_STREAM_ERR "err"
#define ASP_STREAM_PROFILE "profile"

/* How something is asked or told: as PAM's four styles of a conversation, and an app password for
 * check, from standard input; what is asked is then the name of its user. */
#define ASP_ASK_HIDDEN "hidden"
#define ASP_ASK_SHOWN "shown"
#define ASP_ASK_INFO "info"
#define ASP_ASK_ERROR "error"
#define ASP_ASK_APP_PASSWORD "app-password"

/* A message that is being written. Begun by asp_message_begin, once; the caller wipes it with
 * asp_message_wipe. */
struct asp_message {
    uint8_t bytes[ASP_MESSAGE_MAX];
    size_t length;
    bool failed; /* something had no room: it must not be sent */
};

/* Of version 1, which everybody understands. */
void asp_message_begin(struct asp_message *message, enum asp_message_type type);

/* Makes it one of `version`, or of the version nearest to that which is understood here. */
void asp_message_set_version(struct asp_message *message, unsigned version);

/* Adds a text, its first `most` bytes where it is longer; NULL is a value that is missing. */
void asp_message_text(struct asp_message *message, const char *text, size_t most);

/* The whole of a message ASP_MESSAGE_REFUSED. */
void asp_message_refuse(struct asp_message *message, const char *why);

/* Adds bytes that are no text. */
void asp_message_bytes(struct asp_message *message, const void *bytes, size_t length);

/* Wipes what was written, and no more: most of the room was never touched. Of one that may not have
 * been begun the length has to be 0. */
void asp_message_wipe(struct asp_message *message);

/* A message that was read. The fields lie in the bytes that were given; those from `count` on hold
 * nothing. */
struct asp_message_read {
    unsigned version; /* 0: there is no head to tell */
    enum asp_message_type type;
    size_t count;
    struct {
        const uint8_t *bytes; /* NULL: missing */
        size_t length;
    } fields[ASP_MESSAGE_FIELDS];
};

/*
 * Reads one message. ASP_OK; ASP_NEWER when it is one of a version that is not understood, which
 * `error` names; ASP_CORRUPT when it is none. `sender` is who sent it, for the error line.
 */
enum asp_status asp_message_read(const uint8_t *bytes, size_t length, const char *sender,
                                 struct asp_message_read *message, struct asp_error *error);

/* Makes it one of which nothing was read. */
void asp_message_read_nothing(struct asp_message_read *message);

/* Adds a number, as a text. */
void asp_message_number(struct asp_message *message, unsigned number);

/* The number in a field; false when there is none, or it is over INT_MAX. */
bool asp_message_read_number(const struct asp_message_read *message, size_t field, int *number);

/* The text in a field: it ends with the one NUL that is in it. NULL when there is no such field,
 * when it is missing, or when it is no text. */
const char *asp_message_field(const struct asp_message_read *message, size_t field);

#endif
