/*
 * Names: of users, as they are stored, and of services and apps.
 */
#ifndef ASP_NAME_H
#define ASP_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ASP_USER_MAX = 254,                  /* bytes of a user's name */
    ASP_USER_ENCODED = 3 * ASP_USER_MAX, /* of it as asp_user_encode writes it */
    ASP_USER_FILE = 200,                 /* of the name of her file, see asp_user_file */
    ASP_USER_PATH = ASP_USER_FILE + 9,
    ASP_SERVICE_MAX = 64, /* bytes of a service or app name */
};

/*
 * A user's name as it is stored: A-Z a-z 0-9 _ @ + - and a dot that is not first stand for
 * themselves, every other byte is %XX. False for a name that no account has: empty, over
 * ASP_USER_MAX bytes, "." or "..", with a leading "-", or with one of / : * ? or a control byte in
 * it.
 */
bool asp_user_encode(const char *user, char name[ASP_USER_ENCODED + 1]);

/* The rule that a name breaks, as what is said of it: "is empty". NULL for one that is well-formed,
 * which is one that can be encoded and has no blank at either end: version 0.1.0 took those too. */
const char *asp_user_fault(const char *user);

/*
 * The name of the file of a user, from what asp_user_encode has written: the same, or, where that
 * is over ASP_USER_FILE bytes, ~ and the BLAKE2b-256 of the user's own name in 43 letters of
 * base64url (RFC 4648, section 5). No two users have the same. What is one already stays.
 */
void asp_user_file(const char *name, char file[ASP_USER_FILE + 1]);

/* The path `folder` + that; `folder` ends with the sign / and has at most 8 bytes. */
void asp_user_join(char path[ASP_USER_PATH], const char *folder, const char *name);

/* The way back; false for what asp_user_encode does not write, as for a digest. */
bool asp_user_decode(const char *name, char user[ASP_USER_MAX + 1]);

/* True when the name of a file has the form of a digest: whose it is stands in the file. */
bool asp_user_is_digest(const char *file);

/* The name of a service or an app: 1 to 64 bytes of printable ASCII without space and any of " \ %
 * / , */
bool asp_service_valid(const char *name);

/* That rule, as it is said to a person. */
#define ASP_SERVICE_RULE "1 to 64 printable ASCII characters without space and any of \" \\ % / ,"

/* Compares two service names as libpam does, which makes them lower case (ASCII): less than, equal
 * to or greater than 0, as strcmp. */
int asp_service_compare(const char *a, const char *b);

/* True when that is 0. */
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
