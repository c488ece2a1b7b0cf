/* SPDX-License-Identifier: MIT */
/*
 * entry.S - where every trap arrives, and the way back.
 *
 * sscratch tells where a trap came from: in user mode it holds the hart's block, in
 * the kernel it is zero.  Registers go to a struct trapframe: for a trap from user mode
 * the one at the top of the task's kernel stack (hart->kernel_stack points at it), for
 * one from the kernel a new one on the current stack.
 *
 * s0..s11 are saved but not loaded again: C code keeps them.  Only when the frame was
 * changed (exec, sigreturn, a new task) restore_all asks for them.
 * tp is never loaded on the way back to the kernel: a task that slept in a fault may go
 * on with another hart.
 */
#define FRAME_SIZE 304
#define FRAME_PC 256
#define FRAME_STATUS 264
#define FRAME_CAUSE 272
#define FRAME_VALUE 280
#define FRAME_RESTORE_ALL 296
#define HART_KERNEL_STACK 8
#define HART_SCRATCH 16

    .macro save_registers       /* all but sp and tp, into the frame at sp */
    sd ra, 8*1(sp)
    sd gp, 8*3(sp)
    sd t0, 8*5(sp)
    sd t1, 8*6(sp)
    sd t2, 8*7(sp)
    sd s0, 8*8(sp)
    sd s1, 8*9(sp)
    sd a0, 8*10(sp)
    sd a1, 8*11(sp)
    sd a2, 8*12(sp)
    sd a3, 8*13(sp)
    sd a4, 8*14(sp)
    sd a5, 8*15(sp)
    sd a6, 8*16(sp)
    sd a7, 8*17(sp)
    sd s2, 8*18(sp)
    sd s3, 8*19(sp)
    sd s4, 8*20(sp)
    sd s5, 8*21(sp)
    sd s6, 8*22(sp)
    sd s7, 8*23(sp)
    sd s8, 8*24(sp)
    sd s9, 8*25(sp)
    sd s10, 8*26(sp)
    sd s11, 8*27(sp)
    sd t3, 8*28(sp)
    sd t4, 8*29(sp)
    sd t5, 8*30(sp)
    sd t6, 8*31(sp)
    csrr t0, sepc
    csrr t1, sstatus
    csrr t2, scause
    csrr t3, stval
    sd t0, FRAME_PC(sp)
    sd t1, FRAME_STATUS(sp)
    sd t2, FRAME_CAUSE(sp)
    sd t3, FRAME_VALUE(sp)
    .endm

    .macro load_temporaries     /* what C does not keep, but sp and tp */
    ld t0, FRAME_PC(sp)
    ld t1, FRAME_STATUS(sp)
    csrw sepc, t0
    csrw sstatus, t1
    ld ra, 8*1(sp)
    ld gp, 8*3(sp)
    ld t0, 8*5(sp)
    ld t1, 8*6(sp)
    ld t2, 8*7(sp)
    ld a0, 8*10(sp)
    ld a1, 8*11(sp)
    ld a2, 8*12(sp)
    ld a3, 8*13(sp)
    ld a4, 8*14(sp)
    ld a5, 8*15(sp)
    ld a6, 8*16(sp)
    ld a7, 8*17(sp)
    ld t3, 8*28(sp)
    ld t4, 8*29(sp)
    ld t5, 8*30(sp)
    ld t6, 8*31(sp)
    .endm

    .text
    .balign 4                   /* stvec, direct mode */
    .globl trap_entry
    .type trap_entry, @function
trap_entry:
    csrrw tp, sscratch, tp
    beqz tp, from_kernel

    sd sp, HART_SCRATCH(tp)
    ld sp, HART_KERNEL_STACK(tp)
    save_registers
    ld t0, HART_SCRATCH(tp)
    csrrw t1, sscratch, zero
    sd t0, 8*2(sp)
    sd t1, 8*4(sp)
    mv a0, sp
    li s0, 0                    /* the end of the chain of frames */
    call trap_from_user
    ld s0, 8*8(sp)
    ld t0, FRAME_RESTORE_ALL(sp)
    bnez t0, load_saved
return_to_user:
    csrw sscratch, tp
    load_temporaries
    ld tp, 8*4(sp)
    ld sp, 8*2(sp)
    sret

load_saved:
    sd zero, FRAME_RESTORE_ALL(sp)
    ld s0, 8*8(sp)
    ld s1, 8*9(sp)
    ld s2, 8*18(sp)
    ld s3, 8*19(sp)
    ld s4, 8*20(sp)
    ld s5, 8*21(sp)
    ld s6, 8*22(sp)
    ld s7, 8*23(sp)
    ld s8, 8*24(sp)
    ld s9, 8*25(sp)
    ld s10, 8*26(sp)
    ld s11, 8*27(sp)
    j return_to_user

from_kernel:
    csrrw tp, sscratch, zero    /* tp as it was; sscratch says "kernel" again */
    addi sp, sp, -FRAME_SIZE
    save_registers
    addi t0, sp, FRAME_SIZE
    sd t0, 8*2(sp)
    sd tp, 8*4(sp)
    mv a0, sp
    call trap_from_kernel
    load_temporaries
    addi sp, sp, FRAME_SIZE
    sret

/* The first way to user mode of a new task: a0 = its frame, at the top of its stack; interrupts off. */
    .globl trap_enter_user
    .type trap_enter_user, @function
trap_enter_user:
    mv sp, a0
    j load_saved
