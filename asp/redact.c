/* App passwords are found in what others wrote, and taken out of it. */
#include "redact.h"

#include "alphabet.h"
#include "label.h"
#include "name.h"

#include <string.h>

enum {
    GROUP = 5, /* as an app password is shown */
    GROUPS = 5,
    LETTERS = GROUPS * GROUP,
    UUID_GROUP = 4, /* each group of a UUID is one, two or three of these */
    UUID_GROUP_MOST = 12,
};

enum kind {
    LETTER, /* of the alphabet */
    OTHER,  /* another letter or digit: not in an app password */
    SOFT,   /* may stand anywhere in one */
    HARD,   /* may stand between its groups */
};

/* A part of the text. */
struct span {
    const char *start; /* NULL: none */
    const char *end;
};

static bool is_hex(char c)
{
    c = asp_fold(c);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The length of a byte that is written as %XX or \xXX, else 0. */
static size_t escape_length(const char *at)
{
    if (at[0] == '%' && is_hex(at[1]) && is_hex(at[2]))
        return 3;
    return at[0] == '\\' && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3]) ? 4 : 0;
}

/* A letter that is in no app password, nor between its groups; or NUL, which is not either. */
static bool is_other(char c)
{
    return strchr("iloILOuU", c) != NULL;
}

/* The kind of the character at `at`, and its length. */
static size_t read_kind(const char *at, bool escapes, enum kind *kind)
{
    unsigned long value;
    size_t length = escapes ? escape_length(at) : 0;

    *kind = SOFT;
    if (length != 0)
        return length;
    length = asp_utf8_next(at, &value);
    if (length == 0)
        return 1;
    if (asp_letter_value(asp_fold(at[0])) >= 0)
        *kind = LETTER;
    else if (is_other(at[0]))
        *kind = OTHER;
    else if (!asp_is_passed_over(value) && !asp_is_control(value))
        *kind = HARD;
    return length;
}

static bool is_uuid(const struct span *span)
{
    size_t group = 0;

    for (const char *at = span->start;; at++) {
        if (is_hex(*at)) {
            group++;
            continue;
        }
        if (group == 0 || group % UUID_GROUP != 0 || group > UUID_GROUP_MOST)
            return false;
        if (at == span->end)
            return true;
        if (*at != '-')
            return false;
        group = 0;
    }
}

/* Letters with nothing hard between them; words around an app password too. */
struct run {
    struct span span;
    size_t letters;
};

/* Groups of letters with no other letter or digit between them, as an app password is shown. */
struct groups {
    struct span span;
    size_t fit; /* how many in a row fit so far; GROUPS or more: span is one, and may go on */
    const char *start; /* of the group that goes on, else NULL */
};

/* A group has come to its end, if there is one. False: it does not belong to the span before it. */
static bool end_group(struct groups *groups, const char *end)
{
    const char *start = groups->start;
    size_t length = start == NULL ? 0 : (size_t)(end - start);

    if (length == 0)
        return true;
    groups->start = NULL;
    if (groups->fit >= GROUPS && length < GROUP)
        return false;
    if (length >= LETTERS && groups->fit < GROUPS) {
        groups->fit = GROUPS;
        groups->span.start = start;
    } else if (groups->fit > 0 && length >= GROUP &&
               (length == GROUP || groups->fit + 1 >= GROUPS)) {
        groups->fit++;
    } else {
        groups->fit = length >= GROUP ? 1 : 0;
        groups->span.start = start;
    }
    groups->span.end = end;
    return true;
}

/* The first place where one may be. */
static struct span find(const char *text, bool escapes)
{
    const struct span nowhere = {NULL, NULL};
    struct run run = {.letters = 0};
    struct groups groups = {.fit = 0};
    enum kind kind = HARD;
    size_t length;

    for (const char *at = text;; at += length) {
        bool goes_on;

        length = *at == '\0' ? 0 : read_kind(at, escapes, &kind);
        if (length > 0 && kind == LETTER) {
            run.span.start = run.letters++ == 0 ? at : run.span.start;
            run.span.end = at + 1;
            groups.start = groups.start == NULL ? at : groups.start;
            continue;
        }
        goes_on = end_group(&groups, at) && length > 0 && kind == SOFT;
        if (groups.fit >= GROUPS && !goes_on)
            return groups.span;
        if (run.letters >= LETTERS && (length == 0 || kind != SOFT) && !is_uuid(&run.span))
            return run.span;
        if (length == 0)
            return nowhere;
        run.letters = kind == SOFT ? run.letters : 0;
        groups.fit = kind == OTHER ? 0 : groups.fit;
    }
}

/* A byte that is written out may be one of ours that was, or letters behind a sign: both are looked
 * for. */
static struct span find_any(const char *text)
{
    struct span span = {NULL, NULL};

    if (strnlen(text, LETTERS) == LETTERS) {
        span = find(text, false);
        if (span.start == NULL && strpbrk(text, "%\\") != NULL)
            span = find(text, true);
    }
    return span;
}

bool asp_redact_needed(const char *text)
{
    return find_any(text).start != NULL;
}

void asp_redact(char *text)
{
    struct span span = find_any(text);

    while (span.start != NULL) {
        size_t at = (size_t)(span.start - text);

        text[at] = '-';
        memmove(text + at + 1, span.end, strlen(span.end) + 1);
        span = find_any(text);
    }
}

size_t asp_redact_cut(const char *text, size_t length)
{
    while (length > 0 && !is_other(text[length - 1]))
        length--;
    return length;
}
