/* SPDX-License-Identifier: MIT */
/* sha256.c - SHA-256 as FIPS 180-4 section 6.2 defines it. */
#include "emu/trace/sha256.h"

#include <string.h>

static const u32 round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* One round; `first` is where the variable that the standard calls a stands in s. */
static inline __attribute__((always_inline)) void round_step(u32 s[8], unsigned first, u32 input)
{
    u32 a = s[first], b = s[(first + 1) & 7], c = s[(first + 2) & 7];
    u32 e = s[(first + 4) & 7], f = s[(first + 5) & 7], g = s[(first + 6) & 7];
    u32 t1 = s[(first + 7) & 7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
             (g ^ (e & (f ^ g))) + input;
    u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));

    s[(first + 3) & 7] += t1;
    s[(first + 7) & 7] = t1 + t2;
}

static void compress(u32 state[8], const u8 *block)
{
    u32 w[64], s[8];

    for (unsigned i = 0; i < 16; i++)
        w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 | (u32)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (unsigned i = 16; i < 64; i++) {
        u32 a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof s);
    /* Eight rounds at a time, so that nothing has to move: the names rotate instead. */
    for (unsigned i = 0; i < 64; i += 8) {
        round_step(s, 0, round_constant[i] + w[i]);
        round_step(s, 7, round_constant[i + 1] + w[i + 1]);
        round_step(s, 6, round_constant[i + 2] + w[i + 2]);
        round_step(s, 5, round_constant[i + 3] + w[i + 3]);
        round_step(s, 4, round_constant[i + 4] + w[i + 4]);
        round_step(s, 3, round_constant[i + 5] + w[i + 5]);
        round_step(s, 2, round_constant[i + 6] + w[i + 6]);
        round_step(s, 1, round_constant[i + 7] + w[i + 7]);
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

void sha256_begin(struct sha256 *hash)
{
    static const u32 start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->length = 0;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t size)
{
    const u8 *in = bytes;
    size_t used = hash->length % 64;

    hash->length += size;
    if (used) {
        size_t take = 64 - used < size ? 64 - used : size;
        memcpy(hash->block + used, in, take);
        in += take;
        size -= take;
        if (used + take < 64)
            return;
        compress(hash->state, hash->block);
    }
    for (; size >= 64; in += 64, size -= 64)
        compress(hash->state, in);
    if (size)
        memcpy(hash->block, in, size);
}

void sha256_end(struct sha256 *hash, u8 digest[32])
{
    u64 bits = hash->length * 8;
    size_t used = hash->length % 64;
    u8 tail[128] = {0x80};
    size_t padding = (used < 56 ? 56 : 120) - used;

    for (unsigned i = 0; i < 8; i++)
        tail[padding + i] = (u8)(bits >> (56 - 8 * i));
    sha256_add(hash, tail, padding + 8);
    for (unsigned i = 0; i < 32; i++)
        digest[i] = (u8)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_text(const void *bytes, size_t size, char text[65])
{
    static const char digit[] = "0123456789abcdef";
    struct sha256 hash;
    u8 digest[32];

    sha256_begin(&hash);
    sha256_add(&hash, bytes, size);
    sha256_end(&hash, digest);
    for (unsigned i = 0; i < 32; i++) {
        text[2 * i] = digit[digest[i] >> 4];
        text[2 * i + 1] = digit[digest[i] & 15];
    }
    text[64] = 0;
}
