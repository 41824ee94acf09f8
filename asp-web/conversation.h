/*
 * One session at the broker (broker_message.h): what PAM asks and says while a user signs in, and
 * after that her commands, one at a time.
 *
 * Nothing in here waits. What the broker says is taken when it is there; what was said to it leaves
 * nothing of it here.
 */
#ifndef ASP_WEB_CONVERSATION_H
#define ASP_WEB_CONVERSATION_H

#include "asp/broker_message.h"
#include "asp/buffer.h"
#include "asp/error.h"
#include "asp/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONVERSATION_LINES = 16,                     /* that PAM has said, and nobody has asked for */
    CONVERSATION_BYTES = 8192,                   /* of them together */
    CONVERSATION_ANSWER_MAX = (2 * 1024 * 1024), /* bytes of a command's streams, each */
};

enum conversation_state {
    CONVERSATION_CLOSED,
    CONVERSATION_ASKING,  /* she signs in */
    CONVERSATION_READY,   /* she is signed in, and no command is at work */
    CONVERSATION_RUNNING, /* one is */
    CONVERSATION_SHOWING, /* its document is whole, and the broker waits until it is shown */
    CONVERSATION_OVER,    /* the broker has ended it, or broke off */
};

/* What is said: a question, or what is only to be seen. */
struct conversation_line {
    unsigned number; /* from 1 on */
    bool question;
    bool hidden; /* what is typed is */
    bool error;
    char *text;
};

struct conversation {
    enum conversation_state state;
    int fd;
    char account[ASP_USER_MAX + 1]; /* from READY on: hers, whatever name she has typed */
    struct conversation_line lines[CONVERSATION_LINES];
    size_t count;
    size_t bytes;
    unsigned last;         /* the number of the last line */
    unsigned asked;        /* the number of the question that is open, or 0 */
    struct asp_buffer out; /* of the command */
    struct asp_buffer err;
    bool has_shown_part; /* its document has to be shown before it is over */
    bool given_up;       /* the broker has not waited for that */
    bool done;           /* `code` is there, and was not taken */
    int code;
    struct asp_buffer why; /* OVER: what the broker has said of it */
};

/* Begins as CONVERSATION_CLOSED. On any other status than ASP_OK it still is. */
enum asp_status conversation_begin(struct conversation *conversation, const char *socket,
                                   const char *user, const char *address, struct asp_error *error);

/* Takes all that is there to be read from `fd`. False: there is nothing more to come from it. */
bool conversation_receive(struct conversation *conversation);

/* Answers the question that is open, and forgets all that was said until then. */
void conversation_answer(struct conversation *conversation, const char *answer, size_t length);

/* Begins a command in READY. False: it is too long. What it has said before is gone. */
bool conversation_run(struct conversation *conversation, const char *const words[], size_t count);

/* In SHOWING: its document was shown. */
void conversation_show(struct conversation *conversation);

/* Wipes what the command has said. */
void conversation_forget(struct conversation *conversation);

/* Hangs up, and wipes it. */
void conversation_end(struct conversation *conversation);

#endif
