/* SPDX-License-Identifier: MIT */
/*
 * elf.h - checking a program file.  Pure: no kernel state, so it is unit-tested on the
 * host with hostile headers.
 *
 * Source: System V ABI, ELF-64; RISC-V ELF psABI.
 */
#ifndef KERNEL_PROC_ELF_H
#define KERNEL_PROC_ELF_H

#include "abi/elf.h"
#include "lib/types.h"

#define ELF_SEGMENTS_MAX 128u

/* Is this a riscv64 program, and is its segment table of a sane size?  => 0 or -ENOEXEC */
int elf_check_header(const struct elf_header *header);

/* What the segments of one file come to. */
struct elf_summary {
    u64 low, high;     /* bytes from the lowest to behind the highest PT_LOAD */
    u64 table_address; /* where the program finds its segment table, 0 = nowhere */
    const struct elf_segment *interpreter; /* PT_INTERP or NULL */
    bool executable_stack;
};

/*
 * Checks all segments against each other and the limit of user addresses.
 * => 0, -ENOEXEC (nothing to load, overlap, file and memory not congruent, overflow)
 */
int elf_check_segments(const struct elf_header *header, const struct elf_segment *segments,
                       u64 address_limit, struct elf_summary *out);

/* PF_* to PROT_*. */
u32 elf_protection(u32 flags);

/*
 * "#!" line: finds interpreter and its one optional argument in the first bytes of a
 * file; they are zero-terminated in place.
 * => 1 a script, 0 not one, -ENOEXEC an incomplete line
 */
int script_parse(char *text, size_t size, char **interpreter, char **argument);

#endif
