/*
 * Where a browser is, as a proxy tells it.
 */
#ifndef ASP_WEB_ADDRESS_H
#define ASP_WEB_ADDRESS_H

#include "asp/network.h"

#include <stdbool.h>

/* Reads the value of the header: one address of IPv4 or IPv6, and nothing beside it, written to
 * `address` in one form. False for anything else, and for NULL. */
bool address_read(const char *value, char address[ASP_NETWORK_SIZE]);

/* Whether both are of one subscriber: the same, or of the same /64 of IPv6. */
bool address_is_near(const char *address, const char *other);

/* Who is at the other end, as far as it matters. */
enum origin_kind {
    FROM_UNKNOWN,  /* the proxy tells no address */
    FROM_ADDRESS,  /* it is in `address` */
    FROM_STRANGER, /* who speaks at a TCP port without the proxy's secret: all are one */
};

struct origin {
    enum origin_kind kind;
    char address[ASP_NETWORK_SIZE]; /* empty: not known */
};

/* Whether two are counted as one. Who is not known is not counted. */
bool origin_is_near(const struct origin *origin, const struct origin *other);

#endif
