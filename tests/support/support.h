/*
 * What the unit tests and the tests of the module share. What cannot be done fails the test.
 */
#ifndef ASP_TESTS_SUPPORT_H
#define ASP_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a file of mode 0600, or fills the one that is there. */
void file_write(const char *path, const void *bytes, size_t length);
/* Removes a folder and all that is in it, across no mount. */
void folder_remove(const char *path);
/* Milliseconds of a clock that is never set. */
long long now_ms(void);
/* The program is built with a sanitizer. */
bool is_sanitized(void);

#endif
