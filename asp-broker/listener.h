/*
 * The sockets at which asp-broker listens: handed over by whoever started it (sd_listen_fds(3)), or
 * made by itself.
 */
#ifndef ASP_BROKER_LISTENER_H
#define ASP_BROKER_LISTENER_H

#include "asp/error.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct listener {
    int fd; /* -1: closed */
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    bool made; /* by us, so that it goes with us */
};

#define LISTENER_CLOSED ((struct listener){.fd = -1})

enum {
    LISTENERS_MAX = 4,
    LISTENER_OTHERS = 4, /* of the three kinds of listeners, without the own one; and two ends */
    WORKER_OTHERS = 2,   /* the same, without the ends */
};

/*
 * Takes the listening sockets that were handed over, close-on-exec and non-blocking. ASP_OK with
 * their number in `*count`, which is 0 where there are none; else one of them is not what we can
 * listen at.
 */
enum asp_status listeners_take(struct listener listeners[LISTENERS_MAX], size_t *count,
                               struct asp_error *error);

/*
 * Makes a socket at `path`, with that mode, owner and group (-1: as it comes), and the folder it
 * lies in where that is missing. What an earlier one has left behind is removed; one at which
 * somebody listens is not.
 */
enum asp_status listener_make(const char *path, mode_t mode, uid_t owner, gid_t group,
                              struct listener *listener, struct asp_error *error);

/* Removes the name of one that we have made: from now on nobody new finds it. */
void listener_hide(struct listener *listener);

/* Closes it. */
void listener_close(struct listener *listener);

#endif
