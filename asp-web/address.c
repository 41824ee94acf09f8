/* The address of a browser. */
#include "address.h"

#include <string.h>

enum { SUBSCRIBER_BYTES = 8 };

bool address_read(const char *value, char address[ASP_NETWORK_SIZE])
{
    struct asp_network network;

    address[0] = '\0';
    /* Neither a name nor a network, a zone or a port. */
    if (value == NULL || strchr(value, '/') != NULL || !asp_network_read(value, &network))
        return false;
    asp_network_write(&network, address);
    return true;
}

bool address_is_near(const char *address, const char *other)
{
    struct asp_network one;
    struct asp_network two;

    if (strchr(address, ':') == NULL || strchr(other, ':') == NULL)
        return strcmp(address, other) == 0;
    return asp_network_read(address, &one) && asp_network_read(other, &two) &&
           memcmp(one.address, two.address, SUBSCRIBER_BYTES) == 0;
}

bool origin_is_near(const struct origin *origin, const struct origin *other)
{
    if (origin->kind != other->kind || origin->kind == FROM_UNKNOWN)
        return false;
    return origin->kind == FROM_STRANGER || address_is_near(origin->address, other->address);
}
