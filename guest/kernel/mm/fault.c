/* SPDX-License-Identifier: MIT */
/*
 * fault.c - the page-fault handler.
 *
 * A fault is a question: this thread wants to read, write or execute this address;
 * why can it not?  Every fault ends in exactly one kind:
 *
 *   entry in the page table      access      area           kind                   where
 *   ---------------------------  ----------  -------------  ---------------------  ------------
 *   valid, rights suffice        any         any            access, spurious,
 *                                                           raced                  here
 *   nothing                      read        anonymous      zero-map               here
 *   nothing                      write       anonymous      zero-fill              here
 *   zero page                    write       private        zero-copy              here
 *   anonymous page, read-only    write       private        cow-reuse (last owner)
 *                                                           cow-copy  (shared)     here
 *   page of a file, read-only    write       private        cow-file               here
 *   page of a file, clean        write       shared         mkwrite                fault_file.c
 *   nothing                      read        file           file-map, file-read,
 *                                                           file-wait              fault_file.c
 *   nothing                      write       private file   file-cow               fault_file.c
 *   nothing                      write       shared file    file-write             fault_file.c
 *   nothing                      any         shared memory  shm-fill, shm-map,
 *                                                           shm-swapin             fault_file.c
 *   nothing                      any         file           bus-eof, bus-io        fault_file.c
 *   swap slot                    any         private        swap-map, swap-read,
 *                                                           swap-cow               fault_swap.c
 *   marker                       any         any            segv-guard, bus-poison here
 *   (area forbids the access)    any         any            segv-prot              here
 *   (no area)                    any         -              segv-map               here
 *   (no memory)                  any         any            oom                    here
 *
 * The life of an anonymous page:
 *
 *            read                      write
 *   nothing ──────> zero page, shared ────────> own frame <──────────────┐
 *      │                              zero-copy  │    ^                  │ cow-reuse:
 *      └───────────────────────────────────────> │    │ cow-copy         │ last owner
 *                     zero-fill          fork()  v    │ (a new frame)    │
 *                                       shared, read-only ───────────────┘
 *                                            │    ^
 *                              CLOCK evicts  v    │ swap-map, swap-read
 *                                          swap slot
 *
 * How it works.  The whole decision and the change of the entry happen under one
 * spinlock, mm->pte_lock, without sleeping.  When something has to be waited for
 * (memory, a disk, another's I/O), the fault notes what, lets go of everything,
 * waits, and starts again from the beginning.  So there is no half-done state to
 * re-check after a sleep, and no lock is ever held across I/O; what a wait brought
 * in is kept by a reference (`held`, `spare`) until the fault is over.
 *
 * Locks: => called with none.  pte_lock => {cache.lock, swap.lock, areas} spin.
 * mm->lock is taken only to grow a stack, in a wait.
 */
#include "mm/fault.h"
#include "abi/signal.h"
#include "abi/userfaultfd.h"
#include "lib/errno.h"
#include "mm/cow.h"
#include "mm/fault_step.h"
#include "mm/fault_wait.h"
#include "mm/page.h"
#include "mm/swap_cache.h"
#include "mm/twin.h"
#include "sync/task.h"

u64 fault_counts[FAULT_KIND_COUNT];

/* Rights that the area must grant for an access; a writable area can be read (see area.c). */
static const u8 area_right[] = {
    [PROBE_ACCESS_READ] = 1 | 2, [PROBE_ACCESS_WRITE] = 2, [PROBE_ACCESS_FETCH] = 4};
static const u64 pte_right[] = {
    [PROBE_ACCESS_READ] = PTE_R, [PROBE_ACCESS_WRITE] = PTE_W, [PROBE_ACCESS_FETCH] = PTE_X};

void fault_failed(struct fault *fault, enum fault_kind kind, enum fault_result result)
{
    fault->kind = (u8)kind;
    fault->result = (u8)result;
}

/* ---- nothing there, anonymous memory ---------------- */

/* First read: map the one shared page of zeros, read-only.  It is not counted. */
static always_inline void zero_map(struct fault *fault)
{
    u64 bits = (fault->area->pte_flags & ~PTE_W) | PTE_SPECIAL | PTE_A;

    fault_set(fault, frame_zero, bits);
    fault_done(fault, FAULT_ZERO_MAP);
}

/* First write: a frame of zeros of its own. */
static always_inline void zero_fill(struct fault *fault)
{
    struct frame *frame = fault_take_frame(fault, FRAME_KERNEL);

    if (unlikely(frame == NULL)) {
        return;
    }
    page_zero(frame_to_virt(frame));
    fault_own_frame(fault, frame);
    fault->mm->rss_anon++;
    fault_set(fault, frame, fault->area->pte_flags | PTE_A | PTE_D);
    fault_done(fault, (fault->area->pte_flags & PTE_W) != 0 ? FAULT_ZERO_FILL : FAULT_ZERO_MAP);
    if (unlikely(vm_options.fault_ahead != 0)) {
        fault_ahead(fault);
    }
}

bool fault_is_for_user(struct fault *fault)
{
    struct userfault *userfault = fault->area->userfault;

    if (likely(userfault == NULL)) {
        return false;
    }
    if ((userfault->features & UFFD_FEATURE_SIGBUS) != 0 ||
        (userfault->user_mode_only && (fault->flags & PROBE_FLAG_KERNEL) != 0)) {
        fault_failed(fault, FAULT_BUS_IO, RESULT_SIGBUS);
        return true;
    }
    fault->waiter.address = fault->address;
    fault->waiter.tid = current()->tid;
    fault->waiter.write = fault_is_write(fault);
    userfault_note(userfault, &fault->waiter);
    fault->need = NEED_USER;
    return true;
}

static void nothing_there(struct fault *fault)
{
    switch (fault->area->kind) {
    case AREA_FILE_PRIVATE:
    case AREA_FILE_SHARED:
    case AREA_SHM:
        fault_object(fault);
        break;
    case AREA_SPECIAL:
        fault_failed(fault, FAULT_SEGV_MAP, RESULT_SIGSEGV);
        break;
    default:
        if (fault_is_for_user(fault)) {
            break;
        }
        if (fault_is_write(fault) || !vm_options.zero_page) {
            zero_fill(fault);
        } else {
            zero_map(fault);
        }
        break;
    }
}

/* ---- a store to a read-only page of a private, writable area ---------------- */

/* The zero page: nothing needs to be copied out of it. */
static always_inline void zero_copy(struct fault *fault)
{
    struct frame *frame = fault_take_frame(fault, FRAME_KERNEL);

    if (unlikely(frame == NULL)) {
        return;
    }
    page_zero(frame_to_virt(frame));
    fault_own_frame(fault, frame);
    fault->mm->rss_anon++;
    fault_set(fault, frame, fault->area->pte_flags | PTE_A | PTE_D);
    tlb_flush_page(fault->mm, fault_page(fault));
    fault_done(fault, FAULT_ZERO_COPY);
    if (unlikely(vm_options.fault_ahead != 0)) {
        fault_ahead(fault);
    }
}

/* The last owner may write in place; a copy in swap would be out of date, so it goes. */
static always_inline void cow_reuse(struct fault *fault, struct frame *frame)
{
    if (frame->slot != 0) {
        swap_cache_remove(frame);
    }
    fault_set(fault, frame, fault->area->pte_flags | PTE_A | PTE_D);
    tlb_flush_page(fault->mm, fault_page(fault));
    fault_done(fault, FAULT_COW_REUSE);
}

/*
 * Copy the page and map the copy.  Order (corner case): new entry visible, TLBs
 * flushed, and only then is the old page let go, for it may be used elsewhere at once.
 */
static always_inline void copy_page_out(struct fault *fault, struct frame *old,
                                        enum fault_kind kind)
{
    struct frame *frame = fault_take_frame(fault, FRAME_KERNEL);

    if (unlikely(frame == NULL)) {
        return;
    }
    page_copy(frame_to_virt(frame), frame_to_virt(old));
    fault_own_frame(fault, frame);
    fault_set(fault, frame, fault->area->pte_flags | PTE_A | PTE_D);
    tlb_flush_page(fault->mm, fault_page(fault));
    fault_filled(fault);
    if ((fault->old & PTE_D) != 0 && old->slot != 0) {
        frame_flag_set(old, FRAME_DIRTY);
    }
    frame_unmap(old);
    fault_done(fault, kind);
}

/* Others share the page. */
static always_inline void cow_copy(struct fault *fault, struct frame *old)
{
    copy_page_out(fault, old, FAULT_COW_COPY);
}

/* A page of the page cache is never reused, however few map it: the file owns it. */
static void cow_file(struct fault *fault, struct frame *old)
{
    struct mm *mm = fault->mm;

    fault->back = fault->area->inode->number << 32 | (u32)old->index;
    copy_page_out(fault, old, FAULT_COW_FILE);
    if (fault->kind != FAULT_KIND_NONE) {
        *(old->kind == FRAME_SHM ? &mm->rss_shm : &mm->rss_file) -= 1;
        mm->rss_anon++;
    }
}

static void write_protected(struct fault *fault)
{
    struct frame *frame;

    if ((fault->old & PTE_SPECIAL) != 0) {
        zero_copy(fault);
        return;
    }
    frame = pte_frame(fault->old);
    fault->old_refs = frame->refs;
    if (!area_is_private(fault->area)) {
        fault_object_write(fault);
    } else if (frame->kind != FRAME_ANON) {
        cow_file(fault, frame);
    } else if (cow_is_sole_owner(frame)) {
        cow_reuse(fault, frame);
    } else {
        cow_copy(fault, frame);
    }
}

/* ---- a valid entry ---------------- */

/* A hart without Svadu wants A (and D) set by software; set what hardware would set. */
static void access_bits(struct fault *fault, pte_t missing)
{
    pte_set_bits(fault->entry, missing);
    tlb_flush_page(fault->mm, fault_page(fault));
    fault_done(fault, FAULT_ACCESS);
}

/* The entry was fine: another thread fixed it, or this hart had a stale translation. */
static void spurious(struct fault *fault)
{
    tlb_flush_page(fault->mm, fault_page(fault));
    fault_done(fault, (fault->flags & PROBE_FLAG_TRIED) != 0 ? FAULT_RACED : FAULT_SPURIOUS);
}

static void valid_entry(struct fault *fault)
{
    pte_t right = pte_right[fault->access];
    pte_t missing = (PTE_A | (fault_is_write(fault) ? PTE_D : 0)) & ~fault->old;

    fault->new_pfn = pte_pfn(fault->old);
    if ((fault->old & right) == 0) {
        if (fault_is_write(fault)) {
            write_protected(fault);
            return;
        }
        missing |= right; /* the area permits it: the entry has not caught up */
    }
    if (missing != 0) {
        access_bits(fault, missing);
    } else {
        spurious(fault);
    }
}

/* ---- no area, or not with these rights ---------------- */

/* May the area above the address, if it grows down, be made to cover it?  (No look at sp: corner
 * case.) */
static void no_area(struct fault *fault)
{
    struct area *above = area_find_at_or_above(fault->mm, fault->address);

    if (above != NULL && (above->flags & AREA_FLAG_GROWSDOWN) != 0 && fault->error == 0) {
        fault->need = NEED_GROW;
        return;
    }
    fault_failed(fault, FAULT_SEGV_MAP, RESULT_SIGSEGV);
}

static void special_entry(struct fault *fault)
{
    if (pte_is_swap(fault->old)) {
        fault_swapped(fault);
    } else if (PTE_CLASS(fault->old) == PTE_CLASS_MARKER) {
        if (PTE_PAYLOAD(fault->old) == PTE_MARKER_GUARD) {
            fault_failed(fault, FAULT_SEGV_GUARD, RESULT_SIGSEGV);
        } else {
            fault_failed(fault, FAULT_BUS_POISON, RESULT_SIGBUS);
        }
    } else { /* away: mprotect brings pages back itself, so the area must forbid the access */
        fault_failed(fault, FAULT_SEGV_PROT, RESULT_SIGSEGV);
    }
}

/* Which first touches of an area may take the quick way?  See fault_quick.c. */
static u64 quick_touch(struct area *area)
{
    if (area->kind > AREA_STACK || area->userfault != NULL) {
        return 0;
    }
    area->flags |= AREA_FLAG_ANON_PAGES; /* will have: the quick way does not say so */
    return area->pte_flags &
           ((vm_options.zero_page ? PTE_R : 0) |
            (page_blocks_of_64 && !policy_watches && vm_options.fault_ahead == 0 ? PTE_W : 0));
}

/* What was found for an address is good for all of the area that lies in the same leaf table. */
static void open_window(struct mm *mm, struct area *area, u64 address, pte_t *entry)
{
    u64 region = round_down(address, LEAF_SIZE), start = max_u64(area->start, region);

    mm->window_start = start;
    mm->window_size = min_u64(area->end, region + LEAF_SIZE) - start;
    mm->window_entry = entry - ((round_down(address, PAGE_SIZE) - start) >> PAGE_SHIFT);
    mm->window_area = area;
    mm->window_twin = twin_distance(virt_to_frame(entry)) | twin_is_asleep(virt_to_frame(entry));
    mm->window_touch = mm->window_twin != 0 ? 0 : quick_touch(area);
}

bool mm_fault_prepare(u64 address)
{
    struct mm *mm = this_hart()->mm;
    bool changed = this_hart()->free_frames == NULL && frame_batch_refill();

    spin_lock(&mm->pte_lock);
    if (address - mm->window_start >= mm->window_size && !mm->forking) {
        struct area *area = area_find(mm, address);
        pte_t *entry = area == NULL ? NULL : pte_find_joint(mm, address);

        if (entry != NULL) {
            open_window(mm, area, address, entry);
            changed = true;
        }
    }
    spin_unlock(&mm->pte_lock);
    return changed;
}

/* Search area and entry of the address.  => true: found, and the window is open around it. */
static bool look_up(struct fault *fault)
{
    struct mm *mm = fault->mm;
    struct area *area = area_find(mm, fault->address);

    fault->area = area;
    if (unlikely(mm->forking)) {
        fault->need = NEED_LOCK;
        return false;
    }
    if (area == NULL) {
        no_area(fault);
        return false;
    }
    if ((area->prot & area_right[fault->access]) == 0) {
        fault_failed(fault, FAULT_SEGV_PROT, RESULT_SIGSEGV);
        return false;
    }
    fault->entry = pte_reach(mm, fault->address);
    if (fault->entry == NULL) {
        fault->need = NEED_FRAME;
        return false;
    }
    open_window(mm, area, fault->address, fault->entry);
    return true;
}

/* Find the area and the entry, and decide.  => pte_lock held; kind or need is set. */
static always_inline void classify(struct fault *fault)
{
    struct mm *mm = fault->mm;
    u64 within = fault->address - mm->window_start;

    if (likely(within < mm->window_size && mm->window_twin == 0)) {
        fault->area = mm->window_area;
        fault->entry = mm->window_entry + (within >> PAGE_SHIFT);
        if (unlikely((fault->area->prot & area_right[fault->access]) == 0)) {
            fault_failed(fault, FAULT_SEGV_PROT, RESULT_SIGSEGV);
            return;
        }
    } else if (!look_up(fault)) {
        return;
    }
    fault->old = pte_read(fault->entry);
    if (fault->old == 0) {
        nothing_there(fault);
    } else if ((fault->old & PTE_V) != 0) {
        valid_entry(fault);
    } else {
        special_entry(fault);
    }
}

/* ---- entry and end ---------------- */

/* Count the fault and tell the emulator. */
static always_inline void account(struct fault *fault)
{
    struct task *task = current();

    fault->mm->faults[fault->kind]++;
    atomic_count_u64(&fault_counts[fault->kind]);
    if (fault->result == RESULT_OK) {
        *(unlikely(fault->major) ? &task->major_faults : &task->minor_faults) += 1;
    }
    PROBE(FAULT_END, task_id(task),
          fault->kind | (u64)fault->access << 8 |
              (u64)(fault->area != NULL ? fault->area->kind : AREA_NONE) << 16 |
              (u64)fault->result << 24 | (u64)fault->flags << 32 | (u64)fault->around << 40,
          fault->address, fault->area != NULL ? fault->area->start : 0, fault->back,
          fault->new_pfn | (u64)min_u64(fault->old_refs, 0xffffff) << 40);
}

/* What the result means to the one who caused it.  => 0 or -EFAULT. */
static int report(const struct fault *fault, struct fault_outcome *out)
{
    *out = (struct fault_outcome){
        .result = fault->result, .kind = fault->kind, .address = fault->address};
    switch (fault->result) {
    case RESULT_SIGSEGV:
        out->signal = SIGSEGV;
        out->code = fault->kind == FAULT_SEGV_MAP ? SEGV_MAPERR : SEGV_ACCERR;
        break;
    case RESULT_SIGBUS:
        out->signal = SIGBUS;
        out->code = BUS_ADRERR;
        break;
    case RESULT_OOM_KILL:
        out->signal = SIGKILL;
        break;
    default:
        break;
    }
    return -EFAULT;
}

/* Decide, wait, decide again ... until the fault has a kind. */
static inline void resolve(struct fault *fault)
{
    struct mm *mm = fault->mm;

    for (;;) {
        spin_lock(&mm->pte_lock);
        classify(fault);
        if (likely(fault->need == NEED_NOTHING)) {
            break;
        }
        spin_unlock(&mm->pte_lock);
        fault_wait(fault);
        if (fault->kind != FAULT_KIND_NONE) { /* the wait failed for good */
            fault->area = NULL;
            spin_lock(&mm->pte_lock);
            break;
        }
    }
    if (likely(!fault->silent)) {
        account(fault); /* under the lock: the area must not go away */
    }
    spin_unlock(&mm->pte_lock);
    if (unlikely((fault->flags & PROBE_FLAG_TRIED) != 0)) {
        fault_wait_finish(fault);
    }
}

int mm_fault(struct mm *mm, u64 address, enum probe_access access, bool from_kernel,
             struct fault_outcome *out)
{
    struct fault fault;

    fault.mm = mm;
    fault.area = NULL;
    fault.address = address;
    fault.access = (u8)access;
    fault.kind = FAULT_KIND_NONE;
    fault.result = RESULT_OK;
    fault.flags = from_kernel ? PROBE_FLAG_KERNEL : 0;
    fault.need = NEED_NOTHING;
    fault.origin = FAULT_KIND_NONE;
    fault.silent = false;
    fault.prepared = false;
    fault.major = false;
    fault.around = 0;
    fault.attempts = 0;
    fault.error = 0;
    fault.back = 0;
    fault.new_pfn = 0;
    fault.old_refs = 0;
    fault.spare = NULL;
    fault.held = NULL;
    fault.inode = NULL;
    resolve(&fault);
    return likely(fault.result == RESULT_OK) ? 0 : report(&fault, out);
}

void mm_fault_put_off(u64 address, enum probe_access access)
{
    atomic_count_u64(&fault_counts[FAULT_RACED]);
    PROBE(FAULT_END, task_id(current()),
          FAULT_RACED | (u64)access << 8 | (u64)RESULT_RETRY << 24 | (u64)PROBE_FLAG_KERNEL << 32,
          address);
}

/* Bring in one page as if it were touched, without its being anybody's fault. */
static int touch(struct mm *mm, u64 address, enum probe_access access)
{
    struct fault fault = {.mm = mm, .address = address, .access = (u8)access, .silent = true};

    resolve(&fault);
    if (fault.result == RESULT_OK) {
        return 0;
    }
    return fault.kind == FAULT_OOM ? -ENOMEM : -EFAULT;
}

int mm_touch(struct mm *mm, u64 address, bool write)
{
    return touch(mm, address, write ? PROBE_ACCESS_WRITE : PROBE_ACCESS_READ);
}

int mm_populate(struct mm *mm, u64 start, u64 end, bool write)
{
    for (u64 at = round_down(start, PAGE_SIZE); at < end; at += PAGE_SIZE) {
        enum probe_access access = PROBE_ACCESS_READ;
        int error;

        spin_lock(&mm->pte_lock);
        struct area *area = area_find(mm, at);
        if (area != NULL && (area->prot & 2) != 0 && (write || area_is_private(area))) {
            access = write ? PROBE_ACCESS_WRITE : PROBE_ACCESS_READ;
        } else if (area != NULL && (area->prot & 7) == 4) {
            access = PROBE_ACCESS_FETCH;
        }
        spin_unlock(&mm->pte_lock);
        error = touch(mm, at, access);
        interrupts_breathe();
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

u64 fault_major_count(void)
{
    return fault_counts[FAULT_FILE_READ] + fault_counts[FAULT_SWAP_READ] +
           fault_counts[FAULT_SHM_SWAPIN];
}

u64 fault_minor_count(void)
{
    u64 total = 0;

    for (unsigned kind = FAULT_ACCESS; kind < FAULT_KIND_COUNT; kind++) {
        bool failed = kind == FAULT_BUS_EOF || kind == FAULT_BUS_IO || kind >= FAULT_SEGV_GUARD;

        total += failed ? 0 : fault_counts[kind];
    }
    return total - fault_major_count();
}
