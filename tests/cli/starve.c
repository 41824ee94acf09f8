/*
 * Memory that runs out in one process: preloaded, it lets the allocation ASP_TEST_STARVE fail, and
 * with a + behind the number all that follow. How many there were is written to descriptor
 * ASP_TEST_STARVE_TO at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <libconfig.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The functions of this library stand before libc's for all that is loaded. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static int counting; /* from the end of the loader's work on */
static long allocations;
static long fail_at; /* the number of the one that fails; 0: none */
static int fail_on;  /* and all behind it */

/* libconfig and glibc's name service end their host when they have no memory: their own allocations
 * are spared. */
static int spared;

static int fails(void)
{
    if (!counting || spared > 0)
        return 0;
    allocations++;
    if (fail_at == 0 || allocations < fail_at || (allocations > fail_at && !fail_on))
        return 0;
    errno = ENOMEM;
    return 1;
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

static void *next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

#define SPARE(type, name, params, args)                                                            \
    type name params                                                                               \
    {                                                                                              \
        type(*real) params;                                                                        \
        type result;                                                                               \
                                                                                                   \
        spared++;                                                                                  \
        *(void **)&real = next(#name);                                                             \
        result = real args;                                                                        \
        spared--;                                                                                  \
        return result;                                                                             \
    }

SPARE(int, config_read_string, (config_t * config, const char *text), (config, text))
SPARE(struct passwd *, getpwnam, (const char *name), (name))
SPARE(int, getpwnam_r,
      (const char *name, struct passwd *entry, char *room, size_t size, struct passwd **found),
      (name, entry, room, size, found))
SPARE(struct passwd *, getpwuid, (uid_t uid), (uid))
SPARE(struct group *, getgrnam, (const char *name), (name))

void config_init(config_t *config)
{
    void (*real)(config_t *);

    spared++;
    *(void **)&real = next("config_init");
    real(config);
    spared--;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("ASP_TEST_STARVE");

    fail_at = at == NULL ? 0 : strtol(at, NULL, 10);
    fail_on = at != NULL && strchr(at, '+') != NULL;
    counting = 1;
}

__attribute__((destructor)) static void end(void)
{
    const char *to = getenv("ASP_TEST_STARVE_TO");

    counting = 0;
    if (to != NULL)
        (void)dprintf(atoi(to), "%ld\n", allocations);
}
