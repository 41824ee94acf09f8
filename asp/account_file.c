/* The bytes of an account's file, read and written. */
#include "account_file.h"

#include "checksum.h"
#include "time_text.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "asp-account "
#define USER_KEY " user=\""
#define FOLLOWS_KEY "follows="
#define NOT_YET "account=not-yet"
#define PENDING_KEY "pending="
#define DIGEST_KEY "digest="

enum {
    VERSION_MAX = 2, /* the last one that is read; each has one digit */
    DIGEST_CHARS = 16,
    DIGEST_LINE = sizeof DIGEST_KEY - 1 + DIGEST_CHARS + 1,
};

static void digest(const uint8_t *bytes, size_t length, char hex[DIGEST_CHARS + 1])
{
    uint64_t sum = asp_checksum(bytes, length);

    for (size_t i = DIGEST_CHARS; i-- > 0; sum >>= 4)
        hex[i] = "0123456789abcdef"[sum & 15];
    hex[DIGEST_CHARS] = '\0';
}

/* Lines that are still to be read. */
struct lines {
    const char *at;
    const char *end;
};

/* The next line, without its line end. False at the end; every line of a sound file has its line
 * end. */
static bool next_line(struct lines *lines, const char **line, size_t *length)
{
    const char *newline;

    if (lines->at == lines->end)
        return false;
    newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    if (newline == NULL)
        return false;
    *line = lines->at;
    *length = (size_t)(newline - lines->at);
    lines->at = newline + 1;
    return true;
}

static bool has_prefix(const char *line, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

/* The version in the first line; of one that has several digits, one above ours. 0: it has none. */
static int version_of(const char *text, size_t length)
{
    const char *number = text + sizeof MAGIC - 1;
    size_t digits = 0;

    if (!has_prefix(text, length, MAGIC))
        return 0;
    length -= sizeof MAGIC - 1;
    while (digits < length && number[digits] >= '0' && number[digits] <= '9')
        digits++;
    if (digits == 0 || digits == length || number[digits] != ' ' || number[0] == '0')
        return 0;
    return digits > 1 ? VERSION_MAX + 1 : number[0] - '0';
}

/* Leaves in `body` the lines above the digest. */
static enum asp_status check_frame(const uint8_t *bytes, size_t length, struct lines *body,
                                   int *version, struct asp_error *error)
{
    const char *text = (const char *)bytes;
    char expected[DIGEST_CHARS + 1];

    *version = version_of(text, length);
    if (*version > VERSION_MAX)
        return asp_fail(error, ASP_NEWER, "it was written by a newer version: upgrade this one");
    if (*version == 0 || length < sizeof MAGIC + 2 + DIGEST_LINE)
        return asp_fail(error, ASP_CORRUPT, "it is damaged: its first line is not one of ours");
    length -= DIGEST_LINE;
    digest(bytes, length, expected);
    if (memcmp(text + length, DIGEST_KEY, sizeof DIGEST_KEY - 1) != 0 ||
        memcmp(text + length + sizeof DIGEST_KEY - 1, expected, DIGEST_CHARS) != 0 ||
        text[length + DIGEST_LINE - 1] != '\n' || text[length - 1] != '\n')
        return asp_fail(error, ASP_CORRUPT, "it is damaged: its digest does not match");
    body->at = text;
    body->end = text + length;
    return ASP_OK;
}

/* Takes away what asp_buffer_add_stored has added; the value ends with its line. */
static bool read_value(const char *at, const char *end, char value[ASP_USER_MAX + 1])
{
    size_t length = 0;

    for (; at < end && *at != '"'; at++) {
        bool escapes = *at == '\\';

        at += escapes;
        if (at == end || *at == '\0' || length == ASP_USER_MAX ||
            (escapes && *at != '"' && *at != '\\'))
            return false;
        value[length++] = *at;
    }
    value[length] = '\0';
    return end - at == 1;
}

/* The first line names the user, so that a file under another's name is seen. Its version was
 * read. */
static bool head_is_of(const char *line, size_t length, const char *user)
{
    const char *at = line + sizeof MAGIC;
    const char *end = line + length;

    if (!has_prefix(at, (size_t)(end - at), USER_KEY))
        return false;
    at += sizeof USER_KEY - 1;
    /* Most names have nothing that is escaped. */
    if (strchr(user, '"') == NULL && strchr(user, '\\') == NULL) {
        const size_t size = strlen(user);

        return (size_t)(end - at) == size + 1 && memcmp(at, user, size) == 0 && at[size] == '"';
    }
    for (; *user != '\0'; user++) {
        if ((*user == '"' || *user == '\\') && (at == end || *at++ != '\\'))
            return false;
        if (at == end || *at++ != *user)
            return false;
    }
    return end - at == 1 && *at == '"';
}

bool asp_account_whose(const uint8_t *bytes, size_t length, char user[ASP_USER_MAX + 1])
{
    struct lines lines = {(const char *)bytes, (const char *)bytes + length};
    const char *line;
    const char *at;

    if (version_of(lines.at, length) == 0 || !next_line(&lines, &line, &length))
        return false;
    at = memmem(line, length, USER_KEY, sizeof USER_KEY - 1);
    return at != NULL && read_value(at + sizeof USER_KEY - 1, line + length, user) &&
           head_is_of(line, length, user);
}

/* What version 1 cannot say does not stand in it. */
static bool read_primary(const char *line, size_t length, int version,
                         struct asp_fingerprint *primary)
{
    return asp_fingerprint_read(line, length, primary) &&
           (version > 1 || !asp_fingerprint_is_beyond_1(primary));
}

/* "id=7k ", as an entry's line begins. */
struct begin {
    char text[3 + ASP_ID_CHARS + 1];
};

/* Of an id that is none, no line's. */
static struct begin begin_of(const char *id)
{
    struct begin begin = {{'i', 'd', '=', '\0', '\0', ' '}};

    memcpy(begin.text + 3, id, strnlen(id, ASP_ID_CHARS));
    return begin;
}

static bool is_entry_of(const char *line, size_t length, const struct begin *begin)
{
    return length >= sizeof begin->text && memcmp(line, begin->text, sizeof begin->text) == 0;
}

static enum asp_status read_pending(struct asp_account *account, const char *line, size_t length,
                                    struct asp_error *error)
{
    struct asp_pending pending;

    if (asp_pending_read(line, length, &pending) != ASP_OK ||
        asp_account_find_pending(account, pending.id) != NULL)
        return asp_fail(error, ASP_CORRUPT, "it is damaged: what is pending is not well-formed");
    if (asp_account_add_pending(account, &pending) != ASP_OK)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    return ASP_OK;
}

/* Whom it follows, where it does. */
static enum asp_status read_follows(struct lines *lines, struct asp_account *account,
                                    struct asp_error *error)
{
    struct lines next = *lines;
    const char *line;
    size_t length;

    if (!next_line(&next, &line, &length) || !has_prefix(line, length, FOLLOWS_KEY "\""))
        return ASP_OK;
    *lines = next;
    if (read_value(line + sizeof FOLLOWS_KEY, line + length, account->follows) &&
        asp_user_fault(account->follows) == NULL)
        return ASP_OK;
    return asp_fail(error, ASP_CORRUPT, "it is damaged: whom it follows is not well-formed");
}

/* What stands between the fingerprint and the entries: the mark, and what is pending. With the mark
 * there is something pending, and no entry. */
static enum asp_status read_all_pending(struct lines *lines, struct asp_account *account,
                                        struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    struct lines next = *lines;
    const char *line;
    size_t length;

    while (status == ASP_OK && next_line(&next, &line, &length)) {
        if (has_prefix(line, length, PENDING_KEY))
            status = read_pending(account, line, length, error);
        else if (length == sizeof NOT_YET - 1 && has_prefix(line, length, NOT_YET) &&
                 !account->not_yet && account->pending_count == 0)
            account->not_yet = true;
        else
            break;
        *lines = next;
    }
    if (status == ASP_OK && account->not_yet &&
        (account->pending_count == 0 || lines->at != lines->end))
        status = asp_fail(error, ASP_CORRUPT, "it is damaged: it has entries, and is no account");
    return status;
}

/* Reads one line into a new entry at the end of the account. What version 1 cannot say does not
 * stand in it. */
static enum asp_status read_entry(struct asp_account *account, const char *line, size_t length,
                                  int version, struct asp_error *error)
{
    struct asp_entry *entry = asp_account_append(account);

    if (entry == NULL)
        return asp_fail(error, ASP_NO_MEMORY, "out of memory");
    /* Found before itself: there are two of this id. */
    if (asp_entry_read(line, length, entry) != ASP_OK ||
        asp_account_find(account, entry->id) != entry ||
        asp_account_find_pending(account, entry->id) != NULL ||
        (version == 1 && asp_verifier_is_beyond_1(entry->verifier)))
        return asp_fail(error, ASP_CORRUPT, "it is damaged: an entry is not well-formed");
    return ASP_OK;
}

static enum asp_status read_all(struct lines *lines, struct asp_account *account, int version,
                                struct asp_error *error)
{
    enum asp_status status = ASP_OK;
    const char *line;
    size_t length;

    while (status == ASP_OK && next_line(lines, &line, &length))
        status = read_entry(account, line, length, version, error);
    return status;
}

/* Reads the one line of this id or, where there is none, the last line: the same work. */
static enum asp_status read_only(struct lines *lines, struct asp_account *account, const char *only,
                                 int version, struct asp_error *error)
{
    const struct begin begin = begin_of(only);
    const char *chosen = NULL;
    size_t chosen_length = 0;
    const char *line;
    size_t length;
    bool found = false;

    while (next_line(lines, &line, &length)) {
        if (!found) {
            chosen = line;
            chosen_length = length;
        }
        found = is_entry_of(line, length, &begin) || found;
    }
    return chosen == NULL ? ASP_OK : read_entry(account, chosen, chosen_length, version, error);
}

enum asp_status asp_account_read(const uint8_t *bytes, size_t length, const char *user,
                                 const char *only, struct asp_account *account,
                                 struct asp_error *error)
{
    struct lines lines = {NULL, NULL};
    enum asp_status status;
    const char *line;
    size_t line_length;
    int version;

    asp_account_init(account, user);
    account->is_new = false;
    status = check_frame(bytes, length, &lines, &version, error);
    if (status == ASP_OK &&
        (!next_line(&lines, &line, &line_length) || !head_is_of(line, line_length, account->user)))
        status = asp_fail(error, ASP_CORRUPT, "it is the file of another user");
    if (status == ASP_OK && (!next_line(&lines, &line, &line_length) ||
                             !read_primary(line, line_length, version, &account->primary)))
        status = asp_fail(error, ASP_CORRUPT, "it is damaged: its second line is not one of ours");
    if (status == ASP_OK && version > 1)
        status = read_follows(&lines, account, error);
    if (status == ASP_OK && version > 1)
        status = read_all_pending(&lines, account, error);
    if (status == ASP_OK && only == NULL)
        status = read_all(&lines, account, version, error);
    else if (status == ASP_OK)
        status = read_only(&lines, account, only, version, error);
    if (status != ASP_OK)
        asp_account_free(account);
    return status;
}

/* True when it holds anything which 0.1.0 does not know, or reads with another meaning: here, and
 * nowhere else, is said what that is. */
static bool is_beyond_1(const struct asp_account *account)
{
    char name[ASP_USER_ENCODED + 1];

    for (size_t i = 0; i < account->count; i++) {
        if (asp_verifier_is_beyond_1(account->entries[i].verifier))
            return true;
    }
    return asp_fingerprint_is_beyond_1(&account->primary) || account->pending_count > 0 ||
           account->follows[0] != '\0' ||
           (asp_user_encode(account->user, name) && strlen(name) > ASP_USER_FILE);
}

void asp_account_write(const struct asp_account *account, struct asp_buffer *out)
{
    char hex[DIGEST_CHARS + 1];

    asp_buffer_add(out, MAGIC);
    asp_buffer_add(out, is_beyond_1(account) ? "2 user=" : "1 user=");
    asp_buffer_add_stored(out, account->user);
    asp_buffer_add(out, "\n");
    asp_fingerprint_write(&account->primary, out);
    if (account->follows[0] != '\0') {
        asp_buffer_add(out, FOLLOWS_KEY);
        asp_buffer_add_stored(out, account->follows);
        asp_buffer_add(out, "\n");
    }
    if (account->not_yet)
        asp_buffer_add(out, NOT_YET "\n");
    for (size_t i = 0; i < account->pending_count; i++)
        asp_pending_write(&account->pending[i], out);
    for (size_t i = 0; i < account->count; i++)
        asp_entry_write(&account->entries[i], out);
    if (out->failed)
        return;
    digest((const uint8_t *)out->text, out->length, hex);
    asp_buffer_add(out, DIGEST_KEY);
    asp_buffer_add(out, hex);
    asp_buffer_add(out, "\n");
}
