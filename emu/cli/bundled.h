/* SPDX-License-Identifier: MIT */
/*
 * bundled.h - the guest that is linked into the binary (made by disk-images/bundle.c).
 *
 * bundled_root holds the disk without its trailing zeros; the full size is bundled_root_size.
 * The symbols are weak so that the emulator can be built without a guest: then they are NULL.
 */
#ifndef FAULTLINE_BUNDLED_H
#define FAULTLINE_BUNDLED_H

#include <stdint.h>

extern const unsigned char bundled_kernel[] __attribute__((weak));
extern const unsigned char bundled_kernel_end[] __attribute__((weak));
extern const unsigned char bundled_root[] __attribute__((weak));
extern const unsigned char bundled_root_end[] __attribute__((weak));
extern const uint64_t bundled_root_size __attribute__((weak));
/* Names and source lines of kernel and programs; see symbols_add_pack. */
extern const unsigned char bundled_symbols[] __attribute__((weak));
extern const unsigned char bundled_symbols_end[] __attribute__((weak));

#endif
