/* SPDX-License-Identifier: MIT */
/* load.h - building the address space of a new program.  See load.c. */
#ifndef KERNEL_PROC_LOAD_H
#define KERNEL_PROC_LOAD_H

#include "abi/elf.h"
#include "lib/types.h"
#include "proc/arguments.h"

struct inode;
struct mm;
struct path_start;
struct process;

struct program {
    struct mm *mm;
    u64 entry;       /* where it starts: its own entry or its interpreter's */
    u64 own_entry;   /* AT_ENTRY */
    u64 table;       /* AT_PHDR */
    u32 table_count; /* AT_PHNUM */
    u64 interpreter; /* AT_BASE */
    u64 stack_top;
    struct stack_layout stack;
};

/* exec.c: a file that may be executed, with a reference and writing denied. */
int program_open(const struct path_start *start, const char *path, u32 lookup_flags,
                 struct inode **out);
void program_close(struct inode *inode);

/* Maps the file (and its interpreter) into a new mm.  => 0, -ENOEXEC, -ENOMEM, -EIO...; on
 * failure program_discard is still to be called */
int program_load(struct program *program, struct inode *inode, const struct path_start *start,
                 const struct process *process);
/* Arguments and auxiliary vector.  => 0, -ENOMEM, -E2BIG, -EFAULT */
int program_write_stack(struct program *program, struct arguments *arguments, const char *name,
                        const struct process *process);
void program_discard(struct program *program);

#endif
