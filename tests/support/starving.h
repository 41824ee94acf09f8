/*
 * A malloc that fails when it is told to, in front of libc's for all that is loaded: for one file
 * of a program, or of a library that is preloaded, with glibc.
 */
#ifndef TESTS_SUPPORT_STARVING_H
#define TESTS_SUPPORT_STARVING_H

#include <dlfcn.h>
#include <errno.h>
#include <libconfig.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool counting;
static long allocations; /* while counting */
static long fail_at;     /* the number of the one that fails; 0: none */
static bool fail_on;     /* and all behind it */

/* libconfig does not survive it, and ends its host or breaks it, as glibc's name service does while
 * it loads a part: their own allocations are spared. */
static int spared; /* counts: libconfig calls itself by these names */

static bool fails(void)
{
    if (!counting || spared > 0)
        return false;
    allocations++;
    if (fail_at == 0 || allocations < fail_at || (allocations > fail_at && !fail_on))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (fails())
        return ENOMEM;
    *block = __libc_memalign(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

static void *real_one(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

/* A function whose allocations are spared. */
#define SPARE(type, name, params, args)                                                            \
    type name params                                                                               \
    {                                                                                              \
        type(*real) params;                                                                        \
        type result;                                                                               \
                                                                                                   \
        spared++;                                                                                  \
        *(void **)&real = real_one(#name);                                                         \
        result = real args;                                                                        \
        spared--;                                                                                  \
        return result;                                                                             \
    }

SPARE(int, config_read_string, (config_t * config, const char *text), (config, text))
SPARE(int, getpwnam_r,
      (const char *name, struct passwd *entry, char *room, size_t size, struct passwd **found),
      (name, entry, room, size, found))

void config_init(config_t *config)
{
    void (*real)(config_t *);

    spared++;
    *(void **)&real = real_one("config_init");
    real(config);
    spared--;
}

#endif
