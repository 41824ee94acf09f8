/* A line of pam_asp's in the log, read. */
#include "decision.h"

#include "asp/error.h"
#include "asp/redact.h"

#include <string.h>

enum { CAUSE_SIZE = ASP_ERROR_LINE };

/* Moves `*at` behind `word`, if it stands there. */
static bool take(const char **at, const char *word)
{
    const size_t length = strlen(word);

    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

/* What stands up to the next blank or the end. False: nothing, or more than there is room for. */
static bool take_bare(const char **at, char *out, size_t size)
{
    const size_t length = strcspn(*at, " ");

    if (length == 0 || length >= size)
        return false;
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length;
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a quoted value, as it was before it was escaped; -1 for what is never written. What
 * needs no escape has none. */
static int take_byte(const char **at)
{
    const char *text = *at;
    int high;
    int low;
    int byte;

    if (text[0] != '\\') {
        *at += 1;
        return text[0] >= 0x20 && text[0] <= 0x7e ? text[0] : -1;
    }
    if (text[1] != 'x')
        return -1;
    high = digit_of(text[2]);
    low = high < 0 ? -1 : digit_of(text[3]);
    if (low < 0)
        return -1;
    *at += 4;
    byte = high * 16 + low;
    if (byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\')
        return -1;
    return byte == 0 ? -1 : byte;
}

/* A value behind its key: in quotes, or a dash. */
static bool take_value(const char **at, const char *key, char *out, size_t size)
{
    size_t length = 0;

    out[0] = '\0';
    if (!take(at, key))
        return false;
    if (take(at, "-"))
        return true;
    if (!take(at, "\""))
        return false;
    while (!take(at, "\"")) {
        const int byte = take_byte(at);

        if (byte < 0 || length + 1 >= size)
            return false;
        out[length++] = (char)byte;
    }
    out[length] = '\0';
    if (asp_redact_needed(out)) /* 0.1.0 has written some */
        out[0] = '\0';
    return true;
}

/* The same for one that need not be there. */
static bool take_optional(const char **at, const char *key, char *out, size_t size)
{
    const size_t length = strlen(key);

    out[0] = '\0';
    return strncmp(*at, key, length) != 0 || take_value(at, key, out, size);
}

static bool take_verdict(const char **at, enum asp_verdict *verdict)
{
    char word[32];

    return take_bare(at, word, sizeof word) && asp_verdict_read(word, verdict);
}

static bool take_host(const char **at, char out[ASP_HOST_MAX + 1])
{
    if (!take(at, " rhost=") || !take_bare(at, out, ASP_HOST_MAX + 1))
        return false;
    if (strcmp(out, "-") == 0)
        out[0] = '\0';
    return out[0] == '\0' || asp_host_valid(out);
}

/* user="..." account="..." service="..." */
static bool take_who(const char **at, struct decision *decision)
{
    if (!take_value(at, " user=", decision->typed, sizeof decision->typed) ||
        !take_optional(at, " account=", decision->user, sizeof decision->user) ||
        !take_value(at, " service=", decision->service, sizeof decision->service))
        return false;
    if (decision->user[0] == '\0')
        memcpy(decision->user, decision->typed, sizeof decision->user);
    return true;
}

static bool take_id(const char **at, char out[ASP_ID_CHARS + 1])
{
    if (!take(at, " id=") || !take_bare(at, out, ASP_ID_CHARS + 1))
        return false;
    if (strcmp(out, "-") == 0)
        out[0] = '\0';
    return out[0] == '\0' || asp_id_valid(out);
}

/* Behind "verdict=". */
static bool read_verdict(const char *at, bool from_broker, struct decision *decision)
{
    char app[ASP_SERVICE_MAX + 1];
    char cause[CAUSE_SIZE];
    char via[DECISION_USER_MAX + 1];

    return take_verdict(&at, &decision->verdict) && take_host(&at, decision->host) &&
           take_who(&at, decision) && take_value(&at, " app=", app, sizeof app) &&
           take_id(&at, decision->id) &&
           take_value(&at, " label=", decision->label, sizeof decision->label) &&
           take_optional(&at, " cause=", cause, sizeof cause) &&
           (!from_broker || take_value(&at, " via=", via, sizeof via)) && *at == '\0';
}

/* [VALUE], as pam_warn writes it, without quotes: one that has a bracket in it is not told from
 * what stands behind. What the service did not say is "<unknown>". */
static bool take_bracketed(const char **at, const char *key, char *out, size_t size)
{
    size_t length;

    if (!take(at, key) || !take(at, "["))
        return false;
    length = strcspn(*at, "[]");
    if (length >= size)
        return false;
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length;
    if (strcmp(out, "<unknown>") == 0 || asp_redact_needed(out))
        out[0] = '\0';
    return take(at, "]");
}

/* Behind "function=[pam_sm_authenticate]". */
static bool read_warning(const char *at, struct decision *decision)
{
    char flags[16];
    char other[DECISION_USER_MAX + 1];

    decision->let_in = true;
    if (!take(&at, " flags=") || !take_bare(&at, flags, sizeof flags) ||
        !take_bracketed(&at, " service=", decision->service, sizeof decision->service) ||
        !take_bracketed(&at, " terminal=", other, sizeof other) ||
        !take_bracketed(&at, " user=", decision->typed, sizeof decision->typed) ||
        !take_bracketed(&at, " ruser=", other, sizeof other) ||
        !take_bracketed(&at, " rhost=", decision->host, sizeof decision->host) || *at != '\0')
        return false;
    memcpy(decision->user, decision->typed, sizeof decision->user);
    if (!asp_host_valid(decision->host))
        decision->host[0] = '\0';
    return true;
}

/* What libpam has put before the line: MODULE(SERVICE:auth). The service is as it is there: an odd
 * one could be a line by itself. */
static bool take_module(const char **at, const char *module)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@+-";
    const char *behind = *at;

    if (!take(&behind, module) || !take(&behind, "("))
        return false;
    behind += strspn(behind, plain);
    if (!take(&behind, ":auth): "))
        return false;
    *at = behind;
    return true;
}

enum decision_read decision_read(const char *program, const char *text, struct decision *decision)
{
    const bool from_broker = strcmp(program, "asp-broker") == 0;
    const char *at = text;

    memset(decision, 0, sizeof *decision);
    if ((from_broker || take_module(&at, "pam_asp")) && take(&at, "verdict="))
        return read_verdict(at, from_broker, decision) ? DECISION_READ : DECISION_BROKEN;
    at = text;
    if (take_module(&at, "pam_warn") && take(&at, "function=[pam_sm_authenticate]") &&
        read_warning(at, decision))
        return DECISION_READ;
    return DECISION_NONE;
}
