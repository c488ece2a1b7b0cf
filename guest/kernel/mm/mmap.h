/* SPDX-License-Identifier: MIT */
/*
 * mmap.h - the system calls that change an address space.  Addresses and errors
 * as in Linux; all take mm->lock.  mm is the running task's own, or one that
 * nobody runs yet (exec).
 */
#ifndef MM_MMAP_H
#define MM_MMAP_H

#include "abi/mman.h"
#include "mm/space.h"

/*
 * Map.  `inode` NULL with MAP_ANONYMOUS; otherwise the file, whose open mode the
 * caller has checked; may_write = the file is open for writing (else a shared
 * mapping can never become writable).  Takes its own reference.
 * => the address, or a negative error as i64.
 */
/* remap_file_pages(2): another page of the same shared file at an address.  => 0 or an error */
i64 vm_remap_file_pages(struct mm *mm, u64 address, u64 length, u32 prot, u64 page, u32 flags);
i64 vm_mmap(struct mm *mm, u64 address, u64 length, u32 prot, u32 flags, struct inode *inode,
            u64 pgoff, bool may_write);
int vm_munmap(struct mm *mm, u64 address, u64 length);
int vm_mprotect(struct mm *mm, u64 address, u64 length, u32 prot);
u64 vm_brk(struct mm *mm, u64 new_end); /* => the end of the heap afterwards */
i64 vm_mremap(struct mm *mm, u64 address, u64 old_length, u64 new_length, u32 flags,
              u64 new_address);
int vm_msync(struct mm *mm, u64 address, u64 length, u32 flags);
int vm_madvise(struct mm *mm, u64 address, u64 length, int advice);
/* No call shall change where these areas are or what they permit.  => 0, -EINVAL, -ENOMEM (a hole)
 */
int vm_mseal(struct mm *mm, u64 address, u64 length, u64 flags);
int vm_mincore(struct mm *mm, u64 address, u64 length, u64 user_vector);
int vm_mlock(struct mm *mm, u64 address, u64 length, u32 flags); /* flags: MLOCK_ONFAULT */
int vm_munlock(struct mm *mm, u64 address, u64 length);
int vm_mlockall(struct mm *mm, u32 flags);
int vm_munlockall(struct mm *mm);

/* --- for exec ---------------------------------------------------------------------------- */

/*
 * Map one PT_LOAD segment: `file_size` bytes of the file from `offset` at
 * `address`, zero up to `memory_size` (bytes, not page-aligned; the zeroed rest of
 * the last file page is private).  => 0 or a negative error.
 */
int mm_map_segment(struct mm *mm, struct inode *inode, u64 address, u64 offset, u64 file_size,
                   u64 memory_size, u32 prot);
/* The heap starts (empty) at this address. */
void mm_set_brk(struct mm *mm, u64 start);
/* A growing stack area below STACK_TOP, executable or not.  => the top, or a negative error. */
i64 mm_setup_stack(struct mm *mm, bool executable);
/*
 * Write into an address space that is not loaded (arguments for exec): faults
 * the pages in.  => 0 or -EFAULT, -ENOMEM.
 */
int mm_write_remote(struct mm *mm, u64 address, const void *bytes, size_t size);
int mm_read_remote(struct mm *mm, u64 address, void *bytes, size_t size);
/* Map the signal-return trampoline (all of `code`, at most a page) at TRAMPOLINE_ADDRESS. */
int mm_map_trampoline(struct mm *mm);
void mm_set_trampoline(const void *code, size_t size); /* once at boot, by proc/ */

/* A futex key for an address: private memory is (mm, address), shared is (inode, byte offset). */
struct futex_key {
    const void *object;
    u64 offset;
};
int mm_futex_key(struct mm *mm, u64 address, bool private_only, struct futex_key *key);

#endif
