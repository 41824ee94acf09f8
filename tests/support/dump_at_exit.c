/*
 * For a build that counts which lines run: a process that ends by _exit(2) writes its counts too.
 * Linked into every program and library of such a build with --wrap=_exit.
 */
#include <unistd.h>

extern void __gcov_dump(void);
extern void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));

void __wrap__exit(int code)
{
    __gcov_dump();
    __real__exit(code);
}
