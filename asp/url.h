/*
 * Addresses of servers, as asp.conf has them: SCHEME://HOST[:PORT][/PATH] (RFC 3986).
 */
#ifndef ASP_URL_H
#define ASP_URL_H

#include <stdbool.h>

enum {
    ASP_URL_HOST_MAX = 253, /* bytes: RFC 1035 */
    ASP_URL_SCHEME_MAX = 15,
};

struct asp_url {
    char scheme[ASP_URL_SCHEME_MAX + 1];
    char host[ASP_URL_HOST_MAX + 1]; /* a name in ASCII, or an IPv6 address without its brackets */
    unsigned port;                   /* that of the scheme where none is said */
    bool tls;                        /* from the first byte, and not by STARTTLS */
    const char *path;                /* borrowed; with its slash, or empty */
};

/*
 * Reads an address without a user in it, of one of these schemes, of which the last is NULL: imap,
 * imaps, submission, submissions (RFC 8314) and https are known. False: it is none.
 */
bool asp_url_read(const char *text, const char *const schemes[], struct asp_url *url);

#endif
