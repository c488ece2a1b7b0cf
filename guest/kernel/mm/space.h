/* SPDX-License-Identifier: MIT */
/*
 * space.h - an address space.
 *
 * Shared by all threads of a process (and by vfork parent and child).
 * Locks, in order:
 *   mm->lock       sleeping; changes of the areas (mmap, munmap, fork ...)
 *   mm->pte_lock   spin; every PTE of this mm, and the areas are changed only with both held
 * A fault takes pte_lock alone: see fault.c.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include "lib/tree.h"
#include "mm/area.h"
#include "sync/mutex.h"

struct family;
struct inode;

struct mm {
    struct spinlock pte_lock; /* first, where an atomic instruction reaches it without an offset */
    u32 refs;

    /*
     * pte_lock: the window, what the last fault looked up.  Part of one area in one leaf table, so
     * that an address in it needs no search; size 0 = none.
     */
    u64 window_start, window_size;
    u64 *window_entry; /* of window_start */
    struct area *window_area;
    u64 window_touch; /* PTE_R, PTE_W: the quick way may handle first reads, first writes */
    u64 window_twin;  /* bytes to the same entry of the table's twin (twin.h), 0 = it has none; */
                      /* + 1: it sleeps */

    struct mutex lock;

    /* both locks to change */
    struct tree areas;
    struct area *first_area;
    struct area *near; /* either lock: the area found last, NULL = none */
    bool forking;      /* pte_lock: faults wait until the copy is complete */
    u32 area_count;
    struct area *spare_areas; /* memory for areas, linked by `next`; its contents are old */
    u64 hole_hint;            /* no hole of hole_size or more above this address */
    u64 hole_size;
    u64 mmap_top;
    u64 brk_start, brk;
    u64 total_peak;  /* most pages mapped so far, as far as munmap has looked */
    u64 stack_limit; /* RLIMIT_STACK in bytes; proc/ keeps it up to date */
    u64 data_limit, address_limit, lock_limit; /* RLIMIT_DATA, _AS, _MEMLOCK */

    /* pte_lock */
    u64 *root; /* top page table (kernel virtual address) */
    u64 root_pa;
    u64 rss_anon, rss_file, rss_shm, swap_entries;
    u64 table_pages;
    u64 rss_peak;
    u64 faults[FAULT_KIND_COUNT];

    /* mm->lock: in pages */
    u64 total_pages, locked_pages, data_pages, stack_pages;

    /* translation (asid.c) */
    u64 asid;         /* generation << 16 | number */
    u64 satp;         /* for that number */
    u64 harts_active; /* atomic: harts that have it loaded */
    u64 harts_stale;  /* atomic: harts that must flush its ASID before loading it */

    struct family *family; /* reverse map of anonymous pages (rmap.h) */
    struct list family_link;

    u64 arg_start, arg_end, env_start, env_end, stack_start, code_start, code_end, data_start,
        data_end;      /* for /proc; set by exec */
    struct inode *exe; /* /proc/self/exe; holds a reference and denies writing */
    i32 oom_score_adj; /* -1000 .. 1000; -1000: never the OOM killer's victim */
    u32 owner_pid;     /* for messages and the OOM killer; set by proc/ */
    bool lock_future;  /* mlockall(MCL_FUTURE) */
    u8 exec_refusal;   /* PR_MDWE_*: no memory becomes executable that was or is writable */
};

/*
 * With one hart the address space that ended last is kept, with its page tables, areas that hold no
 * object, and its ASID: a fork takes it over.  How many page tables that are (0: none kept).
 */
extern u64 mm_kept_tables;
void mm_drop_kept(void); /* keep none any more, until the next ends */

struct mm *mm_create(void); /* empty, refs = 1; NULL: no memory */
/*
 * For fork.c: a mm with the settings of its parent, in the same family.  It may be the one that was
 * kept: then it has the areas of its last life, which hold nothing, and tables that sleep.
 */
struct mm *mm_create_child(const struct mm *parent);
void mm_forget(struct mm *mm); /* the areas and what sleeps: then it is empty */
/* What fork and exec pass on of exec_refusal. */
u8 mm_inherited_refusal(const struct mm *mm);
/*
 * A copy for fork(): private pages copy-on-write.  The child will certainly write at `stack` and
 * at `thread_number` (0: not).  Parent must be the running task's.  => NULL: no memory
 */
struct mm *mm_fork(struct mm *parent, u64 stack, u64 thread_number);
/*
 * Store a word in a page that is the child's own already, as that of `thread_number` mostly is.
 * => the child has not run yet.  => false: it is not there
 */
bool mm_store_in_child(struct mm *child, u64 address, u32 value);
struct mm *mm_get(struct mm *mm);
void mm_put(struct mm *mm);  /* frees everything at the last reference; may sleep */
u64 mm_forked_entries(void); /* PTEs shared by the last mm_fork() of this hart, for PROBE(FORK) */

/* Load its page table on this hart (NULL: the kernel's). */
void mm_activate(struct mm *mm);

/* The kernel's own page table; called at boot, and by each hart. */
void mm_init(void);
void mm_init_hart(void);

/* Areas or page tables change: what the last fault looked up may be wrong.  => pte_lock held. */
static inline void mm_window_close(struct mm *mm)
{
    mm->window_size = 0;
}

/* Resident pages now. */
static inline u64 mm_resident(const struct mm *mm)
{
    return mm->rss_anon + mm->rss_file + mm->rss_shm;
}

/* Before resident pages become fewer: the most there ever were (ru_maxrss).  => pte_lock */
static inline void mm_note_peak(struct mm *mm)
{
    u64 resident = mm_resident(mm);

    if (resident > mm->rss_peak) {
        mm->rss_peak = resident;
    }
}

/* --- views for /proc ------------------------------------------------------------------- */

struct area_view {
    u64 start, end;
    u8 prot, kind;
    u32 flags;           /* AREA_FLAG_* */
    u64 offset;          /* bytes */
    struct inode *inode; /* valid during the callback only */
    const char *name;    /* "[heap]", "[stack]", "[vdso]" or NULL */
    u64 resident, anonymous, swapped, shared_clean, shared_dirty, private_clean, private_dirty,
        referenced, locked; /* pages; filled only with `count` */
    u64 proportional;       /* bytes (Pss) */
};

/* Call for each area by address, under mm->lock; `count` also fills the page counts (smaps). */
void mm_each_area(struct mm *mm, bool count, void (*callback)(const struct area_view *, void *),
                  void *argument);

/* One entry of /proc/pid/pagemap for a virtual address (bits as in Linux's pagemap.rst). */
u64 mm_pagemap_entry(struct mm *mm, u64 address);

#endif
