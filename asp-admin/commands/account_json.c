/* An account as one line of JSON, written and read. */
#include "account_json.h"

#include "asp-admin/ui/json.h"
#include "asp/time_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_KEY "asp_export"
#define HEX_KEY "hex"
#define PRIMARY_WORD "primary="

enum {
    FORMAT = 1,
    ACCOUNT_MEMBERS = 5,
    ENTRY_MEMBERS = 12,
    /* What begins or parts values: of an entry its own, two names in hex, the binding, the
     * networks, the last use and the revocation; the comma behind it. Of an account its own, a name
     * in hex, the array. */
    ENTRY_SIGNS = ENTRY_MEMBERS + 2 + 2 + (1 + ASP_NETWORKS_MAX - 1) + 3 + 4 + 1,
    ACCOUNT_SIGNS = ACCOUNT_MEMBERS + 1 + 1 + ASP_IDS * ENTRY_SIGNS,
};

/* A text that is none of UTF-8 stands there with its bytes. */
static json_t *write_text(const char *text)
{
    char hex[2 * ASP_USER_MAX + 1];

    if (json_takes_text(text))
        return json_from_text(text);
    sodium_bin2hex(hex, sizeof hex, (const uint8_t *)text, strnlen(text, ASP_USER_MAX));
    return json_pack("{s:s}", HEX_KEY, hex);
}

/* As the account's file has it. */
static json_t *write_primary(const struct asp_fingerprint *primary)
{
    struct asp_buffer text = {0};
    json_t *value;

    if (!primary->taken || !asp_source_traits(primary->source).at_login)
        return json_null();
    asp_fingerprint_write(primary, &text);
    if (text.failed) {
        asp_buffer_free(&text);
        return NULL;
    }
    text.text[text.length - 1] = '\0';
    value = json_string(text.text + sizeof PRIMARY_WORD - 1);
    asp_buffer_free(&text);
    return value;
}

static json_t *write_revoked(const struct asp_entry *entry)
{
    if (entry->revoked == ASP_NEVER)
        return json_null();
    return json_pack("{s:o, s:o, s:s, s:o}", "time", json_from_time(entry->revoked), "by",
                     write_text(entry->revoked_by), "reason", entry->reason, "replaced_by",
                     json_from_text(entry->replaced_by));
}

static json_t *write_entry(const struct asp_entry *entry, const struct asp_usage *usage)
{
    json_t *unused =
        entry->unused_limit == ASP_NEVER ? json_null() : json_integer(entry->unused_limit);

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "id",
                     entry->id, "label", entry->label, "app", entry->app, "created",
                     json_from_time(entry->created), "created_by", write_text(entry->created_by),
                     "bound", json_from_binding(entry), "expires", json_from_time(entry->expires),
                     "unused", unused, "networks", json_from_networks(entry), "last_used",
                     json_from_use(entry, usage), "revoked", write_revoked(entry), "verifier",
                     entry->verifier);
}

void account_json_add(struct asp_buffer *out, const struct asp_account *account,
                      const struct asp_usage *usage)
{
    struct asp_usage_head head;
    bool known = asp_usage_read_head(usage, &head);
    json_t *entries = json_array();

    for (size_t i = 0; i < account->count; i++)
        json_add(&entries, write_entry(&account->entries[i], usage));
    json_add_line(out,
                  json_pack("{s:i, s:o, s:o, s:o, s:o}", VERSION_KEY, FORMAT, "user",
                            write_text(account->user), "primary", write_primary(&account->primary),
                            "uses_since", json_from_time(known ? head.begun : ASP_NEVER), "entries",
                            entries));
}

/* So many, of which those that are not there are read as what no function takes. */
static bool has_members(const json_t *value, size_t count)
{
    return json_is_object(value) && json_object_size(value) == count;
}

/* A text of at least one byte that has room. */
static bool read_string(const json_t *value, char *text, size_t size)
{
    const char *from = json_string_value(value);
    size_t length = json_string_length(value);

    if (from == NULL || length == 0 || length >= size || strlen(from) != length)
        return false;
    memcpy(text, from, length + 1);
    return true;
}

static bool read_hex(const json_t *value, char *text, size_t size)
{
    const char *hex = json_string_value(value);
    const char *end;
    size_t length;
    char again[2 * ASP_USER_MAX + 1];

    if (hex == NULL || strlen(hex) >= sizeof again ||
        sodium_hex2bin((uint8_t *)text, size - 1, hex, strlen(hex), NULL, &length, &end) != 0 ||
        *end != '\0')
        return false;
    text[length] = '\0';
    sodium_bin2hex(again, sizeof again, (const uint8_t *)text, length);
    return strlen(text) == length && !json_takes_text(text) && strcmp(again, hex) == 0;
}

/* What write_text has written; empty for null. */
static bool read_text(const json_t *value, char *text, size_t size)
{
    text[0] = '\0';
    if (json_is_null(value))
        return true;
    if (!json_is_object(value))
        return read_string(value, text, size);
    return has_members(value, 1) && read_hex(json_object_get(value, HEX_KEY), text, size);
}

static bool read_time(const json_t *value, time_t *when)
{
    return json_string_length(value) == ASP_TIME_SIZE - 1 &&
           asp_time_read(json_string_value(value), when);
}

static bool read_time_or_never(const json_t *value, time_t *when)
{
    *when = ASP_NEVER;
    return json_is_null(value) || read_time(value, when);
}

static bool read_networks(const json_t *value, struct asp_entry *entry)
{
    char text[ASP_NETWORK_SIZE];
    char again[ASP_NETWORK_SIZE];

    if (!json_is_array(value) || json_array_size(value) > ASP_NETWORKS_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct asp_network *network = &entry->networks[entry->network_count++];

        if (!read_string(json_array_get(value, i), text, sizeof text) ||
            !asp_network_read(text, network))
            return false;
        asp_network_write(network, again);
        if (strcmp(text, again) != 0)
            return false;
    }
    return true;
}

static bool read_binding(const json_t *value, struct asp_entry *entry)
{
    if (json_is_null(value))
        return true;
    return has_members(value, 2) && read_time(json_object_get(value, "time"), &entry->bound) &&
           read_string(json_object_get(value, "service"), entry->bound_service,
                       sizeof entry->bound_service);
}

static bool read_unused(const json_t *value, struct asp_entry *entry)
{
    if (json_is_integer(value))
        entry->unused_limit = (time_t)json_integer_value(value);
    return json_is_null(value) || (json_is_integer(value) && entry->unused_limit > 0);
}

static bool read_revoked(const json_t *value, struct asp_entry *entry)
{
    const json_t *replaced_by = json_object_get(value, "replaced_by");

    if (json_is_null(value))
        return true;
    return has_members(value, 4) && read_time(json_object_get(value, "time"), &entry->revoked) &&
           read_text(json_object_get(value, "by"), entry->revoked_by, sizeof entry->revoked_by) &&
           read_string(json_object_get(value, "reason"), entry->reason, sizeof entry->reason) &&
           (json_is_null(replaced_by) ||
            read_string(replaced_by, entry->replaced_by, sizeof entry->replaced_by));
}

/* Adds a slot where the entry, which was read, was used. */
static bool read_use(const json_t *value, const struct asp_entry *entry, struct asp_usage *usage)
{
    const json_t *host = json_object_get(value, "rhost");
    struct asp_use use = {.created = entry->created};

    if (json_is_null(value))
        return true;
    memcpy(use.id, entry->id, sizeof use.id);
    if (!has_members(value, 3) || !read_time(json_object_get(value, "time"), &use.last) ||
        !read_string(json_object_get(value, "service"), use.service, sizeof use.service) ||
        !asp_service_valid(use.service) ||
        (!json_is_null(host) &&
         (!read_string(host, use.host, sizeof use.host) || !asp_host_valid(use.host))))
        return false;
    asp_usage_write_slot(&use, usage->bytes + usage->length);
    usage->length += ASP_SLOT_BYTES;
    return true;
}

/* What an entry is and where it comes from. NULL, or what is wrong, in a few words. */
static const char *read_origin(const json_t *value, struct asp_entry *entry)
{
    if (!has_members(value, ENTRY_MEMBERS))
        return "it is no object with just the members of an app password";
    if (!read_string(json_object_get(value, "id"), entry->id, sizeof entry->id))
        return "the id is not two characters of the alphabet";
    if (!read_string(json_object_get(value, "label"), entry->label, sizeof entry->label))
        return "the label is not 1 to 64 characters of UTF-8 without control characters";
    if (!read_string(json_object_get(value, "app"), entry->app, sizeof entry->app))
        return "the app's name is not well-formed";
    if (!read_time(json_object_get(value, "created"), &entry->created) ||
        !read_text(json_object_get(value, "created_by"), entry->created_by,
                   sizeof entry->created_by))
        return "who created it and when is not well-formed";
    if (!read_string(json_object_get(value, "verifier"), entry->verifier, sizeof entry->verifier))
        return "the verifier is not one of ours";
    return NULL;
}

/* What has become of it, and what limits it. */
static const char *read_fate(const json_t *value, struct asp_entry *entry)
{
    if (!read_binding(json_object_get(value, "bound"), entry))
        return "the binding is not well-formed";
    if (!read_time_or_never(json_object_get(value, "expires"), &entry->expires))
        return "the expiry is not well-formed";
    if (!read_unused(json_object_get(value, "unused"), entry))
        return "the unused limit is not well-formed";
    if (!read_networks(json_object_get(value, "networks"), entry))
        return "the networks are not well-formed";
    if (!read_revoked(json_object_get(value, "revoked"), entry))
        return "the revocation is not well-formed";
    return NULL;
}

static const char *read_entry(const json_t *value, struct asp_entry *entry, struct asp_usage *usage)
{
    const char *fault;

    asp_entry_init(entry);
    fault = read_origin(value, entry);
    if (fault == NULL)
        fault = read_fate(value, entry);
    if (fault == NULL)
        fault = asp_entry_fault(entry);
    if (fault == NULL && !read_use(json_object_get(value, "last_used"), entry, usage))
        fault = "the last use is not well-formed";
    return fault;
}

static enum asp_status no_memory(struct asp_error *error)
{
    return asp_fail(error, ASP_NO_MEMORY, "out of memory");
}

static enum asp_status read_entries(const json_t *entries, struct asp_account *account,
                                    struct asp_usage *usage, struct asp_error *error)
{
    const size_t count = json_array_size(entries);

    if (!json_is_array(entries) || count > ASP_IDS)
        return asp_fail(error, ASP_INVALID, "the app passwords of %s are no array of %d at most",
                        account->user, ASP_IDS);
    usage->length = ASP_HEAD_BYTES;
    usage->bytes = calloc(1, ASP_HEAD_BYTES + count * ASP_SLOT_BYTES);
    if (usage->bytes == NULL)
        return no_memory(error);
    for (size_t i = 0; i < count; i++) {
        struct asp_entry *entry = asp_account_append(account);
        const char *fault;

        if (entry == NULL)
            return no_memory(error);
        fault = read_entry(json_array_get(entries, i), entry, usage);
        if (fault == NULL && asp_account_find(account, entry->id) != entry)
            fault = "there is another one with its id";
        if (fault != NULL)
            return asp_fail(error, ASP_INVALID, "the app password %zu of %s: %s", i + 1,
                            account->user, fault);
    }
    return ASP_OK;
}

/* Without it nothing is known of any use. */
static bool read_uses_since(const json_t *since, struct asp_usage *usage)
{
    struct asp_usage_head head = {.slots = (usage->length - ASP_HEAD_BYTES) / ASP_SLOT_BYTES};

    if (!read_time_or_never(since, &head.begun))
        return false;
    if (head.begun != ASP_NEVER) {
        asp_usage_write_head(&head, usage->bytes);
        return true;
    }
    asp_usage_free(usage);
    return head.slots == 0;
}

static bool read_primary(const json_t *value, struct asp_fingerprint *primary)
{
    char line[sizeof PRIMARY_WORD + (size_t)4 * ASP_PRINT_BYTES + ASP_REALM_MAX + 64] =
        PRIMARY_WORD;
    const size_t begin = sizeof PRIMARY_WORD - 1;

    if (json_is_null(value))
        return true;
    return read_string(value, line + begin, sizeof line - begin) &&
           asp_fingerprint_read(line, strlen(line), primary) && primary->taken &&
           asp_source_traits(primary->source).at_login;
}

static enum asp_status read_members(const json_t *root, struct asp_account *account,
                                    struct asp_usage *usage, struct asp_error *error)
{
    char user[ASP_USER_MAX + 1];
    enum asp_status status;

    if (!has_members(root, ACCOUNT_MEMBERS))
        return asp_fail(error, ASP_INVALID, "it has not just the members of an account");
    if (!read_text(json_object_get(root, "user"), user, sizeof user))
        return asp_fail(error, ASP_INVALID, "the user's name is none");
    if (asp_user_fault(user) != NULL)
        return asp_fail(error, ASP_INVALID, "\"%s\" is not a well-formed user name: it %s", user,
                        asp_user_fault(user));
    asp_account_init(account, user);
    if (!read_primary(json_object_get(root, "primary"), &account->primary))
        return asp_fail(error, ASP_INVALID, "the fingerprint of the primary password of %s is none",
                        user);
    status = read_entries(json_object_get(root, "entries"), account, usage, error);
    if (status == ASP_OK && !read_uses_since(json_object_get(root, "uses_since"), usage))
        return asp_fail(error, ASP_INVALID,
                        "since when the uses of %s are known is not well-formed", user);
    return status;
}

/* Which form it has, before anything else of it. */
static enum asp_status check_version(const json_t *root, struct asp_error *error)
{
    const json_t *version = json_object_get(root, VERSION_KEY);

    if (!json_is_integer(version) || json_integer_value(version) < FORMAT)
        return asp_fail(error, ASP_INVALID, "it is no account that asp-admin export has written");
    if (json_integer_value(version) > FORMAT)
        return asp_fail(error, ASP_NEWER,
                        "it was written by a newer version, in the form %" JSON_INTEGER_FORMAT
                        ": upgrade this one",
                        json_integer_value(version));
    return ASP_OK;
}

/* Told before memory is taken for each: a line has room for millions of empty ones. */
static bool has_too_many_values(const char *line, size_t length)
{
    size_t signs = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        if (in_string && line[i] == '\\')
            i++;
        else if (line[i] == '"')
            in_string = !in_string;
        else if (!in_string)
            signs += line[i] == '{' || line[i] == '[' || line[i] == ',';
    }
    return signs > ACCOUNT_SIGNS;
}

enum asp_status account_json_read(const char *line, size_t length, struct asp_account *account,
                                  struct asp_usage *usage, struct asp_error *error)
{
    json_error_t fault;
    enum asp_status status;
    json_t *root;

    memset(account, 0, sizeof *account);
    memset(usage, 0, sizeof *usage);
    if (has_too_many_values(line, length))
        return asp_fail(error, ASP_INVALID, "it has more values than any account");
    root = json_read(line, length, &status, &fault);
    if (status == ASP_NO_MEMORY)
        return no_memory(error);
    if (status != ASP_OK)
        return asp_fail(error, ASP_INVALID, "it is no JSON: %s", fault.text);
    status = check_version(root, error);
    if (status == ASP_OK)
        status = read_members(root, account, usage, error);
    json_decref(root);
    if (status != ASP_OK) {
        asp_account_free(account);
        asp_usage_free(usage);
    }
    return status;
}
