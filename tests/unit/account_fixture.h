/* Files of accounts as the tests of their bytes have them: put together, read, and compared. */
#ifndef ASP_TESTS_ACCOUNT_FIXTURE_H
#define ASP_TESTS_ACCOUNT_FIXTURE_H

#include "unit.h"

#define HMAC_ZERO "$hmac-sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BLAKE_ZERO "$blake2b$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LINE(id, label, verifier)                                                                  \
    "id=" id " label=\"" label                                                                     \
    "\" app=first-use created=1970-01-01T00:16:40Z by=\"root\" bound=- "                           \
    "expires=never unused=never from=any revoked=- verifier=" verifier "\n"
#define ENTRY(id, label) LINE(id, label, HMAC_ZERO)
#define BLAKE_ENTRY(id, label) LINE(id, label, BLAKE_ZERO)

#define HEAD "asp-account 1 user=\"alice\"\n"
#define HEAD_2 "asp-account 2 user=\"alice\"\n"
#define HEX_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What was said of the bytes that were read last. */
extern struct asp_error read_error;

/* Reads bytes in memory of their very size; one line says what is wrong, and nothing is left to
 * free then. `only` as asp_account_read has it. */
enum asp_status read_bytes(const char *bytes, size_t length, const char *user, const char *only,
                           struct asp_account *account);

/* BODY with the digest of it. */
enum asp_status read_body(const char *body, const char *user, struct asp_account *account);
enum asp_status read_body_bytes(const char *body, size_t length, const char *user, const char *only,
                                struct asp_account *account);

void same_account(const struct asp_account *a, const struct asp_account *b);

#endif
