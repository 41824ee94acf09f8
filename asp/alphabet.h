/*
 * The characters of an app password, and those that say nothing in one.
 */
#ifndef ASP_ALPHABET_H
#define ASP_ALPHABET_H

#include <stdbool.h>

#define ASP_ALPHABET "0123456789abcdefghjkmnpqrstvwxyz"

/* The place of a character in the alphabet, or -1. */
int asp_letter_value(char c);

/*
 * True for a character that is passed over in an app password, wherever it stands: White_Space and
 * the category Pd (Unicode 15.0), the soft hyphen, the minus sign, zero-width characters and bidi
 * controls. It is what phones and pages put into a text that is typed or pasted.
 */
bool asp_is_passed_over(unsigned long value);

#endif
