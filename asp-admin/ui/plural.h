/*
 * How many there are of a thing, in words whose plural has an s.
 */
#ifndef ASP_ADMIN_UI_PLURAL_H
#define ASP_ADMIN_UI_PLURAL_H

#include "asp/buffer.h"

/* What stands behind the noun: nothing where there is one, else "s". */
const char *plural(unsigned long long count);

/* Adds number and noun: "1 app password", "2 app passwords". */
void plural_add(struct asp_buffer *out, unsigned long long count, const char *noun);

#endif
