/*
 * Which program has started a process: whoever is to start it again looks for that one.
 */
#ifndef ASP_ADMIN_DOCTOR_STARTED_BY_H
#define ASP_ADMIN_DOCTOR_STARTED_BY_H

#include "process.h"

struct starter {
    unsigned long number; /* 0: there is none */
    char name[PROCESS_NAME];
};

/* The topmost process above this one that is neither the first of the machine nor a person's way
 * in: a shell, a login. */
struct starter started_by(const char *pid);

#endif
