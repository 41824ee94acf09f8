/*
 * Commands that set a file or a folder right. They are safe where nobody but root can put another
 * one in its place meanwhile, and nothing is overwritten.
 */
#ifndef ASP_ADMIN_DOCTOR_PATH_FIX_H
#define ASP_ADMIN_DOCTOR_PATH_FIX_H

#include "findings.h"

/* True where nobody but root can put another file, or a link, in the place of this one. */
bool path_is_held(const char *path);

/* What is to be so of a path, beside being root's and written by nobody else. */
enum path_wanted {
    PATH_SOUND,   /* nothing */
    PATH_FOLDER,  /* a folder that nobody else enters */
    PATH_PRIVATE, /* a file that nobody else reads */
    PATH_READ,    /* one that all read */
    PATH_PROGRAM, /* one that all run */
};

/*
 * Gives the commands that make what is at `path`, which is pam_asp's own, as it is wanted, as the
 * fix of the fault that was added last; of a file that is another user's or can be written by
 * others, the advice to look at it and to put a copy in its place, which nothing runs. False: no
 * command does that, or a folder above it has to be looked at first, and no fix was given.
 */
bool path_fix(struct findings *findings, const char *path, enum path_wanted wanted);

/*
 * Of a program in a folder in which others than root may put another one, such as Debian's
 * /usr/local/bin, which is the group staff's: gives the commands that put a copy into `folder`,
 * which is one of ours, and where a mode is all that is wrong, those for the folder above. `key` is
 * the setting that names it. False: it is none, and no fix was given.
 */
bool path_fix_place(struct findings *findings, const char *key, const char *path,
                    const char *folder);

/* Gives the command that makes a folder that is not there, and is to be private. */
void path_fix_missing(struct findings *findings, const char *path);

/* True where this file of conf/ is installed, and can be trusted. */
bool path_fix_is_shipped(const char *shipped);

/* As path_fix for a file that is shipped, by its name in conf/, and is to be at `path`. False: it
 * is not installed. */
bool path_fix_install(struct findings *findings, const char *shipped, const char *path);

#endif
