/* SPDX-License-Identifier: MIT */
/* sha256.h - SHA-256 (FIPS 180-4), to say which images a trace was made with. */
#ifndef FAULTLINE_TRACE_SHA256_H
#define FAULTLINE_TRACE_SHA256_H

#include <stddef.h>

#include "emu/base/types.h"

struct sha256 {
    u32 state[8];
    u64 length; /* bytes so far */
    u8 block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size);
void sha256_end(struct sha256 *hash, u8 digest[32]);
/* The digest of the bytes as 64 hexadecimal digits and a zero. */
void sha256_text(const void *bytes, size_t size, char text[65]);

#endif
