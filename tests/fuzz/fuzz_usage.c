/* The file of last uses: as it is, and with sums that are right. */
#include "fuzz.h"

#include "asp/checksum.h"
#include "asp/network.h"
#include "asp/time_text.h"
#include "asp/usage.h"

enum { SUM_BYTES = 8 };

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
        const char id[ASP_ID_CHARS + 1] = {(char)usage->bytes[at + 24], (char)usage->bytes[at + 25],
                                           '\0'};
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asp_usage usage = {(uint8_t *)fuzz_text(data, size), size};

    look_at(&usage);
    if (size >= ASP_HEAD_BYTES)
        put_sum(usage.bytes, ASP_HEAD_BYTES);
    for (size_t at = ASP_HEAD_BYTES; at + ASP_SLOT_BYTES <= size; at += ASP_SLOT_BYTES)
        put_sum(usage.bytes + at, ASP_SLOT_BYTES);
    look_at(&usage);
    asp_usage_free(&usage);
    return 0;
}
