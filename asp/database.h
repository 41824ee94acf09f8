/*
 * The database that keeps the accounts of many machines, as the configuration describes it.
 */
#ifndef ASP_DATABASE_H
#define ASP_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

/* One of the servers, any of which may be the one that is written to. */
struct asp_database_host {
    const char *name;    /* what its certificate must be made out to */
    const char *address; /* where it is reached: an IP address, or the folder of a Unix socket */
    int port;            /* of a Unix socket too: it is a part of its name */
};

/* Whether it is reached by a Unix socket. */
bool asp_database_host_is_folder(const struct asp_database_host *host);

struct asp_database {
    const struct asp_database_host *hosts;
    size_t host_count; /* 0: accounts are kept in files */
    const char *name;
    const char *user;     /* the role of the broker */
    const char *admin;    /* that of root's asp-admin */
    bool tls;             /* else none: for Unix sockets and loopback alone */
    const char *ca;       /* a path: who certifies the servers, and nobody else does */
    const char *cert;     /* paths: what the servers know this node by; both, or empty */
    const char *key;      /* of mode 0600 */
    const char *passfile; /* a path, or empty */
    int wait;             /* milliseconds: all that a login may wait for it */
    int fence;            /* seconds that may be between two writes anywhere; 0: any time */
};

#endif
