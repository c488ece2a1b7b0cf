/* SPDX-License-Identifier: MIT */
/*
 * page.S - zero or copy one page.
 *
 * With Zicboz a page is 64 blocks: one cbo.zero and one addi each.  Without it,
 * 512 stores, 32 to a round.
 */
    .text
    .globl page_zero
    .type page_zero, @function
    .balign 16
page_zero:                      /* a0 = page */
    lla t0, zicboz_block
    ld t0, 0(t0)
    li t1, 4096
    add t1, a0, t1
    beqz t0, 2f
1:  .rept 8
    .insn i 0x0f, 2, x0, a0, 4  /* cbo.zero (a0) */
    add a0, a0, t0
    .endr
    bltu a0, t1, 1b
    ret
2:  .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd zero, 8*\n(a0)
    .endr
    addi a0, a0, 256
    bltu a0, t1, 2b
    ret

    .globl page_copy
    .type page_copy, @function
    .balign 16
page_copy:                      /* a0 = destination, a1 = source */
    li t6, 4096
    add t6, a0, t6
1:  .irp n,0,8,16,24
    ld t0, 8*\n(a1)
    ld t1, 8*\n+8(a1)
    ld t2, 8*\n+16(a1)
    ld t3, 8*\n+24(a1)
    ld t4, 8*\n+32(a1)
    ld t5, 8*\n+40(a1)
    ld a2, 8*\n+48(a1)
    ld a3, 8*\n+56(a1)
    sd t0, 8*\n(a0)
    sd t1, 8*\n+8(a0)
    sd t2, 8*\n+16(a0)
    sd t3, 8*\n+24(a0)
    sd t4, 8*\n+32(a0)
    sd t5, 8*\n+40(a0)
    sd a2, 8*\n+48(a0)
    sd a3, 8*\n+56(a0)
    .endr
    addi a0, a0, 256
    addi a1, a1, 256
    bltu a0, t6, 1b
    ret

    .globl page_use_zicboz
    .type page_use_zicboz, @function
page_use_zicboz:                /* a0 = block size, a divisor of 512; 0 = do not use */
    lla t0, zicboz_block
    sd a0, 0(t0)
    ret

    .section .sbss, "aw", @nobits
    .balign 8
zicboz_block:
    .zero 8
