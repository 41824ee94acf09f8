/*
 * What is read of a log, whichever it is: counted, and how much of it was understood.
 */
#ifndef ASP_ADMIN_LOG_READING_H
#define ASP_ADMIN_LOG_READING_H

#include "services.h"
#include "tally.h"
#include "waiting.h"

struct reading {
    time_t now;
    time_t since;  /* what is older is not counted; 0: all is */
    time_t begins; /* when the oldest was written that was seen; ASP_NEVER: nothing was */
    unsigned long long broken; /* lines that may be ours, and could not be read */
    unsigned long long others; /* decisions in the journal by programs that are not root's */
    struct waiting waiting;
    struct services services;
    struct tally tally;
};

/* Takes something that `program` wrote, and that was there so many times. False: no memory. */
bool reading_take(struct reading *reading, time_t when, const char *program, const char *text,
                  unsigned times);

/* The same for a program that is not believed: a decision is told of, and not counted. */
void reading_doubt(struct reading *reading, const char *program, const char *text);

/* Notes that something was written then. */
void reading_saw(struct reading *reading, time_t when);

/* Whether it can be known how often the stack has let her in that a row is of: its verdict leads to
 * the primary password, and the log says of its service when that was right. */
bool reading_knows_let_in(const struct reading *reading, const struct tally_row *row);

void reading_free(struct reading *reading);

#endif
