/* SPDX-License-Identifier: MIT */
/*
 * arguments.h - argv and envp on their way from the old program to the new one's stack.
 *
 * The strings are copied once, into kernel pages, while the old address space still
 * exists (its pages may fault, be in swap, or be missing: then exec fails harmlessly),
 * and written to the new stack before the old program is given up.
 */
#ifndef KERNEL_PROC_ARGUMENTS_H
#define KERNEL_PROC_ARGUMENTS_H

#include "lib/types.h"

struct mm;

#define ARGUMENT_PAGES 512u /* 2 MiB for all strings together */
#define ARGUMENT_STRING_MAX (32 * PAGE_SIZE)
#define SCRIPT_DEPTH 5u

struct arguments {
    char **page; /* [ARGUMENT_PAGES] */
    u64 size;    /* bytes of strings in the pages: argv, then envp */
    u64 skip;    /* bytes at the start that a script has replaced */
    u64 envp_at; /* where envp begins */
    u32 argc, envc;
    u64 limit; /* bytes allowed */
    /* What scripts put before: interpreter, its argument, name of the script. */
    char *prefix[2 * SCRIPT_DEPTH + 1];
    u32 prefix_count;
};

int arguments_init(struct arguments *arguments, u64 stack_limit);
void arguments_destroy(struct arguments *arguments);

/* Copies the NULL-terminated user arrays.  => 0, -EFAULT, -E2BIG, -ENOMEM */
int arguments_copy_user(struct arguments *arguments, u64 argv, u64 envp);
/* The same from kernel arrays, for the first process. */
int arguments_copy_kernel(struct arguments *arguments, const char *const argv[],
                          const char *const envp[]);
/* A script: argv[0] gives way to interpreter, argument (may be NULL) and path.  The strings
 * are copied.  => 0, -ENOMEM, -ELOOP */
int arguments_prepend(struct arguments *arguments, const char *interpreter, const char *argument,
                      const char *path);

/* Where things are on the new stack. */
struct stack_layout {
    u64 sp; /* argc is here */
    u64 arg_start, arg_end, env_start, env_end;
};

/*
 * Writes strings, pointers and auxiliary vector to the stack of a mm that need not be
 * loaded.  In `auxv` (pairs, AT_NULL last), the values of AT_EXECFN and AT_RANDOM are
 * filled in.  => 0, -EFAULT, -ENOMEM
 */
int arguments_write(struct arguments *arguments, struct mm *mm, u64 stack_top, const char *name,
                    u64 *auxv, u32 auxv_words, struct stack_layout *out);

#endif
