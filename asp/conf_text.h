/*
 * What libconfig must never be given. Its 1.5 ends the process on a bad @include, and wraps a
 * literal outside 32 bits silently.
 */
#ifndef ASP_CONF_TEXT_H
#define ASP_CONF_TEXT_H

#include "error.h"

#include <stddef.h>

/* ASP_OK, or ASP_INVALID with file and line: an @include, a NUL, a number outside 32 bits, brackets
 * nested too deep. */
enum asp_status asp_conf_text_check(const char *path, const char *text, size_t length,
                                    struct asp_error *error);

#endif
