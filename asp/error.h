/*
 * What went wrong, in a code for the program and one clear line for the person.
 *
 * Functions that can fail return ASP_OK (0) or one of the negative codes below and, where they take
 * an asp_error, leave in it what is wrong and, where that is known, what to do.
 */
#ifndef ASP_ERROR_H
#define ASP_ERROR_H

enum asp_status {
    ASP_OK = 0,
    ASP_UNCHANGED = 1,   /* no failure: there is nothing to write */
    ASP_DROP = 2,        /* no failure: nothing is to be left */
    ASP_INTERRUPTED = 3, /* no failure: this process is to end, and the work was cut short */
    ASP_QUESTION = 4,    /* no failure: the name service has to be asked first, elsewhere */
    ASP_SLOW = 5,        /* no failure: a hash is slow on purpose, and is to be made elsewhere */
    ASP_NO_MEMORY = -1,  /* out of memory, or the memory of a hash is not to be had */
    ASP_INVALID = -2,    /* what the caller was given by a person is not well-formed */
    ASP_NOT_FOUND = -3,  /* it is not there, and the place where it would be was seen */
    ASP_TAKEN = -4,      /* the label is in use */
    ASP_FULL = -5,       /* the limit is reached */
    ASP_BUSY = -6,       /* another process holds the lock */
    ASP_DENIED = -7,     /* EACCES, EPERM, EROFS */
    ASP_UNSAFE = -8,     /* owner, mode or kind of a file: not to be trusted */
    ASP_CORRUPT = -9,    /* not what we wrote */
    ASP_NEWER = -10,     /* written by a later version */
    ASP_IO = -11,        /* any other failure of the system */
    ASP_MISMATCH = -12,  /* a secret does not match its verifier */
    ASP_NO_FILES = -13,  /* EMFILE, ENFILE: no descriptor is to be had */
    ASP_AMBIGUOUS = -14, /* a name that could be taken for either of two accounts */
    ASP_AGAIN = -15,     /* others were at the same: nothing is done, and it is tried again */
    ASP_UNKNOWN = -16,   /* no answer came: whether it was written is not known */
};

enum {
    ASP_ERROR_TEXT = 1024,
    ASP_ERROR_ADVICE = 1024,
    ASP_ERROR_LINE = ASP_ERROR_TEXT + 1 + ASP_ERROR_ADVICE, /* the two joined */
};

/* Begins as {0}, or by asp_error_begin: nothing is wrong. */
struct asp_error {
    enum asp_status status;
    char text[ASP_ERROR_TEXT];     /* what is wrong */
    char advice[ASP_ERROR_ADVICE]; /* what to do; empty: nothing that is known here */
};

/* As {0}, without the cost of clearing all of it. */
void asp_error_begin(struct asp_error *error);

/*
 * Writes the text (cut at the end of the room), without advice, and returns `status`, so that a
 * caller can say `return asp_fail(error, ASP_INVALID, "...")`. `error` may be NULL.
 */
enum asp_status asp_fail(struct asp_error *error, enum asp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with the status that errno stands for and ": " and errno's text after the line; and,
 * where no caller knows better, what to do about a full disk. */
enum asp_status asp_fail_errno(struct asp_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds what to do to what asp_fail has just written, and returns `status`. Advice that has no room
 * is none: half a command is worse. `error` may be NULL. */
enum asp_status asp_advise(struct asp_error *error, enum asp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The line for a person or a log: the text and, where there is any, "; " and the advice; with a
 * dash in the place of what may be an app password (redact.h). Returns `line`.
 */
const char *asp_error_line(const struct asp_error *error, char line[ASP_ERROR_LINE]);

#endif
