/* SPDX-License-Identifier: MIT */
/*
 * random.h - random bytes for users (getrandom, AT_RANDOM).  Seeded from the
 * device tree's rng-seed and whatever drivers stir in; deterministic on the
 * emulator, whose seed is an option.  Not for cryptography.
 */
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include "lib/types.h"

void random_stir(const void *bytes, size_t size);
void random_bytes(void *bytes, size_t size);

#endif
