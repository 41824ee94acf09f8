/*
 * A checksum of bytes, which tells an accident: a cut, a flipped bit, a torn write. It tells no
 * enemy (it is no digest): who can write to the store can do as he likes.
 */
#ifndef ASP_CHECKSUM_H
#define ASP_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * 64 bits over `length` bytes, the same on every machine. Any change within one aligned word of 8
 * bytes is always seen, anything else but for one in 2^64. It is run over whole files at every
 * login, where a hash of libsodium would cost as much as all the rest.
 */
uint64_t asp_checksum(const void *bytes, size_t length);

#endif
