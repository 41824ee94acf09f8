/* A name in a header. */
#include "remote_user.h"

#include <string.h>

void remote_user_write(const char *account, char text[REMOTE_USER_SIZE])
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *account != '\0'; account++) {
        const unsigned char byte = (unsigned char)*account;

        if (byte < 0x21 || byte > 0x7e || strchr("%,;\"'", *account) != NULL) {
            *text++ = '%';
            *text++ = hex[byte >> 4];
            *text++ = hex[byte & 15];
        } else {
            *text++ = *account;
        }
    }
    *text = '\0';
}
