/* SPDX-License-Identifier: MIT */
/*
 * random.c - xoshiro256** over a state into which seeds are folded.
 */
#include "lib/random.h"
#include "lib/string.h"
#include "sync/spin.h"

static struct spinlock random_lock = SPINLOCK("random");
static u64 state[4] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 1};

static u64 rotate(u64 value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

static u64 next(void)
{
    u64 result = rotate(state[1] * 5, 7) * 9;
    u64 shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

void random_stir(const void *bytes, size_t size)
{
    const u8 *at = bytes;

    spin_lock(&random_lock);
    for (size_t i = 0; i < size; i++) {
        state[i / 8 % 4] ^= (u64)at[i] << (i % 8 * 8);
        if (i % 32 == 31 || i + 1 == size) {
            next();
        }
    }
    state[3] |= 1; /* all zero would be a fixed point */
    spin_unlock(&random_lock);
}

void random_bytes(void *bytes, size_t size)
{
    u8 *at = bytes;

    spin_lock(&random_lock);
    while (size > 0) {
        u64 word = next();
        size_t part = size < 8 ? size : 8;

        memcpy(at, &word, part);
        at += part;
        size -= part;
    }
    spin_unlock(&random_lock);
}
