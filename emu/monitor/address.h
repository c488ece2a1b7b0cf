/* SPDX-License-Identifier: MIT */
/*
 * address.h - addresses as the user writes them.
 *
 *   0x40001000  $a0  $pc  start_kernel  sym+0x20  $sp-8  [$sp+8]   in the space that runs now
 *   3:0x40001000  3:main                                           of process 3
 *   pa:0x80412000  pfn:0x80412  swap:44
 *   A..B  A,+LENGTH                                                ranges, end excluded
 */
#ifndef FAULTLINE_MONITOR_ADDRESS_H
#define FAULTLINE_MONITOR_ADDRESS_H

#include "emu/monitor/command.h"
#include "emu/monitor/names.h"

enum address_space { ADDRESS_VIRTUAL, ADDRESS_PHYSICAL, ADDRESS_SLOT };

struct address {
    enum address_space space;
    bool has_pid;
    u32 pid;
    u64 satp;       /* of ADDRESS_VIRTUAL: the page table it is meant in */
    u64 value, end; /* end == value: no range */
};

/* False with call->error set. */
bool address_parse(struct call *call, const char *text, struct address *out);
/* A sum as in expression.h, in the space that runs now. */
bool address_expression(struct call *call, const char *text, size_t length, u64 *out);
/* satp of a process; false with call->error set when there is none. */
bool address_space_of(struct call *call, u32 pid, u64 *satp);
/* "A..B", B excluded, without a space in front; either may be empty. */
bool address_range(struct call *call, const char *text, u64 *from, u64 *to);
/* Physical address behind a virtual one; false: not mapped or not in RAM. */
bool address_physical(struct call *call, const struct address *address, u64 offset, u64 *pa);
/* Up to `size` bytes at an address, page by page; returns how many could be read. */
size_t address_bytes(struct call *call, const struct address *a, u64 offset, u8 *out, size_t size);
/* Where names for it are to be looked up. */
struct place address_place(struct call *call, const struct address *a);
/* The hart commands look at: 0, or the first that is not idle. */
struct hart *address_hart(struct call *call);
/* The hart of the argument "hart", else address_hart()'s; NULL with call->error set if there is
 * none such. */
const struct hart *address_hart_wanted(struct call *call);
/* The process that runs on a hart; of guests that tell nothing the number of its address space. */
u32 address_pid(struct call *call, const struct hart *h);

#endif
