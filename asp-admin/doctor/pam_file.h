/*
 * The text of a file in /etc/pam.d -> its lines, as libpam reads them: pam.conf(5). Pure.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_FILE_H
#define ASP_ADMIN_DOCTOR_PAM_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum facility {
    FACILITY_AUTH,
    FACILITY_ACCOUNT,
    FACILITY_PASSWORD,
    FACILITY_SESSION,
    FACILITY_ANY,     /* of a line that brings in another file with all of them */
    FACILITY_UNKNOWN, /* the line fails where its file was brought in, else in auth */
};

/* What a module can answer, as far as doctor tells one answer from another. */
enum reply {
    REPLY_SUCCESS,
    REPLY_AUTH_ERR,
    REPLY_PERM_DENIED,
    REPLY_NEW_AUTHTOK_REQD,
    REPLY_AUTHTOK_ERR,
    REPLIES,
};

/* What is done upon an answer. Above ACTION_IGNORE: how many lines are jumped over. */
enum {
    ACTION_IGNORE = 0,
    ACTION_OK = -1,
    ACTION_DONE = -2,
    ACTION_BAD = -3,
    ACTION_DIE = -4,
    ACTION_RESET = -5,
};

/* What doctor has said of a line, which may stand in the stacks of many services: bits. */
enum { TOLD_GUARDED = 1, TOLD_REFUSED = 2, TOLD_PLACE = 4 };

enum pam_line_kind { LINE_MODULE, LINE_INCLUDE, LINE_SUBSTACK, LINE_BROKEN };

struct pam_line {
    size_t number;
    enum pam_line_kind kind;
    enum facility facility;
    int actions[REPLIES];
    const char *word; /* the module's path, or the name of the other file; NULL: it is broken */
    const char **arguments;
    int argument_count;
    bool fails;    /* it has a word that libpam does not know, and is a failure for that */
    unsigned told; /* a bit for each thing that was said of it: doctor's */
};

struct pam_file {
    char *name; /* of the service */
    char *path;
    char *text; /* cut into the words of the lines */
    struct pam_line *lines;
    size_t count;
    bool included; /* another file brings it in */
};

/* Cuts the text into words and finds the lines. False: out of memory. */
bool pam_file_read(struct pam_file *file);

/* True when the line has the module of this file name, wherever it lies. */
bool pam_line_has(const struct pam_line *line, const char *module);

void pam_file_free(struct pam_file *file);

#endif
