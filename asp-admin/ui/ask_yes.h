/*
 * A question to the person at the terminal, before what cannot be taken back.
 */
#ifndef ASP_ADMIN_UI_ASK_YES_H
#define ASP_ADMIN_UI_ASK_YES_H

#include <stdbool.h>

/* True when a person sees what is asked, and answers: standard input and standard error are a
 * terminal. */
bool ask_yes_can(void);

/* Asks, with " [y/N] " behind the question, which holds nothing that others wrote. True for `y` or
 * `yes`; anything else, the end of the input too, is no. */
bool ask_yes(const char *question);

#endif
