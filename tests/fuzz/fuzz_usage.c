/* The file of last uses: as it is, and with sums that are right; and what mending makes of it. */
#include "fuzz.h"

#include "asp/checksum.h"
#include "asp/network.h"
#include "asp/time_text.h"
#include "asp/usage.h"

enum { SUM_BYTES = 8, ID_AT = 24, MENDED_AT = 90000 };

static void put_sum(uint8_t *piece, size_t length)
{
    uint64_t sum = asp_checksum(piece + SUM_BYTES, length - SUM_BYTES);

    for (size_t i = 0; i < SUM_BYTES; i++)
        piece[i] = (uint8_t)(sum >> 8 * i);
}

static void look_at(const struct asp_usage *usage)
{
    struct asp_usage_head head;
    bool sound = asp_usage_sound(usage, &head);

    FUZZ_NEED(!sound || asp_usage_read_head(usage, &head));
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= usage->length; at += ASP_SLOT_BYTES) {
        const char id[ASP_ID_CHARS + 1] = {(char)usage->bytes[at + ID_AT],
                                           (char)usage->bytes[at + ID_AT + 1], '\0'};
        struct asp_use use;

        FUZZ_NEED(ASP_HEAD_BYTES + asp_usage_place(usage, id) * ASP_SLOT_BYTES <= at);
        for (time_t created = 0; created < 3; created++) {
            if (!asp_usage_find(usage, id, created, &use)) {
                FUZZ_NEED(asp_usage_last(usage, id, created) == ASP_NEVER);
                continue;
            }
            FUZZ_NEED(asp_id_valid(use.id) && asp_service_valid(use.service) && use.last >= 0);
            FUZZ_NEED(use.host[0] == '\0' || asp_host_valid(use.host));
            FUZZ_NEED(asp_usage_last(usage, id, created) == use.last);
            (void)asp_usage_since(usage, id, created);
        }
    }
}

/* A slot of a file; the last one may be cut, and counts as if zeros stood behind it. */
struct piece {
    uint8_t bytes[ASP_SLOT_BYTES];
    char id[ASP_ID_CHARS + 1];
    time_t created;
    bool whole;
};

static void take_piece(const struct asp_usage *usage, size_t at, struct piece *piece)
{
    uint8_t bytes[ASP_HEAD_BYTES + ASP_SLOT_BYTES] = {0};
    const struct asp_usage alone = {bytes, sizeof bytes};
    size_t left = usage->length - at;
    uint64_t created = 0;
    struct asp_use use;

    memset(piece, 0, sizeof *piece);
    memcpy(piece->bytes, usage->bytes + at, left < ASP_SLOT_BYTES ? left : ASP_SLOT_BYTES);
    memcpy(bytes + ASP_HEAD_BYTES, piece->bytes, ASP_SLOT_BYTES);
    memcpy(piece->id, piece->bytes + ID_AT, ASP_ID_CHARS);
    for (size_t i = 0; i < 8; i++)
        created |= (uint64_t)piece->bytes[SUM_BYTES + i] << 8 * i;
    piece->created = (time_t)created;
    piece->whole = asp_usage_find(&alone, piece->id, piece->created, &use);
}

/* True when the bytes up to `end` have a whole slot of this id. */
static bool has_whole(const struct asp_usage *usage, size_t end, const char *id)
{
    for (size_t at = ASP_HEAD_BYTES; at < end; at += ASP_SLOT_BYTES) {
        struct piece piece;

        take_piece(usage, at, &piece);
        if (piece.whole && memcmp(piece.id, id, ASP_ID_CHARS) == 0)
            return true;
    }
    return false;
}

/* Slot by slot: what is whole stays to the byte; what is damaged and says whose it is counts as
 * used at MENDED_AT, where nothing whole is known of that id; the rest is gone. */
static void compare_slots(const struct asp_usage *usage, const struct asp_usage *mended)
{
    size_t end = ASP_HEAD_BYTES;

    for (size_t at = ASP_HEAD_BYTES; at < usage->length; at += ASP_SLOT_BYTES) {
        const size_t whole_end = usage->length - (usage->length - ASP_HEAD_BYTES) % ASP_SLOT_BYTES;
        struct piece before;
        struct piece after;

        take_piece(usage, at, &before);
        if (!before.whole && (!asp_id_valid(before.id) || has_whole(usage, whole_end, before.id) ||
                              has_whole(mended, end, before.id)))
            continue;
        FUZZ_NEED(end + ASP_SLOT_BYTES <= mended->length);
        take_piece(mended, end, &after);
        end += ASP_SLOT_BYTES;
        FUZZ_NEED(after.whole && strcmp(after.id, before.id) == 0);
        FUZZ_NEED(after.created == before.created);
        if (before.whole)
            FUZZ_NEED(memcmp(after.bytes, before.bytes, ASP_SLOT_BYTES) == 0);
        else
            FUZZ_NEED(asp_usage_last(mended, after.id, after.created) == MENDED_AT);
    }
    FUZZ_NEED(end == mended->length);
}

/* Uses never revive: an entry that no damaged slot names counts from when it did. */
static void compare_since(const struct asp_usage *usage, const struct asp_usage *mended,
                          const char *id, time_t created)
{
    const time_t since = asp_usage_since(mended, id, created);
    bool damaged = false;

    for (size_t at = ASP_HEAD_BYTES; at < usage->length; at += ASP_SLOT_BYTES) {
        struct piece piece;

        take_piece(usage, at, &piece);
        /* The last one may be whole but for zeros that were cut off. */
        damaged = damaged || ((!piece.whole || usage->length - at < ASP_SLOT_BYTES) &&
                              strcmp(piece.id, id) == 0 && piece.created == created);
    }
    FUZZ_NEED(damaged || since == asp_usage_since(usage, id, created));
}

static void compare_heads(const struct asp_usage *usage, const struct asp_usage *mended)
{
    uint8_t bytes[ASP_HEAD_BYTES];
    struct asp_usage_head before;
    struct asp_usage_head after;
    const bool begun = asp_usage_read_head(usage, &before);

    FUZZ_NEED(asp_usage_sound(mended, &after));
    FUZZ_NEED(mended->length == ASP_HEAD_BYTES + after.slots * ASP_SLOT_BYTES);
    if (!begun) {
        FUZZ_NEED(after.slots == 0 && after.begun == MENDED_AT);
        FUZZ_NEED(!after.compared.identity.present && after.compared.checksum == 0);
        return;
    }
    before.slots = after.slots;
    asp_usage_write_head(&before, bytes);
    FUZZ_NEED(memcmp(bytes, mended->bytes, sizeof bytes) == 0);
    compare_slots(usage, mended);
    compare_since(usage, mended, "00", 1);
    for (size_t at = ASP_HEAD_BYTES; at < usage->length; at += ASP_SLOT_BYTES) {
        struct piece piece;

        take_piece(usage, at, &piece);
        compare_since(usage, mended, piece.id, piece.created);
        compare_since(usage, mended, piece.id, 1);
    }
}

/* Mended, and once more later: that changes nothing. */
static void mend(const struct asp_usage *usage)
{
    struct asp_usage mended = {(uint8_t *)fuzz_text(usage->bytes, usage->length), usage->length};
    struct asp_usage again;

    FUZZ_NEED(asp_usage_mend(&mended, MENDED_AT));
    compare_heads(usage, &mended);
    look_at(&mended);
    again = (struct asp_usage){(uint8_t *)fuzz_text(mended.bytes, mended.length), mended.length};
    FUZZ_NEED(asp_usage_mend(&again, MENDED_AT + 1000));
    FUZZ_NEED(again.length == mended.length);
    FUZZ_NEED(memcmp(again.bytes, mended.bytes, mended.length) == 0);
    asp_usage_free(&again);
    asp_usage_free(&mended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asp_usage usage = {(uint8_t *)fuzz_text(data, size), size};

    look_at(&usage);
    mend(&usage);
    if (size >= ASP_HEAD_BYTES)
        put_sum(usage.bytes, ASP_HEAD_BYTES);
    mend(&usage);
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= size; at += ASP_SLOT_BYTES)
        put_sum(usage.bytes + at, ASP_SLOT_BYTES);
    look_at(&usage);
    mend(&usage);
    /* And some that are not. */
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= size; at += ASP_SLOT_BYTES)
        usage.bytes[at] = (uint8_t)(usage.bytes[at] ^ (data[at] & 1));
    mend(&usage);
    asp_usage_free(&usage);
    return 0;
}
