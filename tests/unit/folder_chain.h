/*
 * A chain of folders, and opening in it. What opens a path is tried with openat2(2) and, as on a
 * kernel that has none, without it.
 */
#ifndef ASP_TESTS_FOLDER_CHAIN_H
#define ASP_TESTS_FOLDER_CHAIN_H

#include "unit.h"

/* A uid that is nobody's, and the two ways. */
enum { STRANGER = 54321, WAYS = 2 };

/* What was said of the last failure. */
extern struct asp_error chain_error;

/* TOP, and the folders TOP, TOP/a, TOP/a/b, TOP/a/b/c. */
extern char chain_top[UNIT_PATH];
extern char chain[4][UNIT_PATH];

/* Makes a new chain. */
void make_chain(void);
void make_folder(const char *path);
/* Opens a folder that exists. */
int held(const char *path);
/* With WAY 1, from here to unit_calls_end, as on an old kernel or behind a filter of system calls.
 */
void old_kernel(int way);
/* The line of chain_error has WORD. */
void says(const char *word);

#endif
