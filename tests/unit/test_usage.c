/* Last uses: the bytes of a slot, of a head, and what becomes of those that are damaged. */
#include "unit.h"

#include "asp/network.h"
#include "asp/time_text.h"
#include "asp/usage.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 8, ID_AT = 24, CREATED_AT = 8 };

/* A file in the making. */
struct file {
    uint8_t bytes[ASP_HEAD_BYTES + SLOTS_MAX * ASP_SLOT_BYTES];
    size_t length;
};

static const struct asp_use use_7k = {
    .id = "7k", .created = 1000, .last = 5000, .service = "imap", .host = "192.0.2.7"};
static const struct asp_use use_zz = {
    .id = "zz", .created = 2000, .last = 6000, .service = "smtp", .host = ""};
static const struct asp_use never_used = {.id = "00", .created = 3000};

static void begin(struct file *file, time_t begun)
{
    const struct asp_usage_head head = {.begun = begun};

    memset(file, 0, sizeof *file);
    asp_usage_write_head(&head, file->bytes);
    file->length = ASP_HEAD_BYTES;
}

static void add(struct file *file, const struct asp_use *use)
{
    asp_usage_write_slot(use, file->bytes + file->length);
    file->length += ASP_SLOT_BYTES;
}

/* The same bytes in memory of their very size. The caller frees them. */
static struct asp_usage usage_of(const struct file *file, size_t length)
{
    struct asp_usage usage = {malloc(length + (length == 0)), length};

    unit_need(usage.bytes != NULL, "no memory");
    memcpy(usage.bytes, file->bytes, length);
    return usage;
}

static bool finds(const struct file *file, const struct asp_use *wanted, struct asp_use *use)
{
    struct asp_usage usage = usage_of(file, file->length);
    bool found = asp_usage_find(&usage, wanted->id, wanted->created, use);

    unit_need(asp_usage_last(&usage, wanted->id, wanted->created) ==
                  (found ? use->last : ASP_NEVER),
              "the last use is another");
    asp_usage_free(&usage);
    return found;
}

static bool is_same(const struct asp_use *a, const struct asp_use *b)
{
    return strcmp(a->id, b->id) == 0 && a->created == b->created && a->last == b->last &&
           strcmp(a->service, b->service) == 0 && strcmp(a->host, b->host) == 0;
}

START_TEST(a_use_is_read_back_by_id_and_creation_time)
{
    struct asp_use longest = {.id = "00", .created = ASP_TIME_MAX, .last = ASP_TIME_MAX};
    struct asp_use other = use_7k;
    struct asp_use first = {.id = "01", .service = "x", .host = "h"}; /* at the very beginning */
    struct asp_use got;
    struct file file;

    memset(longest.service, 's', ASP_SERVICE_MAX);
    memset(longest.host, 'h', ASP_HOST_MAX);
    begin(&file, 1);
    add(&file, &use_7k);
    add(&file, &use_zz);
    add(&file, &longest);
    add(&file, &first);
    ck_assert(finds(&file, &first, &got) && is_same(&got, &first));
    ck_assert(finds(&file, &use_7k, &got) && is_same(&got, &use_7k));
    ck_assert(finds(&file, &use_zz, &got) && is_same(&got, &use_zz));
    ck_assert(finds(&file, &longest, &got) && is_same(&got, &longest));

    /* The use of an entry is not that of a later one with its id. */
    other.created++;
    ck_assert(!finds(&file, &other, &got));
    strcpy(other.id, "k7");
    other.created = use_7k.created;
    ck_assert(!finds(&file, &other, &got));
}
END_TEST

START_TEST(a_slot_with_any_bit_flipped_is_no_slot)
{
    struct asp_use got;
    struct file file;

    begin(&file, 1);
    add(&file, &use_7k);
    add(&file, &use_zz);
    for (size_t bit = 0; bit < (size_t)ASP_SLOT_BYTES * 8; bit++) {
        uint8_t *at = file.bytes + ASP_HEAD_BYTES + bit / 8;

        *at = (uint8_t)(*at ^ 1U << bit % 8);
        unit_need(!finds(&file, &use_7k, &got), "bit %zu", bit);
        unit_need(finds(&file, &use_zz, &got), "bit %zu", bit);
        *at = (uint8_t)(*at ^ 1U << bit % 8);
    }
}
END_TEST

/* The write of a new use broke off at each byte: the old use, the new one, or none. */
START_TEST(a_torn_slot_is_never_a_mix)
{
    struct asp_use new = {.id = "7k",
                          .created = 1000,
                          .last = 999999999,
                          .service = "submission",
                          .host = "2001:db8::7"};
    uint8_t slot[ASP_SLOT_BYTES];
    size_t whole = 0;

    asp_usage_write_slot(&new, slot);
    for (size_t cut = 0; cut <= ASP_SLOT_BYTES; cut++) {
        struct asp_use got;
        struct file file;

        begin(&file, 1);
        add(&file, &use_7k);
        memcpy(file.bytes + ASP_HEAD_BYTES, slot, cut);
        if (finds(&file, &use_7k, &got)) {
            unit_need(is_same(&got, &new) || (cut == 0 && is_same(&got, &use_7k)), "%zu", cut);
            whole++;
        }
    }
    ck_assert_uint_gt(whole, 1);
    ck_assert_uint_lt(whole, ASP_SLOT_BYTES);
}
END_TEST

START_TEST(foreign_bytes_are_no_slot)
{
    uint64_t state = 1;

    for (size_t n = 0; n < unit_many(2000); n++) {
        struct asp_use got;
        struct file file;

        begin(&file, 1);
        for (size_t i = 0; i < ASP_SLOT_BYTES; i++)
            file.bytes[file.length++] = (uint8_t)unit_random(&state);
        /* As much of a slot as decides where to look. */
        memcpy(file.bytes + ASP_HEAD_BYTES + 8, "\xe8\x03\0\0\0\0\0\0", 8);
        memcpy(file.bytes + ASP_HEAD_BYTES + 24, "7k", 2);
        unit_need(!finds(&file, &use_7k, &got), "%zu", n);
    }
}
END_TEST

/* The sum is right and the values are not: what is told to people is well-formed all the same. */
START_TEST(a_slot_with_values_that_we_would_not_write_is_no_slot)
{
    struct asp_use uses[] = {use_7k, use_7k, use_7k, use_7k, use_7k, use_7k};
    struct asp_use got;
    struct file file;

    strcpy(uses[0].id, "7i");
    uses[1].last = -1;
    strcpy(uses[2].service, "im ap");
    uses[3].service[0] = '\0';
    strcpy(uses[4].host, "a\x1b[31mb");
    strcpy(uses[5].host, "\x1b");
    for (size_t i = 0; i < UNIT_COUNT(uses); i++) {
        begin(&file, 1);
        add(&file, &uses[i]);
        unit_need(!finds(&file, &uses[i], &got), "%zu", i);
    }
}
END_TEST

START_TEST(a_file_cut_anywhere_holds_its_whole_slots_and_no_more)
{
    struct file file;

    begin(&file, 1);
    add(&file, &use_7k);
    add(&file, &use_zz);
    for (size_t length = 0; length <= file.length; length++) {
        struct asp_usage usage = usage_of(&file, length);
        struct asp_usage_head head;
        struct asp_use use;

        unit_need(asp_usage_read_head(&usage, &head) == (length >= ASP_HEAD_BYTES), "%zu", length);
        unit_need(asp_usage_find(&usage, "7k", 1000, &use) ==
                      (length >= ASP_HEAD_BYTES + ASP_SLOT_BYTES),
                  "%zu", length);
        unit_need(asp_usage_find(&usage, "zz", 2000, &use) == (length == file.length), "%zu",
                  length);
        asp_usage_free(&usage);
        unit_need(usage.bytes == NULL && usage.length == 0, "%zu", length);
    }
}
END_TEST

START_TEST(a_head_is_read_back_and_with_any_bit_flipped_it_is_none)
{
    const struct asp_usage_head head = {
        .begun = 1700000000,
        .compared = {.identity = {true, 12, 13, 14, 15, 16, 17, 18},
                     .expires = 77,
                     .checksum = 0x8123456789abcdef},
    };
    struct asp_usage_head got;
    struct file file;
    struct asp_usage usage;

    memset(&file, 0, sizeof file);
    asp_usage_write_head(&head, file.bytes);
    usage = usage_of(&file, ASP_HEAD_BYTES);
    ck_assert(asp_usage_read_head(&usage, &got));
    ck_assert_int_eq(got.begun, head.begun);
    ck_assert(asp_identity_same(&got.compared.identity, &head.compared.identity));
    ck_assert(got.compared.checksum == head.compared.checksum);
    ck_assert_int_eq(got.compared.expires, 77);
    for (size_t bit = 0; bit < (size_t)ASP_HEAD_BYTES * 8; bit++) {
        usage.bytes[bit / 8] = (uint8_t)(usage.bytes[bit / 8] ^ 1U << bit % 8);
        unit_need(!asp_usage_read_head(&usage, &got), "bit %zu", bit);
        unit_need(!got.compared.identity.present && got.begun == 0, "bit %zu", bit);
        usage.bytes[bit / 8] = (uint8_t)(usage.bytes[bit / 8] ^ 1U << bit % 8);
    }
    asp_usage_free(&usage);
}
END_TEST

static size_t place(const struct file *file, const char *id)
{
    struct asp_usage usage = usage_of(file, file->length);
    size_t at = asp_usage_place(&usage, id);

    asp_usage_free(&usage);
    return at;
}

START_TEST(the_place_of_a_use_is_its_own_or_the_end)
{
    struct asp_use renewed = use_7k;
    struct file file;

    memset(&file, 0, sizeof file);
    ck_assert_uint_eq(place(&file, "7k"), 0);
    begin(&file, 1);
    ck_assert_uint_eq(place(&file, "7k"), 0);
    add(&file, &use_7k);
    add(&file, &use_zz);
    ck_assert_uint_eq(place(&file, "7k"), 0);
    ck_assert_uint_eq(place(&file, "zz"), 1);
    ck_assert_uint_eq(place(&file, "00"), 2);

    /* A later entry with this id takes the place of the one before it. */
    renewed.created = 9000;
    ck_assert_uint_eq(place(&file, renewed.id), 0);

    /* What is cut is written over. */
    file.length -= 1;
    ck_assert_uint_eq(place(&file, "00"), 1);
    ck_assert_uint_eq(place(&file, "zz"), 1);
}
END_TEST

/* How many slots there are is in the head, so that one that is missing is missed. What is cut
 * counts once it says whose it is. */
START_TEST(a_file_of_which_anything_is_missing_or_damaged_is_not_sound)
{
    struct asp_usage_head head = {.begun = 1, .slots = 2};
    struct asp_usage_head got;
    struct asp_usage usage;
    struct file file;

    begin(&file, 1);
    asp_usage_write_head(&head, file.bytes);
    add(&file, &use_7k);
    add(&file, &use_zz);
    asp_usage_write_slot(&never_used, file.bytes + file.length);
    for (size_t length = 0; length < file.length + ASP_SLOT_BYTES; length++) {
        const struct asp_usage cut = {file.bytes, length}; /* the rest is still there */
        bool sound = length >= file.length && length < file.length + ID_AT + ASP_ID_CHARS;

        usage = usage_of(&file, length);
        unit_need(asp_usage_sound(&usage, &got) == sound, "%zu", length);
        unit_need(asp_usage_sound(&cut, &got) == sound, "%zu", length);
        asp_usage_free(&usage);
    }
    memcpy(file.bytes + file.length + ID_AT, "7i", 2);
    usage = usage_of(&file, file.length + ASP_SLOT_BYTES - 1);
    ck_assert(asp_usage_sound(&usage, &got));
    asp_usage_free(&usage);
    usage = usage_of(&file, file.length);
    ck_assert(asp_usage_sound(&usage, &got));
    ck_assert_uint_eq(got.slots, 2);
    for (size_t at = 0; at < usage.length; at++) {
        usage.bytes[at] ^= 0x10;
        unit_need(!asp_usage_sound(&usage, &got), "%zu", at);
        usage.bytes[at] ^= 0x10;
    }
    asp_usage_free(&usage);

    /* One more than the head knows of, by one who was killed in between. */
    head.slots = 1;
    asp_usage_write_head(&head, file.bytes);
    usage = usage_of(&file, file.length);
    ck_assert(asp_usage_sound(&usage, &got));
    asp_usage_free(&usage);
}
END_TEST

/* Every id has a place of its own, and with all of them the file is as long as it may be. */
START_TEST(all_ids_have_places_and_the_file_is_no_longer_than_it_may_be)
{
    struct asp_usage usage = {calloc(1, ASP_USAGE_BYTES_MAX), ASP_HEAD_BYTES};

    ck_assert_ptr_nonnull(usage.bytes);
    for (size_t i = 0; i < ASP_IDS; i++) {
        struct asp_use use = use_7k;
        size_t at;

        unit_id(i, use.id);
        at = asp_usage_place(&usage, use.id);
        unit_need(at == i, "%zu", i);
        asp_usage_write_slot(&use, usage.bytes + ASP_HEAD_BYTES + i * ASP_SLOT_BYTES);
        usage.length += ASP_SLOT_BYTES;
    }
    ck_assert_uint_eq(usage.length, ASP_USAGE_BYTES_MAX);
    for (size_t i = 0; i < ASP_IDS; i++) {
        char id[ASP_ID_CHARS + 1];

        unit_id(i, id);
        unit_need(asp_usage_place(&usage, id) == i, "%zu", i);
    }
    asp_usage_free(&usage);
}
END_TEST

/* How long an entry was not used, as far as it is known. */
START_TEST(an_entry_counts_from_its_use_or_from_the_beginning_of_the_file)
{
    struct asp_usage usage = {NULL, 0};
    struct asp_entry entry;
    struct file file;

    unit_plain_entry(&entry, "7k", "Phone");
    entry.created = 1000;
    entry.unused_limit = 100;

    /* Missing as a whole, and nobody has begun it: from its creation. */
    ck_assert_int_eq(asp_usage_since(&usage, "7k", 1000), ASP_NEVER);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 1099), ASP_ACTIVE);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 50000), ASP_UNUSED);

    /* Begun, and no use since. */
    begin(&file, 1000);
    usage = usage_of(&file, file.length);
    ck_assert_int_eq(asp_usage_since(&usage, "7k", 1000), 1000);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 1099), ASP_ACTIVE);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 1100), ASP_UNUSED);
    asp_usage_free(&usage);

    /* Begun anew after it was lost. */
    begin(&file, 4950);
    usage = usage_of(&file, file.length);
    ck_assert_int_eq(asp_usage_since(&usage, "7k", 1000), 4950);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 5049), ASP_ACTIVE);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 5050), ASP_UNUSED);
    asp_usage_free(&usage);

    /* Used since. */
    add(&file, &use_7k);
    usage = usage_of(&file, file.length);
    ck_assert_int_eq(asp_usage_since(&usage, "7k", 1000), 5000);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 5099), ASP_ACTIVE);
    ck_assert_int_eq(asp_usage_state(&usage, &entry, 5100), ASP_UNUSED);
    /* Of another entry with this id. */
    ck_assert_int_eq(asp_usage_since(&usage, "7k", 1001), 4950);
    /* A damaged head: what is still read counts for nothing. */
    usage.bytes[20] ^= 1;
    ck_assert_int_eq(asp_usage_since(&usage, "7k", 1000), ASP_NEVER);
    asp_usage_free(&usage);
}
END_TEST

/* Three entries: two were used, and "00" never was. */
enum { BEGUN = 4000, MENDED_AT = 90000 };

static void three(struct file *file)
{
    const struct asp_usage_head head = {.begun = BEGUN, .slots = 2};

    begin(file, BEGUN);
    add(file, &use_7k);
    add(file, &use_zz);
    asp_usage_write_head(&head, file->bytes);
}

static time_t since(const struct asp_usage *usage, const struct asp_use *use)
{
    return asp_usage_since(usage, use->id, use->created);
}

/* Mends it, and once more later: that changes nothing. */
static void mend(struct asp_usage *usage)
{
    struct asp_usage_head head;

    unit_need(asp_usage_mend(usage, MENDED_AT), "no memory");
    unit_need(asp_usage_sound(usage, &head), "it is not sound");
    unit_need(usage->length == ASP_HEAD_BYTES + head.slots * ASP_SLOT_BYTES, "%zu slots in %zu",
              head.slots, usage->length);
    unit_need(asp_usage_mend(usage, MENDED_AT + 1000), "no memory");
}

/* True when the byte is one of those that say whose a slot is. */
static bool is_of_key(size_t at)
{
    return (at >= CREATED_AT && at < CREATED_AT + 8) || (at >= ID_AT && at < ID_AT + 2);
}

START_TEST(a_byte_that_is_damaged_changes_what_counts_for_its_own_entry_alone)
{
    struct file file;

    three(&file);
    for (size_t at = 0; at < file.length; at++) {
        size_t slot = at < ASP_HEAD_BYTES ? 0 : (at - ASP_HEAD_BYTES) / ASP_SLOT_BYTES;
        size_t within = (at - ASP_HEAD_BYTES) % ASP_SLOT_BYTES;
        struct asp_usage usage = usage_of(&file, file.length);
        time_t own;

        usage.bytes[at] ^= 0x01;
        /* Who cannot write it counts by what is whole. */
        unit_need(since(&usage, &use_7k) == (at < ASP_HEAD_BYTES ? ASP_NEVER
                                             : slot == 0         ? BEGUN
                                                                 : use_7k.last),
                  "byte %zu", at);
        mend(&usage);
        own = is_of_key(within) ? BEGUN : MENDED_AT;
        if (at < ASP_HEAD_BYTES) {
            unit_need(since(&usage, &use_7k) == MENDED_AT && since(&usage, &use_zz) == MENDED_AT &&
                          since(&usage, &never_used) == MENDED_AT,
                      "byte %zu of the head", at);
        } else {
            unit_need(since(&usage, &use_7k) == (slot == 0 ? own : use_7k.last), "byte %zu", at);
            unit_need(since(&usage, &use_zz) == (slot == 1 ? own : use_zz.last), "byte %zu", at);
            unit_need(since(&usage, &never_used) == BEGUN, "byte %zu", at);
        }
        asp_usage_free(&usage);
    }
}
END_TEST

/* What counts for the use whose slot begins at `slot` when the file is cut: what is cut off may
 * have been but zeros. */
static time_t cut_at(const struct file *file, size_t length, size_t slot, const struct asp_use *use)
{
    size_t behind = length;

    while (behind < slot + ASP_SLOT_BYTES && file->bytes[behind] == 0)
        behind++;
    if (behind == slot + ASP_SLOT_BYTES || length >= slot + ASP_SLOT_BYTES)
        return use->last;
    return length >= slot + ID_AT + 2 ? MENDED_AT : BEGUN;
}

/* As the end of the disk or a power cut leaves it: what is cut says whose it is, or it is not
 * there. */
START_TEST(a_file_that_is_cut_anywhere_loses_what_is_cut_alone)
{
    const size_t first = ASP_HEAD_BYTES;
    const size_t second = first + ASP_SLOT_BYTES;
    struct file file;

    three(&file);
    for (size_t length = 0; length <= file.length; length++) {
        struct asp_usage usage = usage_of(&file, length);
        bool begun = length < ASP_HEAD_BYTES;

        mend(&usage);
        unit_need(since(&usage, &use_7k) ==
                      (begun ? MENDED_AT : cut_at(&file, length, first, &use_7k)),
                  "%zu", length);
        unit_need(since(&usage, &use_zz) ==
                      (begun ? MENDED_AT : cut_at(&file, length, second, &use_zz)),
                  "%zu", length);
        unit_need(since(&usage, &never_used) == (begun ? MENDED_AT : BEGUN), "%zu", length);
        asp_usage_free(&usage);
    }
}
END_TEST

/* Half of a slot in the sector that was written, half in the one that was not. */
START_TEST(a_slot_that_was_being_written_was_in_use)
{
    struct asp_use newer = use_7k;
    struct asp_use got;
    struct asp_usage usage;
    struct file file;

    three(&file);
    usage = usage_of(&file, file.length);
    newer.last = 6000;
    strcpy(newer.host, "2001:db8::7");
    asp_usage_write_slot(&newer, file.bytes + ASP_HEAD_BYTES);
    memcpy(usage.bytes + ASP_HEAD_BYTES, file.bytes + ASP_HEAD_BYTES, 20);
    ck_assert(!asp_usage_tells(&usage, "7k", 1000));
    ck_assert(asp_usage_tells(&usage, "zz", 2000));
    ck_assert(!asp_usage_tells(&usage, "00", 3000));
    mend(&usage);
    ck_assert(asp_usage_find(&usage, "7k", 1000, &got));
    ck_assert_int_eq(got.last, MENDED_AT);
    ck_assert_str_eq(got.service, "imap");
    ck_assert_str_eq(got.host, "192.0.2.7");
    ck_assert(asp_usage_tells(&usage, "00", 3000));
    asp_usage_free(&usage);
}
END_TEST

/* An id that was changed into another's is not the other's use. */
START_TEST(a_damaged_slot_stands_behind_a_whole_one_of_its_id)
{
    struct asp_usage usage;
    struct asp_use got;
    struct file file;

    three(&file);
    usage = usage_of(&file, file.length);
    memcpy(usage.bytes + ASP_HEAD_BYTES + ID_AT, "zz", 2);
    memset(usage.bytes + ASP_HEAD_BYTES + CREATED_AT, 0, 8);
    memcpy(usage.bytes + ASP_HEAD_BYTES + CREATED_AT, "\xd0\x07", 2); /* 2000 */
    mend(&usage);
    ck_assert(asp_usage_find(&usage, "zz", 2000, &got));
    ck_assert_int_eq(got.last, use_zz.last);
    ck_assert_int_eq(since(&usage, &use_7k), BEGUN);
    ck_assert_uint_eq(usage.length, ASP_HEAD_BYTES + ASP_SLOT_BYTES);
    asp_usage_free(&usage);
}
END_TEST

START_TEST(without_memory_nothing_is_mended)
{
    static const struct unit_plan plan = {.call = "malloc", .first = 1};
    struct asp_usage usage;
    struct file file;
    bool mended;

    three(&file);
    usage = usage_of(&file, 7);
    unit_calls_begin(&plan);
    mended = asp_usage_mend(&usage, MENDED_AT);
    (void)unit_calls_end();
    ck_assert(!mended);
    ck_assert_uint_eq(usage.length, 7);
    asp_usage_free(&usage);
}
END_TEST

static void fill(Suite *suite)
{
    unit_add(suite, a_use_is_read_back_by_id_and_creation_time);
    unit_add(suite, a_slot_with_any_bit_flipped_is_no_slot);
    unit_add(suite, a_torn_slot_is_never_a_mix);
    unit_add(suite, foreign_bytes_are_no_slot);
    unit_add(suite, a_slot_with_values_that_we_would_not_write_is_no_slot);
    unit_add(suite, a_file_cut_anywhere_holds_its_whole_slots_and_no_more);
    unit_add(suite, a_head_is_read_back_and_with_any_bit_flipped_it_is_none);
    unit_add(suite, the_place_of_a_use_is_its_own_or_the_end);
    unit_add(suite, a_file_of_which_anything_is_missing_or_damaged_is_not_sound);
    unit_add(suite, all_ids_have_places_and_the_file_is_no_longer_than_it_may_be);
    unit_add(suite, an_entry_counts_from_its_use_or_from_the_beginning_of_the_file);
    unit_add(suite, a_byte_that_is_damaged_changes_what_counts_for_its_own_entry_alone);
    unit_add(suite, a_file_that_is_cut_anywhere_loses_what_is_cut_alone);
    unit_add(suite, a_slot_that_was_being_written_was_in_use);
    unit_add(suite, a_damaged_slot_stands_behind_a_whole_one_of_its_id);
    unit_add(suite, without_memory_nothing_is_mended);
}

int main(void)
{
    return unit_run("usage", fill);
}
