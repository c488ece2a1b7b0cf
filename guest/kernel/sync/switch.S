/* SPDX-License-Identifier: MIT */
/*
 * switch.S - where a new task begins, and the float registers.
 */
    .option arch, +d

    .text
/* A new task starts here, switched to by switch_stacks(): its function and argument are at sp. */
    .globl task_entry
    .type task_entry, @function
task_entry:
    ld a0, 0(sp)
    ld a1, 8(sp)
    addi sp, sp, 16
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
