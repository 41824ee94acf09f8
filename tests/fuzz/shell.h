/*
 * A line for a shell as it is printed to be pasted, cut into its words as POSIX has it. Not by
 * wordexp(3), for which in glibc 2.36 an empty pair of quotation marks is a word by itself.
 */
#ifndef ASP_TESTS_FUZZ_SHELL_H
#define ASP_TESTS_FUZZ_SHELL_H

#include "fuzz.h"

/* The words, which lie in the line then. -1: there are more, or something is in it that is neither
 * a letter, in single quotation marks nor behind a backslash. */
static inline int shell_split(char *line, char *words[], int most)
{
    const char *at = line;
    char *to = line;
    int count = 0;

    for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
        bool more;

        if (count == most)
            return -1;
        words[count++] = to;
        while (*at != ' ' && *at != '\0') {
            const char *end = *at == '\'' ? strchr(at + 1, '\'') : at + 1;

            if (strchr("\"$`|&;<>()*?[]{}~#!", *at) != NULL || end == NULL ||
                (*at == '\\' && at[1] == '\0'))
                return -1;
            if (*at == '\'') {
                memmove(to, at + 1, (size_t)(end - at) - 1);
                to += end - at - 1;
                at = end + 1;
            } else {
                at += *at == '\\';
                *to++ = *at++;
            }
        }
        more = *at != '\0';
        at += more;
        *to++ = '\0';
        if (!more)
            break;
    }
    return count;
}

#endif
