/* SPDX-License-Identifier: MIT */
/*
 * options.h - techniques that can be turned off to compare (boot parameters
 * vm.eager= and vm.zeropage=), and the numbers under /proc/sys/vm.
 */
#ifndef MM_OPTIONS_H
#define MM_OPTIONS_H

#include "lib/types.h"

struct vm_options {
    bool eager_brk;   /* brk() allocates at once */
    bool eager_exec;  /* exec loads the whole program */
    bool eager_fork;  /* fork copies every page */
    bool eager_mmap;  /* mmap() allocates or reads at once */
    bool zero_page;   /* first reads map the shared zero page */
    u32 fault_around; /* pages mapped around a file fault; 1 = none */
    bool around_all;  /* a whole leaf table if the file is all in memory and not writable */
    u32 fault_ahead;  /* pages filled behind a sequential store, at most; 0 = none */
    u32 swap_ahead;   /* slots read together; 1 = none */
    u32 overcommit_memory, overcommit_ratio;
    u32 max_map_count;
    u32 swappiness;
    u64 min_free_kbytes;
    u32 panic_on_oom;
    u32 dirty_ratio, dirty_background_ratio; /* pace.c */
};

extern struct vm_options vm_options;

/* Parse vm.* from the boot arguments. */
void vm_options_parse(void);
/* After fault_around was set: a power of two, at most a leaf table. */
void vm_options_tidy(void);
/* Recompute the watermarks after min_free_kbytes changed. */
void vm_watermarks_update(void);

/* Memory promised to users, in pages, and its limit (overcommit_memory = 2). */
u64 vm_committed(void);
u64 vm_commit_limit(void);
/* => 0 or -ENOMEM. */
int vm_commit(u64 pages);
void vm_uncommit(u64 pages);

#endif
