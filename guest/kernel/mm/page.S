/* SPDX-License-Identifier: MIT */
/*
 * page.S - zero or copy one page.
 *
 * With Zicboz a page is 64 blocks: one cbo.zero and one addi each.  Without it,
 * 512 stores, 32 to a round.  The routines that the quick faults use return through t0
 * and change few registers; the ordinary functions go through them.
 */
    .text
    .globl page_zero
    .type page_zero, @function
    .balign 16
page_zero:                      /* a0 = page */
    lla t1, page_blocks_of_64
    lbu t1, 0(t1)
    bnez t1, page_zero_and_return
    lui t1, 1
    add t1, a0, t1
    lla t0, zicboz_block
    ld t0, 0(t0)
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
page_zero_and_return:
    mv t0, ra

/* a0 = page, of 64 blocks.  => a0 is changed, nothing else. */
    .globl page_zero_blocks
    .type page_zero_blocks, @function
page_zero_blocks:
    .rept 63
    .insn i 0x0f, 2, x0, a0, 4
    addi a0, a0, 64
    .endr
    .insn i 0x0f, 2, x0, a0, 4
    jr t0

    .globl page_copy
    .type page_copy, @function
    .balign 16
page_copy:                      /* a0 = destination, a1 = source */
    mv t0, ra

/* The same.  => a0..a3, t1 and t2 are changed, nothing else. */
    .globl page_copy_words
    .type page_copy_words, @function
page_copy_words:
    lui a2, 1
    add a2, a0, a2
1:  .set at, 0
    .rept 42                    /* 126 words of 128, three at a time */
    ld a3, at(a1)
    ld t1, at+8(a1)
    ld t2, at+16(a1)
    sd a3, at(a0)
    sd t1, at+8(a0)
    sd t2, at+16(a0)
    .set at, at + 24
    .endr
    ld a3, at(a1)
    ld t1, at+8(a1)
    sd a3, at(a0)
    sd t1, at+8(a0)
    addi a0, a0, 1024
    addi a1, a1, 1024
    bltu a0, a2, 1b
    jr t0

    .globl page_use_zicboz
    .type page_use_zicboz, @function
page_use_zicboz:                /* a0 = block size, a divisor of 512; 0 = do not use */
    lla t0, zicboz_block
    sd a0, 0(t0)
    addi a0, a0, -64
    seqz a0, a0
    lla t0, page_blocks_of_64
    sb a0, 0(t0)
    ret

    .section .sbss, "aw", @nobits
    .balign 8
zicboz_block:
    .zero 8
    .globl page_blocks_of_64
page_blocks_of_64:
    .zero 1
