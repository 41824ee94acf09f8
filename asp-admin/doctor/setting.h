/*
 * Settings of a server that stand each on a line of its own, and the command that changes one.
 */
#ifndef ASP_ADMIN_DOCTOR_SETTING_H
#define ASP_ADMIN_DOCTOR_SETTING_H

#include "examination.h"

#include <limits.h>

enum { SETTING_SIZE = 512 };

/* A setting as a file has it. */
struct setting {
    char path[PATH_MAX]; /* empty: no file has it */
    char value[SETTING_SIZE];
};

/* The value behind a key, in any case of letters, and one of `ends`; NULL: it is another line. Cuts
 * the line behind it. */
char *setting_value(char *line, const char *key, const char *ends);

/* The last value of a key in files of this pattern: those after it in `found` count more. */
void setting_find(struct examination *exam, const char *pattern, const char *key, const char *ends,
                  struct setting *found);

/* Gives a line for a shell, as the fix of the fault that was added last, that puts `line` in the
 * place of those of this key in a file. */
void setting_fix(struct examination *exam, const char *key, const char *ends, const char *line,
                 const char *path);

#endif
