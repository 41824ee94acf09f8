/*
 * The credentials of HTTP's Basic scheme (RFC 7617), as a client sends them in `Authorization`.
 */
#ifndef ASP_WEB_BASIC_CREDENTIALS_H
#define ASP_WEB_BASIC_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

enum { BASIC_CREDENTIALS_MAX = 1024 }; /* bytes of user, colon and password */

/* Wiped by the caller. */
struct basic_credentials {
    char user[2 * BASIC_CREDENTIALS_MAX + 1]; /* with its NUL, and the password behind it */
    const char *password;                     /* in `user` */
    size_t password_length;
};

/*
 * Reads the value of the header (NULL: there is none). The first colon ends the user's name. What
 * is no UTF-8 is read as Latin-1, and made UTF-8. False, with nothing left in `credentials`: it is
 * of another scheme, is no padded base64 (RFC 4648, section 4) of BASIC_CREDENTIALS_MAX bytes at
 * most, has no colon, a control byte (0x00 to 0x1F and 0x7F) or an empty password.
 */
bool basic_credentials_read(const char *header, struct basic_credentials *credentials);

#endif
