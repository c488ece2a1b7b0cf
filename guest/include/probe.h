/* SPDX-License-Identifier: MIT */
/*
 * probe.h - how the guest kernel tells the emulator why.
 *
 * A probe is the instruction `slti x0, rs1, id`: a HINT in the space that the
 * RISC-V unprivileged specification ("HINT Instructions") sets aside for custom
 * use, so it does nothing on every other machine.  `id` names the event (see
 * emu/trace/event.def), rs1 holds PROBE_ABI, and a0..a5 hold the values.
 *
 * Rules: nothing but a0..a5 and rs1 is read; nothing is written; the machine
 * ignores kernel events from U-mode and all kernel events before PROBE_EV_BOOT.
 * User programs may execute PROBE_EV_MARK only.
 *
 * Off RISC-V the calls compile to nothing, so that kernel code can be built for
 * unit tests on the host.
 */
#ifndef FAULTLINE_PROBE_H
#define FAULTLINE_PROBE_H

#include <stdint.h>

/* rs1 of every probe: "FLT" and the version of this file. */
#define PROBE_ABI 0x464c5401

enum coarse_label {
#define COARSE_LABEL(id, NAME, text, help) COARSE_##NAME = (id),
#include "event.def"
    COARSE_COUNT = 8
};

enum fault_kind {
    FAULT_KIND_NONE = 0,
#define FAULT_KIND(id, NAME, text, allowed, help) FAULT_##NAME = (id),
#include "event.def"
    FAULT_KIND_COUNT = 29
};

enum area_kind {
#define AREA_KIND(id, NAME, text) AREA_##NAME = (id),
#include "event.def"
    AREA_KIND_COUNT = 8
};

enum fault_result {
#define FAULT_RESULT(id, NAME, text) RESULT_##NAME = (id),
#include "event.def"
    FAULT_RESULT_COUNT = 6
};

enum writeback_reason {
#define WRITEBACK_REASON(id, NAME, text) WRITEBACK_##NAME = (id),
#include "event.def"
    WRITEBACK_REASON_COUNT = 9
};

enum probe_event {
#define PROBE_EVENT(id, NAME, text, help) PROBE_EV_##NAME = (id),
#include "event.def"
    PROBE_EVENT_COUNT = 21
};

/* Access that caused a fault. */
enum probe_access { PROBE_ACCESS_READ = 0, PROBE_ACCESS_WRITE = 1, PROBE_ACCESS_FETCH = 2 };

/*
 * PROBE_EV_FAULT_END
 *   a0  id of the thread: pid << 32 | tid
 *   a1  kind (bits 0-7) | access (8-9) | area kind (16-23) | result (24-27) | flags (32-39)
 *       | number of neighbouring pages mapped in the same fault (40-55)
 *   a2  faulting virtual address
 *   a3  start of the area (0 if there is none)
 *   a4  where the data came from: swap slot, or inode number << 32 | page index; 0 if nowhere
 *   a5  new PTE's frame number (bits 0-39), references of the OLD frame before the fault
 *       (bits 40-63, saturating; 0 if there was none)
 */
#define PROBE_FAULT_KIND(a1) ((unsigned)((a1) & 0xff))
#define PROBE_FAULT_ACCESS(a1) ((unsigned)(((a1) >> 8) & 3))
#define PROBE_FAULT_AREA(a1) ((unsigned)(((a1) >> 16) & 0xff))
#define PROBE_FAULT_RESULT(a1) ((unsigned)(((a1) >> 24) & 0xf))
#define PROBE_FAULT_FLAGS(a1) ((unsigned)(((a1) >> 32) & 0xff))
#define PROBE_FAULT_AROUND(a1) ((unsigned)(((a1) >> 40) & 0xffff))

#define PROBE_FLAG_KERNEL 1     /* caused by the kernel touching user memory */
#define PROBE_FLAG_RECLAIM 2    /* a frame had to be reclaimed on the way */
#define PROBE_FLAG_STACK_GROW 4 /* the stack area grew to cover the address */
#define PROBE_FLAG_TRIED 8      /* second try of a fault that slept */
#define PROBE_FLAG_AHEAD 16     /* neighbouring pages were filled ahead of their own faults */

/*
 * Told once at boot, in guest RAM.  All addresses are physical unless named
 * `virt`; all offsets and sizes are in bytes.  The monitor reads the tables at
 * no cost to the guest and checks every address before it follows it.
 *
 * Lists are followed through kernel virtual addresses; physical = virtual -
 * direct_virt for virtual >= direct_virt.
 */
#define PROBE_LAYOUT_MAGIC 0x54554f59414c4c46ull /* "FLLAYOUT" */
#define PROBE_LAYOUT_VERSION 1

struct probe_layout {
    uint64_t magic, version, size;
    uint64_t direct_virt;            /* kernel virtual address of physical address 0 */

    uint64_t frame_table;            /* physical address of frame[first_pfn] */
    uint64_t frame_first_pfn, frame_count, frame_size;
    uint64_t frame_refs, frame_maps, frame_kind, frame_flags; /* u32, u32, u8, u8 */
    uint64_t frame_slot, frame_owner, frame_index;            /* u32, u64, u64 */

    uint64_t swap_map;               /* physical address of a u64: virtual address of u16 counts (bit 15: also in the swap cache); 0 = no swap */
    uint64_t swap_slots;             /* physical address of a u64: number of slots */
    uint64_t clock_hand;             /* physical address of a u64: pfn the CLOCK hand points at */
    uint64_t zero_pfn;               /* the shared zero page */

    uint64_t process_list;           /* physical address of a u64: virtual address of the first process */
    uint64_t process_next;           /* offset of the link (u64 virtual address, 0 ends) */
    uint64_t process_pid, process_parent_pid; /* u32 each */
    uint64_t process_name;           /* 16 bytes */
    uint64_t process_state;          /* u32: 0 unused, 1 runnable, 2 running, 3 sleeping, 4 zombie, 5 stopped */
    uint64_t process_mm;             /* u64 virtual address of struct mm, 0 = none */

    uint64_t mm_root;                /* u64 physical address of the root page table */
    uint64_t mm_first_area;          /* u64 virtual address of the lowest area */
    uint64_t mm_brk_start, mm_brk;   /* u64 each */
    uint64_t mm_rss_anon, mm_rss_file, mm_rss_shm, mm_swap; /* u64 counts of pages */

    uint64_t area_next;              /* u64 virtual address of the next area by address, 0 ends */
    uint64_t area_start, area_end;   /* u64 each */
    uint64_t area_prot;              /* u8: 1 read, 2 write, 4 execute */
    uint64_t area_kind;              /* u8: enum area_kind */
    uint64_t area_inode;             /* u64 virtual address of the inode, 0 = none */
    uint64_t area_pgoff;             /* u64 first page of the file */

    uint64_t inode_number;           /* u64 */

    uint64_t counters;               /* physical address of u64 fault counts, indexed by enum fault_kind */
    uint64_t free_frames;            /* physical address of a u64: free frames in no hart's batch */

    /* Free frames in the harts' batches: physical address of the first u32 count, their distance, number. */
    uint64_t free_batches, free_batch_stride, free_batch_count;
    uint64_t shm_swapped;            /* physical address of a u64: pages of shared memory in swap */
    uint64_t policy;                 /* physical address of the replacement policy's name (16 bytes) */
    uint64_t failure;                /* physical address of struct probe_failure */
    uint64_t kept_tables;            /* physical address of a u64: page tables of no address space, kept for the next */
};

/*
 * Allocations of frames that are to fail: the one place that the monitor writes.  It fills in all
 * but seen and failed, sets `changed`, and makes a software interrupt on hart 0.  Counted are
 * allocations for user threads, from then on.
 */
struct probe_failure {
    uint64_t changed;
    uint64_t every;        /* each Nth fails; 0: by `after` */
    uint64_t after;        /* the first that fails is the one behind so many */
    uint64_t left;         /* how many may still fail; 0: none */
    uint64_t pid;          /* only for this process; 0: for all */
    uint64_t seen, failed; /* since it was armed */
};

/* Frame kinds and flags as the kernel keeps them (offsets above). */
enum probe_frame_kind {
    FRAME_FREE = 0, FRAME_KERNEL = 1, FRAME_PGTABLE = 2, FRAME_ANON = 3,
    FRAME_FILE = 4, FRAME_SHM = 5, FRAME_ZERO = 6, FRAME_RESERVED = 7
};

#define FRAME_BUSY 1u
#define FRAME_WANTED 2u
#define FRAME_UPTODATE 4u
#define FRAME_DIRTY 8u
#define FRAME_WRITEBACK 16u
#define FRAME_MLOCKED 32u
#define FRAME_REFERENCED 64u
#define FRAME_ACTIVE 128u

/*
 * Invalid PTEs the kernel uses (V = 0), so that the monitor can put them in words:
 *   bits 1-2   class: 1 swap, 2 marker, 3 away (PROT_NONE on a resident page)
 *   swap:      bit 3 exclusive; bits 10-53 slot
 *   marker:    bits 10-17 code: 1 guard, 2 poison
 *   away:      bits 10-53 pfn (the other bits as they were in the valid PTE, W X U A D from bit 3 on)
 * In valid PTEs: bit 8 = copy-on-write, bit 9 = special (zero page, trampoline: not counted).
 */
#define PTE_CLASS(pte) ((unsigned)(((pte) >> 1) & 3))
#define PTE_CLASS_SWAP 1u
#define PTE_CLASS_MARKER 2u
#define PTE_CLASS_AWAY 3u
#define PTE_SWAP_EXCLUSIVE 8ull
#define PTE_PAYLOAD(pte) (((pte) >> 10) & ((1ull << 44) - 1))
#define PTE_MARKER_GUARD 1u
#define PTE_MARKER_POISON 2u
#define PTE_COW (1ull << 8)
#define PTE_SPECIAL (1ull << 9)

#if defined(__riscv) && __riscv_xlen == 64
#define PROBE_CALL_(id, a, b, c, d, e, f)                                                        \
    do { /* all values first: an argument may be a call, which changes a0..a5 */                 \
        uint64_t probe_v0_ = (uint64_t)(a), probe_v1_ = (uint64_t)(b);                           \
        uint64_t probe_v2_ = (uint64_t)(c), probe_v3_ = (uint64_t)(d);                           \
        uint64_t probe_v4_ = (uint64_t)(e), probe_v5_ = (uint64_t)(f);                           \
        register uint64_t probe_a0_ __asm__("a0") = probe_v0_;                                   \
        register uint64_t probe_a1_ __asm__("a1") = probe_v1_;                                   \
        register uint64_t probe_a2_ __asm__("a2") = probe_v2_;                                   \
        register uint64_t probe_a3_ __asm__("a3") = probe_v3_;                                   \
        register uint64_t probe_a4_ __asm__("a4") = probe_v4_;                                   \
        register uint64_t probe_a5_ __asm__("a5") = probe_v5_;                                   \
        uint64_t probe_abi_ = PROBE_ABI;                                                         \
                                                                                                 \
        __asm__ volatile(".insn i 0x13, 2, x0, %6, %7"                                           \
                         :                                                                       \
                         : "r"(probe_a0_), "r"(probe_a1_), "r"(probe_a2_), "r"(probe_a3_),       \
                           "r"(probe_a4_), "r"(probe_a5_), "r"(probe_abi_), "i"(id)              \
                         : "memory");                                                            \
    } while (0)
/* For events of one value that are so frequent that clearing a1..a5 would show. */
#define PROBE_SHORT(NAME, value)                                                                 \
    do {                                                                                         \
        register uint64_t probe_a0_ __asm__("a0") = (uint64_t)(value);                           \
        uint64_t probe_abi_ = PROBE_ABI;                                                         \
                                                                                                 \
        __asm__ volatile(".insn i 0x13, 2, x0, %1, %2"                                           \
                         :                                                                       \
                         : "r"(probe_a0_), "r"(probe_abi_), "i"(PROBE_EV_##NAME)                 \
                         : "memory");                                                            \
    } while (0)
#else
#define PROBE_SHORT(NAME, value) ((void)(value))
#define PROBE_CALL_(id, a, b, c, d, e, f)                                                         \
    ((void)(id), (void)(a), (void)(b), (void)(c), (void)(d), (void)(e), (void)(f))
#endif

/* Tell one event.  Missing arguments are zero: PROBE(SWITCH, id) is PROBE(SWITCH, id, 0, 0, 0, 0, 0). */
#define PROBE(NAME, ...) PROBE_PAD_(PROBE_EV_##NAME, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define PROBE_PAD_(id, a, b, c, d, e, f, ...) PROBE_CALL_(id, a, b, c, d, e, f)

#endif
