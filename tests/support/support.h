/*
 * What the unit tests and the tests of the module share. What cannot be done fails the test.
 */
#ifndef ASP_TESTS_SUPPORT_H
#define ASP_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Makes a file of mode 0600, or fills the one that is there. */
void file_write(const char *path, const void *bytes, size_t length);
/* Removes a folder and all that is in it, across no mount. */
void folder_remove(const char *path);
/* Milliseconds of a clock that is never set. */
long long now_ms(void);
/* The program is built with a sanitizer. */
bool is_sanitized(void);
/* What malloc has given and not got back, in bytes. False: this C library does not say. */
bool heap_bytes(size_t *bytes);

/* ck_assert_str_eq for a text within a structure that a function returns: it is gone at the end of
 * the expression, and Check keeps its address for longer. */
#define ck_returned_str_eq(text, expected)                                                         \
    do {                                                                                           \
        char text_[512];                                                                           \
        (void)snprintf(text_, sizeof text_, "%s", text);                                           \
        ck_assert_msg(strcmp(text_, expected) == 0, "%s is \"%s\" and not \"%s\"", #text, text_,   \
                      expected);                                                                   \
    } while (0)

#endif
