/* SPDX-License-Identifier: MIT */
/*
 * pagetable.h - Sv39 page tables of user space (privileged specification,
 * "Sv39: Page-Based 39-bit Virtual-Memory System").
 *
 * Three levels of 512 entries.  The words that invalid entries hold are in
 * probe.h.  All functions: mm->pte_lock is held.
 */
#ifndef MM_PAGETABLE_H
#define MM_PAGETABLE_H

#include "mm/frame.h"
#include "mm/space.h"

typedef u64 pte_t;

#define PTE_V 1ull
#define PTE_R 2ull
#define PTE_W 4ull
#define PTE_X 8ull
#define PTE_U 16ull
#define PTE_G 32ull
#define PTE_A 64ull
#define PTE_D 128ull
#define PTE_PFN_SHIFT 10
#define PTE_PFN_MASK (((1ull << 44) - 1) << PTE_PFN_SHIFT)

#define ENTRIES 512u
#define LEAF_SHIFT 21 /* one leaf table maps 2 MiB */
#define LEAF_SIZE (1ull << LEAF_SHIFT)

static inline u64 pte_pfn(pte_t pte)
{
    return (pte & PTE_PFN_MASK) >> PTE_PFN_SHIFT;
}

static inline pte_t pte_make(u64 pfn, u64 bits)
{
    return pfn << PTE_PFN_SHIFT | bits;
}

static inline pte_t pte_swap(u64 slot, bool exclusive)
{
    return PTE_CLASS_SWAP << 1 | (exclusive ? PTE_SWAP_EXCLUSIVE : 0) | slot << PTE_PFN_SHIFT;
}

static inline pte_t pte_marker(u64 code)
{
    return PTE_CLASS_MARKER << 1 | code << PTE_PFN_SHIFT;
}

static inline bool pte_is_swap(pte_t pte)
{
    return (pte & PTE_V) == 0 && PTE_CLASS(pte) == PTE_CLASS_SWAP;
}

/*
 * A resident page that may not be accessed: V goes, the class comes, and what
 * bits 1 and 2 (R, W) were is lost; a return is by the area's rights.
 */
static inline bool pte_is_away(pte_t pte)
{
    return (pte & PTE_V) == 0 && PTE_CLASS(pte) == PTE_CLASS_AWAY;
}

/* Does the word name a frame that counts it (valid or away, not the zero page)? */
static inline bool pte_has_frame(pte_t pte)
{
    return ((pte & PTE_V) != 0 || pte_is_away(pte)) && (pte & PTE_SPECIAL) == 0;
}

static inline struct frame *pte_frame(pte_t pte)
{
    return frame_of_pfn(pte_pfn(pte));
}

/* Read and write one entry; the hart may set A and D at any time. */
static inline pte_t pte_read(const pte_t *entry)
{
    return *(const volatile pte_t *)entry;
}

static inline void pte_write(pte_t *entry, pte_t pte)
{
    *(volatile pte_t *)entry = pte;
}

/* Replace a valid entry without losing an A or D bit.  => the old word. */
static inline pte_t pte_exchange(pte_t *entry, pte_t pte)
{
    return __atomic_exchange_n(entry, pte, __ATOMIC_SEQ_CST);
}

static inline pte_t pte_clear_bits(pte_t *entry, pte_t bits)
{
    return __atomic_fetch_and(entry, ~bits, __ATOMIC_SEQ_CST);
}

static inline pte_t pte_set_bits(pte_t *entry, pte_t bits)
{
    return __atomic_fetch_or(entry, bits, __ATOMIC_SEQ_CST);
}

/* The entry of an address if its leaf table exists, else NULL. */
pte_t *pte_find(struct mm *mm, u64 address);
/* The same; makes tables that are missing.  => NULL: no frame for one (did not sleep). */
pte_t *pte_reach(struct mm *mm, u64 address);

/* First address >= `address` whose leaf table exists, and its entry.  => NULL: none below `end`. */
pte_t *pte_next_table(struct mm *mm, u64 *address, u64 end);

/* The same for those who know that a table may have a twin (twin.h): these leave it one. */
pte_t *pte_find_joint(struct mm *mm, u64 address);
pte_t *pte_reach_joint(struct mm *mm, u64 address);
pte_t *pte_next_table_joint(struct mm *mm, u64 *address, u64 end);

/*
 * Free the leaf tables that lie wholly in [start, end).  => their entries are all zero, and
 * the caller flushes the whole address space before pte_lock is released.
 */
void pagetable_free_range(struct mm *mm, u64 start, u64 end);
/* Free all of them, the root too.  => nobody runs with it. */
void pagetable_destroy(struct mm *mm);
bool pagetable_create(struct mm *mm); /* => false: no memory */

extern u64 kernel_root_pa;
extern bool hardware_sets_a; /* the harts set A and D themselves (Svadu); set once at boot */

/* --- asid.c: what other harts have cached --------------------------------------------------- */

/* Forget translations after valid entries changed.  => pte_lock may be held. */
void tlb_flush_page_slow(struct mm *mm, u64 address);
static inline void tlb_flush_page(struct mm *mm, u64 address)
{
    if (likely(hart_count == 1 && this_hart()->mm == mm)) {
        sfence_page(address, mm->asid & SATP_ASID_MASK);
    } else {
        tlb_flush_page_slow(mm, address);
    }
}
void tlb_flush_range(struct mm *mm, u64 start, u64 end);
void tlb_flush_mm(struct mm *mm);
/*
 * After A bits were cleared in many address spaces: forget everything here now, and on
 * the other harts when they next switch.  Nothing depends on it but the CLOCK's judgement.
 */
void tlb_flush_soon(void);
/* A page that will be executed was written. */
void icache_flush(void);

#endif
