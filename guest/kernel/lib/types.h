/* SPDX-License-Identifier: MIT */
/*
 * types.h - the words the kernel is written in: integer types and a few small
 * expressions that every room uses.  Builds on the host too, for unit tests.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

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

#ifdef __riscv
typedef long ssize_t;
#else
#include <sys/types.h>
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define PAGE_MASK (PAGE_SIZE - 1)

/* The structure of the given type that holds `member` at address `pointer`. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* For the few functions whose state must stay in registers (page faults). */
#define always_inline inline __attribute__((always_inline))
/* The rare part of a function: kept out, so that the rest need not save registers for it. */
#define rarely __attribute__((noinline, cold))

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

static inline u64 min_u64(u64 a, u64 b)
{
    return a < b ? a : b;
}

static inline u64 max_u64(u64 a, u64 b)
{
    return a > b ? a : b;
}

/* Round to a multiple of the power of two `unit`. */
static inline u64 round_down(u64 value, u64 unit)
{
    return value & ~(unit - 1);
}

static inline u64 round_up(u64 value, u64 unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
