/*
 * Hosts, and IPv4 and IPv6 networks: text, and membership. An IPv4 address is held as v4-mapped
 * IPv6 (RFC 4291, 2.5.5.2), so that both forms of one address are the same.
 */
#ifndef ASP_NETWORK_H
#define ASP_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASP_NETWORK_SIZE = 52, /* the longest text of a network, with its NUL */
    ASP_HOST_MAX = 160,    /* a host longer than this is not kept */
};

struct asp_network {
    uint8_t address[16];
    uint8_t bits; /* of the 128; the others are 0 */
};

/* True for what looks like an IPv4 or IPv6 address or a host name of at most ASP_HOST_MAX bytes. */
bool asp_host_valid(const char *host);

/* True for an address alone, of which a network can say whether it is in it. The zone of a
 * link-local address (RFC 4007) is passed over. */
bool asp_host_is_address(const char *host);

/* True for an address by which this machine reaches itself alone: 127.0.0.0/8 and ::1. */
bool asp_host_is_loopback(const char *host);

/* An address or CIDR (RFC 4632, RFC 4291); a bare address is one host. False for anything else, or
 * with host bits set. */
bool asp_network_read(const char *text, struct asp_network *network);

/* The network in which the address of such a text is, whatever its host bits. False for what is no
 * CIDR even so. */
bool asp_network_read_any(const char *text, struct asp_network *network);

/* As it is shown and stored: a v4-mapped one in dotted form, one host without its length. */
void asp_network_write(const struct asp_network *network, char text[ASP_NETWORK_SIZE]);

/* True when `host` is an address in one of the networks. A name never is: nothing is looked up. */
bool asp_networks_contain(const struct asp_network *networks, size_t count, const char *host);

#endif
