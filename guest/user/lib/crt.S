/* SPDX-License-Identifier: MIT */
/*
 * crt.S - where a freestanding program starts, and the few places that C cannot
 * express: entry, the three accesses that may fail on purpose, and clone with a
 * stack of its own.
 *
 * The stack at entry is argc, argv[], 0, envp[], 0, auxv (riscv ELF psABI);
 * `user_start` gets a pointer to it.
 */
    .text
    .globl _start
    .type _start, @function
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    mv      a0, sp
    andi    sp, sp, -16
    li      ra, 0
    call    user_start
    /* user_start does not return */

/*
 * int try_load_raw(const void *address, unsigned char *value)
 * int try_store_raw(void *address, unsigned char value)
 * int try_call_raw(void *address)
 * 0 when the access was done.  The signal handler of catch.c, finding its pc
 * between try_begin and try_end, continues at try_failed, which answers -1.
 */
    .globl try_begin, try_end, try_failed
    .globl try_load_raw, try_store_raw, try_call_raw
try_begin:
try_load_raw:
    lbu     t0, 0(a0)
    sb      t0, 0(a1)
    li      a0, 0
    ret
try_store_raw:
    sb      a1, 0(a0)
    li      a0, 0
    ret
try_end:
try_call_raw:
    addi    sp, sp, -16
    sd      ra, 0(sp)
    .globl try_call_site
    jalr    a0
try_call_site:
    ld      ra, 0(sp)
    addi    sp, sp, 16
    li      a0, 0
    ret
/* The fetch failed: ra is still try_call_site, sp that of try_call_raw. */
    .globl try_call_failed
try_call_failed:
    ld      ra, 0(sp)
    addi    sp, sp, 16
try_failed:
    li      a0, -1
    ret

/*
 * long thread_clone(unsigned long flags, void *stack_top, int *tid, int (*fn)(void *), void *arg)
 * The new thread runs fn(arg) on its own stack and ends with its result.
 * `tid` is where the kernel stores the thread's id and clears it at its end.
 */
    .globl thread_clone
thread_clone:
    addi    a1, a1, -16
    sd      a3, 0(a1)
    sd      a4, 8(a1)
    mv      a4, a2              /* child tid: cleared and woken at exit */
    li      a3, 0               /* tls */
    li      a7, 220             /* clone */
    ecall
    bnez    a0, 1f
    ld      t0, 0(sp)
    ld      a0, 8(sp)
    li      ra, 0
    jalr    t0
    li      a7, 93              /* exit: this thread only */
    ecall
1:  ret

    .section .note.GNU-stack, "", @progbits
