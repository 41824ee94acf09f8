/*
 * Whether there are random bytes to be had.
 *
 * They are libsodium's, which takes them from getrandom(2) and ends its process where that fails,
 * as in a sandbox that refuses the call. Such a refusal lasts: who is about to ask libsodium for
 * random bytes, or to start it, looks here first. The store does so before each update.
 */
#ifndef ASP_RANDOM_H
#define ASP_RANDOM_H

#include "error.h"

/* ASP_OK, or why the kernel gives this process none: ASP_DENIED for EPERM. `error` may be NULL. */
enum asp_status asp_random_check(struct asp_error *error);

/* The same for libsodium's start, which can do with /dev/urandom. */
enum asp_status asp_random_check_start(struct asp_error *error);

#endif
