/*
 * Where the words of a command go and come from: the streams of this process, or those of a client
 * at the other end of a socket. Whoever speaks is handed one.
 */
#ifndef ASP_ADMIN_UI_CONSOLE_H
#define ASP_ADMIN_UI_CONSOLE_H

#include "asp/buffer.h"
#include "asp/error.h"

#include <stdbool.h>
#include <stddef.h>

/* How a program of this project ends: asp-admin(8), asp-broker(8). */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_NO = 1, /* the answer is no */
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3, /* no such user or entry */
    EXIT_TAKEN = 4,     /* limit or label */
    EXIT_STORE = 5,     /* unreadable, corrupt, locked, not writable, not root */
    EXIT_CONF = 6,
};

/* A profile goes to the file that whoever asked has opened for it. */
enum console_stream { CONSOLE_OUT, CONSOLE_ERR, CONSOLE_PROFILE };

struct console {
    const char *program; /* stands before what is said to standard error */
    /* Writes all of it. False with errno when it did not get there. */
    bool (*write)(void *context, enum console_stream stream, const char *text, size_t length);
    /* Reads an app password of the user of this name, to the end of the input, of a line on a
     * terminal, or of the room. False with errno. The caller wipes `typed`. */
    bool (*read_secret)(void *context, const char *user, char *typed, size_t size, size_t *length);
    void *context; /* of both */
    bool terminal; /* the answer goes to one */
    bool colour;
    size_t width; /* of the terminal, or 80 */
    const char
        *done; /* said where the answer cannot be given: what was done all the same; or NULL */
};

/* This process's own streams, as they are now; `program` is borrowed. */
struct console console_of_process(const char *program);

/* How wide the lines of an answer may be, as struct wrap has it: 0 off a terminal, where each
 * record is a whole line. */
size_t console_wrap_width(const struct console *console);

/* The same console for the answer of what is done already, as `done` says; that is borrowed. */
struct console console_after(const struct console *console, const char *done);

/* Writes one line to standard error, with what could disturb a terminal made visible, and a dash in
 * the place of what may be an app password. */
void console_say(const struct console *console, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, and returns `code`. */
enum exit_code fail_with(const struct console *console, enum exit_code code, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

/* The same for what the core says, with the code that its status stands for. */
enum exit_code fail_with_error(const struct console *console, const struct asp_error *error);

/* The same where whatever went wrong means that store or primary could not be read: EXIT_STORE. */
enum exit_code fail_unreadable(const struct console *console, const struct asp_error *error);

/* Writes the whole text to standard output. False, with a line on standard error, when it did not
 * get there. */
bool console_print(const struct console *console, const struct asp_buffer *out);

/* The same of a text that is long, in pieces: what is there is written once it is much, or when it
 * is the last, and is empty then. */
bool console_print_piece(const struct console *console, struct asp_buffer *out, bool is_last);

/* As console_print, and frees it. */
bool console_print_and_free(const struct console *console, struct asp_buffer *out);

/* The same for sentences, which are broken between their words on a terminal. */
bool console_print_sentences(const struct console *console, struct asp_buffer *out);

/* Writes the whole text to the file of a profile. False, with a line on standard error, when it did
 * not get there. */
bool console_print_profile(const struct console *console, const struct asp_buffer *out);

/* Adds text between the codes for bold, where colour is wanted. */
void console_add_bold(const struct console *console, struct asp_buffer *out, const char *text);

#endif
