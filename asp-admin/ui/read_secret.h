/*
 * What a person types, or a program writes to us: a secret as a rule.
 */
#ifndef ASP_ADMIN_UI_READ_SECRET_H
#define ASP_ADMIN_UI_READ_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret_prompt {
    int from;         /* read here */
    int to;           /* where the prompt goes; -1: nowhere */
    const char *text; /* the prompt */
    bool hidden;      /* turn a terminal's echo off meanwhile */
    bool line;        /* one line, without its end; else to the end of the input */
};

/*
 * Reads at most `size` bytes; what a line has beyond them is passed over, and is `*length` over
 * `size` by one. A signal that would end or stop us finds the terminal as it was, and who goes on
 * after a stop is asked again. False with errno, EPIPE at the end of the input before a line; the
 * caller wipes `typed` in any case.
 */
bool secret_read(const struct secret_prompt *prompt, char *typed, size_t size, size_t *length);

#endif
