/* SPDX-License-Identifier: MIT */
/*
 * fault_quick.c - the commonest faults of user code, in as few instructions as possible.
 *
 * The rows of fault.c's table that need nothing but the entry itself and perhaps a frame:
 *
 *   entry                     access   kind        here when
 *   ------------------------  -------  ----------  ------------------------------------------
 *   nothing                   read     zero-map    anonymous area
 *   nothing                   write    zero-fill   anonymous area, a frame in this hart's batch
 *   zero page                 write    zero-copy   the same
 *   anonymous, read-only      write    cow-reuse   last owner, no copy in swap
 *   anonymous, read-only      write    cow-copy    shared, no copy in swap
 *
 * and only in the window, the part of an area that the last fault looked up, and under a
 * replacement policy that does not want to be told of every page.  Whenever anything
 * else is the case nothing is changed, the answer is "no", and mm_fault() starts from the
 * beginning.  Each case does what the function of the same name in fault.c does.
 *
 * What makes it short: trap/entry.S saves ten registers only, so this file does without the
 * others (guest/CMakeLists.txt) and calls nothing but page.S, which keeps to the same ten (what is
 * rarely needed goes through quick_call(), which saves the rest); and
 * a frame that comes fresh from the batch is in nobody else's hands, so that its fields are
 * simply written.  Lock: mm->pte_lock; if it is not free at once the answer is "no" as well.
 */
#include "mm/fault.h"
#include "mm/object.h"
#include "mm/options.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/twin.h"
#include "sync/task.h"

/*
 * Call function(first, second), an ordinary one, which changes more registers than this file may:
 * quick_call.S keeps them all, so that its caller needs no stack frame for what is rare.
 */
#define quick_call(function, first, second)                               \
    do {                                                                  \
        register u64 quick_a0_ __asm__("a0") = (u64)(first);              \
        register u64 quick_a1_ __asm__("a1") = (u64)(second);             \
                                                                          \
        __asm__ volatile("lla t1, " #function "\n\t"                      \
                         "jal t0, quick_call_stub"                        \
                         :                                                \
                         : "r"(quick_a0_), "r"(quick_a1_), "i"(&function) \
                         : "t0", "t1", "memory");                         \
    } while (0)

#define LOCK_TAG \
    ~0u /* no hart's: whoever overwrites a holder's tag does not look like the holder */

_Static_assert(PTE_R == 2 && PTE_W == 4, "right_of");

/* The right that a load (cause 13) or a store (15) needs. */
static always_inline u64 right_of(u64 cause)
{
    return (cause & 2) + 2;
}

static always_inline bool is_store(u64 cause)
{
    return (cause & 2) != 0;
}

/* Count the fault and tell the emulator: as account() in fault.c. */
static always_inline void tell(struct mm *mm, const struct area *area, u64 address,
                               enum fault_kind kind, enum probe_access access, u64 pfn_and_refs)
{
    struct task *task = current();

    mm->faults[kind]++;
    atomic_count_u64(&fault_counts[kind]);
    task->minor_faults++;
    PROBE(FAULT_END, task_id(task), kind | (u64)access << 8 | (u64)area->kind << 16, address,
          area->start, 0, pfn_and_refs);
}

/*
 * A frame of this hart's batch becomes the page of `address`.  Its fields and contents are
 * complete before it counts as used: from then on the CLOCK of another hart may look at it.
 */
static always_inline void make_anonymous(struct frame *frame, const struct mm *mm, u64 address)
{
    frame->word = FRAME_ANON;
    frame->family = mm->family;
    frame->index = address >> PAGE_SHIFT;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    frame->counts = FRAME_MAP_ONE;
}

static always_inline void unlock(struct mm *mm)
{
    spin_unlock_quick(&mm->pte_lock);
}

/* The first touch of an anonymous page.  => pte_lock is held, and given up. */
static always_inline bool zero_map(struct mm *mm, pte_t *entry, u64 address)
{
    const struct area *area = mm->window_area;
    u64 pfn = frame_pfn(frame_zero);

    pte_write(entry, pte_make(pfn, (area->pte_flags & ~PTE_W) | PTE_SPECIAL | PTE_A));
    tell(mm, area, address, FAULT_ZERO_MAP, PROBE_ACCESS_READ, pfn);
    unlock(mm);
    return true;
}

/* Other harts may hold the entry that was valid before: see asid.c for the order. */
static always_inline void flush_elsewhere(struct mm *mm, u64 address)
{
    u64 others = ((1ull << hart_count) - 1) & ~this_hart()->bit;

    (void)atomic_or_u64(&mm->harts_stale, others);
    if (unlikely((__atomic_load_n(&mm->harts_active, __ATOMIC_SEQ_CST) & others) != 0)) {
        quick_call(tlb_flush_page_slow, mm, address);
    }
}

static always_inline void flush(struct mm *mm, u64 address)
{
    sfence_page(address, mm->asid & SATP_ASID_MASK);
    if (unlikely(hart_count > 1)) {
        flush_elsewhere(mm, address);
    }
}

/* A page of zeros of its own, where nothing was (zero-fill) or the zero page (zero-copy). */
static always_inline bool zero_own(struct mm *mm, pte_t *entry, u64 address, enum fault_kind kind)
{
    struct frame *frame = frame_from_batch(this_hart());
    const struct area *area = mm->window_area;
    u64 pfn;

    if (unlikely(frame == NULL)) {
        unlock(mm);
        return false;
    }
    pfn = frame_pfn(frame);
    page_zero_quick(frame_to_virt(frame));
    make_anonymous(frame, mm, address);
    pte_write(entry, pte_make(pfn, area->pte_flags | PTE_A | PTE_D));
    if (kind == FAULT_ZERO_COPY) {
        flush(mm, address);
    }
    mm->rss_anon++;
    tell(mm, area, address, kind, PROBE_ACCESS_WRITE, pfn);
    unlock(mm);
    return true;
}

/* A store to the zero page or to an anonymous one without W; the same rules. */
static bool zero_copy(struct mm *mm, pte_t *entry, u64 address)
{
    return zero_own(mm, entry, address, FAULT_ZERO_COPY);
}

/* Is the page counted once for two tables (twin.h)?  The entry will be this one's alone. */
static always_inline bool leave_twin(const struct mm *mm, pte_t *entry, pte_t pte)
{
    if (likely(mm->window_twin == 0)) {
        return false;
    }
    virt_to_frame(entry)->index |= twin_group(entry);
    return (mm->window_twin & 1) == 0 && /* a sleeper's word counts nothing */
           twin_is_joint(pte, *(pte_t *)((u64)entry + mm->window_twin));
}

static always_inline bool cow_reuse(struct mm *mm, pte_t *entry, pte_t pte, u64 address)
{
    const struct area *area = mm->window_area;

    pte_write(entry, pte_make(pte_pfn(pte), area->pte_flags | PTE_A | PTE_D));
    flush(mm, address);
    tell(mm, area, address, FAULT_COW_REUSE, PROBE_ACCESS_WRITE, pte_pfn(pte) | 1ull << 40);
    unlock(mm);
    return true;
}

/* The others may have left meanwhile, on other harts. */
static always_inline void leave_page(struct frame *old)
{
    u64 before = __atomic_fetch_sub(&old->counts, FRAME_MAP_ONE, __ATOMIC_ACQ_REL);

    if (unlikely((u32)before == 1)) {
        quick_call(frame_free, old, 0);
    }
}

/* The order (corner case): new entry, flush, and only then is the old page let go. */
static bool cow_copy(struct mm *mm, pte_t *entry, u64 address, struct frame *old, bool joint)
{
    struct frame *frame = frame_from_batch(this_hart());
    const struct area *area = mm->window_area;
    u64 pfn;
    u64 refs = old->refs + joint;

    if (unlikely(frame == NULL)) {
        unlock(mm);
        return false;
    }
    pfn = frame_pfn(frame);
    page_copy_quick(frame_to_virt(frame), frame_to_virt(old));
    make_anonymous(frame, mm, address);
    pte_write(entry, pte_make(pfn, area->pte_flags | PTE_A | PTE_D));
    flush(mm, address);
    if (!joint) {
        leave_page(old);
    }
    tell(mm, area, address, FAULT_COW_COPY, PROBE_ACCESS_WRITE, pfn | refs << 40);
    unlock(mm);
    return true;
}

static __attribute__((noinline)) bool write_protected(struct mm *mm, pte_t *entry, u64 address)
{
    const struct area *area = mm->window_area;
    pte_t pte = pte_read(entry);
    struct frame *old = pte_frame(pte);

    if (likely(area_is_private(area) && !policy_watches &&
               (area->pte_flags & (PTE_W | PTE_X)) == PTE_W)) {
        if ((pte & PTE_SPECIAL) != 0 && (mm->window_touch & PTE_W) != 0) {
            return zero_copy(mm, entry, address);
        }
        if (old->kind == FRAME_ANON && old->slot == 0) {
            bool joint = leave_twin(mm, entry, pte);

            return old->refs == 1 && !joint ? cow_reuse(mm, entry, pte, address)
                                            : cow_copy(mm, entry, address, old, joint);
        }
    }
    unlock(mm);
    return false;
}

bool mm_fault_quickly(u64 cause, u64 address)
{
    struct mm *mm = this_hart()->mm;
    u64 within;

    if (unlikely(spin_exchange_(&mm->pte_lock, LOCK_TAG) != 0)) {
        return false;
    }
    within = address - mm->window_start;
    if (likely(within < mm->window_size)) {
        pte_t *entry = (pte_t *)mm->window_entry + (within >> PAGE_SHIFT);
        pte_t pte = pte_read(entry);

        if (likely(pte == 0)) {
            if (likely((mm->window_touch & right_of(cause)) != 0)) {
                return is_store(cause) ? zero_own(mm, entry, address, FAULT_ZERO_FILL)
                                       : zero_map(mm, entry, address);
            }
        } else if (is_store(cause) && (pte & (PTE_V | PTE_W)) == PTE_V) {
            return write_protected(mm, entry, address);
        }
    }
    unlock(mm);
    return false;
}
