/*
 * An account as export writes it and import reads it, one line of JSON (RFC 8259):
 *
 *   {"asp_export":1,"user":...,"primary":...,"uses_since":...,"entries":[...]}
 *
 * asp-admin(8), EXPORTS, has what each of them is. There is one text for what is stored of an
 * account: what is read and written again is the same, to the byte.
 */
#ifndef ASP_ADMIN_COMMANDS_ACCOUNT_JSON_H
#define ASP_ADMIN_COMMANDS_ACCOUNT_JSON_H

#include "asp/account.h"
#include "asp/buffer.h"
#include "asp/usage.h"

enum { ACCOUNT_JSON_MAX = 6 * 1024 * 1024 }; /* bytes of a line: more than the longest has */

/*
 * Adds the line, with its end. Not in it: what is pending, whom the account follows, which hooks
 * are due, and of primary passwords what a command has said, which need not be hard to guess.
 * Without memory `out->failed`.
 */
void account_json_add(struct asp_buffer *out, const struct asp_account *account,
                      const struct asp_usage *usage);

/*
 * Reads a line, without its end, by the rules of the store: whatever it is, what is read could have
 * been stored. ASP_OK, and the caller frees both; else ASP_INVALID, ASP_NEWER or ASP_NO_MEMORY, and
 * nothing to free.
 */
enum asp_status account_json_read(const char *line, size_t length, struct asp_account *account,
                                  struct asp_usage *usage, struct asp_error *error);

#endif
