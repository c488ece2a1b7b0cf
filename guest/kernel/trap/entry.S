/* SPDX-License-Identifier: MIT */
/*
 * entry.S - where every trap enters and leaves the kernel.
 *
 * While user code runs, sscratch holds the hart's block (struct hart_local); while
 * kernel code runs, tp holds it and sscratch is 0.  So the first instruction also
 * tells where the trap came from.
 *
 * A trap from user mode uses the frame at the top of the task's kernel stack, whose
 * address is in hart_local.  Page faults are the way that must be short.  The
 * commonest ones (mm/fault_quick.c) save ten registers; other faults what C code
 * may change (ra, t*, a*).  The callee-saved registers are saved by whoever uses
 * them; s0..s11 go to the frame when the trap turns out to be more than a fault that
 * is handled: then they still hold the user's values.
 *
 * No satp is written and nothing is flushed: the kernel is mapped in every table.
 *
 * Offsets are checked against the structures in trap.c.
 */
#include "sys/syscall_count.h"

#define HART_TASK 0
#define HART_STACK 8
#define HART_SCRATCH 16
#define TASK_WORK 0             /* signal_pending, need_resched, new_registers, mask_borrowed */
#define TASK_NEW_REGISTERS 2
#define TASK_ENTERED 8
#define TASK_SYSTEM_TICKS 16
#define FRAME_PC 256
#define FRAME_STATUS 264
#define FRAME_CAUSE 272
#define FRAME_VALUE 280
#define FRAME_SIZE 304
#define EINTR 4

    .macro few op               /* what mm_fault_quickly() may change */
    \op ra, 8*1(sp)
    \op t0, 8*5(sp)
    \op t1, 8*6(sp)
    \op t2, 8*7(sp)
    \op a0, 8*10(sp)
    \op a1, 8*11(sp)
    \op a2, 8*12(sp)
    \op a3, 8*13(sp)
    \op a4, 8*14(sp)
    \op a5, 8*15(sp)
    .endm

    .macro others op            /* what else C code may change */
    \op a6, 8*16(sp)
    \op a7, 8*17(sp)
    \op t3, 8*28(sp)
    \op t4, 8*29(sp)
    \op t5, 8*30(sp)
    \op t6, 8*31(sp)
    .endm

    .macro callee_saved op
    \op s0, 8*8(sp)
    \op s1, 8*9(sp)
    \op s2, 8*18(sp)
    \op s3, 8*19(sp)
    \op s4, 8*20(sp)
    \op s5, 8*21(sp)
    \op s6, 8*22(sp)
    \op s7, 8*23(sp)
    \op s8, 8*24(sp)
    \op s9, 8*25(sp)
    \op s10, 8*26(sp)
    \op s11, 8*27(sp)
    .endm

    .text
    .globl trap_entry
    .balign 4
trap_entry:
    csrrw tp, sscratch, tp
    beqz tp, from_kernel

/* ---- from user mode -------------------------------------------------------------------- */
    sd sp, HART_SCRATCH(tp)
    ld sp, HART_STACK(tp)
    few sd
    csrr a0, scause
    andi t0, a0, -3
    li t1, 13
    bne t0, t1, not_quick       /* 13, 15: page faults of loads and stores */
    csrr a1, stval

/*
 * The quick way: what it does not change (sepc, sstatus, sscratch, which holds the user's tp,
 * and most registers) is not saved.  So it must not trap: see trap_user().
 */
    call mm_fault_quickly       /* (cause, address) */
    beqz a0, not_done_quickly
    few ld
    ld sp, HART_SCRATCH(tp)
    csrrw tp, sscratch, tp
    sret

not_done_quickly:
    csrr a0, scause
not_quick:                      /* here all that mm_fault_quickly() may change is as it was */
    li t2, 8
    beq a0, t2, system_call
    csrr a1, stval
    ld t0, HART_SCRATCH(tp)
    csrrw t1, sscratch, zero
    others sd
    sd t0, 8*2(sp)
    sd t1, 8*4(sp)              /* the user's tp */
    csrr t0, sepc
    csrr t1, sstatus
    sd t0, FRAME_PC(sp)
    sd t1, FRAME_STATUS(sp)
    li t2, 12
    bltu a0, t2, not_a_fault    /* 12, 13, 15: page faults; interrupts have the sign bit */
    bltz a0, not_a_fault
    call trap_user_fault        /* (cause, address); s0..s11 come back as they were */
    ld t0, HART_TASK(tp)
    lw t0, TASK_WORK(t0)
    or t0, t0, a0               /* a signal for it, or other work */
    bnez t0, only_work

leave_fast:                     /* everything but s0..s11 and gp, which nobody changed */
    ld t0, FRAME_PC(sp)
    ld t1, FRAME_STATUS(sp)
    csrw sepc, t0
    csrw sstatus, t1
    csrw sscratch, tp
    ld tp, 8*4(sp)
    few ld
    others ld
    ld sp, 8*2(sp)
    sret

/*
 * System calls, too, leave s0..s11 to whoever uses them.  clone, which copies them, puts them into
 * the frame first (sys/clone.S); execve and rt_sigreturn put new ones there and say so
 * (task->new_registers).  On the way in and out the time is read, for times(2) and its like.
 */
system_call:
    ld t0, HART_SCRATCH(tp)
    csrrw t1, sscratch, zero
    others sd
    sd t0, 8*2(sp)
    sd t1, 8*4(sp)
    csrr t0, sepc
    csrr t1, sstatus
    addi t0, t0, 4              /* go on behind the ecall */
    sd t0, FRAME_PC(sp)
    sd t1, FRAME_STATUS(sp)
    li t0, SYSCALL_COUNT
    bgeu a7, t0, no_such_call
    la t1, syscall_functions
    slli t0, a7, 3
    add t1, t1, t0
    ld t1, 0(t1)
    ld t2, HART_TASK(tp)
    beqz t1, no_such_call
    rdtime t0
    sd t0, TASK_ENTERED(t2)
    addi a0, sp, 8*10           /* where a0..a5 are */
    jalr t1
    ld t2, HART_TASK(tp)        /* perhaps of another hart by now */
    rdtime t0
    ld t1, TASK_ENTERED(t2)
    ld t3, TASK_SYSTEM_TICKS(t2)
    sub t0, t0, t1
    add t3, t3, t0
    sd t3, TASK_SYSTEM_TICKS(t2)
    sd zero, TASK_ENTERED(t2)
    li t0, -EINTR
    beq a0, t0, interrupted
    sd a0, 8*10(sp)
    lw t0, TASK_WORK(t2)
    beqz t0, leave_fast
call_work:                      /* t2 = task */
    lbu t0, TASK_NEW_REGISTERS(t2)
    bnez t0, frame_is_whole     /* ours are of no interest any more */
only_work:
    callee_saved sd
    sd gp, 8*3(sp)
frame_is_whole:
    li a0, -1                   /* CAUSE_ONLY_WORK: do what is pending */
    sd a0, FRAME_CAUSE(sp)
    j go_to_c

interrupted:
    mv a0, sp
    call syscall_interrupted    /* the result, and how to start it again */
    ld t2, HART_TASK(tp)
    j call_work

no_such_call:
    mv a0, a7
    call syscall_missing
    sd a0, 8*10(sp)
    j leave_fast

not_a_fault:
    callee_saved sd
    sd gp, 8*3(sp)
    sd a0, FRAME_CAUSE(sp)
    sd a1, FRAME_VALUE(sp)
go_to_c:
    mv a0, sp
    call trap_user              /* interrupts, errors, signals ... */
    ld t0, HART_TASK(tp)
    lbu t1, TASK_NEW_REGISTERS(t0)
    beqz t1, leave_fast
leave_all:                      /* t0 = task */
    sb zero, TASK_NEW_REGISTERS(t0)
    callee_saved ld
    ld gp, 8*3(sp)
    j leave_fast

/* A new user task, and every task after exec: a0 = its frame. */
    .globl trap_return_user
trap_return_user:
    mv sp, a0
    call trap_first_return
    ld t0, HART_TASK(tp)
    j leave_all

/* ---- from the kernel itself ------------------------------------------------------------- */
from_kernel:
    csrrw tp, sscratch, tp      /* back: tp = hart, sscratch = 0 */
    addi sp, sp, -FRAME_SIZE
    few sd
    others sd
    addi t0, sp, FRAME_SIZE
    sd t0, 8*2(sp)
    sd gp, 8*3(sp)
    sd tp, 8*4(sp)
    callee_saved sd
    csrr t0, sepc
    csrr t1, sstatus
    csrr t2, scause
    csrr t3, stval
    sd t0, FRAME_PC(sp)
    sd t1, FRAME_STATUS(sp)
    sd t2, FRAME_CAUSE(sp)
    sd t3, FRAME_VALUE(sp)
    mv a0, sp
    call trap_kernel
    ld t0, FRAME_PC(sp)
    ld t1, FRAME_STATUS(sp)
    csrw sepc, t0
    csrw sstatus, t1
    few ld
    others ld
    addi sp, sp, FRAME_SIZE
    sret
