/*
 * The connections there are, with what bounds each: how long it may take until a request is whole
 * and until its answer is taken, and how many requests it may have.
 */
#ifndef ASP_WEB_CONNECTIONS_H
#define ASP_WEB_CONNECTIONS_H

#include "address.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONNECTIONS_MAX = 512,
    CONNECTIONS_NEAR = 32, /* requests at once from one address */
    CONNECTION_REQUESTS = 100,
    CONNECTION_READ_MS = 10 * 1000,  /* for head and body together */
    CONNECTION_WRITE_MS = 30 * 1000, /* for an answer */
};

struct connection {
    struct MHD_Connection *handle; /* NULL: none is here */
    int64_t deadline;              /* 0: it is waited for by nobody but us */
    unsigned requests;
    bool at_work;       /* on a request */
    struct origin from; /* its request */
};

struct connections {
    struct connection list[CONNECTIONS_MAX];
};

/* NULL: there is no room. */
struct connection *connections_add(struct connections *connections, struct MHD_Connection *handle,
                                   int64_t now);
void connection_remove(struct connection *connection);

/* Whether as many requests as may be come from where this one does. */
bool connections_are_full(const struct connections *connections,
                          const struct connection *connection);

/* Shuts those that are beyond their deadline. The next deadline, or INT64_MAX. */
int64_t connections_shut_late(struct connections *connections, int64_t now);

#endif
