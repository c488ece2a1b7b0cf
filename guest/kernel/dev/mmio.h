/* SPDX-License-Identifier: MIT */
/*
 * mmio.h - device registers: loads and stores that the compiler keeps as they are, in
 * order with memory where a driver says so.
 */
#ifndef DEV_MMIO_H
#define DEV_MMIO_H

#include "mm/layout.h"

static inline u32 mmio_read32(u64 physical)
{
    return *(volatile u32 *)direct_pointer(physical);
}

static inline void mmio_write32(u64 physical, u32 value)
{
    *(volatile u32 *)direct_pointer(physical) = value;
}

static inline u8 mmio_read8(u64 physical)
{
    return *(volatile u8 *)direct_pointer(physical);
}

static inline void mmio_write8(u64 physical, u8 value)
{
    *(volatile u8 *)direct_pointer(physical) = value;
}

/* Orders memory and device accesses before it against those after it. */
static inline void mmio_barrier(void)
{
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

#endif
