/*
 * How a part of pam_asp that is not on this machine comes to it.
 */
#ifndef ASP_ADMIN_DOCTOR_PACKAGE_H
#define ASP_ADMIN_DOCTOR_PACKAGE_H

#include "findings.h"

#include "asp/buffer.h"

/* Gives the command of apt that installs Debian's package of this name, or elsewhere the advice to
 * install `what`, as the fix of the fault that was added last. */
void package_fix(struct findings *findings, const char *package, const char *what);

/* The same as a part of a sentence. */
void package_add(struct asp_buffer *out, const char *package, const char *what);

#endif
