/*
 * Where the words of a command go and come from: the streams of this process, or those of a client
 * at the other end of a socket.
 */
#ifndef ASP_ADMIN_UI_CONSOLE_H
#define ASP_ADMIN_UI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

enum console_stream { CONSOLE_OUT, CONSOLE_ERR };

struct console {
    /* Writes all of it. False with errno when it did not get there. */
    bool (*say)(void *context, enum console_stream stream, const char *text, size_t length);
    /* Reads an app password, to the end of the input, of a line on a terminal, or of the room.
     * False with errno. The caller wipes `typed`. */
    bool (*read_secret)(void *context, char *typed, size_t size, size_t *length);
    void *context;
    bool terminal; /* the answer goes to one */
    bool colour;
    size_t width; /* of the terminal, or 80 */
};

/* From now on all goes through this one, which is copied. */
void console_use(const struct console *console);

/* The one of now. Before console_use it is this process's own streams. */
const struct console *console_now(void);

/* This process's own streams, as they are now. */
struct console console_of_process(void);

#endif
