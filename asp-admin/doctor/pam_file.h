/*
 * The text of a file in /etc/pam.d -> its lines, as libpam reads them: pam.conf(5). Pure.
 */
#ifndef ASP_ADMIN_DOCTOR_PAM_FILE_H
#define ASP_ADMIN_DOCTOR_PAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MODULE_FILE "pam_asp.so"

enum facility {
    FACILITY_AUTH,
    FACILITY_ACCOUNT,
    FACILITY_PASSWORD,
    FACILITY_SESSION,
    FACILITY_ANY,     /* of a line that brings in another file with all of them */
    FACILITY_UNKNOWN, /* the line fails where its file was brought in, else in auth */
};

/* What a module can answer, in libpam's numbers: _pam_types.h of Linux-PAM. */
enum reply {
    REPLY_SUCCESS,
    REPLY_OPEN_ERR,
    REPLY_SYMBOL_ERR,
    REPLY_SERVICE_ERR,
    REPLY_SYSTEM_ERR,
    REPLY_BUF_ERR,
    REPLY_PERM_DENIED,
    REPLY_AUTH_ERR,
    REPLY_CRED_INSUFFICIENT,
    REPLY_AUTHINFO_UNAVAIL,
    REPLY_USER_UNKNOWN,
    REPLY_MAXTRIES,
    REPLY_NEW_AUTHTOK_REQD,
    REPLY_ACCT_EXPIRED,
    REPLY_SESSION_ERR,
    REPLY_CRED_UNAVAIL,
    REPLY_CRED_EXPIRED,
    REPLY_CRED_ERR,
    REPLY_NO_MODULE_DATA,
    REPLY_CONV_ERR,
    REPLY_AUTHTOK_ERR,
    REPLY_AUTHTOK_RECOVERY_ERR,
    REPLY_AUTHTOK_LOCK_BUSY,
    REPLY_AUTHTOK_DISABLE_AGING,
    REPLY_TRY_AGAIN,
    REPLY_IGNORE,
    REPLY_ABORT,
    REPLY_AUTHTOK_EXPIRED,
    REPLY_MODULE_UNKNOWN,
    REPLY_BAD_ITEM,
    REPLY_CONV_AGAIN,
    REPLY_INCOMPLETE,
    REPLIES,
};

/* Its name in a control, as user_unknown. */
const char *pam_reply_name(enum reply reply);

/* The answer of that name. False: it is none of libpam's. */
bool pam_reply_of(const char *name, enum reply *reply);

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
enum { TOLD_GUARDED = 1, TOLD_PLACE = 2, TOLD_NO_APP = 4 };

enum pam_line_kind { LINE_MODULE, LINE_INCLUDE, LINE_SUBSTACK, LINE_BROKEN };

struct pam_line {
    size_t number; /* in the file, from 1 */
    size_t last;   /* the same of the last one, where it goes on over several */
    enum pam_line_kind kind;
    enum facility facility;
    int actions[REPLIES];
    const char *word; /* the module's path, or the name of the other file; NULL: it is broken */
    const char **arguments;
    int argument_count;
    bool missing;  /* there is no such module on this machine: set by who has looked */
    bool fails;    /* it has a word that libpam does not know, and is a failure for that */
    unsigned told; /* a bit for each thing that was said of it: doctor's */
};

struct pam_file {
    char *name; /* of the service */
    char *path;
    char *text;  /* cut into the words of the lines */
    char *whole; /* the text as it stands in the file, or NULL */
    struct pam_line *lines;
    size_t count;
    dev_t device; /* of the file, whatever its names */
    ino_t inode;
    bool is_link;
    bool included; /* another file brings it in */
    bool is_cut;   /* its last line is to go on, and does not: libpam refuses the file */
    size_t torn;   /* the first line that goes on over a comment or an empty line, or 0: libpam
                      before 1.7 passes over those, later ones end the line there */
};

/* Cuts the text into words and finds the lines. False: out of memory. */
bool pam_file_read(struct pam_file *file);

/* True when the line has the module of this file name, wherever it lies. */
bool pam_line_has(const struct pam_line *line, const char *module);

void pam_file_free(struct pam_file *file);

#endif
