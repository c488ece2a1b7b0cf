/* SPDX-License-Identifier: MIT */
/*
 * names.h - which program an address belongs to, and what it is called there.
 *
 * The kernel's names hold for the upper half of the address space, for machine mode, and for
 * supervisor mode of guests that tell nothing; below, those of the program the process ran then.
 */
#ifndef FAULTLINE_MONITOR_NAMES_H
#define FAULTLINE_MONITOR_NAMES_H

#include "emu/monitor/command.h"

#define NAME_TEXT 200

/* Whose address: a process at a record (UINT64_MAX: now), or the kernel. */
struct place {
    bool kernel;
    u32 pid;
    u64 seq;
};

/* The space that the hart executes in now. */
struct place names_here(struct call *call);
/* The space of a process now; pid 0: the kernel. */
struct place names_of_process(u32 pid);
/* The space in which the instruction of a fault was executed. */
struct place names_of_record(const struct trace_record *record);

/* "memset+0x1c"; false: no name is known. */
bool names_symbol(struct call *call, const struct place *place, u64 address, char *out,
                  size_t size);
/* "memset+0x1c (lib/string.c:40)", as much of it as is known; false: nothing. */
bool names_where(struct call *call, const struct place *place, u64 address, char *out, size_t size);
/* "lib/string.c:40" alone. */
bool names_line(struct call *call, const struct place *place, u64 address, char *out, size_t size);
/*
 * The value of a name: of the program there, then of the kernel.  False with call->error set, and
 * "did you mean".
 */
bool names_value(struct call *call, const struct place *place, const char *name, size_t length,
                 u64 *out);
/* The program of a process at a record; out: 17 bytes.  False: not known. */
bool names_program(struct call *call, u32 pid, u64 seq, char *out);

#endif
