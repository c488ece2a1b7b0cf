/* SPDX-License-Identifier: MIT */
/*
 * entry.S - the first instructions of a hart.
 *
 * The firmware enters at the physical load address with paging off, a0 = hart id,
 * a1 = device tree (first hart) or physical address of struct hart_start (the others,
 * through SBI HSM).  A first page table maps the gigabyte around the program counter
 * to itself and all physical memory at DIRECT; from there the kernel goes on in the
 * direct map.  mm_init_hart() replaces the table.
 */
#define DIRECT 0xffffffc000000000
#define STACK_SIZE 16384
#define PTE_KERNEL 0xef         /* V R W X G A D */
#define PTE_ITSELF 0xcf         /* the same, not global */

    .section .text.boot, "ax"
    .globl _start
_start:
    csrw sie, zero
    la t0, boot_arrivals
    li t1, 1
    amoadd.w t0, t1, (t0)
    bnez t0, came_later
    mv s0, a0
    mv s1, a1
    la t0, bss_start
    la t1, bss_end
1:
    sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b

    la t0, boot_root
    la t1, _start
    srli t1, t1, 30             /* the gigabyte that this code is in */
    slli t2, t1, 28
    ori t2, t2, PTE_ITSELF
    slli t1, t1, 3
    add t1, t0, t1
    sd t2, 0(t1)
    li t1, 256
    addi t2, t0, 2040
    addi t2, t2, 8
    li t3, PTE_KERNEL
    li t4, 1 << 28              /* one gigabyte further */
2:
    sd t3, 0(t2)
    add t3, t3, t4
    addi t2, t2, 8
    addi t1, t1, -1
    bnez t1, 2b

    jal t6, enter_direct_map
    la tp, harts
    la sp, boot_stack + STACK_SIZE
    mv a0, s0
    mv a1, s1
    li s0, 0
    call boot_main
3:
    wfi
    j 3b

/* Paging on, and t6 (return address) and gp moved to the direct map. */
enter_direct_map:
    la t0, boot_root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    sfence.vma
    csrw satp, t0
    sfence.vma
    li t1, DIRECT
    or t6, t6, t1
    jr t6

/*
 * Not the first one.  OpenSBI up to 1.1 marks a hart as to be started before it has noted
 * where: a hart that polls at that moment comes here instead of to boot_secondary.  Only one
 * is being started at a time, and boot_next is for it.
 */
came_later:
    la a1, boot_next
    ld t0, 0(a1)
    bnez t0, boot_secondary
5:
    wfi
    j 5b

    .globl boot_secondary
boot_secondary:
    csrw sie, zero
    mv s0, a0
    mv s1, a1
    jal t6, enter_direct_map
    li t1, DIRECT
    or s1, s1, t1
    ld tp, 0(s1)
    ld sp, 8(s1)
    li s0, 0
    call boot_secondary_main
4:
    wfi
    j 4b

    .data
    .balign 4
boot_arrivals:                  /* not in .bss, which the first hart clears */
    .word 0

    .bss
    .balign 4096
boot_root:
    .zero 4096
    .balign 16
boot_stack:
    .zero STACK_SIZE
