/*
 * A change of a file of PAM: lines that are written somewhere, and others that go. Pure.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_EDIT_H
#define ASP_ADMIN_DOCTOR_PAM_EDIT_H

#include "pam_file.h"

#include "asp/buffer.h"

enum { PAM_EDIT_GONE_MAX = 8 };

/* Begins as {.file = ...}. */
struct pam_edit {
    const struct pam_file *file;
    struct asp_buffer lines;      /* with a line end between two of them */
    const struct pam_line *above; /* where they are written; NULL: at the end */
    const struct pam_line *gone[PAM_EDIT_GONE_MAX];
    size_t gone_count;
};

/* Writes one more line behind those that are there. */
void pam_edit_add(struct pam_edit *edit, const char *line);

/* The same with one that stands in a file, which may be another one. */
void pam_edit_copy(struct pam_edit *edit, const struct pam_file *file, const struct pam_line *line);

/* Adds the module of a line, and its arguments but that one, as they stand in a file; nor an app=
 * of which doctor has said that it is none. */
void pam_edit_add_module(struct asp_buffer *out, const struct pam_line *line, const char *but);

/* Adds the whole of the changed file. */
void pam_edit_apply(const struct pam_edit *edit, struct asp_buffer *out);

/* Adds what is to be done, for a person to read. */
void pam_edit_describe(const struct pam_edit *edit, struct asp_buffer *out);

void pam_edit_free(struct pam_edit *edit);

#endif
