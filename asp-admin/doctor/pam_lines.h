/*
 * doctor: the lines of PAM files that name the module, each by itself.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_LINES_H
#define ASP_ADMIN_DOCTOR_PAM_LINES_H

#include "examination.h"

/* The module is there and root's, the arguments are right, and libpam understands the file. */
void examine_pam_lines(struct examination *exam);

/* True for a file that names the module, or brings in one that does, and in which libpam does not
 * understand something, which examine_pam_lines tells: nothing else of it is as it looks. */
bool pam_lines_are_misread(struct pam_folder *folder, const struct pam_file *file);

#endif
