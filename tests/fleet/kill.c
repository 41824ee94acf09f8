/*
 * A process that is killed: preloaded, it ends it before the step of that number, ASP_TEST_KILL, in
 * which it would change a name in a folder, or ask the database.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>

static void step(void)
{
    static int count;
    const char *last = getenv("ASP_TEST_KILL");

    if (last != NULL && ++count == atoi(last))
        (void)raise(SIGKILL);
}

/* As they are declared elsewhere, but for types that are of libpq. */
int renameat(int from_folder, const char *from, int to_folder, const char *to);
int unlinkat(int folder, const char *name, int flags);
int PQsendQueryPrepared(void *conn, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int format);

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    int (*real)(int, const char *, int, const char *) =
        (int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");

    step();
    return real(from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char *name, int flags)
{
    int (*real)(int, const char *, int) =
        (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");

    step();
    return real(folder, name, flags);
}

int PQsendQueryPrepared(void *conn, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int format)
{
    int (*real)(void *, const char *, int, const char *const *, const int *, const int *, int) =
        (int (*)(void *, const char *, int, const char *const *, const int *, const int *,
                 int))dlsym(RTLD_NEXT, "PQsendQueryPrepared");

    step();
    return real(conn, name, count, values, lengths, formats, format);
}
