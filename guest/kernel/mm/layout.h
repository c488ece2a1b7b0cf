/* SPDX-License-Identifier: MIT */
/*
 * layout.h - the virtual address space (Sv39).
 *
 *   0x0000000000000000 .. 0x0000003fffffffff   user, 256 GiB, one page table per process
 *   0xffffffc000000000 .. 0xffffffffffffffff   kernel: virtual = physical + DIRECT_BASE,
 *                                              mapped once by global 1 GiB pages, shared by all
 */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#include "lib/types.h"

#define DIRECT_BASE 0xffffffc000000000ull
#define USER_END (1ull << 38)

#define MMAP_MIN_ADDRESS 0x10000ull
/* The signal-return trampoline is the last page but one of user space. */
#define TRAMPOLINE_ADDRESS (USER_END - 2 * PAGE_SIZE)
#define STACK_TOP (USER_END - 0x10000)
#define STACK_GAP (256 * PAGE_SIZE)        /* nothing is mapped closer below a growing stack */
#define MMAP_TOP (USER_END - (1ull << 30)) /* new mappings grow down from here */

static inline void *direct_pointer(u64 physical)
{
    return (void *)(physical + DIRECT_BASE);
}

static inline u64 direct_physical(const void *pointer)
{
    return (u64)pointer - DIRECT_BASE;
}

#endif
