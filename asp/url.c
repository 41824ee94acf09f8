/* Addresses of servers. */
#include "url.h"

#include <arpa/inet.h>
#include <string.h>

enum { PORT_MAX = 65535 };

static const struct {
    const char *name;
    unsigned port;
    bool tls;
} known[] = {
    {"imap", 143, false},       {"imaps", 993, true}, {"submission", 587, false},
    {"submissions", 465, true}, {"https", 443, true},
};

static bool take_scheme(const char **at, const char *const schemes[], struct asp_url *url)
{
    for (size_t i = 0; schemes[i] != NULL; i++) {
        size_t length = strlen(schemes[i]);

        if (strncmp(*at, schemes[i], length) != 0 || strncmp(*at + length, "://", 3) != 0)
            continue;
        *at += length + 3;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(known[k].name, schemes[i]) != 0)
                continue;
            memcpy(url->scheme, schemes[i], length + 1);
            url->port = known[k].port;
            url->tls = known[k].tls;
            return true;
        }
    }
    return false;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

/* A name of letters, digits, dashes and dots that begins and ends with none of the last two. */
static bool is_name(const char *host)
{
    size_t length = strlen(host);

    for (size_t i = 0; i < length; i++) {
        if (!is_name_byte(host[i]))
            return false;
    }
    return length > 0 && strchr("-.", host[0]) == NULL && strchr("-.", host[length - 1]) == NULL &&
           strstr(host, "..") == NULL;
}

static bool take_host(const char **at, struct asp_url *url)
{
    const bool bracketed = **at == '[';
    const char *begin = *at + bracketed;
    size_t length = strcspn(begin, bracketed ? "]" : ":/");
    unsigned char address[sizeof(struct in6_addr)];

    if (length > ASP_URL_HOST_MAX)
        return false;
    memcpy(url->host, begin, length);
    url->host[length] = '\0';
    *at = begin + length;
    if (!bracketed)
        return is_name(url->host);
    if (**at != ']' || inet_pton(AF_INET6, url->host, address) != 1)
        return false;
    ++*at;
    return true;
}

static bool take_port(const char **at, unsigned *port)
{
    unsigned value = 0;

    if (**at != ':')
        return true;
    for (++*at; **at >= '0' && **at <= '9' && value <= PORT_MAX; ++*at)
        value = value * 10 + (unsigned)(**at - '0');
    *port = value;
    return value > 0 && value <= PORT_MAX;
}

bool asp_url_read(const char *text, const char *const schemes[], struct asp_url *url)
{
    if (!take_scheme(&text, schemes, url) || !take_host(&text, url) ||
        !take_port(&text, &url->port))
        return false;
    if (text[0] != '\0' && text[0] != '/')
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}#", *c) != NULL)
            return false;
    }
    url->path = text;
    return true;
}
