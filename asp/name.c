/* Names of users, services and apps: which are well-formed, and how they are stored. */
#include "name.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum {
    DIGEST_BYTES = 32,
    DIGEST_CHARS = 43, /* unpadded base64 */
};

#define DIGEST_MARK '~' /* which stands for itself nowhere else */

static const char hex[] = "0123456789ABCDEF";

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* How a byte of a name stands in the name of a file. */
enum { ESCAPED, ITSELF, ITSELF_INSIDE, REFUSED };

static const unsigned char kinds[256] = {
    ['A'] = ITSELF,   ['B'] = ITSELF,        ['C'] = ITSELF,   ['D'] = ITSELF,   ['E'] = ITSELF,
    ['F'] = ITSELF,   ['G'] = ITSELF,        ['H'] = ITSELF,   ['I'] = ITSELF,   ['J'] = ITSELF,
    ['K'] = ITSELF,   ['L'] = ITSELF,        ['M'] = ITSELF,   ['N'] = ITSELF,   ['O'] = ITSELF,
    ['P'] = ITSELF,   ['Q'] = ITSELF,        ['R'] = ITSELF,   ['S'] = ITSELF,   ['T'] = ITSELF,
    ['U'] = ITSELF,   ['V'] = ITSELF,        ['W'] = ITSELF,   ['X'] = ITSELF,   ['Y'] = ITSELF,
    ['Z'] = ITSELF,   ['a'] = ITSELF,        ['b'] = ITSELF,   ['c'] = ITSELF,   ['d'] = ITSELF,
    ['e'] = ITSELF,   ['f'] = ITSELF,        ['g'] = ITSELF,   ['h'] = ITSELF,   ['i'] = ITSELF,
    ['j'] = ITSELF,   ['k'] = ITSELF,        ['l'] = ITSELF,   ['m'] = ITSELF,   ['n'] = ITSELF,
    ['o'] = ITSELF,   ['p'] = ITSELF,        ['q'] = ITSELF,   ['r'] = ITSELF,   ['s'] = ITSELF,
    ['t'] = ITSELF,   ['u'] = ITSELF,        ['v'] = ITSELF,   ['w'] = ITSELF,   ['x'] = ITSELF,
    ['y'] = ITSELF,   ['z'] = ITSELF,        ['0'] = ITSELF,   ['1'] = ITSELF,   ['2'] = ITSELF,
    ['3'] = ITSELF,   ['4'] = ITSELF,        ['5'] = ITSELF,   ['6'] = ITSELF,   ['7'] = ITSELF,
    ['8'] = ITSELF,   ['9'] = ITSELF,        ['_'] = ITSELF,   ['@'] = ITSELF,   ['+'] = ITSELF,
    ['-'] = ITSELF,   ['.'] = ITSELF_INSIDE, [0x01] = REFUSED, [0x02] = REFUSED, [0x03] = REFUSED,
    [0x04] = REFUSED, [0x05] = REFUSED,      [0x06] = REFUSED, [0x07] = REFUSED, [0x08] = REFUSED,
    [0x09] = REFUSED, [0x0a] = REFUSED,      [0x0b] = REFUSED, [0x0c] = REFUSED, [0x0d] = REFUSED,
    [0x0e] = REFUSED, [0x0f] = REFUSED,      [0x10] = REFUSED, [0x11] = REFUSED, [0x12] = REFUSED,
    [0x13] = REFUSED, [0x14] = REFUSED,      [0x15] = REFUSED, [0x16] = REFUSED, [0x17] = REFUSED,
    [0x18] = REFUSED, [0x19] = REFUSED,      [0x1a] = REFUSED, [0x1b] = REFUSED, [0x1c] = REFUSED,
    [0x1d] = REFUSED, [0x1e] = REFUSED,      [0x1f] = REFUSED, [0x7f] = REFUSED, ['/'] = REFUSED,
    [':'] = REFUSED,  ['*'] = REFUSED,       ['?'] = REFUSED,
};

static bool is_refused(char c)
{
    return kinds[(unsigned char)c] == REFUSED;
}

bool asp_user_encode(const char *user, char name[ASP_USER_ENCODED + 1])
{
    const char *p = user;
    size_t at;

    if (user[0] == '\0' || user[0] == '-' || strcmp(user, ".") == 0 || strcmp(user, "..") == 0)
        return false;
    /* Most names stand for themselves to their end. */
    while (kinds[(unsigned char)*p] == ITSELF)
        p++;
    at = (size_t)(p - user);
    if (at > ASP_USER_MAX)
        return false;
    memcpy(name, user, at);
    for (; *p != '\0'; p++) {
        const unsigned char kind = kinds[(unsigned char)*p];

        if (kind == REFUSED || p - user == ASP_USER_MAX)
            return false;
        if (kind == ITSELF || (kind == ITSELF_INSIDE && p != user)) {
            name[at++] = *p;
            continue;
        }
        name[at++] = '%';
        name[at++] = hex[(unsigned char)*p >> 4];
        name[at++] = hex[(unsigned char)*p & 15];
    }
    name[at] = '\0';
    return true;
}

bool asp_user_is_digest(const char *file)
{
    if (file[0] != DIGEST_MARK || strnlen(file, DIGEST_CHARS + 2) != DIGEST_CHARS + 1)
        return false;
    for (const char *p = file + 1; *p != '\0'; p++) {
        if (!is_alnum(*p) && *p != '-' && *p != '_')
            return false;
    }
    return true;
}

const char *asp_user_fault(const char *user)
{
    char name[ASP_USER_ENCODED + 1];
    size_t length = strlen(user);

    if (length == 0)
        return "is empty";
    if (user[0] == ' ' || user[length - 1] == ' ')
        return "has a blank at one end";
    if (asp_user_encode(user, name))
        return NULL;
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
    return "is longer than 254 bytes";
}

/* The value of an upper-case hexadecimal digit. */
static unsigned digit(char c)
{
    return (unsigned)(strchr(hex, c) - hex);
}

/* Returns how many bytes it stands for, a NUL after them; 0: it is no name. */
static size_t unescape(const char *name, char user[ASP_USER_MAX + 1])
{
    size_t at = 0;

    for (const char *p = name; *p != '\0'; p++) {
        const bool is_escape = *p == '%';

        if (at == ASP_USER_MAX || (is_escape && strspn(p + 1, hex) < 2))
            return 0;
        user[at++] = is_escape ? (char)(digit(p[1]) << 4 | digit(p[2])) : *p;
        p += is_escape ? 2 : 0;
    }
    user[at] = '\0';
    return at;
}

bool asp_user_decode(const char *name, char user[ASP_USER_MAX + 1])
{
    char again[ASP_USER_ENCODED + 1];

    /* One user, one name: only what encoding gives again is one of ours. */
    return unescape(name, user) > 0 && asp_user_encode(user, again) && strcmp(again, name) == 0;
}

static void name_by_digest(const char *name, char file[ASP_USER_FILE + 1])
{
    unsigned char digest[DIGEST_BYTES];
    char user[ASP_USER_MAX + 1];

    (void)crypto_generichash(digest, sizeof digest, (const unsigned char *)user,
                             unescape(name, user), NULL, 0);
    file[0] = DIGEST_MARK;
    (void)sodium_bin2base64(file + 1, ASP_USER_FILE, digest, sizeof digest,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void asp_user_file(const char *name, char file[ASP_USER_FILE + 1])
{
    size_t length = strlen(name);

    if (length <= ASP_USER_FILE)
        memcpy(file, name, length + 1);
    else
        name_by_digest(name, file);
}

void asp_user_join(char path[ASP_USER_PATH], const char *folder, const char *name)
{
    size_t length = strlen(folder);

    memcpy(path, folder, length);
    asp_user_file(name, path + length);
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

int asp_service_compare(const char *a, const char *b)
{
    while (*a != '\0' && asp_fold(*a) == asp_fold(*b)) {
        a++;
        b++;
    }
    return (unsigned char)asp_fold(*a) - (unsigned char)asp_fold(*b);
}

bool asp_service_equal(const char *a, const char *b)
{
    return asp_service_compare(a, b) == 0;
}

bool asp_names_contain(const struct asp_names *names, size_t count, const char *service)
{
    for (size_t i = 0; i < count; i++) {
        if (asp_service_equal(names->names[i], service))
            return true;
    }
    return false;
}
