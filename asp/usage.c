/* The bytes of a usage file: a head, and a slot for each entry. */
#include "usage.h"

#include "checksum.h"
#include "network.h"
#include "time_text.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER = 8,
    CHECKSUM_BYTES = NUMBER,
    /* Places in a slot. */
    AT_CREATED = CHECKSUM_BYTES,
    AT_LAST = AT_CREATED + NUMBER,
    AT_ID = AT_LAST + NUMBER,
    AT_SERVICE_LENGTH = AT_ID + ASP_ID_CHARS,
    AT_HOST_LENGTH = AT_SERVICE_LENGTH + 1,
    AT_SERVICE = AT_HOST_LENGTH + 1,
    AT_HOST = AT_SERVICE + ASP_SERVICE_MAX,
    /* Places in a head. */
    AT_MAGIC = CHECKSUM_BYTES,
    AT_BEGUN = AT_MAGIC + NUMBER,
    AT_SLOTS = AT_BEGUN + NUMBER,
    AT_IDENTITY = AT_SLOTS + NUMBER,
    AT_EXPIRES = AT_IDENTITY + 8 * NUMBER,
    AT_CHECKSUM = AT_EXPIRES + NUMBER,
};

_Static_assert(AT_HOST + ASP_HOST_MAX <= ASP_SLOT_BYTES, "a slot holds the longest of all");
_Static_assert(AT_CHECKSUM + NUMBER <= ASP_HEAD_BYTES, "a head holds it all");

static const char magic[NUMBER + 1] = "asp-use1";

static void put_number(uint8_t *at, int64_t number)
{
    uint64_t stored = htole64((uint64_t)number);

    memcpy(at, &stored, NUMBER);
}

static int64_t get_number(const uint8_t *at)
{
    uint64_t stored;

    memcpy(&stored, at, NUMBER);
    return (int64_t)le64toh(stored);
}

/* Each piece begins with the checksum of what follows in it. */
static int64_t checksum_of(const uint8_t *bytes, size_t length)
{
    return (int64_t)asp_checksum(bytes + CHECKSUM_BYTES, length - CHECKSUM_BYTES);
}

static bool checksum_matches(const uint8_t *bytes, size_t length)
{
    return get_number(bytes) == checksum_of(bytes, length);
}

void asp_usage_write_slot(const struct asp_use *use, uint8_t bytes[ASP_SLOT_BYTES])
{
    size_t service = strnlen(use->service, ASP_SERVICE_MAX);
    size_t host = strnlen(use->host, ASP_HOST_MAX);

    memset(bytes, 0, ASP_SLOT_BYTES);
    put_number(bytes + AT_CREATED, use->created);
    put_number(bytes + AT_LAST, use->last);
    memcpy(bytes + AT_ID, use->id, ASP_ID_CHARS);
    bytes[AT_SERVICE_LENGTH] = (uint8_t)service;
    bytes[AT_HOST_LENGTH] = (uint8_t)host;
    memcpy(bytes + AT_SERVICE, use->service, service);
    memcpy(bytes + AT_HOST, use->host, host);
    put_number(bytes, checksum_of(bytes, ASP_SLOT_BYTES));
}

/* What the bytes say, whatever they are. */
static void parse_slot(const uint8_t *bytes, struct asp_use *use)
{
    size_t service = bytes[AT_SERVICE_LENGTH];
    size_t host = bytes[AT_HOST_LENGTH];

    memset(use, 0, sizeof *use);
    memcpy(use->id, bytes + AT_ID, ASP_ID_CHARS);
    use->created = get_number(bytes + AT_CREATED);
    use->last = get_number(bytes + AT_LAST);
    if (service <= ASP_SERVICE_MAX)
        memcpy(use->service, bytes + AT_SERVICE, service);
    if (host <= ASP_HOST_MAX)
        memcpy(use->host, bytes + AT_HOST, host);
}

/* False for bytes that are no whole slot of ours. */
bool asp_usage_read_slot(const uint8_t bytes[ASP_SLOT_BYTES], struct asp_use *use)
{
    if (bytes[AT_HOST_LENGTH] > ASP_HOST_MAX || !checksum_matches(bytes, ASP_SLOT_BYTES))
        return false;
    parse_slot(bytes, use);
    return asp_id_valid(use->id) && use->last >= 0 && asp_service_valid(use->service) &&
           (use->host[0] == '\0' || asp_host_valid(use->host));
}

/* The numbers of an identity, in the order in which they are stored. */
enum { IDENTITY_NUMBERS = 8 };

void asp_usage_write_head(const struct asp_usage_head *head, uint8_t bytes[ASP_HEAD_BYTES])
{
    const struct asp_identity *identity = &head->compared.identity;
    const int64_t numbers[IDENTITY_NUMBERS] = {
        identity->present, (int64_t)identity->device, (int64_t)identity->inode, identity->size,
        identity->mtime_s, identity->mtime_ns,        identity->ctime_s,        identity->ctime_ns,
    };

    memset(bytes, 0, ASP_HEAD_BYTES);
    memcpy(bytes + AT_MAGIC, magic, NUMBER);
    put_number(bytes + AT_BEGUN, head->begun);
    put_number(bytes + AT_SLOTS, (int64_t)head->slots);
    for (size_t i = 0; i < IDENTITY_NUMBERS; i++)
        put_number(bytes + AT_IDENTITY + i * NUMBER, numbers[i]);
    put_number(bytes + AT_EXPIRES, head->compared.expires);
    put_number(bytes + AT_CHECKSUM, (int64_t)head->compared.checksum);
    put_number(bytes, checksum_of(bytes, ASP_HEAD_BYTES));
}

bool asp_usage_read_head(const struct asp_usage *usage, struct asp_usage_head *head)
{
    struct asp_identity *identity = &head->compared.identity;
    const uint8_t *at = usage->bytes;
    int64_t numbers[IDENTITY_NUMBERS];

    memset(head, 0, sizeof *head);
    if (usage->length < ASP_HEAD_BYTES || memcmp(at + AT_MAGIC, magic, NUMBER) != 0 ||
        !checksum_matches(at, ASP_HEAD_BYTES))
        return false;
    for (size_t i = 0; i < IDENTITY_NUMBERS; i++)
        numbers[i] = get_number(at + AT_IDENTITY + i * NUMBER);
    head->begun = get_number(at + AT_BEGUN);
    head->slots = (size_t)get_number(at + AT_SLOTS);
    *identity = (struct asp_identity){
        .present = numbers[0] == 1,
        .device = (uint64_t)numbers[1],
        .inode = (uint64_t)numbers[2],
        .size = numbers[3],
        .mtime_s = numbers[4],
        .mtime_ns = numbers[5],
        .ctime_s = numbers[6],
        .ctime_ns = numbers[7],
    };
    head->compared.expires = get_number(at + AT_EXPIRES);
    head->compared.checksum = (uint64_t)get_number(at + AT_CHECKSUM);
    return true;
}

bool asp_usage_find(const struct asp_usage *usage, const char *id, time_t created,
                    struct asp_use *use)
{
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        const uint8_t *slot = usage->bytes + at;

        if (memcmp(slot + AT_ID, id, ASP_ID_CHARS) == 0 &&
            get_number(slot + AT_CREATED) == created && asp_usage_read_slot(slot, use))
            return true;
    }
    return false;
}

time_t asp_usage_last(const struct asp_usage *usage, const char *id, time_t created)
{
    struct asp_use use;

    return asp_usage_find(usage, id, created, &use) ? use.last : ASP_NEVER;
}

/* What is cut says whose it is when its id is there; less than that says nothing. */
static bool is_named_tail(const struct asp_usage *usage, size_t at)
{
    char id[ASP_ID_CHARS + 1] = "";

    if (at + AT_ID + ASP_ID_CHARS > usage->length)
        return false;
    memcpy(id, usage->bytes + at + AT_ID, ASP_ID_CHARS);
    return asp_id_valid(id);
}

bool asp_usage_sound(const struct asp_usage *usage, struct asp_usage_head *head)
{
    struct asp_use use;
    size_t slots = 0;
    size_t at;

    if (!asp_usage_read_head(usage, head))
        return false;
    for (at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        if (!asp_usage_read_slot(usage->bytes + at, &use))
            return false;
        slots++;
    }
    return slots >= head->slots && !is_named_tail(usage, at);
}

bool asp_usage_tells(const struct asp_usage *usage, const char *id, time_t created)
{
    struct asp_usage_head head;
    struct asp_use use;

    return asp_usage_read_head(usage, &head) &&
           (asp_usage_find(usage, id, created, &use) || asp_usage_sound(usage, &head));
}

/* True when a whole slot of the file is of this id. */
static bool has_whole_slot(const struct asp_usage *usage, const char *id)
{
    struct asp_use use;

    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        if (memcmp(usage->bytes + at + AT_ID, id, ASP_ID_CHARS) == 0 &&
            asp_usage_read_slot(usage->bytes + at, &use))
            return true;
    }
    return false;
}

/* Of these bytes, which are no whole slot, what is kept in `mended`: that it is used now, where
 * they say whose they are. */
static void keep_damaged(const struct asp_usage *usage, const uint8_t *bytes, time_t now,
                         struct asp_usage *mended)
{
    struct asp_use use;

    parse_slot(bytes, &use);
    if (!asp_id_valid(use.id) || has_whole_slot(usage, use.id) || has_whole_slot(mended, use.id))
        return;
    use.last = now;
    if (!asp_service_valid(use.service))
        strcpy(use.service, "-");
    if (!asp_host_valid(use.host))
        use.host[0] = '\0';
    asp_usage_write_slot(&use, mended->bytes + mended->length);
    mended->length += ASP_SLOT_BYTES;
}

/* Each slot, and what stands behind the last one. */
static void keep_slots(const struct asp_usage *usage, time_t now, struct asp_usage *mended)
{
    for (size_t at = ASP_HEAD_BYTES; at < usage->length; at += ASP_SLOT_BYTES) {
        size_t left = usage->length - at;
        uint8_t slot[ASP_SLOT_BYTES] = {0};
        struct asp_use use;

        memcpy(slot, usage->bytes + at, left < sizeof slot ? left : sizeof slot);
        if (!asp_usage_read_slot(slot, &use)) {
            keep_damaged(usage, slot, now, mended);
            continue;
        }
        memcpy(mended->bytes + mended->length, slot, sizeof slot);
        mended->length += sizeof slot;
    }
}

bool asp_usage_mend(struct asp_usage *usage, time_t now)
{
    struct asp_usage mended = {calloc(1, usage->length + ASP_HEAD_BYTES + ASP_SLOT_BYTES),
                               ASP_HEAD_BYTES};
    struct asp_usage_head head;

    if (mended.bytes == NULL)
        return false;
    if (asp_usage_read_head(usage, &head))
        keep_slots(usage, now, &mended);
    else
        head.begun = now;
    head.slots = (mended.length - ASP_HEAD_BYTES) / ASP_SLOT_BYTES;
    asp_usage_write_head(&head, mended.bytes);
    free(usage->bytes);
    *usage = mended;
    return true;
}

time_t asp_usage_since(const struct asp_usage *usage, const char *id, time_t created)
{
    struct asp_usage_head head;
    time_t last = asp_usage_last(usage, id, created);

    if (!asp_usage_read_head(usage, &head))
        return ASP_NEVER;
    return last > head.begun ? last : head.begun;
}

enum asp_state asp_usage_state(const struct asp_usage *usage, const struct asp_entry *entry,
                               time_t now)
{
    return asp_entry_state(entry, asp_usage_since(usage, entry->id, entry->created), now);
}

size_t asp_usage_place(const struct asp_usage *usage, const char *id)
{
    size_t place = 0;

    while (ASP_HEAD_BYTES + (place + 1) * ASP_SLOT_BYTES <= usage->length &&
           memcmp(usage->bytes + ASP_HEAD_BYTES + place * ASP_SLOT_BYTES + AT_ID, id,
                  ASP_ID_CHARS) != 0)
        place++;
    return place;
}

void asp_usage_free(struct asp_usage *usage)
{
    free(usage->bytes);
    memset(usage, 0, sizeof *usage);
}
