/* A stack of its own for what is to leave nothing on it. */
#include "own_stack.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { STACK = 1024 * 1024 };

static char *stack;
static ucontext_t here;
static ucontext_t there;

void own_stack_run(void (*function)(void))
{
    if (stack == NULL)
        stack = malloc(STACK);
    ck_assert_ptr_nonnull(stack);
    memset(stack, 0, STACK);
    ck_assert_int_eq(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = STACK;
    there.uc_link = &here;
    makecontext(&there, function, 0);
    ck_assert_int_eq(swapcontext(&here, &there), 0);
}

bool own_stack_has(const void *bytes, size_t length)
{
    return memmem(stack, STACK, bytes, length) != NULL;
}
