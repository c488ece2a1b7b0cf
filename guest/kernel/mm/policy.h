/* SPDX-License-Identifier: MIT */
/*
 * policy.h - which page leaves when memory is short: what a replacement policy is.
 *
 * A policy is one file in mm/policy/ that fills in a `struct policy`, and one row in
 * guest/include/policy.def.  One is picked at boot: vm.policy=NAME, faultline --policy NAME.
 * docs/replacement-policies.md walks through writing one.
 *
 * The policy only chooses.  mm/reclaim.c does the rest: it takes hold of the page, reads
 * what the page tables say of it, asks for the verdict, and unmaps, writes and frees it.
 *
 * => All functions are called under one spinlock (policy.c): they need no locks, do not
 *    sleep and call nothing outside this header.  Pages are only compared and looked up.
 * => A policy is deterministic: no clock but the order of the calls.
 */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include "lib/types.h"

struct frame;

/* What the mappings of a page say. */
struct frame_age {
    u32 mappings;  /* page table entries that map it */
    bool accessed; /* used since its A bits were last cleared */
    bool dirty;    /* it has to be written before it can leave */
    bool locked;   /* mlock() somewhere: it stays, and no policy is asked */
};

enum verdict {
    VERDICT_KEEP,  /* not this one, not now */
    VERDICT_SPARE, /* the same, and clear its A bits: a second chance */
    VERDICT_EVICT  /* it goes; if dirty, with the next batch that is written */
};

struct policy {
    const char *name;

    /* A page became one that may be evicted / is none any more. May be NULL. */
    void (*page_added)(struct frame *frame);
    void (*page_removed)(struct frame *frame); /* may come late: when somebody next looks */

    /*
     * The next page to look at; each call gives another one, round and round.  It need
     * not be evictable.  => NULL: there is none.
     */
    struct frame *(*next)(void);
    enum verdict (*judge)(struct frame *frame, const struct frame_age *age);

    /*
     * A page came back `distance` evictions after it had left.  May be NULL.
     * => page_added() has been called for it before.
     */
    void (*refaulted)(struct frame *frame, u64 distance);

    bool clears_as_it_looks; /* the A bits are cleared before judge() sees them: cheaper */
    bool in_order;           /* dirty pages do not wait until no clean one can be found */
    bool keeps_notes;        /* wants a struct page_note for each page */
    u8 laps;                 /* may be asked for so many times all pages in vain; 0: 3 */
};

/* --- what policies may use -------------------------------------------------------------- */

/* Pages by number, 0 .. page_count() - 1: the ring of the frame table. */
u64 page_count(void);
struct frame *page_of_number(u64 number);
u64 page_number(const struct frame *frame);

/* The page under a hand, which moves on. */
static inline struct frame *ring_advance(u64 *hand)
{
    u64 number = *hand < page_count() ? *hand : 0;

    *hand = number + 1;
    return page_of_number(number);
}

/* What a policy remembers of one page (zero at first). */
struct page_note {
    u32 next, previous; /* links in a queue (page_queue.c) */
    u8 queue;           /* number of the queue it is in, 0 = none */
    u8 age;             /* for the policy */
    u16 spare;
    u32 stamp; /* for the policy */
};
struct page_note *page_note(struct frame *frame);

/* A queue of pages; a page is in one queue at most. */
struct page_queue {
    u8 number; /* 1 .. 255, different for each queue */
    u32 first, last;
    u64 length;
};
void queue_push_back(struct page_queue *queue, struct frame *frame);
void queue_push_front(struct page_queue *queue, struct frame *frame);
void queue_remove(struct page_queue *queue, struct frame *frame);
struct frame *queue_first(const struct page_queue *queue); /* NULL: it is empty */
struct frame *queue_last(const struct page_queue *queue);
static inline bool queue_has(const struct page_queue *queue, struct frame *frame)
{
    return page_note(frame)->queue == queue->number;
}

/* A number from the sequence that vm.policy_seed= chooses. */
u32 policy_random(void);

/* --- for mm/ --------------------------------------------------------------------------- */

extern const struct policy *policy_active; /* the active one */
extern bool policy_watches;                /* it has page_added() */

/* Pick the policy the boot arguments name; an unknown name ends the boot. */
void policy_init(void);
struct probe_layout;
void policy_fill_layout(struct probe_layout *layout);
/* Set up the notes.  => 0 or -ENOMEM. */
int page_notes_init(void);

void policy_add_page(struct frame *frame); /* with a check: policy_page_added() */
/* The frame is no page of a user any more, or leaves. Checks that under the lock. */
void policy_forget_page(struct frame *frame, bool leaves);
struct frame *policy_next(void);
enum verdict policy_judge(struct frame *frame, const struct frame_age *age);
void policy_refaulted(struct frame *frame, u64 distance);

static inline void policy_page_added(struct frame *frame)
{
    if (unlikely(policy_watches)) {
        policy_add_page(frame);
    }
}

#endif
