/* SPDX-License-Identifier: MIT */
/*
 * spin.S - from spin_lock_quick() to spin_wait_(): t1 = lock, t2 = what the exchange found,
 * t0 = where to go back to; every register but these three is kept.
 */
    .text
    .globl spin_wait_stub
    .type spin_wait_stub, @function
spin_wait_stub:
    addi sp, sp, -112
    sd ra, 0(sp)
    sd t0, 8(sp)
    .irp n,0,1,2,3,4,5,6,7
    sd a\n, 16+8*\n(sp)
    .endr
    .irp n,3,4,5,6
    sd t\n, 80+8*(\n-3)(sp)
    .endr
    mv a0, t1
    mv a1, t2
    call spin_wait_
    ld ra, 0(sp)
    ld t0, 8(sp)
    .irp n,0,1,2,3,4,5,6,7
    ld a\n, 16+8*\n(sp)
    .endr
    .irp n,3,4,5,6
    ld t\n, 80+8*(\n-3)(sp)
    .endr
    addi sp, sp, 112
    jr t0
