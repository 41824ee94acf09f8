/*
 * A stack of its own for what is to leave nothing on it.
 */
#ifndef UNIT_OWN_STACK_H
#define UNIT_OWN_STACK_H

#include <stdbool.h>
#include <stddef.h>

/* Runs it on a stack that has nothing on it, and that own_stack_has looks at afterwards. */
void own_stack_run(void (*function)(void));

bool own_stack_has(const void *bytes, size_t length);

#endif
