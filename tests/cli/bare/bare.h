/* SPDX-License-Identifier: MIT */
/*
 * bare.h - macros of the bare M-mode test programs: print on the UART, end by the test finisher.
 * They also run on QEMU: qemu-system-riscv64 -M virt -bios none -nographic -kernel PROG.
 */
#define UART 0x10000000
#define FINISHER 0x100000
#define CLINT 0x2000000
#define MTIMECMP (CLINT + 0x4000)
#define MTIME (CLINT + 0xbff8)
#define PLIC 0x0c000000

/* Prints the string at `label`; uses t0..t2. */
.macro print label
    la t0, \label
    li t1, UART
1:  lbu t2, 0(t0)
    beqz t2, 2f
    sb t2, 0(t1)
    addi t0, t0, 1
    j 1b
2:
.endm

.macro finish code
    li t0, FINISHER
    li t1, (\code << 16) | 0x3333
    sw t1, 0(t0)
3:  j 3b
.endm

.macro pass
    li t0, FINISHER
    li t1, 0x5555
    sw t1, 0(t0)
3:  j 3b
.endm
