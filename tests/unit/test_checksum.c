/* The checksum that tells accidents from what was written. */
#include "unit.h"

#include "asp/checksum.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 72 };

static void fill_bytes(uint8_t *bytes, size_t length, uint64_t seed)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)unit_random(&seed);
}

static void flip(uint8_t *bytes, size_t bit)
{
    bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1U << bit % 8);
}

/* A word that is cut at the end, one more and one less, and what has an even or odd number. */
START_TEST(any_one_or_two_flipped_bits_are_seen)
{
    static const size_t lengths[] = {1, 7, 8, 9, 15, 16, 17, 31, 40, 64, 71, LONGEST};
    size_t length = lengths[_i];
    uint8_t bytes[LONGEST] = {0};
    uint64_t sum;

    fill_bytes(bytes, length, (uint64_t)_i);
    sum = asp_checksum(bytes, length);
    for (size_t a = 0; a < length * 8; a++) {
        flip(bytes, a);
        unit_need(asp_checksum(bytes, length) != sum, "bit %zu of %zu bytes", a, length);
        for (size_t b = 0; b < a; b++) {
            flip(bytes, b);
            unit_need(asp_checksum(bytes, length) != sum, "bits %zu and %zu of %zu bytes", a, b,
                      length);
            flip(bytes, b);
        }
        flip(bytes, a);
    }
}
END_TEST

START_TEST(any_change_within_a_word_is_seen)
{
    uint8_t bytes[LONGEST];
    uint64_t state = 5;

    for (size_t n = 0; n < unit_many(20000); n++) {
        size_t length = 8 + (size_t)(unit_random(&state) % (LONGEST - 8));
        size_t at = (size_t)(unit_random(&state) % (length / 8)) * 8;
        uint64_t sum;
        uint64_t change;

        fill_bytes(bytes, length, n);
        sum = asp_checksum(bytes, length);
        do
            change = unit_random(&state) & unit_random(&state);
        while (change == 0);
        for (size_t i = 0; i < 8; i++)
            bytes[at + i] = (uint8_t)(bytes[at + i] ^ (uint8_t)(change >> 8 * i));
        unit_need(asp_checksum(bytes, length) != sum, "word at %zu of %zu bytes", at, length);
    }
}
END_TEST

/* It stands in files. These are those of the first version. */
START_TEST(the_checksum_of_what_was_written_stays_what_it_was)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog and back";
    static const struct {
        size_t length;
        uint64_t sum;
    } sums[] = {
        {0, 0x0000000000000000},  {1, 0xebf939a26a700e44},  {7, 0x4b1b976f4c03ef33},
        {8, 0x377631f40e261431},  {15, 0x85e268859bff3770}, {16, 0x99ef0ef5c7e66a7f},
        {17, 0x8b82933f2d69b3fd}, {24, 0x879df9cb141b6325}, {32, 0x62c406300574aae6},
        {47, 0xb501568dacb947e9}, {52, 0x2cb955ee7eeb2bd4},
    };

    for (size_t i = 0; i < UNIT_COUNT(sums); i++)
        unit_need(asp_checksum(text, sums[i].length) == sums[i].sum, "%zu bytes", sums[i].length);
}
END_TEST

/* Bytes cut, added or moved: also where all of them are zeros. */
START_TEST(the_length_counts)
{
    static const uint8_t zeros[LONGEST];

    for (size_t a = 0; a <= LONGEST; a++) {
        for (size_t b = 0; b < a; b++)
            unit_need(asp_checksum(zeros, a) != asp_checksum(zeros, b), "%zu and %zu", a, b);
    }
}
END_TEST

START_TEST(words_in_another_place_give_another_checksum)
{
    uint8_t bytes[LONGEST];
    uint8_t moved[LONGEST];

    fill_bytes(bytes, sizeof bytes, 9);
    for (size_t a = 0; a < LONGEST; a += 8) {
        for (size_t b = 0; b < a; b += 8) {
            memcpy(moved, bytes, sizeof moved);
            memcpy(moved + a, bytes + b, 8);
            memcpy(moved + b, bytes + a, 8);
            unit_need(asp_checksum(moved, LONGEST) != asp_checksum(bytes, LONGEST), "%zu and %zu",
                      a, b);
        }
    }
}
END_TEST

/* Reads its bytes wherever they lie, and none besides them. */
START_TEST(the_checksum_is_the_same_at_any_address_and_of_these_bytes_alone)
{
    uint8_t room[LONGEST + 16];
    uint8_t bytes[LONGEST];

    fill_bytes(bytes, sizeof bytes, 11);
    for (size_t length = 0; length <= LONGEST; length++) {
        uint8_t *exact = malloc(length + 1);

        unit_need(exact != NULL, "no memory");
        memcpy(exact, bytes, length);
        for (size_t at = 0; at < 16; at++) {
            memset(room, (int)at, sizeof room);
            memcpy(room + at, bytes, length);
            unit_need(asp_checksum(room + at, length) == asp_checksum(exact, length),
                      "%zu bytes at %zu", length, at);
        }
        free(exact);
    }
}
END_TEST

static void fill(Suite *suite)
{
    unit_loop(suite, any_one_or_two_flipped_bits_are_seen, 12);
    unit_add(suite, any_change_within_a_word_is_seen);
    unit_add(suite, the_checksum_of_what_was_written_stays_what_it_was);
    unit_add(suite, the_length_counts);
    unit_add(suite, words_in_another_place_give_another_checksum);
    unit_add(suite, the_checksum_is_the_same_at_any_address_and_of_these_bytes_alone);
}

int main(void)
{
    return unit_run("checksum", fill);
}
