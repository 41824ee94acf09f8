/*
 * Questions to the name service that a pass has, asked beside the watch: in a process of their own,
 * for a part of the name service may be slow, or never answer, and nothing else is to wait for it.
 */
#ifndef ASP_ADMIN_WATCH_NAME_ASKER_H
#define ASP_ADMIN_WATCH_NAME_ASKER_H

#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Who the user of an account is. */
struct name_question {
    char *user;
    char *follows; /* whom the account follows; empty: nobody */
    char *name;    /* once it is answered: what the name service calls the user; NULL: nobody */
    /* And where she is called otherwise than the one who is followed: that one is known by her own
     * name all the same, so they are two. */
    bool followed_is_known;
};

/* Begins as {0}. */
struct name_questions {
    struct name_question *list;
    size_t count;
    size_t room;
    size_t answered; /* the first so many */
};

/* Adds one at the end. False: out of memory. */
bool name_questions_add(struct name_questions *questions, const char *user, const char *follows);

/* Frees them all and begins anew. */
void name_questions_clear(struct name_questions *questions);

struct name_asker {
    struct name_questions questions;
    pid_t process;  /* that asks now; 0: none */
    int fd;         /* where its answers come from: to be polled for; -1: from nowhere */
    int64_t end_ms; /* of the wait for the next answer, see asp_clock_ms */
};

#define NAME_ASKER_IDLE ((struct name_asker){.fd = -1})

/*
 * Begins to ask. The questions are the asker's from then on, and `questions` is empty; there must
 * be one at least, and none be asked already. ASP_OK, or why there is no process for it.
 */
enum asp_status name_asker_begin(struct name_asker *asker, struct name_questions *questions,
                                 struct asp_error *error);

/*
 * Takes the answers that have come. ASP_OK: all are answered. ASP_UNCHANGED: it still asks.
 * ASP_NO_MEMORY. Else the name service failed, or has not answered one of them for five seconds,
 * and `error` says so. Those before that one are answered. The process has ended but for
 * ASP_UNCHANGED.
 */
enum asp_status name_asker_look(struct name_asker *asker, struct asp_error *error);

/* Waits for the end of it, as name_asker_look has it. */
enum asp_status name_asker_wait(struct name_asker *asker, struct asp_error *error);

/* Ends the process where there is one, and forgets the questions. */
void name_asker_end(struct name_asker *asker);

#endif
