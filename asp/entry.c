/* An entry: its line in the account's file, its validity, its state. */
#include "entry.h"

#include "label.h"
#include "time_text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

bool asp_app_is_reserved(const char *name)
{
    return asp_service_equal(name, ASP_APP_ANY) || asp_service_equal(name, ASP_APP_FIRST_USE);
}

void asp_entry_init(struct asp_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    strcpy(entry->app, ASP_APP_FIRST_USE);
    entry->bound = ASP_NEVER;
    entry->expires = ASP_NEVER;
    entry->unused_limit = ASP_NEVER;
    entry->revoked = ASP_NEVER;
}

bool asp_entry_revoke(struct asp_entry *entry, time_t when, const char *by, const char *reason,
                      bool hook_due)
{
    if (entry->revoked != ASP_NEVER)
        return false;
    entry->revoked = when;
    (void)snprintf(entry->revoked_by, sizeof entry->revoked_by, "%s", by);
    (void)snprintf(entry->reason, sizeof entry->reason, "%s", reason);
    entry->hook_due = hook_due;
    return true;
}

bool asp_by_valid(const char *by)
{
    for (; *by != '\0'; by++) {
        if ((unsigned char)*by < 0x20 || *by == 0x7f)
            return false;
    }
    return true;
}

static bool time_valid(time_t when)
{
    return when >= 0 && when <= ASP_TIME_MAX;
}

static bool binding_valid(const struct asp_entry *entry)
{
    bool open = asp_app_is_reserved(entry->app);

    if (entry->bound == ASP_NEVER)
        return entry->bound_service[0] == '\0';
    return !open && time_valid(entry->bound) && asp_service_valid(entry->bound_service);
}

static bool revocation_valid(const struct asp_entry *entry)
{
    if (entry->revoked == ASP_NEVER)
        return entry->revoked_by[0] == '\0' && entry->reason[0] == '\0' &&
               entry->replaced_by[0] == '\0' && !entry->hook_due;
    return time_valid(entry->revoked) && asp_by_valid(entry->revoked_by) &&
           asp_label_valid(entry->reason) &&
           (entry->replaced_by[0] == '\0' || asp_id_valid(entry->replaced_by));
}

const char *asp_entry_fault(const struct asp_entry *entry)
{
    if (!asp_id_valid(entry->id))
        return "the id is not two characters of the alphabet";
    if (!asp_label_valid(entry->label))
        return "the label is not 1 to 64 characters of UTF-8 without control characters";
    if (!asp_service_valid(entry->app))
        return "the app's name is not well-formed";
    if (!asp_verifier_valid(entry->verifier))
        return "the verifier is not one of ours";
    if (!time_valid(entry->created) || !asp_by_valid(entry->created_by))
        return "who created it and when is not well-formed";
    if (!binding_valid(entry))
        return "the binding is not well-formed";
    if (entry->expires != ASP_NEVER && !time_valid(entry->expires))
        return "the expiry is not well-formed";
    if (entry->unused_limit != ASP_NEVER &&
        (entry->unused_limit < 1 || entry->unused_limit > ASP_DURATION_MAX))
        return "the unused limit is not well-formed";
    if (entry->network_count > ASP_NETWORKS_MAX)
        return "there are too many networks";
    if (!revocation_valid(entry))
        return "the revocation is not well-formed";
    return NULL;
}

static void write_time(struct asp_buffer *out, const char *key, time_t when, const char *unset)
{
    asp_buffer_add(out, key);
    if (when == ASP_NEVER)
        asp_buffer_add(out, unset);
    else
        asp_buffer_add_time(out, when);
}

static void write_networks(struct asp_buffer *out, const struct asp_entry *entry)
{
    char text[ASP_NETWORK_SIZE];

    asp_buffer_add(out, " from=");
    if (entry->network_count == 0)
        asp_buffer_add(out, "any");
    for (size_t i = 0; i < entry->network_count; i++) {
        asp_network_write(&entry->networks[i], text);
        if (i > 0)
            asp_buffer_add(out, ",");
        asp_buffer_add(out, text);
    }
}

static void write_revocation(struct asp_buffer *out, const struct asp_entry *entry)
{
    write_time(out, " revoked=", entry->revoked, "-");
    if (entry->revoked == ASP_NEVER)
        return;
    asp_buffer_add(out, " revoked_by=");
    asp_buffer_add_stored(out, entry->revoked_by);
    asp_buffer_add(out, " reason=");
    asp_buffer_add_stored(out, entry->reason);
    asp_buffer_add(out, " replaced_by=");
    asp_buffer_add(out, entry->replaced_by[0] == '\0' ? "-" : entry->replaced_by);
    asp_buffer_add(out, entry->hook_due ? " hook=due" : " hook=-");
}

void asp_entry_write(const struct asp_entry *entry, struct asp_buffer *out)
{
    asp_buffer_add(out, "id=");
    asp_buffer_add(out, entry->id);
    asp_buffer_add(out, " label=");
    asp_buffer_add_stored(out, entry->label);
    asp_buffer_add(out, " app=");
    asp_buffer_add(out, entry->app);
    write_time(out, " created=", entry->created, "-");
    asp_buffer_add(out, " by=");
    asp_buffer_add_stored(out, entry->created_by);
    write_time(out, " bound=", entry->bound, "-");
    if (entry->bound != ASP_NEVER) {
        asp_buffer_add(out, ",");
        asp_buffer_add(out, entry->bound_service);
    }
    write_time(out, " expires=", entry->expires, "never");
    asp_buffer_add(out, " unused=");
    if (entry->unused_limit == ASP_NEVER)
        asp_buffer_add(out, "never");
    else
        asp_buffer_add_number(out, (unsigned long long)entry->unused_limit);
    write_networks(out, entry);
    write_revocation(out, entry);
    asp_buffer_add(out, " verifier=");
    asp_buffer_add(out, entry->verifier);
    asp_buffer_add(out, "\n");
}

/* What is left of the line. A NUL never stands in it: asp_entry_read saw to that. */
struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *line, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(line->end - line->at) < length || memcmp(line->at, text, length) != 0)
        return false;
    line->at += length;
    return true;
}

/* Everything up to the next space, comma or the end, at least one byte. */
static bool take_word(struct cursor *line, char *word, size_t size)
{
    size_t length = 0;

    while (line->at + length < line->end && line->at[length] != ' ' && line->at[length] != ',')
        length++;
    if (length == 0 || length >= size)
        return false;
    memcpy(word, line->at, length);
    word[length] = '\0';
    line->at += length;
    return true;
}

/* All that is left. */
static bool take_rest(struct cursor *line, char *rest, size_t size)
{
    size_t length = (size_t)(line->end - line->at);

    if (length >= size)
        return false;
    memcpy(rest, line->at, length);
    rest[length] = '\0';
    line->at = line->end;
    return true;
}

static bool take_quoted(struct cursor *line, char *value, size_t size)
{
    size_t length = 0;

    if (!take(line, "\""))
        return false;
    while (line->at < line->end && *line->at != '"') {
        if (*line->at == '\\' &&
            (++line->at == line->end || (*line->at != '"' && *line->at != '\\')))
            return false;
        if (length + 1 >= size)
            return false;
        value[length++] = *line->at++;
    }
    value[length] = '\0';
    return take(line, "\"");
}

static bool take_time(struct cursor *line, const char *unset, time_t *when)
{
    if (take(line, unset)) {
        *when = ASP_NEVER;
        return true;
    }
    if (line->end - line->at < ASP_TIME_SIZE - 1 || !asp_time_read(line->at, when))
        return false;
    line->at += ASP_TIME_SIZE - 1;
    return true;
}

static bool take_seconds(struct cursor *line, time_t *seconds)
{
    size_t digits = 0;

    *seconds = ASP_NEVER;
    if (take(line, "never"))
        return true;
    *seconds = 0;
    for (; line->at < line->end && *line->at >= '0' && *line->at <= '9'; line->at++) {
        if (++digits > 10 || (digits > 1 && *seconds == 0))
            return false;
        *seconds = *seconds * 10 + (*line->at - '0');
    }
    return digits > 0;
}

static bool take_network(struct cursor *line, struct asp_network *network)
{
    char text[ASP_NETWORK_SIZE];
    char again[ASP_NETWORK_SIZE];

    if (!take_word(line, text, sizeof text) || !asp_network_read(text, network))
        return false;
    asp_network_write(network, again);
    return strcmp(text, again) == 0;
}

static bool take_networks(struct cursor *line, struct asp_entry *entry)
{
    if (take(line, "any"))
        return true;
    do {
        if (entry->network_count == ASP_NETWORKS_MAX ||
            !take_network(line, &entry->networks[entry->network_count++]))
            return false;
    } while (take(line, ","));
    return true;
}

static bool take_revocation(struct cursor *line, struct asp_entry *entry)
{
    if (!take_time(line, "-", &entry->revoked))
        return false;
    if (entry->revoked == ASP_NEVER)
        return true;
    return take(line, " revoked_by=") &&
           take_quoted(line, entry->revoked_by, sizeof entry->revoked_by) &&
           take(line, " reason=") && take_quoted(line, entry->reason, sizeof entry->reason) &&
           take(line, " replaced_by=") &&
           (take(line, "-") || take_word(line, entry->replaced_by, sizeof entry->replaced_by)) &&
           take(line, " hook=") && ((entry->hook_due = take(line, "due")) || take(line, "-"));
}

static bool take_all(struct cursor *line, struct asp_entry *entry)
{
    return take(line, "id=") && take_word(line, entry->id, sizeof entry->id) &&
           take(line, " label=") && take_quoted(line, entry->label, sizeof entry->label) &&
           take(line, " app=") && take_word(line, entry->app, sizeof entry->app) &&
           take(line, " created=") && take_time(line, "-", &entry->created) && take(line, " by=") &&
           take_quoted(line, entry->created_by, sizeof entry->created_by) &&
           take(line, " bound=") && take_time(line, "-", &entry->bound) &&
           (entry->bound == ASP_NEVER ||
            (take(line, ",") &&
             take_word(line, entry->bound_service, sizeof entry->bound_service))) &&
           take(line, " expires=") && take_time(line, "never", &entry->expires) &&
           take(line, " unused=") && take_seconds(line, &entry->unused_limit) &&
           take(line, " from=") && take_networks(line, entry) && take(line, " revoked=") &&
           take_revocation(line, entry) && take(line, " verifier=") &&
           take_rest(line, entry->verifier, sizeof entry->verifier);
}

enum asp_status asp_entry_read(const char *line, size_t length, struct asp_entry *entry)
{
    struct cursor cursor = {line, line + length};

    asp_entry_init(entry);
    if (memchr(line, '\0', length) != NULL || !take_all(&cursor, entry) ||
        asp_entry_fault(entry) != NULL) {
        asp_entry_init(entry);
        return ASP_CORRUPT;
    }
    return ASP_OK;
}

bool asp_pending_valid(const struct asp_pending *pending)
{
    return asp_id_valid(pending->id) && time_valid(pending->made) &&
           asp_verifier_valid(pending->verifier);
}

bool asp_pending_is_stale(const struct asp_pending *pending, time_t now)
{
    return now - pending->made > ASP_PENDING_SECONDS || pending->made - now > ASP_PENDING_SECONDS;
}

void asp_pending_write(const struct asp_pending *pending, struct asp_buffer *out)
{
    asp_buffer_add(out, "pending=");
    asp_buffer_add(out, pending->id);
    write_time(out, " made=", pending->made, "-");
    asp_buffer_add(out, " verifier=");
    asp_buffer_add(out, pending->verifier);
    asp_buffer_add(out, "\n");
}

enum asp_status asp_pending_read(const char *line, size_t length, struct asp_pending *pending)
{
    struct cursor cursor = {line, line + length};

    memset(pending, 0, sizeof *pending);
    if (memchr(line, '\0', length) != NULL || !take(&cursor, "pending=") ||
        !take_word(&cursor, pending->id, sizeof pending->id) || !take(&cursor, " made=") ||
        !take_time(&cursor, "-", &pending->made) || !take(&cursor, " verifier=") ||
        !take_rest(&cursor, pending->verifier, sizeof pending->verifier) ||
        !asp_pending_valid(pending))
        return ASP_CORRUPT;
    return ASP_OK;
}

const char *asp_state_word(enum asp_state state)
{
    static const char *const words[] = {
        [ASP_ACTIVE] = "active",
        [ASP_REVOKED] = "revoked",
        [ASP_EXPIRED] = "expired",
        [ASP_UNUSED] = "unused",
    };

    return words[state];
}

enum asp_state asp_entry_state(const struct asp_entry *entry, time_t used, time_t now)
{
    time_t since = entry->created;

    if (entry->revoked != ASP_NEVER)
        return ASP_REVOKED;
    if (entry->expires != ASP_NEVER && now >= entry->expires)
        return ASP_EXPIRED;
    /* ASP_NEVER is before every time. */
    if (entry->bound > since)
        since = entry->bound;
    if (used > since)
        since = used;
    if (entry->unused_limit != ASP_NEVER && now - since >= entry->unused_limit)
        return ASP_UNUSED;
    return ASP_ACTIVE;
}
