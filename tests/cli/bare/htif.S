/* SPDX-License-Identifier: MIT */
/*
 * htif - console and exit by tohost: a character, a write, then exit with status 5 by two 32-bit
 * stores as riscv-tests do.
 */
    .section .text.start
    .globl _start
_start:
    csrr t0, mhartid
1:  bnez t0, 1b
    la s0, tohost
    la s1, fromhost
    li t0, 0x0101000000000000 | 'A'
    sd t0, 0(s0)
2:  ld t0, 0(s0)
    bnez t0, 2b
    sd zero, 0(s1)
    la t0, block
    sd t0, 0(s0)
3:  ld t0, 0(s1)
    beqz t0, 3b
    sd zero, 0(s1)
    la t0, block
    ld t1, 0(t0)
    li t2, 6
    bne t1, t2, wrong
    li t0, (5 << 1) | 1
    sw t0, 0(s0)
    sw zero, 4(s0)
4:  j 4b
wrong:
    li t0, (9 << 1) | 1
    sd t0, 0(s0)
5:  j 5b
    .section .rodata
text:
    .ascii "write\n"
    .data
    .balign 64
block:
    .dword 64, 1, text, 6
    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost, fromhost
tohost:
    .dword 0
    .balign 64
fromhost:
    .dword 0
