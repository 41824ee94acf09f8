/*
 * An account's name in the header `Remote-User`.
 */
#ifndef ASP_WEB_REMOTE_USER_H
#define ASP_WEB_REMOTE_USER_H

#include "asp/name.h"

enum { REMOTE_USER_SIZE = 3 * ASP_USER_MAX + 1 };

/* Writes the name, of ASP_USER_MAX bytes at most. Every byte outside 0x21 to 0x7E, and each of
 * % , ; " ' is %XX: what reads the header finds one value in it, and one name. */
void remote_user_write(const char *account, char text[REMOTE_USER_SIZE]);

#endif
