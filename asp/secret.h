/*
 * The text of an app password: xxxxx-xxxxx-xxxxx-xxxxx-xxxxx, 25 characters of an alphabet of 32.
 * The first two are the id, public; the other 23 are the secret, 115 bits from the kernel's
 * generator.
 */
#ifndef ASP_SECRET_H
#define ASP_SECRET_H

#include "alphabet.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ASP_ALPHABET_BITS = 5,
    ASP_ID_CHARS = 2,
    ASP_KEY_CHARS = 23,
    ASP_IDS = 32 * 32,                                    /* how many ids there are */
    ASP_ENTROPY_BITS = ASP_KEY_CHARS * ASP_ALPHABET_BITS, /* of the secret alone */
    ASP_SECRET_SHOWN = ASP_ID_CHARS + ASP_KEY_CHARS + 4,  /* with its four dashes */
    ASP_SECRET_TYPED_MAX = 512, /* longer text is none of ours, whatever is in it */
};

struct asp_secret {
    char id[ASP_ID_CHARS + 1];
    char key[ASP_KEY_CHARS + 1];
    bool capitals; /* there were some: it is none, though it may be right but for them */
};

/* True for exactly two characters of the alphabet. */
bool asp_id_valid(const char *id);

/* The place of a valid id among all ASP_IDS of them. */
size_t asp_id_index(const char *id);

/*
 * Makes a new app password whose id is not among the taken ones: `taken[asp_id_index(id)]` is true
 * for each id in use. ASP_FULL when no id is free. Needs sodium_init to have succeeded. The caller
 * wipes it.
 */
enum asp_status asp_secret_make(const bool taken[ASP_IDS], struct asp_secret *secret);

/*
 * Reads what a person or a program typed, of at most ASP_SECRET_TYPED_MAX bytes of UTF-8: what
 * asp_is_passed_over is passed over; what is left must be 25 characters of the alphabet. Of
 * capitals A to Z it says in `secret` that there were some, and holds them as small letters. False,
 * with a wiped `secret`, for anything else. The bytes need not end with NUL.
 */
bool asp_secret_read(const char *typed, size_t length, struct asp_secret *secret);

/* Writes it as it is shown, with dashes and a NUL. The caller wipes `shown`. */
void asp_secret_show(const struct asp_secret *secret, char shown[ASP_SECRET_SHOWN + 1]);

void asp_secret_wipe(struct asp_secret *secret);

#endif
