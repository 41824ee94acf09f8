/* The text of a configuration, looked over before libconfig gets it. */
#include "conf_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { DEPTH_MAX = 8, LINE_COMMENT = '#', BLOCK_COMMENT = '*', STRING = '"', PLAIN = 0 };

struct scan {
    const char *path;
    const char *text; /* with a NUL after its last byte */
    size_t length;
    size_t at;
    unsigned line;
    unsigned depth;
    unsigned opened[DEPTH_MAX]; /* on which line each open bracket stands */
    unsigned began;             /* on which line the text or comment began */
    int state;
    bool after_text; /* nothing but blanks and comments stands between a text and this place */
    struct asp_error *error;
};

static enum asp_status refuse(const struct scan *scan, const char *why)
{
    return asp_fail(scan->error, ASP_INVALID, "%s:%u: %s", scan->path, scan->line, why);
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '*';
}

/* A number that has no place in an int, in decimal or hexadecimal form. Floating ones have a wrong
 * type and are refused later. */
static bool is_too_large(const char *token, size_t length, bool negative)
{
    bool hex = length > 2 && token[0] == '0' && (token[1] == 'x' || token[1] == 'X');
    uint64_t most = (uint64_t)INT32_MAX + (negative && !hex);
    uint64_t value = 0;

    for (size_t i = hex ? 2 : 0; i < length; i++) {
        char c = token[i];
        unsigned digit;

        if (is_digit(c))
            digit = (unsigned)(c - '0');
        else if (hex && strchr("abcdefABCDEF", c) != NULL)
            digit = ((unsigned)c | 0x20U) - 'a' + 10;
        else
            break; /* a suffix, an exponent */
        value = value * (hex ? 16 : 10) + digit;
        if (value > most)
            return true;
    }
    return false;
}

/* What one version of libconfig reads otherwise than another: binary and octal after a letter,
 * known since 1.8; a number with a zero before it, decimal for 1.5 and octal for 1.7; a `_` between
 * digits. */
static bool is_read_in_two_ways(const char *token, size_t length)
{
    return (token[0] == '0' && token[1] != '\0' && strchr("0123456789bBoOqQ", token[1]) != NULL) ||
           memchr(token, '_', length) != NULL;
}

static enum asp_status scan_number(struct scan *scan)
{
    const char *token = scan->text + scan->at;
    bool negative = scan->at > 0 && token[-1] == '-';
    size_t length = 0;

    while (is_word(token[length]) || token[length] == '.')
        length++;
    if (is_too_large(token, length, negative))
        return refuse(scan, "a number is outside 32 bits");
    if (is_read_in_two_ways(token, length))
        return refuse(scan, "a number is written in decimal form, without a zero before it "
                            "and without _, or in hexadecimal after 0x");
    scan->at += length;
    return ASP_OK;
}

static enum asp_status scan_plain(struct scan *scan)
{
    const char *at = scan->text + scan->at;

    if (*at == '@')
        return refuse(scan, "@include is not allowed: put all in this one file");
    if (*at == '"' && scan->after_text)
        return refuse(scan, "a text stands behind another: is a comma missing between them?");
    if (*at != '/' && *at != '#' && strchr(" \t\r\f\v", *at) == NULL)
        scan->after_text = false;
    if (is_digit(*at))
        return scan_number(scan);
    if (is_word(*at)) {
        while (is_word(scan->text[scan->at]) || scan->text[scan->at] == '-')
            scan->at++;
        return ASP_OK;
    }
    if (*at == '#' || starts_with(at, "//"))
        scan->state = LINE_COMMENT;
    else if (starts_with(at, "/*"))
        scan->state = BLOCK_COMMENT;
    else if (*at == '"')
        scan->state = STRING;
    else if (strchr("})]", *at) != NULL && scan->depth > 0)
        scan->depth--;
    else if (strchr("{([", *at) != NULL && scan->depth == DEPTH_MAX)
        return refuse(scan, "too many brackets are open");
    else if (strchr("{([", *at) != NULL)
        scan->opened[scan->depth++] = scan->line;
    scan->began = scan->line;
    scan->at += scan->state == BLOCK_COMMENT ? 2 : 1;
    return ASP_OK;
}

static enum asp_status scan_string(struct scan *scan)
{
    const char *at = scan->text + scan->at;

    if (starts_with(at, "\\x00") || starts_with(at, "\\X00"))
        return refuse(scan, "a text must not hold a NUL");
    /* Control characters since 1.8, and two characters before. */
    if (*at == '\\' && at[1] != '\0' && strchr("abv", at[1]) != NULL)
        return refuse(scan, "a text must not hold \\a, \\b or \\v: a backslash is written \\\\");
    if (*at == '"') {
        scan->state = PLAIN;
        scan->after_text = true;
    }
    if (*at == '\\' && at[1] != '\n' && at[1] != '\0')
        scan->at++;
    scan->at++;
    return ASP_OK;
}

/* libconfig looks for the directive at the start of a line; inside a text or a comment it is
 * nobody's loss. */
static bool line_includes(const char *line)
{
    return starts_with(line + strspn(line, " \t"), "@include");
}

static enum asp_status scan_step(struct scan *scan)
{
    const char *at = scan->text + scan->at;

    if (*at == '\0')
        return refuse(scan, "there is a NUL byte");
    if ((scan->at == 0 || at[-1] == '\n') && line_includes(at))
        return refuse(scan, "@include is not allowed: put all in this one file");
    if (*at == '\n') {
        scan->line++;
        scan->state = scan->state == LINE_COMMENT ? PLAIN : scan->state;
        scan->at++;
        return ASP_OK;
    }
    if (scan->state == PLAIN)
        return scan_plain(scan);
    if (scan->state == STRING)
        return scan_string(scan);
    if (scan->state == BLOCK_COMMENT && starts_with(at, "*/")) {
        scan->state = PLAIN;
        scan->at++;
    }
    scan->at++;
    return ASP_OK;
}

/* libconfig says the wrong line of these, or nothing at all. */
static enum asp_status check_end(struct scan *scan)
{
    if (scan->state == STRING || scan->state == BLOCK_COMMENT) {
        scan->line = scan->began;
        return refuse(scan,
                      scan->state == STRING ? "a text is not closed" : "a comment is not closed");
    }
    if (scan->depth > 0) {
        scan->line = scan->opened[scan->depth - 1];
        return refuse(scan, "a bracket is not closed");
    }
    return ASP_OK;
}

enum asp_status asp_conf_text_check(const char *path, const char *text, size_t length,
                                    struct asp_error *error)
{
    struct scan scan = {.path = path, .text = text, .length = length, .line = 1, .error = error};
    enum asp_status status = ASP_OK;

    while (status == ASP_OK && scan.at < scan.length)
        status = scan_step(&scan);
    return status == ASP_OK ? check_end(&scan) : status;
}
