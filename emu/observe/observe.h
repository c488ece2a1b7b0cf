/* SPDX-License-Identifier: MIT */
/*
 * observe.h - what can be known of a running guest without touching it.
 *
 * The observer listens to the harts' hook and joins what it hears, what the guest's probe tells,
 * and what guest memory holds into records.  It changes nothing: page tables are read with
 * walk_peek, memory through ram_pointer.  Everything the guest announces is checked first.
 *
 * All calls on the machine's thread.  Values read from guest memory (processes, areas, frames) are
 * of this moment and only meaningful between slices.
 */
#ifndef FAULTLINE_OBSERVE_H
#define FAULTLINE_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/hart/walk.h"
#include "emu/trace/record.h"
#include "emu/trace/scope.h"

struct machine;
struct hook;
struct ram;
struct probe_layout;
struct observer;
struct swapcheck;

/* Listens from now on (it becomes the machine's hook, disk observer and input log). */
struct observer *observer_create(struct machine *m, struct error *err);
/*
 * Without a machine: the caller feeds observer_hook().  now: instructions of all harts at this
 * moment.
 */
struct observer *observer_create_on(struct ram *ram, unsigned harts, u64 (*now)(void *ctx),
                                    void *ctx, struct error *err);
void observer_destroy(struct observer *o);
const struct hook *observer_hook(struct observer *o);

/* Up to OBSERVER_SINKS receivers of every record, in order of adding.  Returns an id or -1. */
#define OBSERVER_SINKS 8
int observer_add_sink(struct observer *o, void (*record)(void *ctx, const struct trace_record *r),
                      void *ctx);
void observer_remove_sink(struct observer *o, int id);

/* The guest has told where its tables are (and they were found sound). */
bool observer_has_layout(const struct observer *o);
const struct probe_layout *observer_layout(const struct observer *o);
/* The guest kernel panicked; text it gave, or NULL. */
const char *observer_panic(const struct observer *o);
/* The hart that said so; false: no panic was seen. */
bool observer_panic_hart(const struct observer *o, unsigned *hart);
/* The guest's replacement policy (at most 15 characters); "" if it does not tell. */
void observer_policy(const struct observer *o, char name[16]);

/* Ends faults that are still open as unmatched records; call before a trace is closed. */
void observer_finish(struct observer *o);

/* ---- faults counted ---- */

#define OBSERVER_COST_BUCKETS 128 /* quarters of powers of two; see observer_cost_percentile */
struct fault_count {
    u64 count, cost, io; /* io: swap or file pages read */
    u64 frames;          /* frames newly mapped */
    u64 max_cost;
    u32 bucket[OBSERVER_COST_BUCKETS];
};
/* Totals since start or the last reset. */
const struct trace_counts *observer_counts(const struct observer *o);
const struct fault_count *observer_kind_count(const struct observer *o, unsigned kind);
/* Cost below which `percent` of the faults stay (approximate, within 19 %). */
u64 observer_cost_percentile(const struct fault_count *count, unsigned percent);
/* Pids with faults, in order of appearance, dead ones included. */
size_t observer_counted_pids(const struct observer *o);
u32 observer_counted_pid(const struct observer *o, size_t index);
u64 observer_pid_kind(const struct observer *o, size_t index, unsigned kind);
u64 observer_label_mismatches(const struct observer *o);
void observer_reset_counts(struct observer *o);

/* The last records of faults: 0 = newest.  False when there are not that many. */
#define OBSERVER_RING 4096
bool observer_last_fault(const struct observer *o, size_t back, struct trace_record *out);
/* Fault by its seq, when still in the ring. */
bool observer_fault(const struct observer *o, u64 seq, struct trace_record *out);
size_t observer_open_faults(const struct observer *o);

/* ---- address spaces and processes ---- */

struct process_view {
    u32 pid, parent, state; /* state as probe_layout says */
    char name[17];
    u64 mm;   /* kernel virtual address of struct mm, 0 = none */
    u64 root; /* physical address of the root page table, 0 = none */
    u64 brk_start, brk;
    u64 rss_anon, rss_file, rss_shm, swap; /* pages */
};
/* Calls fn for every process until it returns false.  Returns how many; 0 without a layout. */
size_t observer_processes(const struct observer *o,
                          bool (*fn)(void *ctx, const struct process_view *p), void *ctx);
bool observer_process(const struct observer *o, u32 pid, struct process_view *out);
/* Thread running on a hart by the last switch event; pid 0 = idle or unknown. */
void observer_current(const struct observer *o, unsigned hart, u32 *pid, u32 *tid);

struct area_view {
    u64 start, end, pgoff, inode; /* inode number, 0 = none */
    u8 prot;                      /* 1 read, 2 write, 4 execute */
    u8 kind;                      /* enum area_kind */
};
size_t observer_areas(const struct observer *o, const struct process_view *p,
                      bool (*fn)(void *ctx, const struct area_view *a), void *ctx);
bool observer_area_at(const struct observer *o, const struct process_view *p, u64 va,
                      struct area_view *out);

/* Address spaces of a guest that tells nothing: root tables seen in satp, oldest first. */
size_t observer_spaces(const struct observer *o);
u64 observer_space_satp(const struct observer *o, size_t index);

/* ---- page tables ---- */

/* Follows the tables of satp (mode included); see emu/hart/walk.h. */
void observer_walk(const struct observer *o, u64 satp, u64 va, struct peek *out);
/* Bytes of RAM at a physical address; false when they do not all lie in RAM. */
bool observer_read(const struct observer *o, u64 pa, void *out, size_t size);
/* satp value (Sv39) made from a root table's physical address. */
u64 observer_satp_of_root(const struct observer *o, u64 root);

struct pte_view {
    u64 va, pte, address;
    u8 level;
};
/* Every non-zero leaf or invalid entry in [from, to] of a space, in address order. */
size_t observer_ptes(const struct observer *o, u64 satp, u64 from, u64 to,
                     bool (*fn)(void *ctx, const struct pte_view *p), void *ctx);

/* ---- frames and swap ---- */

struct frame_view {
    u64 pfn, owner, index; /* owner, index: as the kernel keeps them */
    u32 refs, maps, slot;
    u8 kind, flags; /* enum probe_frame_kind, FRAME_* */
};
u64 observer_first_pfn(const struct observer *o);
u64 observer_frame_count(const struct observer *o);
bool observer_frame(const struct observer *o, u64 pfn, struct frame_view *out);
const char *observer_frame_kind_name(unsigned kind);
u64 observer_free_frames(const struct observer *o);
u64 observer_clock_hand(const struct observer *o);

struct owner_view {
    u32 pid;
    u64 va, pte, satp;
    u8 level;
};
/* Every mapping of a frame in user space, by walking the page tables of all processes. */
size_t observer_owners(const struct observer *o, u64 pfn,
                       bool (*fn)(void *ctx, const struct owner_view *w), void *ctx);
/* Every PTE that holds a swap slot. */
size_t observer_slot_owners(const struct observer *o, u64 slot,
                            bool (*fn)(void *ctx, const struct owner_view *w), void *ctx);

/* Pages of shared memory that are in swap; UINT64_MAX: the guest does not tell. */
u64 observer_shm_swapped(const struct observer *o);
/* Page tables that the kernel keeps for the next fork: part of no address space, and empty. */
u64 observer_kept_tables(const struct observer *o);
/* The leaf table that counts its pages together with the one at `table` (mm/twin.h), 0: none. */
u64 observer_twin_table(const struct observer *o, u64 table);
u64 observer_swap_slots(const struct observer *o);
/* Users of a slot by the kernel's count. */
unsigned observer_swap_users(const struct observer *o, u64 slot);
/* A frame holds the slot's contents as well (swap cache).  No users and not cached: free. */
bool observer_swap_cached(const struct observer *o, u64 slot);
/* Slots told against sectors seen; see swapcheck.h.  count: disagreements up to now. */
const struct swapcheck *observer_swapcheck(const struct observer *o, u64 *count);

/* Kernel's own count of a fault kind, for comparison with ours. */
bool observer_kernel_counter(const struct observer *o, unsigned kind, u64 *out);

/* ---- stopping on faults ---- */

/* Called on the machine's thread right after a fault record is complete; NULL ends it. */
void observer_on_fault(struct observer *o, void (*fn)(void *ctx, const struct trace_record *r),
                       void *ctx);

#endif
