/*
 * The functions that the linker puts before those of the system, of libsodium and of the allocator,
 * and before a few of our own (--wrap): they count, note, and fail where the plan says so. In no
 * plan's time they only hand on. What is said to the system's log goes nowhere.
 */
#include "unit.h"

#include "asp/clock.h"
#include "asp/shadow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

enum { NOTED = 4096, KINDS = 64 };

enum kind { SYSTEM, MEMORY, SODIUM, LOG, OURS };

static struct {
    bool running;
    bool reached;
    struct unit_plan plan;
    unsigned matched;
    struct {
        const char *name;
        unsigned count;
    } kinds[KINDS];
    unsigned system_calls;
    char made[NOTED];
} calls;

void (*unit_random_bytes)(void *bytes, size_t length);
uint32_t (*unit_random_below)(uint32_t bound);
int64_t (*unit_clock_ms)(void);

/* What stands in for /etc/shadow; empty: nothing does. */
static char shadow_path[UNIT_PATH];

void unit_calls_begin(const struct unit_plan *plan)
{
    memset(&calls, 0, sizeof calls);
    if (plan != NULL)
        calls.plan = *plan;
    calls.running = true;
}

bool unit_calls_end(void)
{
    calls.running = false;
    return calls.reached;
}

unsigned unit_calls(const char *call)
{
    if (call == NULL)
        return calls.system_calls;
    for (size_t i = 0; i < KINDS && calls.kinds[i].name != NULL; i++) {
        if (strcmp(calls.kinds[i].name, call) == 0)
            return calls.kinds[i].count;
    }
    return 0;
}

const char *unit_calls_made(void)
{
    return calls.made;
}

static void note(const char *call, enum kind kind)
{
    size_t used = strlen(calls.made);
    size_t i = 0;

    while (calls.kinds[i].name != NULL && strcmp(calls.kinds[i].name, call) != 0)
        i++;
    if (i == KINDS - 1)
        abort();
    calls.kinds[i].name = call;
    calls.kinds[i].count++;
    calls.system_calls += kind == SYSTEM;
    if (kind == SYSTEM && used + strlen(call) + 2 < sizeof calls.made)
        (void)sprintf(calls.made + used, " %s", call);
}

/* Counts one call. True when it is to fail, with errno set. */
static bool fails(const char *call, enum kind kind)
{
    const struct unit_plan *plan = &calls.plan;

    if (!calls.running)
        return false;
    note(call, kind);
    if (plan->first == 0 || (plan->call == NULL ? kind != SYSTEM : strcmp(plan->call, call) != 0))
        return false;
    calls.matched++;
    if (calls.matched < plan->first ||
        (plan->times > 0 && calls.matched >= plan->first + plan->times))
        return false;
    calls.reached = true;
    if (plan->at != NULL) {
        calls.running = false;
        plan->at();
        calls.running = true;
        return false;
    }
    errno = plan->number;
    return true;
}

static long failure(void)
{
    return calls.plan.returns ? calls.plan.result : -1;
}

static size_t at_most(size_t length)
{
    size_t most = calls.running ? calls.plan.shortest : 0;

    return most > 0 && length > most ? most : length;
}

/* What a call named `call` does in the place of the function `name`, which a C library may lack:
 * then nothing calls it. */
#define WRAP_AS(name, call, kind, type, params, args)                                              \
    type __real_##name params __attribute__((weak));                                               \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        return fails(call, kind) ? (type)failure() : __real_##name args;                           \
    }

/* With a twin for files of 64-bit size, under which name some headers call it; and, where times
 * come with them, for these too. */
#define WRAP(name, type, params, args) WRAP_AS(name, #name, SYSTEM, type, params, args)
#define WRAP_64(name, type, params, args)                                                          \
    WRAP_AS(name, #name, SYSTEM, type, params, args)                                               \
    WRAP_AS(name##64, #name, SYSTEM, type, params, args)
#define WRAP_TIME64(name, type, params, args)                                                      \
    WRAP_64(name, type, params, args)                                                              \
    WRAP_AS(__##name##64_time64, #name, SYSTEM, type, params, args)

WRAP(fsync, int, (int fd), (fd))
WRAP(fchmod, int, (int fd, mode_t mode), (fd, mode))
WRAP(fchmodat, int, (int fd, const char *path, mode_t mode, int flags), (fd, path, mode, flags))
WRAP(mkdirat, int, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(renameat, int, (int from, const char *old, int to, const char *new), (from, old, to, new))
WRAP(linkat, int, (int from, const char *old, int to, const char *new, int flags),
     (from, old, to, new, flags))
WRAP(unlinkat, int, (int fd, const char *path, int flags), (fd, path, flags))
WRAP(getrandom, ssize_t, (void *bytes, size_t length, unsigned flags), (bytes, length, flags))
WRAP(flock, int, (int fd, int operation), (fd, operation))
WRAP(read, ssize_t, (int fd, void *bytes, size_t length), (fd, bytes, at_most(length)))
WRAP(write, ssize_t, (int fd, const void *bytes, size_t length), (fd, bytes, at_most(length)))
WRAP_TIME64(fstat, int, (int fd, struct stat *st), (fd, st))
WRAP_TIME64(fstatat, int, (int fd, const char *path, struct stat *st, int flags),
            (fd, path, st, flags))
WRAP_64(pread, ssize_t, (int fd, void *bytes, size_t length, off_t at),
        (fd, bytes, at_most(length), at))
WRAP_64(pwrite, ssize_t, (int fd, const void *bytes, size_t length, off_t at),
        (fd, bytes, at_most(length), at))
WRAP_64(lseek, off_t, (int fd, off_t at, int from), (fd, at, from))
WRAP_64(ftruncate, int, (int fd, off_t length), (fd, length))

/* A close that fails has closed all the same. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool failed = fails("close", SYSTEM);
    int number = errno;
    int result = __real_close(fd);

    if (failed)
        errno = number;
    return failed ? -1 : result;
}

int __real_closedir(DIR *folder);
int __wrap_closedir(DIR *folder);
int __wrap_closedir(DIR *folder)
{
    bool failed = fails("closedir", SYSTEM);
    int number = errno;
    int result = __real_closedir(folder);

    if (failed)
        errno = number;
    return failed ? -1 : result;
}

#define WRAP_OPENAT(name)                                                                          \
    int __real_##name(int fd, const char *path, int flags, ...) __attribute__((weak));             \
    int __wrap_##name(int fd, const char *path, int flags, ...);                                   \
    int __wrap_##name(int fd, const char *path, int flags, ...)                                    \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        va_list args;                                                                              \
                                                                                                   \
        if ((flags & O_CREAT) != 0) {                                                              \
            va_start(args, flags);                                                                 \
            mode = va_arg(args, mode_t);                                                           \
            va_end(args);                                                                          \
        }                                                                                          \
        return fails("openat", SYSTEM) ? -1 : __real_##name(fd, path, flags, mode);                \
    }

WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

/* libasp makes openat2 this way, and close_range. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    long words[6];
    va_list args;

    va_start(args, number);
    for (size_t i = 0; i < UNIT_COUNT(words); i++)
        words[i] = va_arg(args, long);
    va_end(args);
    if (fails(number == SYS_openat2 ? "openat2" : "syscall", SYSTEM))
        return -1;
    return __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
    return fails("fdopendir", SYSTEM) ? NULL : __real_fdopendir(fd);
}

#define WRAP_READDIR(name)                                                                         \
    struct dirent *__real_##name(DIR *folder) __attribute__((weak));                               \
    struct dirent *__wrap_##name(DIR *folder);                                                     \
    struct dirent *__wrap_##name(DIR *folder)                                                      \
    {                                                                                              \
        return fails("readdir", SYSTEM) ? NULL : __real_##name(folder);                            \
    }

WRAP_READDIR(readdir)
WRAP_READDIR(readdir64)

/* It returns its error, and leaves errno alone. */
#define WRAP_SLEEP(name)                                                                           \
    int __real_##name(clockid_t clock, int flags, const struct timespec *length,                   \
                      struct timespec *left) __attribute__((weak));                                \
    int __wrap_##name(clockid_t clock, int flags, const struct timespec *length,                   \
                      struct timespec *left);                                                      \
    int __wrap_##name(clockid_t clock, int flags, const struct timespec *length,                   \
                      struct timespec *left)                                                       \
    {                                                                                              \
        if (fails("clock_nanosleep", SYSTEM))                                                      \
            return calls.plan.number;                                                              \
        if (calls.running && calls.plan.hasty)                                                     \
            return 0;                                                                              \
        return __real_##name(clock, flags, length, left);                                          \
    }

WRAP_SLEEP(clock_nanosleep)
WRAP_SLEEP(__clock_nanosleep_time64)

/* The allocator. Its failure is NULL. */
#define WRAP_MEMORY(name, params, args)                                                            \
    void *__real_##name params;                                                                    \
    void *__wrap_##name params;                                                                    \
    void *__wrap_##name params                                                                     \
    {                                                                                              \
        return fails("malloc", MEMORY) ? NULL : __real_##name args;                                \
    }

WRAP_MEMORY(malloc, (size_t size), (size))
WRAP_MEMORY(calloc, (size_t count, size_t size), (count, size))
WRAP_MEMORY(realloc, (void *old, size_t size), (old, size))

/* libsodium */
WRAP_AS(sodium_memcmp, "sodium_memcmp", SODIUM, int, (const void *a, const void *b, size_t length),
        (a, b, length))
WRAP_AS(crypto_generichash_blake2b_salt_personal, "blake2b", SODIUM, int,
        (unsigned char *out, size_t out_length, const unsigned char *in,
         unsigned long long in_length, const unsigned char *key, size_t key_length,
         const unsigned char *salt, const unsigned char *personal),
        (out, out_length, in, in_length, key, key_length, salt, personal))
WRAP_AS(crypto_auth_hmacsha256_final, "hmac", SODIUM, int,
        (crypto_auth_hmacsha256_state * state, unsigned char *out), (state, out))
WRAP_AS(crypto_pwhash, "crypto_pwhash", SODIUM, int,
        (unsigned char *out, unsigned long long out_length, const char *text,
         unsigned long long length, const unsigned char *salt, unsigned long long passes,
         size_t memory, int algorithm),
        (out, out_length, text, length, salt, passes, memory, algorithm))

void __real_randombytes_buf(void *bytes, size_t length);
void __wrap_randombytes_buf(void *bytes, size_t length);
void __wrap_randombytes_buf(void *bytes, size_t length)
{
    (void)fails("randombytes_buf", SODIUM);
    if (unit_random_bytes != NULL)
        unit_random_bytes(bytes, length);
    else
        __real_randombytes_buf(bytes, length);
}

uint32_t __real_randombytes_uniform(uint32_t bound);
uint32_t __wrap_randombytes_uniform(uint32_t bound);
uint32_t __wrap_randombytes_uniform(uint32_t bound)
{
    (void)fails("randombytes_uniform", SODIUM);
    return unit_random_below != NULL ? unit_random_below(bound) : __real_randombytes_uniform(bound);
}

int64_t __real_asp_clock_ms(void);
int64_t __wrap_asp_clock_ms(void);
int64_t __wrap_asp_clock_ms(void)
{
    return unit_clock_ms != NULL ? unit_clock_ms() : __real_asp_clock_ms();
}

void unit_shadow(const char *text)
{
    char next[UNIT_PATH];

    if (shadow_path[0] == '\0')
        (void)snprintf(shadow_path, sizeof shadow_path, "%s", unit_path(unit_folder(), "shadow"));
    (void)snprintf(next, sizeof next, "%.*s-", UNIT_PATH - 2, shadow_path);
    file_write(next, text, strlen(text));
    ck_assert_int_eq(rename(next, shadow_path), 0);
}

static const char *shadow_at(const char *path)
{
    return shadow_path[0] != '\0' && strcmp(path, ASP_SHADOW_PATH) == 0 ? shadow_path : path;
}

/* It fails with a status, and leaves errno alone. */
enum asp_status __real_asp_shadow_read(const char *path, struct asp_shadow *shadow,
                                       struct asp_error *error);
enum asp_status __wrap_asp_shadow_read(const char *path, struct asp_shadow *shadow,
                                       struct asp_error *error);
enum asp_status __wrap_asp_shadow_read(const char *path, struct asp_shadow *shadow,
                                       struct asp_error *error)
{
    if (!fails("shadow", OURS))
        return __real_asp_shadow_read(shadow_at(path), shadow, error);
    memset(shadow, 0, sizeof *shadow);
    return asp_fail(error, (enum asp_status)calls.plan.result, "%s: as it was told", path);
}

enum asp_status __real_asp_identity_at(const char *path, struct asp_identity *identity,
                                       struct asp_error *error);
enum asp_status __wrap_asp_identity_at(const char *path, struct asp_identity *identity,
                                       struct asp_error *error);
enum asp_status __wrap_asp_identity_at(const char *path, struct asp_identity *identity,
                                       struct asp_error *error)
{
    return __real_asp_identity_at(shadow_at(path), identity, error);
}

/* As it is called, and as a compiler that looks for faults has it called. */
void __wrap_syslog(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap_syslog(int level, const char *format, ...)
{
    (void)level;
    (void)format;
    (void)fails("syslog", LOG);
}

void __wrap___syslog_chk(int level, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void __wrap___syslog_chk(int level, int flag, const char *format, ...)
{
    (void)level;
    (void)flag;
    (void)format;
    (void)fails("syslog", LOG);
}
