/*
 * The other end of a user's socket, as the commands have it before them: a console whose words
 * cross the socket, and are acknowledged there.
 */
#ifndef ASP_BROKER_SELF_CONSOLE_H
#define ASP_BROKER_SELF_CONSOLE_H

#include "asp-admin/ui/console.h"

#include <stdbool.h>
#include <stddef.h>

struct self_client {
    int fd;
    bool silent; /* it has not answered in time: it is told the rest, and not waited for again */
};

/* A console's `write` for a `struct self_client`. True when all of it was acknowledged in time: by
 * the client itself, once it has written it. */
bool self_console_write(void *client, enum console_stream stream, const char *text, size_t length);

#endif
