/* SPDX-License-Identifier: MIT */
/*
 * switch.S - change from one task's kernel stack to another's, and the float
 * registers.
 *
 * context_switch() is an ordinary call to the compiler: only callee-saved
 * registers have to survive.  tp stays: it belongs to the hart.  gp, which the kernel
 * does not use, is the user's own and goes with the task: a fault that slept returns
 * without loading it from the frame.
 */
    .option arch, +d

    .text
    .globl context_switch
    .type context_switch, @function
context_switch:                 /* a0 = from, a1 = to (struct context) */
    sd ra, 0(a0)
    sd sp, 8(a0)
    sd s0, 16(a0)
    sd s1, 24(a0)
    sd s2, 32(a0)
    sd s3, 40(a0)
    sd s4, 48(a0)
    sd s5, 56(a0)
    sd s6, 64(a0)
    sd s7, 72(a0)
    sd s8, 80(a0)
    sd s9, 88(a0)
    sd s10, 96(a0)
    sd s11, 104(a0)
    sd gp, 112(a0)
    ld ra, 0(a1)
    ld sp, 8(a1)
    ld s0, 16(a1)
    ld s1, 24(a1)
    ld s2, 32(a1)
    ld s3, 40(a1)
    ld s4, 48(a1)
    ld s5, 56(a1)
    ld s6, 64(a1)
    ld s7, 72(a1)
    ld s8, 80(a1)
    ld s9, 88(a1)
    ld s10, 96(a1)
    ld s11, 104(a1)
    ld gp, 112(a1)
    ret

/* A new task starts here, as if context_switch() returned: s0 = function, s1 = argument. */
    .globl task_entry
    .type task_entry, @function
task_entry:
    mv a0, s0
    mv a1, s1
    li s0, 0                    /* the end of the chain of frames */
    tail task_begin

    .globl fp_save
    .type fp_save, @function
fp_save:                        /* a0 = struct fp_state */
    li t0, 3 << 13              /* sstatus.FS: allow float instructions */
    csrs sstatus, t0
    .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd f\n, 8*\n(a0)
    .endr
    frcsr t0
    sw t0, 256(a0)
    ret

    .globl fp_restore
    .type fp_restore, @function
fp_restore:                     /* a0 = struct fp_state */
    li t0, 3 << 13
    csrs sstatus, t0
    .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld f\n, 8*\n(a0)
    .endr
    lw t0, 256(a0)
    fscsr t0
    ret
