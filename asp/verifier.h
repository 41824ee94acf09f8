/*
 * The one-way hash of a secret, as a PHC string.
 *
 *   $blake2b$SALT$TAG                          the default: BLAKE2b-256 of RFC 7693, the salt as
 *                                              key, and with a personalization of our own
 *   $hmac-sha256$SALT$TAG                      RFC 2104 with SHA-256, the salt as key
 *   $argon2id$v=19$m=KIB,t=PASSES,p=1$SALT$TAG RFC 9106
 *
 * A salt is public, so neither of the first two is a MAC: each is a salted hash. All hash one
 * message: a version, the account's name, the id and the secret, each with its length before it, so
 * that a line copied to another account or another id does not verify. The secret is uniform
 * over 2^115, so a fast hash is as safe as a slow one; see the manual for the argument and its
 * limits.
 */
#ifndef ASP_VERIFIER_H
#define ASP_VERIFIER_H

#include "error.h"
#include "secret.h"

#include <stdbool.h>
#include <stdint.h>

enum asp_scheme { ASP_BLAKE2B, ASP_HMAC_SHA256, ASP_ARGON2ID };

enum {
    ASP_MEMORY_MIN =
        8192, /* KiB; what the configuration allows, and the most that a stored line can ask for */
    ASP_MEMORY_MAX = 1048576,
    ASP_PASSES_MIN = 1,
    ASP_PASSES_MAX = 10,
    ASP_MEMORY_DEFAULT = 19456, /* where the configuration says nothing */
    ASP_PASSES_DEFAULT = 2,
    ASP_VERIFIER_SIZE = 128, /* the longest PHC string with its NUL */
};

struct asp_cost {
    enum asp_scheme scheme;
    uint32_t memory; /* KiB, argon2id alone */
    uint32_t passes;
};

/* True for a string of one of the three forms, its cost within the bounds above. */
bool asp_verifier_valid(const char *verifier);

/* What a valid one costs; memory and passes are 0 where it is no argon2id. */
void asp_verifier_cost(const char *verifier, struct asp_cost *cost);

/* True for a valid one that 0.1.0 does not know. */
bool asp_verifier_is_beyond_1(const char *verifier);

/* Makes a verifier with a new salt. ASP_OK, or ASP_NO_MEMORY. */
enum asp_status asp_verifier_make(const struct asp_cost *cost, const char *user,
                                  const struct asp_secret *secret,
                                  char verifier[ASP_VERIFIER_SIZE]);

/*
 * One hash, compared in constant time. ASP_OK: it is the secret of this verifier; ASP_MISMATCH;
 * ASP_NO_MEMORY: it could not be told; ASP_CORRUPT: not a valid verifier, nothing was hashed.
 */
enum asp_status asp_verifier_check(const char *verifier, const char *user,
                                   const struct asp_secret *secret);

/*
 * The work of asp_verifier_check where there is no verifier to check: one hash at `cost`, whose
 * result is dropped. ASP_MISMATCH or ASP_NO_MEMORY, never anything else.
 */
enum asp_status asp_verifier_decoy(const struct asp_cost *cost, const char *user,
                                   const struct asp_secret *secret);

#endif
