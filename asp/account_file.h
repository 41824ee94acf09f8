/*
 * The bytes of the file that holds an account:
 *
 *   asp-account 1 user="alice"
 *   primary=-                          see fingerprint.h
 *   account=not-yet                    it was made for what is pending, and there is nothing else
 *   pending=9x made=...                a line for each that was not shown yet, see entry.h
 *   id=7k label="Old phone" ...        a line for each entry, see entry.h
 *   digest=0f3c...                     of all the bytes above it
 *
 * Its version follows from what it holds: 2 where that is anything which 0.1.0 does not know, or
 * would read with another meaning, so that 0.1.0 leaves it alone; else 1.
 *
 * Pure: it reads and writes bytes, never files.
 */
#ifndef ASP_ACCOUNT_FILE_H
#define ASP_ACCOUNT_FILE_H

#include "account.h"
#include "buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASP_ACCOUNT_BYTES_MAX = 8 * 1024 * 1024 }; /* a longer file is none of ours */

/* Whose account the bytes are, by their first line alone; they may be damaged behind it. False: it
 * does not say. */
bool asp_account_whose(const uint8_t *bytes, size_t length, char user[ASP_USER_MAX + 1]);

/*
 * Reads the bytes of the file of `user`. With `only` not NULL, one entry is read at most: that of
 * this id or, where there is none, the last; the digest vouches for the others. The work is then
 * the same whether it is there or not.
 *
 * ASP_OK: the caller frees `account`. Else ASP_CORRUPT, ASP_NEWER or ASP_NO_MEMORY, and nothing to
 * free.
 */
enum asp_status asp_account_read(const uint8_t *bytes, size_t length, const char *user,
                                 const char *only, struct asp_account *account,
                                 struct asp_error *error);

/* Writes the bytes of the file. The caller frees `out`; `out->failed`: out of memory. */
void asp_account_write(const struct asp_account *account, struct asp_buffer *out);

#endif
