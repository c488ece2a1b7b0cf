/* SPDX-License-Identifier: MIT */
/*
 * pte.h: page-table entries and virtual addresses of Sv39 and Sv48 (privileged specification,
 * "Virtual-Memory System"), and satp.  Pure layout: the walk itself is in emu/hart.
 */
#ifndef FAULTLINE_EMU_ISA_PTE_H
#define FAULTLINE_EMU_ISA_PTE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_BYTES (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_BYTES - 1)) /* keeps the page number */
#define PTE_BYTES 8
#define PTE_INDEX_BITS 9 /* 512 entries in a table */

#define PTE_V (UINT64_C(1) << 0)
#define PTE_R (UINT64_C(1) << 1)
#define PTE_W (UINT64_C(1) << 2)
#define PTE_X (UINT64_C(1) << 3)
#define PTE_U (UINT64_C(1) << 4)
#define PTE_G (UINT64_C(1) << 5)
#define PTE_A (UINT64_C(1) << 6)
#define PTE_D (UINT64_C(1) << 7)
#define PTE_RSW (UINT64_C(3) << 8) /* for software */
#define PTE_PPN_SHIFT 10
#define PTE_PPN_BITS 44
#define PTE_PPN (((UINT64_C(1) << PTE_PPN_BITS) - 1) << PTE_PPN_SHIFT)
#define PTE_RESERVED (UINT64_C(0x7f) << 54) /* must be 0 */
#define PTE_PBMT (UINT64_C(3) << 61)        /* Svpbmt, not implemented: must be 0 */
#define PTE_N (UINT64_C(1) << 63)           /* Svnapot, not implemented: must be 0 */
#define PTE_MUST_BE_ZERO (PTE_RESERVED | PTE_PBMT | PTE_N)

#define SATP_MODE_SHIFT 60
#define SATP_MODE (UINT64_C(15) << SATP_MODE_SHIFT)
#define SATP_ASID_SHIFT 44
#define SATP_ASID (UINT64_C(0xffff) << SATP_ASID_SHIFT)
#define SATP_PPN ((UINT64_C(1) << 44) - 1)
#define SATP_BARE 0u
#define SATP_SV39 8u
#define SATP_SV48 9u

/* Number of levels of a satp mode: 3, 4, or 0 (bare or unknown). */
static inline unsigned pte_levels(uint64_t satp)
{
    uint64_t mode = satp >> SATP_MODE_SHIFT;
    return mode == SATP_SV39 ? 3 : mode == SATP_SV48 ? 4 : 0;
}

/* The virtual address is a sign extension of its low 39 (levels 3) or 48 (levels 4) bits. */
static inline bool pte_canonical(uint64_t va, unsigned levels)
{
    unsigned unused = 64 - (PAGE_SHIFT + PTE_INDEX_BITS * levels);
    return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

/* Index into the table of a level; level 0 is the last one. */
static inline unsigned pte_index(uint64_t va, unsigned level)
{
    return (unsigned)(va >> (PAGE_SHIFT + PTE_INDEX_BITS * level)) & ((1u << PTE_INDEX_BITS) - 1);
}

/* Bytes that a leaf of this level maps: 4 KiB, 2 MiB, 1 GiB, 512 GiB. */
static inline uint64_t pte_span(unsigned level)
{
    return PAGE_BYTES << (PTE_INDEX_BITS * level);
}

/* Physical address of the page or table that the entry points at. */
static inline uint64_t pte_address(uint64_t pte)
{
    return (pte & PTE_PPN) >> PTE_PPN_SHIFT << PAGE_SHIFT;
}

/* The entry, if valid, maps a page (else it points at the next table). */
static inline bool pte_is_leaf(uint64_t pte)
{
    return (pte & (PTE_R | PTE_W | PTE_X)) != 0;
}

/* A leaf above level 0 whose low PPN bits are not 0: reserved, faults. */
static inline bool pte_misaligned(uint64_t pte, unsigned level)
{
    return (pte_address(pte) & (pte_span(level) - 1)) != 0;
}

#endif
