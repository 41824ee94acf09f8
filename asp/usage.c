#include "usage.h"

#include "when.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER = 8,
    SUM_BYTES = crypto_shorthash_BYTES,
    /* Places in a slot. */
    AT_CREATED = SUM_BYTES,
    AT_LAST = AT_CREATED + NUMBER,
    AT_ID = AT_LAST + NUMBER,
    AT_SERVICE_LENGTH = AT_ID + ASP_ID_CHARS,
    AT_HOST_LENGTH = AT_SERVICE_LENGTH + 1,
    AT_SERVICE = AT_HOST_LENGTH + 1,
    AT_HOST = AT_SERVICE + ASP_SERVICE_MAX,
    /* Places in a head. */
    AT_MAGIC = SUM_BYTES,
    AT_IDENTITY = AT_MAGIC + NUMBER,
    AT_DIGEST = AT_IDENTITY + 8 * NUMBER,
};

_Static_assert(AT_HOST + ASP_HOST_MAX <= ASP_SLOT_BYTES, "a slot holds the longest of all");
_Static_assert(AT_DIGEST + ASP_COMPARED_BYTES <= ASP_HEAD_BYTES, "a head holds it all");

static const char magic[NUMBER + 1] = "asp-use1";

/* Tells torn and foreign bytes from ours; the key is not secret. */
static void sum(const uint8_t *bytes, size_t length, uint8_t out[SUM_BYTES])
{
    static const uint8_t key[crypto_shorthash_KEYBYTES] = "pam_asp: a slot";

    crypto_shorthash(out, bytes + SUM_BYTES, length - SUM_BYTES, key);
}

static void put_number(uint8_t *at, int64_t number)
{
    for (size_t i = 0; i < NUMBER; i++)
        at[i] = (uint8_t)((uint64_t)number >> (8 * i));
}

static int64_t get_number(const uint8_t *at)
{
    uint64_t number = 0;

    for (size_t i = 0; i < NUMBER; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return (int64_t)number;
}

static bool sum_matches(const uint8_t *bytes, size_t length)
{
    uint8_t expected[SUM_BYTES];

    sum(bytes, length, expected);
    return memcmp(bytes, expected, SUM_BYTES) == 0;
}

void asp_usage_slot(const struct asp_use *use, uint8_t bytes[ASP_SLOT_BYTES])
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
    sum(bytes, ASP_SLOT_BYTES, bytes);
}

/* False for bytes that are no whole slot of ours, whatever they are. */
static bool read_slot(const uint8_t *bytes, struct asp_use *use)
{
    size_t service = bytes[AT_SERVICE_LENGTH];
    size_t host = bytes[AT_HOST_LENGTH];

    if (service > ASP_SERVICE_MAX || host > ASP_HOST_MAX || !sum_matches(bytes, ASP_SLOT_BYTES))
        return false;
    memset(use, 0, sizeof *use);
    memcpy(use->id, bytes + AT_ID, ASP_ID_CHARS);
    use->created = get_number(bytes + AT_CREATED);
    use->last = get_number(bytes + AT_LAST);
    memcpy(use->service, bytes + AT_SERVICE, service);
    memcpy(use->host, bytes + AT_HOST, host);
    return asp_id_valid(use->id) && use->last >= 0 && asp_service_valid(use->service) &&
           (use->host[0] == '\0' || asp_host_valid(use->host));
}

void asp_usage_head(const struct asp_compared *compared, uint8_t bytes[ASP_HEAD_BYTES])
{
    const struct asp_identity *identity = &compared->identity;
    const int64_t numbers[] = {
        identity->present, (int64_t)identity->device, (int64_t)identity->inode, identity->size,
        identity->mtime_s, identity->mtime_ns,        identity->ctime_s,        identity->ctime_ns,
    };

    memset(bytes, 0, ASP_HEAD_BYTES);
    memcpy(bytes + AT_MAGIC, magic, NUMBER);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(bytes + AT_IDENTITY + i * NUMBER, numbers[i]);
    memcpy(bytes + AT_DIGEST, compared->digest, ASP_COMPARED_BYTES);
    sum(bytes, ASP_HEAD_BYTES, bytes);
}

bool asp_usage_compared(const struct asp_usage *usage, struct asp_compared *compared)
{
    const uint8_t *at = usage->bytes;

    memset(compared, 0, sizeof *compared);
    if (usage->length < ASP_HEAD_BYTES || memcmp(at + AT_MAGIC, magic, NUMBER) != 0 ||
        !sum_matches(at, ASP_HEAD_BYTES))
        return false;
    at += AT_IDENTITY;
    compared->identity.present = get_number(at) == 1;
    compared->identity.device = (uint64_t)get_number(at + NUMBER);
    compared->identity.inode = (uint64_t)get_number(at + 2 * NUMBER);
    compared->identity.size = get_number(at + 3 * NUMBER);
    compared->identity.mtime_s = get_number(at + 4 * NUMBER);
    compared->identity.mtime_ns = get_number(at + 5 * NUMBER);
    compared->identity.ctime_s = get_number(at + 6 * NUMBER);
    compared->identity.ctime_ns = get_number(at + 7 * NUMBER);
    memcpy(compared->digest, usage->bytes + AT_DIGEST, ASP_COMPARED_BYTES);
    return compared->identity.present;
}

bool asp_usage_find(const struct asp_usage *usage, const char *id, time_t created,
                    struct asp_use *use)
{
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        const uint8_t *slot = usage->bytes + at;

        if (memcmp(slot + AT_ID, id, ASP_ID_CHARS) == 0 &&
            get_number(slot + AT_CREATED) == created && read_slot(slot, use))
            return true;
    }
    return false;
}

time_t asp_usage_last(const struct asp_usage *usage, const char *id, time_t created)
{
    struct asp_use use;

    return asp_usage_find(usage, id, created, &use) ? use.last : ASP_NEVER;
}

size_t asp_usage_place(const struct asp_usage *usage, const char *id, bool *own)
{
    size_t free_place = 0;
    size_t at = ASP_HEAD_BYTES;

    *own = false;
    for (; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        struct asp_use use;

        if (memcmp(usage->bytes + at + AT_ID, id, ASP_ID_CHARS) == 0) {
            *own = true;
            return at;
        }
        if (free_place == 0 && !read_slot(usage->bytes + at, &use))
            free_place = at;
    }
    return free_place != 0 ? free_place : at;
}

void asp_usage_free(struct asp_usage *usage)
{
    free(usage->bytes);
    memset(usage, 0, sizeof *usage);
}
