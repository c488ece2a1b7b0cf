/* SPDX-License-Identifier: MIT */
/*
 * exec_map.c - what exec needs to fill a new address space that is not loaded yet:
 * program segments, the stack, the signal trampoline, and writing into it.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/mmap.h"
#include "mm/mmap_internal.h"
#include "mm/object.h"
#include "mm/options.h"

#define STACK_FIRST (32 * PAGE_SIZE) /* size of the stack area before it grows */

static struct frame *trampoline; /* set once at boot */

/* Zero the rest of the last file page: what is behind the data in the file is not the program's. */
static int zero_page_rest(struct mm *mm, u64 address, u32 prot)
{
    u64 size = round_up(address, PAGE_SIZE) - address;
    u8 zeros[256];

    if (size == 0 || (prot & PROT_WRITE) == 0) {
        return 0;
    }
    memset(zeros, 0, sizeof(zeros));
    while (size > 0) {
        u64 part = min_u64(size, sizeof(zeros));
        int error = mm_write_remote(mm, address, zeros, part);

        if (error != 0) {
            return error;
        }
        address += part;
        size -= part;
    }
    return 0;
}

/* => mm->lock held. */
static int map_pages(struct mm *mm, u64 start, u64 end, u32 prot, struct inode *inode, u64 pgoff)
{
    i64 result;

    if (start >= end) {
        return 0;
    }
    result = mmap_remove(mm, start, end); /* segments may share a page: the later one wins */
    if (result == 0) {
        result = mmap_install(mm, start, end, prot, AREA_FLAG_MAYWRITE,
                              inode != NULL ? AREA_FILE_PRIVATE : AREA_ANON, inode, pgoff);
    }
    return result < 0 ? (int)result : 0;
}

int mm_map_segment(struct mm *mm, struct inode *inode, u64 address, u64 offset, u64 file_size,
                   u64 memory_size, u32 prot)
{
    u64 start = round_down(address, PAGE_SIZE);
    u64 file_end, end;
    int error = 0;

    if (((address - offset) & PAGE_MASK) != 0 || file_size > memory_size || memory_size == 0 ||
        address >= USER_END || memory_size > USER_END - address || start < MMAP_MIN_ADDRESS ||
        offset > (1ull << 62)) {
        return -ENOEXEC;
    }
    file_end = file_size == 0 ? start : round_up(address + file_size, PAGE_SIZE);
    end = round_up(address + memory_size, PAGE_SIZE);
    mutex_lock(&mm->lock);
    error =
        map_pages(mm, start, file_end, prot, inode, round_down(offset, PAGE_SIZE) >> PAGE_SHIFT);
    if (error == 0) {
        error = map_pages(mm, file_end, end, prot, NULL, 0);
    }
    mutex_unlock(&mm->lock);
    if (error == 0 && memory_size > file_size && file_size > 0) {
        error = zero_page_rest(mm, address + file_size, prot);
    }
    if (error == 0 && vm_options.eager_exec) {
        mm_populate(mm, start, end, (prot & PROT_WRITE) != 0);
    }
    return error;
}

i64 mm_setup_stack(struct mm *mm, bool executable)
{
    u32 prot = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
    i64 result;

    mutex_lock(&mm->lock);
    result = mmap_install(mm, STACK_TOP - STACK_FIRST, STACK_TOP, prot,
                          AREA_FLAG_MAYWRITE | AREA_FLAG_GROWSDOWN, AREA_STACK, NULL, 0);
    mutex_unlock(&mm->lock);
    return result < 0 ? result : (i64)STACK_TOP;
}

/* The page's bytes in the direct map, after faulting it in.  => pte_lock held, NULL on failure. */
static u8 *lock_page(struct mm *mm, u64 address, bool write, int *error)
{
    for (int attempt = 0; attempt < 8; attempt++) {
        pte_t *entry;

        *error = mm_touch(mm, address, write);
        if (*error != 0) {
            return NULL;
        }
        spin_lock(&mm->pte_lock);
        entry = pte_find(mm, address);
        if (entry != NULL && (*entry & PTE_V) != 0 && (!write || (*entry & PTE_W) != 0)) {
            if (write) {
                pte_set_bits(entry, PTE_A | PTE_D);
            }
            return direct_pointer(pte_pfn(*entry) << PAGE_SHIFT);
        }
        spin_unlock(&mm->pte_lock); /* evicted again at once: memory is very short */
    }
    *error = -EFAULT;
    return NULL;
}

static int transfer(struct mm *mm, u64 address, u8 *bytes, size_t size, bool write)
{
    while (size > 0) {
        size_t part = min_u64(size, PAGE_SIZE - (address & PAGE_MASK));
        int error;
        u8 *page = lock_page(mm, address, write, &error);

        if (page == NULL) {
            return error;
        }
        page += address & PAGE_MASK;
        memcpy(write ? page : bytes, write ? bytes : page, part);
        spin_unlock(&mm->pte_lock);
        address += part;
        bytes += part;
        size -= part;
    }
    return 0;
}

int mm_write_remote(struct mm *mm, u64 address, const void *bytes, size_t size)
{
    return transfer(mm, address, (u8 *)(uintptr_t)bytes, size, true);
}

int mm_read_remote(struct mm *mm, u64 address, void *bytes, size_t size)
{
    return transfer(mm, address, bytes, size, false);
}

void mm_set_trampoline(const void *code, size_t size)
{
    trampoline = frame_alloc(FRAME_KERNEL, FRAME_EMERGENCY | FRAME_ZEROED);
    memcpy(frame_to_virt(trampoline), code, min_u64(size, PAGE_SIZE));
    icache_flush();
}

int mm_map_trampoline(struct mm *mm)
{
    i64 result;
    pte_t *entry;

    if (trampoline == NULL) {
        return 0;
    }
    mutex_lock(&mm->lock);
    result = mmap_install(mm, TRAMPOLINE_ADDRESS, TRAMPOLINE_ADDRESS + PAGE_SIZE,
                          PROT_READ | PROT_EXEC, 0, AREA_SPECIAL, NULL, 0);
    if (result > 0) {
        spin_lock(&mm->pte_lock);
        entry = pte_reach(mm, TRAMPOLINE_ADDRESS);
        if (entry == NULL) {
            result = -ENOMEM;
        } else {
            pte_write(entry, pte_make(frame_pfn(trampoline),
                                      PTE_V | PTE_U | PTE_R | PTE_X | PTE_A | PTE_SPECIAL));
        }
        spin_unlock(&mm->pte_lock);
    }
    mutex_unlock(&mm->lock);
    return result < 0 ? (int)result : 0;
}
