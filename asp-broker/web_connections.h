/*
 * The connections of the web server, one for each user who signs in or is signed in, and the
 * processes in which her sign-in and her commands are done.
 */
#ifndef ASP_BROKER_WEB_CONNECTIONS_H
#define ASP_BROKER_WEB_CONNECTIONS_H

#include "own_primary.h"
#include "web_limits.h"
#include "web_listener.h"

#include "asp/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum web_stage {
    WEB_FREE,
    WEB_NEW,        /* nothing was said yet */
    WEB_SIGNING_IN, /* a process has it */
    WEB_TO_REFUSE,  /* PAM has not let her in: she is told so when it is time */
    WEB_IDLE,       /* she is signed in */
    WEB_AT_WORK,    /* and a process has it */
};

/* One in each place of the limits. */
struct web_connection {
    enum web_stage stage;
    int fd;
    pid_t process;
    int64_t said_ms; /* when she has last said something, or is to be refused */
    bool admitted;
    char account[ASP_USER_MAX + 1];
    bool is_user;           /* whom the name service has known when she signed in */
    struct own_primary own; /* as it was when she signed in */
};

struct web_connections {
    const struct web_listener *web;
    struct own_primary_key key;
    struct web_limits limits;
    struct web_connection list[WEB_PLACES];
    int reports[2]; /* a pipe */
};

/* Begins from {0}. False with errno. */
bool web_connections_open(struct web_connections *all, const struct web_listener *web);
void web_connections_close(struct web_connections *all);

void web_connection_close(struct web_connections *all, int place);

/* Says why, and closes it. A sign-in is killed: its modules are not waited for. */
void web_connection_refuse(struct web_connections *all, int place, const char *why);

/* Says that she is not let in, and closes it. */
void web_connection_say_no(struct web_connections *all, int place);

/* Refuses all, but commands at work: those end when they are done. */
void web_connections_end(struct web_connections *all, const char *why);

/* A process signs her in, by the name that she has typed, from an address, which is empty where it
 * is not known; or carries out the command that she has said. Where there is none, she is told so.
 */
void web_connection_sign_in(struct web_connections *all, int place, const char *user,
                            const char *address);
void web_connection_command(struct web_connections *all, int place);

/* What these processes have told so far, and which have ended. */
void web_connections_take_reports(struct web_connections *all);
void web_connections_reap(struct web_connections *all);

#endif
