/* A number for each account, or for some. */
#include "password_marks.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PLACES = 8192 };

/* With a key of its own, so that nobody can find a name that shares a place with another's. */
struct password_marks {
    unsigned char key[crypto_shorthash_KEYBYTES];
    _Atomic unsigned long set[PLACES];
};

struct password_marks *password_marks_make(void)
{
    struct password_marks *marks =
        mmap(NULL, sizeof *marks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (marks == MAP_FAILED)
        return NULL;
    crypto_shorthash_keygen(marks->key);
    return marks;
}

static size_t place_of(const struct password_marks *marks, const char *account)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;

    _Static_assert(sizeof hash == sizeof number, "SipHash-2-4 has 64 bits");
    (void)crypto_shorthash(hash, (const unsigned char *)account, strlen(account), marks->key);
    memcpy(&number, hash, sizeof number);
    return (size_t)(number % PLACES);
}

void password_marks_note(struct password_marks *marks, const char *account)
{
    (void)atomic_fetch_add(&marks->set[place_of(marks, account)], 1);
}

unsigned long password_marks_of(const struct password_marks *marks, const char *account)
{
    return atomic_load(&marks->set[place_of(marks, account)]);
}
