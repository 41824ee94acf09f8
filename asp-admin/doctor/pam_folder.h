/*
 * The files of PAM on this machine: those in /etc/pam.d and, for names that are not there, those
 * that packages keep in /usr/lib/pam.d.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_FOLDER_H
#define ASP_ADMIN_DOCTOR_PAM_FOLDER_H

#include "pam_stack.h"

/* Begins as {0}. */
struct pam_folder {
    struct pam_file **files; /* by name, those of /etc/pam.d first */
    size_t count;
    size_t room;
    bool failed; /* out of memory */
};

/* Reads them all, without what editors and packages leave beside them. */
void pam_folder_read(struct pam_folder *folder);

/*
 * The lines of a text, as those of the file of that service at that path. False: out of memory.
 * The caller frees the file, which begins as {0}, by pam_file_free in either case.
 */
bool pam_folder_parse(struct pam_file *file, const char *name, const char *path, const char *text);

/* True when there is no such module on this machine. */
bool pam_folder_misses(const char *module);

/* The file of that name, or the one at that absolute path; NULL: there is none. */
struct pam_file *pam_folder_find(struct pam_folder *folder, const char *name);

/* The lines of a file, and of those that it brings in. */
void pam_folder_lines(struct pam_folder *folder, const struct pam_file *file,
                      enum facility facility, struct pam_stack *stack);

/* The stack of a service: these, and where there are none those of `other`. */
void pam_folder_stack(struct pam_folder *folder, const struct pam_file *file,
                      enum facility facility, struct pam_stack *stack);

void pam_folder_free(struct pam_folder *folder);

#endif
