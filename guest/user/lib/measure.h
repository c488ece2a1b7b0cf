/* SPDX-License-Identifier: MIT */
/*
 * measure.h - what a program can learn about its own memory.
 *
 * Minor and major faults come from getrusage(2).  The Faultline kernel also counts
 * each fault kind of event.def (/proc/self/faults); elsewhere `exact` is false and
 * the counts of kinds are zero.
 */
#ifndef USER_LIB_MEASURE_H
#define USER_LIB_MEASURE_H

#include "sys.h"
#include "probe.h"

struct faults {
    u64 minor, major;
    u64 kind[FAULT_KIND_COUNT];
    bool exact;
};

/* The counts so far of this process.  Causes no fault itself after its first call. */
void measure_faults(struct faults *out);
/* after - before, in `after`. */
void faults_subtract(struct faults *after, const struct faults *before);
const char *fault_kind_text(unsigned kind);

/* True on the kernel of this project (its release name says so). */
bool on_faultline(void);
/*
 * True under user-mode emulation (qemu-riscv64), which takes much advice without
 * acting on it and runs other programs on the host.
 */
bool under_user_emulation(void);
/* True when the kernel was booted with the given word in a vm.* parameter. */
bool kernel_option(const char *parameter, const char *word);

/* Free memory in bytes; with what the page cache could give back at once. */
u64 measure_free(void);
u64 measure_available(void);
/* Bytes of pages with the kernel's small objects; *objects: of the objects themselves. */
u64 measure_slab(u64 *objects);
u64 measure_total(void);
u64 measure_swap_free(void);
/* Asks the kernel to drop clean cached file pages; false where that is not possible. */
bool drop_caches(void);

/* From /proc/self/pagemap: frame number (0: unknown or not present). */
u64 page_frame(const void *address);
bool page_swapped(const void *address);
/* mincore(2): 1 resident, 0 not, negative errno. */
int page_resident(const void *address);
/* Moves the pages out (MADV_PAGEOUT); false when they are still there afterwards. */
bool page_out(void *address, size_t size);

/*
 * Touches the program's own code, constants, data and three pages of stack, so that
 * they cause no fault later.
 */
void touch_program(void);

/* Retired instructions, or 0 where programs may not read them. */
u64 measure_instructions(void);

/* Room for one more result, in the page that measuring writes to anyway. */
struct faults *measure_scratch(void);

#endif
