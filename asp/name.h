/*
 * Names: of users, as they are stored, and of services and apps.
 */
#ifndef ASP_NAME_H
#define ASP_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ASP_USER_MAX = 200, /* bytes of a user name as it is stored, see asp_user_encode */
    ASP_USER_PATH = ASP_USER_MAX + 9,
    ASP_SERVICE_MAX = 64, /* bytes of a service or app name */
};

/*
 * The name of a user's file: A-Z a-z 0-9 _ @ + - and a dot that is not first stand for themselves,
 * every other byte is %XX. False for a name that is not well-formed: empty, over ASP_USER_MAX bytes
 * when encoded, "." or "..", with a leading "-", or with one of / : * ? or a control byte in it. No
 * two well-formed names have the same file.
 */
bool asp_user_encode(const char *user, char encoded[ASP_USER_MAX + 1]);

/* The rule that a name breaks which asp_user_encode refuses, as what is said of it: "is empty".
 * NULL for one that is well-formed. */
const char *asp_user_fault(const char *user);

/* The path `folder` + an encoded name; `folder` ends with the sign / and has at most 8 bytes. */
void asp_user_join(char path[ASP_USER_PATH], const char *folder, const char *encoded);

/* The way back; false for what asp_user_encode does not write. */
bool asp_user_decode(const char *encoded, char user[ASP_USER_MAX + 1]);

/* The name of a service or an app: 1 to 64 bytes of printable ASCII without space and any of " \ %
 * / , */
bool asp_service_valid(const char *name);

/* Compares two service names as libpam does, which makes them lower case (ASCII). */
bool asp_service_equal(const char *a, const char *b);

/* ASCII lower case, whatever the locale. */
char asp_fold(char c);

/* Names in a row, of services or apps. */
struct asp_names {
    const char *const *names;
    size_t count;
};

/* True when one of the first `count` names is that of the service. */
bool asp_names_contain(const struct asp_names *names, size_t count, const char *service);

#endif
