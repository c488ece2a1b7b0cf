/* SPDX-License-Identifier: MIT */
/*
 * page.h - fill or copy one page of 4096 bytes, as fast as the hart can
 * (Zicboz if it has it, else unrolled loops; mm/page.S).
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "lib/types.h"

void page_zero(void *page);
void page_copy(void *destination, const void *source);

/* cbo.zero is there and works on 64 bytes: page_zero_quick() may be used.  Set at boot. */
extern bool page_blocks_of_64;

#ifdef __riscv
/* The same for callers that have few registers to spare: see page.S. */
static always_inline void page_zero_quick(void *page)
{
    register void *at __asm__("a0") = page;

    __asm__ volatile("jal t0, page_zero_blocks" : "+r"(at) : : "t0", "memory");
}

/* The same for `blocks` blocks of 64 bytes. */
static always_inline void page_zero_some(void *object, u64 blocks)
{
    u8 *at = object, *end = at + blocks * 64;

    do {
        __asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" : : "r"(at) : "memory"); /* cbo.zero (at) */
        at += 64;
    } while (at < end);
}

static always_inline void page_copy_quick(void *destination, const void *source)
{
    register void *to __asm__("a0") = destination;
    register const void *from __asm__("a1") = source;

    __asm__ volatile("jal t0, page_copy_words"
                     : "+r"(to), "+r"(from)
                     :
                     : "t0", "t1", "t2", "a2", "a3", "memory");
}
#endif

/* Use cbo.zero with this block size in bytes (0: do not). */
void page_use_zicboz(unsigned long block_size);

#endif
