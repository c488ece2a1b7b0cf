/* SPDX-License-Identifier: MIT */
/* types.h - the short names of the fixed-width integers, used everywhere in the emulator. */
#ifndef FAULTLINE_TYPES_H
#define FAULTLINE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
