/*
 * An app password where nobody expects one: typed as a user name, pasted into a label, handed over
 * as the name of a host. What others wrote goes through here on its way to a log.
 *
 * A text may hold one where 25 characters of the alphabet, small or capital, stand with nothing
 * between them but what asp_is_passed_over, control characters or broken bytes, or where five
 * groups of five of them stand with anything between them that is no letter or digit; whatever is
 * around it. A byte may be written as %XX or \xXX. Hexadecimal digits in groups of 4, 8 and 12, a
 * dash between them, are none: such is a UUID.
 */
#ifndef ASP_REDACT_H
#define ASP_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* True when it may hold an app password: then it is not to be written. */
bool asp_redact_needed(const char *text);

/* Puts one dash, in the text itself, in the place of each that it may hold: for sentences of ours,
 * in which there may be a word of others. */
void asp_redact(char *text);

/* Of the first `length` bytes of a text that goes on, those that stand before what may be the
 * beginning of an app password, whose end is not here yet. 0: it may be all of them. */
size_t asp_redact_cut(const char *text, size_t length);

#endif
