/*
 * What this machine is to mount, by fstab(5) and by the administrator's units of systemd.mount(5).
 * The folder beneath a mount that is not there looks like an empty place: a store that was made in
 * it would hide the one that is to be mounted, and everybody in that one.
 */
#ifndef ASP_ADMIN_SYSTEM_MOUNT_PLAN_H
#define ASP_ADMIN_SYSTEM_MOUNT_PLAN_H

#include "asp/error.h"

#include <limits.h>

/* Where it is written. */
struct mount_plan {
    const char *fstab;
    const char *units;  /* a folder */
    const char *mounts; /* what is mounted, in the form of fstab */
};

/* That of this machine. */
extern const struct mount_plan mount_plan;

/* A mount that is planned, and not there. */
struct mount_missing {
    char path[PATH_MAX];
    char unit[NAME_MAX + 1]; /* "": fstab names it, and mount(8) needs no more than the path */
};

/*
 * ASP_OK: all that is planned at `path`, which is absolute, or above it is mounted, or nothing is
 * planned; / is none. ASP_IO: the outermost one that is missing is in `missing`; what is so, and
 * the command, in `error`. ASP_NO_MEMORY: it is not known.
 */
enum asp_status mount_plan_check(const struct mount_plan *plan, const char *path,
                                 struct mount_missing *missing, struct asp_error *error);

/* The words of the command that mounts it, with NULL at the end; they are those of `missing`. */
enum { MOUNT_WORDS = 4 };
void mount_plan_command(const struct mount_missing *missing, const char *words[MOUNT_WORDS]);

#endif
