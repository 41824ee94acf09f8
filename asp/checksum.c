/* A checksum of bytes, 16 at a time. */
#include "checksum.h"

#include <endian.h>
#include <string.h>

/* The odd constants of MurmurHash3's 64-bit finaliser (public domain): multiplying by them loses
 * nothing and mixes well. */
static const uint64_t multiplier = 0xff51afd7ed558ccdU;
static const uint64_t last_multiplier = 0xc4ceb9fe1a85ec53U;

static uint64_t load(const uint8_t *at, size_t count)
{
    uint64_t word = 0;

    memcpy(&word, at, count);
    return le64toh(word);
}

/* For each word a bijection of the state, so that a word that differs leaves a state that differs.
 */
static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * multiplier;
    return state ^ state >> 32;
}

uint64_t asp_checksum(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t even = length;
    uint64_t odd = 0;

    /* Two at a time: neither waits for the other's multiplication. */
    for (; length >= 16; length -= 16, at += 16) {
        even = mix(even, load(at, 8));
        odd = mix(odd, load(at + 8, 8));
    }
    if (length >= 8) {
        even = mix(even, load(at, 8));
        at += 8;
        length -= 8;
    }
    even = mix(mix(even, load(at, length)), odd);
    return (even ^ even >> 33) * last_multiplier;
}
