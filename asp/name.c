/* Names of users, services and apps: which are well-formed, and how they are stored. */
#include "name.h"

#include <stdint.h>
#include <string.h>

static const char hex[] = "0123456789ABCDEF";

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool stands_for_itself(char c, bool first)
{
    return is_alnum(c) || c == '_' || c == '@' || c == '+' || c == '-' || (c == '.' && !first);
}

static bool is_refused(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f || strchr("/:*?", c) != NULL;
}

bool asp_user_encode(const char *user, char encoded[ASP_USER_MAX + 1])
{
    size_t at = 0;

    if (user[0] == '\0' || user[0] == '-' || strcmp(user, ".") == 0 || strcmp(user, "..") == 0)
        return false;
    for (const char *p = user; *p != '\0'; p++) {
        bool plain = stands_for_itself(*p, p == user);

        if ((!plain && is_refused(*p)) || at + (plain ? 1 : 3) > ASP_USER_MAX)
            return false;
        if (plain) {
            encoded[at++] = *p;
        } else {
            encoded[at++] = '%';
            encoded[at++] = hex[(unsigned char)*p >> 4];
            encoded[at++] = hex[(unsigned char)*p & 15];
        }
    }
    encoded[at] = '\0';
    return true;
}

const char *asp_user_fault(const char *user)
{
    char encoded[ASP_USER_MAX + 1];

    if (asp_user_encode(user, encoded))
        return NULL;
    if (user[0] == '\0')
        return "is empty";
    if (user[0] == '-')
        return "begins with -";
    if (strcmp(user, ".") == 0 || strcmp(user, "..") == 0)
        return "is that of a folder";
    for (const char *p = user; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return "holds a control character";
        if (is_refused(*p))
            return "holds one of / : * ?";
    }
    return "is longer than 200 bytes, or than that as the name of a file";
}

void asp_user_join(char path[ASP_USER_PATH], const char *folder, const char *encoded)
{
    size_t length = strlen(folder);

    memcpy(path, folder, length);
    memcpy(path + length, encoded, strlen(encoded) + 1);
}

/* The value of an upper-case hexadecimal digit, or 16. */
static unsigned digit(char c)
{
    const char *at = c == '\0' ? NULL : strchr(hex, c);

    return at == NULL ? 16 : (unsigned)(at - hex);
}

bool asp_user_decode(const char *encoded, char user[ASP_USER_MAX + 1])
{
    char again[ASP_USER_MAX + 1];
    size_t at = 0;

    if (strnlen(encoded, ASP_USER_MAX + 1) > ASP_USER_MAX)
        return false;
    for (const char *p = encoded; *p != '\0'; p++) {
        if (*p == '%') {
            if (digit(p[1]) > 15 || digit(p[2]) > 15)
                return false;
            user[at++] = (char)(digit(p[1]) << 4 | digit(p[2]));
            p += 2;
        } else {
            user[at++] = *p;
        }
    }
    user[at] = '\0';
    /* One file, one name: only what encoding the name gives again is a file of ours. */
    return strlen(user) == at && asp_user_encode(user, again) && strcmp(again, encoded) == 0;
}

char asp_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool asp_service_valid(const char *name)
{
    size_t length = strnlen(name, ASP_SERVICE_MAX + 1);

    if (length == 0 || length > ASP_SERVICE_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!is_alnum(c) && (c <= ' ' || c >= 0x7f || strchr("\"\\%/,", c) != NULL))
            return false;
    }
    return true;
}

bool asp_service_equal(const char *a, const char *b)
{
    while (*a != '\0' && asp_fold(*a) == asp_fold(*b)) {
        a++;
        b++;
    }
    return asp_fold(*a) == asp_fold(*b);
}

bool asp_names_contain(const struct asp_names *names, size_t count, const char *service)
{
    for (size_t i = 0; i < count; i++) {
        if (asp_service_equal(names->names[i], service))
            return true;
    }
    return false;
}
