/* Hosts and networks: read, written, compared. */
#include "network.h"

#include "name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { MAPPED_BITS = 96 };

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool asp_host_valid(const char *host)
{
    size_t length = strnlen(host, ASP_HOST_MAX + 1);

    if (length == 0 || length > ASP_HOST_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = asp_fold(host[i]);
        bool inner = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':';

        /* '%' is a zone (RFC 4007); '-', '.', '_' stand inside names. */
        if (!inner && (i == 0 || strchr("-._%", c) == NULL))
            return false;
    }
    return true;
}

/* Of a network too: it has 96 bits at least, since no bit behind them is set. */
static bool is_mapped(const uint8_t address[16])
{
    return memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0;
}

/* An address of either family into 16 bytes. `bits` is how many a length after it may count. */
static bool read_address(const char *text, uint8_t address[16], unsigned *bits)
{
    if (inet_pton(AF_INET, text, address + 12) == 1) {
        memcpy(address, mapped_prefix, sizeof mapped_prefix);
        *bits = 32;
        return true;
    }
    *bits = 128;
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool host_bits_clear(const struct asp_network *network)
{
    for (unsigned bit = network->bits; bit < 128; bit++) {
        if ((network->address[bit / 8] & (0x80U >> bit % 8)) != 0)
            return false;
    }
    return true;
}

static bool read_length(const char *text, unsigned most, unsigned *length)
{
    size_t digits = strspn(text, "0123456789");

    *length = 0;
    if (digits == 0 || digits > 3 || text[digits] != '\0' || (text[0] == '0' && digits > 1))
        return false;
    for (size_t i = 0; i < digits; i++)
        *length = *length * 10 + (unsigned)(text[i] - '0');
    return *length <= most;
}

/* With its host bits as they are. */
static bool read_network(const char *text, struct asp_network *network)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
    unsigned family_bits;
    unsigned bits;

    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (!read_address(address, network->address, &family_bits))
        return false;
    bits = family_bits;
    if (slash != NULL && !read_length(slash + 1, family_bits, &bits))
        return false;
    network->bits = (uint8_t)(bits + 128 - family_bits);
    return true;
}

bool asp_network_read(const char *text, struct asp_network *network)
{
    return read_network(text, network) && host_bits_clear(network);
}

bool asp_network_read_any(const char *text, struct asp_network *network)
{
    if (!read_network(text, network))
        return false;
    for (unsigned bit = network->bits; bit < 128; bit++)
        network->address[bit / 8] &= (uint8_t)(UINT8_MAX ^ (0x80U >> bit % 8));
    return true;
}

void asp_network_write(const struct asp_network *network, char text[ASP_NETWORK_SIZE])
{
    char address[INET6_ADDRSTRLEN] = "";
    bool v4 = is_mapped(network->address);
    unsigned bits = network->bits - (v4 ? MAPPED_BITS : 0U);

    (void)inet_ntop(v4 ? AF_INET : AF_INET6, network->address + (v4 ? 12 : 0), address,
                    sizeof address);
    if (network->bits == 128)
        (void)snprintf(text, ASP_NETWORK_SIZE, "%s", address);
    else
        (void)snprintf(text, ASP_NETWORK_SIZE, "%s/%u", address, bits);
}

static bool contains(const struct asp_network *network, const uint8_t address[16])
{
    size_t bytes = network->bits / 8;
    unsigned rest = network->bits % 8;
    unsigned mask = 0xffU & ~(0xffU >> rest);

    /* ::/0 is every IPv6 address and no IPv4 one, mapped or not. */
    if (is_mapped(network->address) != is_mapped(address))
        return false;
    return memcmp(network->address, address, bytes) == 0 &&
           (rest == 0 || ((network->address[bytes] ^ address[bytes]) & mask) == 0);
}

/* What stands behind an IPv6 address, nothing or a % and more: that is the name or number of a link
 * (RFC 4007). */
static bool zone_is_sound(const char *zone)
{
    return zone[0] == '\0' || (zone[1] != '\0' && strchr(zone + 1, '%') == NULL);
}

static bool read_host(const char *host, uint8_t address[16])
{
    char text[INET6_ADDRSTRLEN];
    unsigned family_bits;
    size_t length = strcspn(host, "%");

    if (!asp_host_valid(host) || length >= sizeof text || !zone_is_sound(host + length) ||
        (host[length] == '%' && strchr(host, ':') == NULL))
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    return read_address(text, address, &family_bits);
}

bool asp_host_is_address(const char *host)
{
    uint8_t address[16];

    return read_host(host, address);
}

bool asp_networks_contain(const struct asp_network *networks, size_t count, const char *host)
{
    uint8_t address[16];

    if (!read_host(host, address))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (contains(&networks[i], address))
            return true;
    }
    return false;
}

bool asp_host_is_loopback(const char *host)
{
    static const struct asp_network own[] = {
        {{[10] = 0xff, [11] = 0xff, [12] = 127}, 104},
        {{[15] = 1}, 128},
    };

    return asp_networks_contain(own, sizeof own / sizeof *own, host);
}
