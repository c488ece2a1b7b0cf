/* SPDX-License-Identifier: MIT */
/*
 * asid.c - address-space identifiers, and keeping the harts' TLBs honest.
 *
 * Each mm gets a number (ASID) when it is first loaded, so that a switch flushes
 * nothing.  When the numbers are used up a new generation starts: every hart
 * flushes everything before it loads a number of it.  Numbers that are loaded
 * somewhere at that moment stay taken.  A number is not given out twice within a
 * generation, so nothing is flushed when an address space ends.
 *
 * Shootdown: the harts that have the mm loaded are told through the firmware
 * (remote fence); all others get their bit in mm->harts_stale and flush the ASID
 * when they load it next.
 *   flusher:  change PTE;  stale |= others;  barrier;  read active;  fence those
 *   loader:   active |= self;  barrier;  take stale bit;  flush if it was set
 * Whichever comes second sees the other.
 */
#include "lib/bitmap.h"
#include "lib/string.h"
#include "lib/sbi.h"
#include "mm/pagetable.h"
#include "sync/spin.h"

#define ASID_BITS 16
#define ASIDS (1u << ASID_BITS)
#define FLUSH_ALL_PAGES 64 /* from here on flush the ASID instead of single pages */

static struct spinlock asid_lock = SPINLOCK("asid");
static u64 generation = 1ull << ASID_BITS;
static u64 used[BITMAP_WORDS(ASIDS)] = {1}; /* 0 is the kernel's */
static u64 next_asid = 1;
static u64 asid_limit; /* numbers the hart has; 0 = not known yet, 1 = no ASIDs */

static u64 probe_limit(void)
{
    u64 before = csr_read(satp), bits;

    csr_write(satp, before | SATP_ASID_MASK << SATP_ASID_SHIFT);
    bits = csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK;
    csr_write(satp, before);
    sfence_all();
    return bits + 1;
}

/* => asid_lock held. */
static void start_generation(void)
{
    generation += ASIDS;
    memset(used, 0, sizeof(used));
    bitmap_set(used, 0);
    for (u32 i = 0; i < hart_count; i++) {
        if (harts[i].loaded_asid != 0) {
            bitmap_set(used, harts[i].loaded_asid % ASIDS);
        }
        harts[i].flush_all = 1;
    }
    next_asid = 1;
}

static u64 allocate(const struct mm *mm)
{
    u64 asid;

    for (u32 i = 0; i < hart_count; i++) { /* still loaded elsewhere: it keeps its number */
        if (mm->asid != 0 && harts[i].loaded_asid == mm->asid) {
            for (u32 j = 0; j < hart_count; j++) {
                harts[j].loaded_asid = harts[j].loaded_asid == mm->asid
                                           ? generation | mm->asid % ASIDS
                                           : harts[j].loaded_asid;
            }
            return generation | mm->asid % ASIDS;
        }
    }
    asid = bitmap_next_clear(used, asid_limit, next_asid);
    if (asid >= asid_limit) {
        start_generation();
        asid = bitmap_next_clear(used, asid_limit, next_asid);
    }
    bitmap_set(used, asid);
    next_asid = asid + 1;
    return generation | asid;
}

/* Make sure that the mm has a number of this generation. */
static rarely void refresh(struct mm *mm, struct hart_local *hart)
{
    if (asid_limit == 0) {
        asid_limit = probe_limit();
    }
    spin_lock(&asid_lock);
    if (asid_limit > 1 && mm->asid / ASIDS != generation / ASIDS) {
        mm->asid = allocate(mm);
    }
    mm->satp = SATP_SV39 | (mm->asid % ASIDS) << SATP_ASID_SHIFT | mm->root_pa >> PAGE_SHIFT;
    hart->loaded_asid = mm->asid;
    spin_unlock(&asid_lock);
    if (asid_limit <= 1) { /* nothing tells address spaces apart; and their number stays 0 */
        hart->flush_all = 1;
    }
}

/* Something is to be forgotten before user code runs with the number of the mm. */
static rarely void catch_up(struct mm *mm, struct hart_local *hart)
{
    if (hart->flush_all) {
        hart->flush_all = 0;
        sfence_all();
    }
    if ((mm->harts_stale & hart->bit) != 0) {
        atomic_and_u64(&mm->harts_stale, ~hart->bit);
        sfence_asid(mm->asid % ASIDS);
    }
}

static rarely void load_kernel(struct hart_local *hart)
{
    hart->loaded_asid = 0;
    csr_write(satp, SATP_SV39 | kernel_root_pa >> PAGE_SHIFT);
}

/* => it has a number of this generation */
static always_inline void load(struct mm *mm, struct hart_local *hart)
{
    hart->loaded_asid = mm->asid;
    csr_write(satp, mm->satp);
    if (unlikely(hart->flush_all != 0 || (mm->harts_stale & hart->bit) != 0)) {
        catch_up(mm, hart);
    }
}

static rarely void load_refreshed(struct mm *mm, struct hart_local *hart)
{
    refresh(mm, hart);
    load(mm, hart);
}

void mm_activate(struct mm *mm)
{
    struct hart_local *hart = this_hart();
    struct mm *before = hart->mm;

    if (before != NULL) { /* no order is needed: told once too often does no harm */
        __atomic_fetch_and(&before->harts_active, ~hart->bit, __ATOMIC_RELAXED);
    }
    hart->mm = mm;
    if (mm == NULL) {
        load_kernel(hart);
        return;
    }
    (void)atomic_or_u64(&mm->harts_active, hart->bit);
    if (unlikely((mm->asid ^ generation) >= ASIDS)) {
        load_refreshed(mm, hart);
    } else {
        load(mm, hart);
    }
}

/* size ~0 = everything of the ASID. */
static rarely void tell_harts(struct mm *mm, u64 which, u64 start, u64 size)
{
    u64 mask = 0;

    for (u32 i = 0; i < hart_count; i++) {
        if ((which & harts[i].bit) != 0) {
            mask |= 1ull << harts[i].id;
        }
    }
    sbi_remote_sfence(mask, start, size, mm->asid % ASIDS);
}

/* Those that have the mm loaded are told, the others find their bit; see the top. */
static void shoot_down(struct mm *mm, u64 start, u64 size)
{
    u64 others;

    if (hart_count == 1) {
        return;
    }
    others = ((1ull << hart_count) - 1) & ~this_hart()->bit;
    atomic_or_u64(&mm->harts_stale, others);
    others &= __atomic_load_n(&mm->harts_active, __ATOMIC_SEQ_CST);
    if (unlikely(others != 0)) {
        tell_harts(mm, others, start, size);
    }
}

/* This hart: flush now if the mm is loaded here, else before it is. */
static bool loaded_here(struct mm *mm)
{
    if (this_hart()->mm == mm) {
        return true;
    }
    atomic_or_u64(&mm->harts_stale, this_hart()->bit);
    return false;
}

void tlb_flush_page_slow(struct mm *mm, u64 address)
{
    if (loaded_here(mm)) {
        sfence_page(address, mm->asid % ASIDS);
    }
    shoot_down(mm, address, PAGE_SIZE);
}

void tlb_flush_range(struct mm *mm, u64 start, u64 end)
{
    if ((end - start) >> PAGE_SHIFT > FLUSH_ALL_PAGES) {
        tlb_flush_mm(mm);
        return;
    }
    if (loaded_here(mm)) {
        for (u64 at = start; at < end; at += PAGE_SIZE) {
            sfence_page(at, mm->asid % ASIDS);
        }
    }
    shoot_down(mm, start, end - start);
}

void tlb_flush_mm(struct mm *mm)
{
    if (loaded_here(mm)) {
        sfence_asid(mm->asid % ASIDS);
    }
    shoot_down(mm, 0, ~0ull);
}

void tlb_flush_soon(void)
{
    sfence_all();
    for (u32 i = 0; i < hart_count; i++) {
        if (&harts[i] != this_hart()) {
            harts[i].flush_all = 1;
        }
    }
}

void icache_flush(void)
{
    u64 mask = 0;

    fence_instruction();
    for (u32 i = 0; i < hart_count; i++) {
        if (&harts[i] != this_hart()) {
            mask |= 1ull << harts[i].id;
        }
    }
    if (mask != 0) {
        sbi_remote_fence_i(mask);
    }
}
