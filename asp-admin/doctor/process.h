/*
 * What /proc says of a process.
 */
#ifndef ASP_ADMIN_DOCTOR_PROCESS_H
#define ASP_ADMIN_DOCTOR_PROCESS_H

#include "examination.h"

enum { PROCESS_NAME = 64 };

#define PROCESS_NO_GROUP ((gid_t)(-1))

struct process {
    char name[PROCESS_NAME]; /* "?": it is not known */
    unsigned long parent;    /* by whom it was started; 0: by nobody, or not known */
    unsigned long uid;       /* the real one */
    bool in_group;           /* the group that was asked for is one of its groups */
};

/* False: there is none, or it has ended. */
bool process_read(const char *pid, gid_t group, struct process *process);

#endif
