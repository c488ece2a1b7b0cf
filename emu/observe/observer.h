/* SPDX-License-Identifier: MIT */
/*
 * observer.h - the observer's insides, for this room only.
 *
 * Who is charged: the thread that the last switch event put on a hart owns the instructions from
 * then on.  A fault costs what its thread was charged between trap and end, so a handler may sleep
 * while others run.
 */
#ifndef FAULTLINE_OBSERVE_OBSERVER_H
#define FAULTLINE_OBSERVE_OBSERVER_H

#include "emu/hart/hart.h"
#include "emu/hart/hook.h"
#include "emu/hart/walk.h"
#include "emu/observe/observe.h"
#include "emu/observe/swapcheck.h"

#define MAX_HARTS 8
#define MAX_NESTED 4      /* open faults of one thread */
#define MAX_LOOSE 64      /* open faults of guests without a probe */
#define MAX_THREADS 65536 /* a guest that announces more is not believed */
#define MAX_PIDS 65536
#define MAX_SPACES 4096
#define MAX_PANIC 240

/* A fault between trap and end. */
struct open_fault {
    struct trace_record record; /* as far as known */
    u64 charged;                /* the thread's clock at the trap */
    u64 executed;               /* the hart's */
    u64 now;
    u64 switches; /* of the thread, to tell whether it slept */
    u64 pte_seen; /* as it was when last somebody else did something */
};

struct thread {
    u64 id; /* pid << 32 | tid */
    u64 charged, switches;
    bool dead;
    unsigned open;
    struct open_fault fault[MAX_NESTED];
};

struct hart_view {
    u64 id;    /* thread on it; 0 idle or unknown */
    u64 since; /* hart_executed when it came */
};

struct pid_count {
    u32 pid;
    u64 kind[FAULT_KIND_COUNT];
};

struct sink {
    void (*record)(void *ctx, const struct trace_record *r);
    void *ctx;
};

struct observer {
    struct machine *machine; /* NULL in tests */
    struct ram *ram;
    unsigned harts;
    u64 (*now)(void *ctx);
    void *now_ctx;
    struct hook hook;
    void (*detach)(struct observer *o); /* from the machine; NULL when on none */

    u64 seq;
    struct sink sink[OBSERVER_SINKS];
    struct sink on_fault;

    bool has_layout;
    struct probe_layout layout;
    char panic[MAX_PANIC];
    unsigned panic_hart;

    struct hart_view hart[MAX_HARTS];
    struct thread **thread;
    size_t threads, thread_room;
    size_t open; /* faults of threads */

    struct open_fault loose[MAX_LOOSE];
    unsigned loose_count;
    u64 *space; /* satp without ASID, in order of appearance */
    size_t spaces, space_room;

    struct trace_counts counts;
    struct fault_count kind[FAULT_KIND_COUNT];
    struct pid_count *pid;
    size_t pids, pid_room;

    struct swapcheck swapcheck;
    struct trace_record ring[OBSERVER_RING];
    u64 ring_count;
};

/* ---- observe.c ---- */
void observer_emit(struct observer *o, struct trace_record *record);
struct thread *observer_thread(struct observer *o, u64 id, bool make);
/* The thread's clock, with what it used up to now if it runs on a hart. */
u64 observer_charged(const struct observer *o, const struct thread *t, const struct hart *h);
unsigned observer_space_number(struct observer *o, u64 satp, bool *is_new);

/* ---- faults.c ---- */
void observer_trap(struct observer *o, struct hart *h, u64 cause, u64 va, u64 pc, unsigned from);
void observer_fault_end(struct observer *o, struct hart *h);
void observer_returned(struct observer *o, struct hart *h, unsigned to, u64 pc);
void observer_abandon(struct observer *o, struct thread *t);
/* Something happened on behalf of thread `id`: looks again at the PTEs others wait for. */
void observer_look_again(struct observer *o, u64 id, bool evicted);

/* ---- counts.c ---- */
void observer_count(struct observer *o, const struct trace_record *record);

/* ---- guest.c: checked reads; false leaves *out alone ---- */
bool guest_u8(const struct observer *o, u64 pa, u8 *out);
bool guest_u16(const struct observer *o, u64 pa, u16 *out);
bool guest_u32(const struct observer *o, u64 pa, u32 *out);
bool guest_u64(const struct observer *o, u64 pa, u64 *out);
/* Physical address of a kernel direct-map address; false for others. */
bool guest_physical(const struct observer *o, u64 virt, u64 *pa);
bool guest_take_layout(struct observer *o, u64 pa, u64 size);

/* ---- label.c ---- */
/* Coarse label of a fault by `access` in mode `from`, by the deciding entry before and the one
 * after. */
unsigned observer_label(u64 before, u64 after, enum access access, unsigned from);
bool pte_is_mapping(u64 pte);

#endif
