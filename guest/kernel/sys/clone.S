/* SPDX-License-Identifier: MIT */
/*
 * clone.S - the child of clone(2) gets all registers of its parent, those too that an ordinary
 * system call leaves where they are (trap/entry.S).  So they are put into the frame, which is
 * at sp when a system call begins.
 */
    .macro with_all_registers name
    .globl \name
    .type \name, @function
\name:
    sd gp, 8*3(sp)
    sd s0, 8*8(sp)
    sd s1, 8*9(sp)
    .irp n,2,3,4,5,6,7,8,9,10,11
    sd s\n, 8*(16+\n)(sp)
    .endr
    tail \name\()_whole
    .endm

    .text
with_all_registers sys_clone
with_all_registers sys_clone3
