/* The bytes of a usage file: where each value stands, and what no checksum makes good. */
#include "unit.h"

#include "asp/checksum.h"
#include "asp/usage.h"

#include <stdlib.h>
#include <string.h>

enum {
    NUMBER = 8,
    CREATED_AT = 8,
    LAST_AT = 16,
    ID_AT = 24,
    SERVICE_LENGTH_AT = 26,
    HOST_LENGTH_AT = 27,
    SERVICE_AT = 28,
    HOST_AT = 92,
    MAGIC_AT = 8,
    BEGUN_AT = 16,
    SLOTS_AT = 24,
    IDENTITY_AT = 32,
    EXPIRES_AT = 96,
    CHECKSUM_AT = 104,
    MENDED_AT = 90000,
};

static const struct asp_use use_7k = {
    .id = "7k", .created = 1000, .last = 5000, .service = "imap", .host = "192.0.2.7"};

/* The lowest byte first. */
static void put(uint8_t *at, uint64_t number)
{
    for (size_t i = 0; i < NUMBER; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

/* With the checksum that belongs to the bytes behind it. */
static void seal(uint8_t *bytes, size_t length)
{
    put(bytes, asp_checksum(bytes + NUMBER, length - NUMBER));
}

START_TEST(a_slot_has_each_value_at_its_place)
{
    uint8_t expected[ASP_SLOT_BYTES] = {0};
    uint8_t bytes[ASP_SLOT_BYTES];

    put(expected + CREATED_AT, 1000);
    put(expected + LAST_AT, 5000);
    memcpy(expected + ID_AT, "7k", 2);
    expected[SERVICE_LENGTH_AT] = 4;
    expected[HOST_LENGTH_AT] = 9;
    memcpy(expected + SERVICE_AT, "imap", 4);
    memcpy(expected + HOST_AT, "192.0.2.7", 9);
    seal(expected, sizeof expected);
    memset(bytes, 'x', sizeof bytes);
    asp_usage_write_slot(&use_7k, bytes);
    ck_assert_mem_eq(bytes, expected, sizeof bytes);
}
END_TEST

START_TEST(a_head_has_each_value_at_its_place)
{
    const struct asp_usage_head head = {
        .begun = 1700000000,
        .slots = 3,
        .compared = {.identity = {true, 12, 13, 14, 15, 16, 17, 18},
                     .expires = 77,
                     .checksum = 0x8123456789abcdef},
    };
    uint8_t expected[ASP_HEAD_BYTES] = {0};
    uint8_t bytes[ASP_HEAD_BYTES];

    memcpy(expected + MAGIC_AT, "asp-use1", NUMBER);
    put(expected + BEGUN_AT, 1700000000);
    put(expected + SLOTS_AT, 3);
    put(expected + IDENTITY_AT, 1);
    for (size_t i = 1; i < 8; i++)
        put(expected + IDENTITY_AT + i * NUMBER, 11 + i);
    put(expected + EXPIRES_AT, 77);
    put(expected + CHECKSUM_AT, 0x8123456789abcdef);
    seal(expected, sizeof expected);
    memset(bytes, 'x', sizeof bytes);
    asp_usage_write_head(&head, bytes);
    ck_assert_mem_eq(bytes, expected, sizeof bytes);
}
END_TEST

START_TEST(a_slot_with_a_length_beyond_its_place_is_none_whatever_its_checksum)
{
    static const struct {
        size_t at;
        uint8_t most;
    } lengths[] = {{SERVICE_LENGTH_AT, ASP_SERVICE_MAX}, {HOST_LENGTH_AT, ASP_HOST_MAX}};
    struct asp_use use;

    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        for (unsigned length = 1; length < 256; length++) {
            uint8_t bytes[ASP_SLOT_BYTES];

            asp_usage_write_slot(&use_7k, bytes);
            memset(bytes + SERVICE_AT, 'a', ASP_SERVICE_MAX + ASP_HOST_MAX);
            bytes[lengths[i].at] = (uint8_t)length;
            seal(bytes, sizeof bytes);
            unit_need(asp_usage_read_slot(bytes, &use) == (length <= lengths[i].most), "%u",
                      length);
        }
    }
}
END_TEST

START_TEST(a_head_of_another_kind_is_none_whatever_its_checksum)
{
    uint8_t bytes[ASP_HEAD_BYTES];
    const struct asp_usage usage = {bytes, sizeof bytes};
    struct asp_usage_head head = {.begun = 1};

    asp_usage_write_head(&head, bytes);
    ck_assert(asp_usage_read_head(&usage, &head));
    bytes[MAGIC_AT + 7] = '2';
    seal(bytes, sizeof bytes);
    ck_assert(!asp_usage_read_head(&usage, &head));
}
END_TEST

/* A sound file in which all slots are of 7k. The caller frees it. */
static struct asp_usage with_slots(size_t count)
{
    const struct asp_usage_head head = {.begun = 4000, .slots = count};
    struct asp_usage usage = {.length = ASP_HEAD_BYTES + count * ASP_SLOT_BYTES};

    usage.bytes = malloc(usage.length);
    unit_need(usage.bytes != NULL, "no memory");
    asp_usage_write_head(&head, usage.bytes);
    for (size_t i = 0; i < count; i++)
        asp_usage_write_slot(&use_7k, usage.bytes + ASP_HEAD_BYTES + i * ASP_SLOT_BYTES);
    return usage;
}

START_TEST(of_a_damaged_slot_what_is_well_formed_is_kept)
{
    static const struct {
        size_t at;
        uint8_t byte;
        const char *service;
        const char *host;
    } damages[] = {
        {SERVICE_LENGTH_AT, 0xff, "-", "192.0.2.7"},
        {SERVICE_AT, ' ', "-", "192.0.2.7"},
        {HOST_LENGTH_AT, 0xff, "imap", ""},
        {HOST_AT, 0x1b, "imap", ""},
        {HOST_AT + 1, 0x1b, "imap", ""},
    };

    for (size_t i = 0; i < UNIT_COUNT(damages); i++) {
        struct asp_usage usage = with_slots(1);
        struct asp_use use;

        usage.bytes[ASP_HEAD_BYTES + damages[i].at] = damages[i].byte;
        ck_assert(asp_usage_mend(&usage, MENDED_AT));
        ck_assert(asp_usage_find(&usage, "7k", 1000, &use));
        ck_assert_int_eq(use.last, MENDED_AT);
        ck_assert_str_eq(use.service, damages[i].service);
        ck_assert_str_eq(use.host, damages[i].host);
        asp_usage_free(&usage);
    }
}
END_TEST

START_TEST(of_two_damaged_slots_of_one_id_one_is_kept)
{
    struct asp_usage usage = with_slots(2);
    struct asp_usage_head head;

    usage.bytes[ASP_HEAD_BYTES + LAST_AT] ^= 1;
    usage.bytes[ASP_HEAD_BYTES + ASP_SLOT_BYTES + LAST_AT] ^= 1;
    ck_assert(asp_usage_mend(&usage, MENDED_AT));
    ck_assert(asp_usage_sound(&usage, &head));
    ck_assert_uint_eq(head.slots, 1);
    asp_usage_free(&usage);
}
END_TEST

START_TEST(where_the_head_is_damaged_nothing_is_told_of_a_whole_slot)
{
    struct asp_usage usage = with_slots(1);

    ck_assert(asp_usage_tells(&usage, "7k", 1000));
    usage.bytes[BEGUN_AT] ^= 1;
    ck_assert(!asp_usage_tells(&usage, "7k", 1000));
    asp_usage_free(&usage);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_slot_has_each_value_at_its_place);
    unit_add(suite, a_head_has_each_value_at_its_place);
    unit_add(suite, a_slot_with_a_length_beyond_its_place_is_none_whatever_its_checksum);
    unit_add(suite, a_head_of_another_kind_is_none_whatever_its_checksum);
    unit_add(suite, of_a_damaged_slot_what_is_well_formed_is_kept);
    unit_add(suite, of_two_damaged_slots_of_one_id_one_is_kept);
    unit_add(suite, where_the_head_is_damaged_nothing_is_told_of_a_whole_slot);
}

int main(void)
{
    return unit_run("usage_bytes", fill);
}
