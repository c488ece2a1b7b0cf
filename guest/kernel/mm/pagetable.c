/* SPDX-License-Identifier: MIT */
/*
 * pagetable.c - making, walking and freeing the tables of user space, and the
 * kernel's own table.
 *
 *   root (level 2, 1 GiB an entry) ──> middle (level 1, 2 MiB) ──> leaf (level 0, 4 KiB)
 *
 * Entries 256..511 of every root are the kernel's global 1 GiB pages.
 * Lock: mm->pte_lock.  Table frames have kind PGTABLE and one reference; frame->index
 * counts the tables below, so that freeing knows when it has found all.  In the frame of a leaf
 * table it is what twin.h says, and 0 in one that never had a twin.
 */
#include "mm/pagetable.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/twin.h"
#include "sync/sched.h"

#define KERNEL_FIRST 256u /* root entries from here on are the kernel's */

static u64 kernel_root[ENTRIES] __attribute__((aligned(4096)));
static u64 kernel_end_entry; /* no RAM and no device from this root entry on */
u64 kernel_root_pa;
bool hardware_sets_a;

static unsigned index_at(u64 address, unsigned level)
{
    return (unsigned)(address >> (PAGE_SHIFT + 9 * level)) & (ENTRIES - 1);
}

static pte_t *table_of(pte_t pte)
{
    return direct_pointer(pte_pfn(pte) << PAGE_SHIFT);
}

void mm_init(void)
{
    for (u64 i = 0; i < ENTRIES - KERNEL_FIRST; i++) {
        kernel_root[KERNEL_FIRST + i] =
            pte_make(i << 18, PTE_V | PTE_R | PTE_W | PTE_X | PTE_G | PTE_A | PTE_D);
    }
    kernel_root_pa = direct_physical(kernel_root);
    kernel_end_entry = KERNEL_FIRST + ((frame_first_pfn + frame_count - 1) >> 18) + 1;
}

void mm_init_hart(void)
{
    csr_write(satp, SATP_SV39 | kernel_root_pa >> PAGE_SHIFT);
    sfence_all();
}

static pte_t *table_create(struct mm *mm)
{
    struct frame *frame = frame_alloc_fast(FRAME_PGTABLE);
    pte_t *table;

    if (frame == NULL) {
        frame = frame_alloc(FRAME_PGTABLE, FRAME_MAY_FAIL);
        if (frame == NULL) {
            return NULL;
        }
    }
    table = frame_to_virt(frame);
    page_zero(table);
    frame->owner = mm;
    frame->index = 0;
    mm->table_pages++;
    return table;
}

static void table_free(struct mm *mm, pte_t *table)
{
    if (virt_to_frame(table)->twin != 0) {
        twin_part(virt_to_frame(table)); /* what it had in common is the other's */
    }
    mm->table_pages--;
    frame_put(virt_to_frame(table));
}

bool pagetable_create(struct mm *mm)
{
    pte_t *root = table_create(mm);

    if (root == NULL) {
        return false;
    }
    for (u64 i = KERNEL_FIRST; i < kernel_end_entry; i++) {
        root[i] = kernel_root[i];
    }
    mm->root = root;
    mm->root_pa = direct_physical(root);
    return true;
}

/* For those who know nothing of twins: the table of an entry is an ordinary one from now on. */
static inline pte_t *settled(pte_t *entry)
{
    if (entry != NULL && unlikely(virt_to_frame(entry)->twin != 0)) {
        twin_settle(virt_to_frame(entry));
    }
    return entry;
}

pte_t *pte_find_joint(struct mm *mm, u64 address)
{
    pte_t entry = mm->root[index_at(address, 2)];

    if ((entry & PTE_V) == 0) {
        return NULL;
    }
    entry = table_of(entry)[index_at(address, 1)];
    if ((entry & PTE_V) == 0) {
        return NULL;
    }
    return &table_of(entry)[index_at(address, 0)];
}

pte_t *pte_find(struct mm *mm, u64 address)
{
    return settled(pte_find_joint(mm, address));
}

/* Make the tables that are missing on the way. */
static pte_t *make_tables(struct mm *mm, u64 address)
{
    pte_t *table = mm->root;

    for (unsigned level = 2; level > 0; level--) {
        pte_t *entry = &table[index_at(address, level)];

        if ((*entry & PTE_V) == 0) {
            pte_t *next = table_create(mm);

            if (next == NULL) {
                return NULL;
            }
            pte_write(entry, pte_make(direct_physical(next) >> PAGE_SHIFT, PTE_V));
            virt_to_frame(table)->index++;
        }
        table = table_of(*entry);
    }
    return &table[index_at(address, 0)];
}

pte_t *pte_reach_joint(struct mm *mm, u64 address)
{
    pte_t *entry = pte_find_joint(mm, address);

    return likely(entry != NULL) ? entry : make_tables(mm, address);
}

pte_t *pte_reach(struct mm *mm, u64 address)
{
    return settled(pte_reach_joint(mm, address));
}

static always_inline pte_t *next_table(struct mm *mm, u64 *address, u64 end)
{
    u64 at = *address;

    while (at < end) {
        pte_t entry = mm->root[index_at(at, 2)];

        if ((entry & PTE_V) == 0) {
            at = round_down(at, 1ull << 30) + (1ull << 30);
            continue;
        }
        entry = table_of(entry)[index_at(at, 1)];
        if ((entry & PTE_V) == 0) {
            at = round_down(at, LEAF_SIZE) + LEAF_SIZE;
            continue;
        }
        *address = at;
        return &table_of(entry)[index_at(at, 0)];
    }
    return NULL;
}

pte_t *pte_next_table(struct mm *mm, u64 *address, u64 end)
{
    return settled(next_table(mm, address, end));
}

pte_t *pte_next_table_joint(struct mm *mm, u64 *address, u64 end)
{
    return next_table(mm, address, end);
}

void pagetable_free_range(struct mm *mm, u64 start, u64 end)
{
    for (u64 at = round_up(start, LEAF_SIZE); at < end && end - at >= LEAF_SIZE; at += LEAF_SIZE) {
        pte_t *middle_entry = &mm->root[index_at(at, 2)];
        pte_t *entry;

        if ((*middle_entry & PTE_V) == 0) {
            at = round_down(at, 1ull << 30) + (1ull << 30) - LEAF_SIZE;
            continue;
        }
        entry = &table_of(*middle_entry)[index_at(at, 1)];
        if ((*entry & PTE_V) != 0) {
            pte_t *table = settled(table_of(*entry));

            pte_write(entry, 0);
            virt_to_frame(entry)->index--;
            table_free(mm, table);
        }
    }
    mm_window_close(mm);
}

/*
 * Free the tables below a table and then itself.  Programs use the two ends of the
 * address space, so the search goes inwards from both.
 */
static void destroy_below(struct mm *mm, pte_t *table, unsigned entries, unsigned level)
{
    u64 left = level == 0 ? 0 : virt_to_frame(table)->index;

    for (unsigned i = 0; left > 0 && i < entries; i++) {
        unsigned inwards = i % 2 == 0 ? i / 2 : entries - 1 - i / 2;

        if ((table[inwards] & PTE_V) != 0) {
            destroy_below(mm, table_of(table[inwards]), ENTRIES, level - 1);
            left--;
        }
    }
    table_free(mm, table);
}

void pagetable_destroy(struct mm *mm)
{
    destroy_below(mm, mm->root, KERNEL_FIRST, 2);
    mm->root = NULL;
}
