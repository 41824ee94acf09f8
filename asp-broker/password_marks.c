/* A number for each account, or for some. */
#include "password_marks.h"

#include "asp/checksum.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

enum { PLACES = 1024 };

struct password_marks {
    _Atomic unsigned long set[PLACES];
};

struct password_marks *password_marks_make(void)
{
    void *shared = mmap(NULL, sizeof(struct password_marks), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return shared == MAP_FAILED ? NULL : shared;
}

static size_t place_of(const char *account)
{
    return (size_t)(asp_checksum(account, strlen(account)) % PLACES);
}

void password_marks_note(struct password_marks *marks, const char *account)
{
    (void)atomic_fetch_add(&marks->set[place_of(account)], 1);
}

unsigned long password_marks_of(const struct password_marks *marks, const char *account)
{
    return atomic_load(&marks->set[place_of(account)]);
}
