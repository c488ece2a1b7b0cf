/* SPDX-License-Identifier: MIT */
/*
 * uaccess.S - loads and stores of user memory.
 *
 * Every instruction that may fault has a row in the exception table: when its fault
 * cannot be resolved, the kernel goes on at the second address.  Addresses are checked
 * by the callers (uaccess.c); alignment is not required.
 */
    .macro may_fault fixup, instruction:vararg
77:
    \instruction
    .pushsection .exception_table, "a"
    .balign 8
    .dword 77b, \fixup
    .popsection
    .endm

    .text
/*
 * size_t user_copy(void *to, const void *from, size_t size): either may be a user address.
 * => bytes not copied
 * Words where both sides are equally aligned, else bytes.  A fault among words falls back to
 * bytes, so that everything up to the bad byte is copied.
 */
    .globl user_copy
    .type user_copy, @function
user_copy:
    xor t0, a0, a1
    andi t0, t0, 7
    bnez t0, copy_bytes
copy_head:
    andi t0, a0, 7
    beqz t0, copy_blocks
    beqz a2, copy_done
    may_fault copy_done, lb t1, 0(a1)
    may_fault copy_done, sb t1, 0(a0)
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    j copy_head
copy_blocks:
    li t0, 64
    bltu a2, t0, copy_words
1:
    may_fault copy_bytes, ld a3, 0(a1)
    may_fault copy_bytes, ld a4, 8(a1)
    may_fault copy_bytes, ld a5, 16(a1)
    may_fault copy_bytes, ld a6, 24(a1)
    may_fault copy_bytes, ld t1, 32(a1)
    may_fault copy_bytes, ld t2, 40(a1)
    may_fault copy_bytes, ld t3, 48(a1)
    may_fault copy_bytes, ld t4, 56(a1)
    may_fault copy_bytes, sd a3, 0(a0)
    may_fault copy_bytes, sd a4, 8(a0)
    may_fault copy_bytes, sd a5, 16(a0)
    may_fault copy_bytes, sd a6, 24(a0)
    may_fault copy_bytes, sd t1, 32(a0)
    may_fault copy_bytes, sd t2, 40(a0)
    may_fault copy_bytes, sd t3, 48(a0)
    may_fault copy_bytes, sd t4, 56(a0)
    addi a0, a0, 64
    addi a1, a1, 64
    addi a2, a2, -64
    bgeu a2, t0, 1b
copy_words:
    li t0, 8
2:
    bltu a2, t0, copy_bytes
    may_fault copy_bytes, ld t1, 0(a1)
    may_fault copy_bytes, sd t1, 0(a0)
    addi a0, a0, 8
    addi a1, a1, 8
    addi a2, a2, -8
    j 2b
copy_bytes:
    beqz a2, copy_done
    may_fault copy_done, lb t1, 0(a1)
    may_fault copy_done, sb t1, 0(a0)
    addi a0, a0, 1
    addi a1, a1, 1
    addi a2, a2, -1
    j copy_bytes
copy_done:
    mv a0, a2
    ret

/*
 * bool user_copy_short(void *to, const void *from, size_t size): a few bytes, one by one, with
 * spinlocks held: a page that is not there is not waited for (trap.c).
 * => size > 0; true: all are copied
 */
    .globl user_copy_short
    .type user_copy_short, @function
user_copy_short:
    may_fault copy_short_fault, lb t1, 0(a1)
    may_fault copy_short_fault, sb t1, 0(a0)
    addi a2, a2, -1
    addi a1, a1, 1
    addi a0, a0, 1
    bnez a2, user_copy_short
    li a0, 1
    ret
copy_short_fault:
    li a0, 0
    ret
    .globl user_copy_short_end
user_copy_short_end:

/* size_t user_clear(void *to, size_t size)  => bytes not cleared */
    .globl user_clear
    .type user_clear, @function
user_clear:
    li t0, 8
1:
    beqz a1, clear_done
    andi t1, a0, 7
    bnez t1, 2f
    bltu a1, t0, 2f
    may_fault 2f, sd zero, 0(a0)
    addi a0, a0, 8
    addi a1, a1, -8
    j 1b
2:
    beqz a1, clear_done
    may_fault clear_done, sb zero, 0(a0)
    addi a0, a0, 1
    addi a1, a1, -1
    andi t1, a0, 7
    beqz t1, 1b
    j 2b
clear_done:
    mv a0, a1
    ret

/*
 * ssize_t user_string(char *to, const char *from, size_t size)
 * => length without the zero; `size` if there is no zero within it; -1 on a fault
 */
    .globl user_string
    .type user_string, @function
user_string:
    mv t0, a1
    add t2, a1, a2
1:
    beq a1, t2, 2f
    may_fault string_fault, lbu t1, 0(a1)
    sb t1, 0(a0)
    beqz t1, 2f
    addi a0, a0, 1
    addi a1, a1, 1
    j 1b
2:
    sub a0, a1, t0
    ret
string_fault:
    li a0, -1
    ret

/* int user_load_32(const u32 *from, u32 *to), user_load_64, user_store_32(u32 *to, u32 value),
 * user_store_64  => 0, -1 on a fault */
    .globl user_load_32
    .type user_load_32, @function
user_load_32:
    may_fault access_fault, lw t0, 0(a0)
    sw t0, 0(a1)
    li a0, 0
    ret

    .globl user_load_64
    .type user_load_64, @function
user_load_64:
    may_fault access_fault, ld t0, 0(a0)
    sd t0, 0(a1)
    li a0, 0
    ret

    .globl user_store_32
    .type user_store_32, @function
user_store_32:
    may_fault access_fault, sw a1, 0(a0)
    li a0, 0
    ret

    .globl user_store_64
    .type user_store_64, @function
user_store_64:
    may_fault access_fault, sd a1, 0(a0)
    li a0, 0
    ret

/* int user_compare_exchange_32(u32 *word, u32 *expected, u32 desired)  => 0, -1; *expected = old.
 * A fault in sc has lost the reservation: it is tried again from lr. */
    .globl user_compare_exchange_32
    .type user_compare_exchange_32, @function
user_compare_exchange_32:
    lw t0, 0(a1)
1:
    may_fault access_fault, lr.w.aqrl t1, (a0)
    bne t1, t0, 2f
    may_fault access_fault, sc.w.aqrl t2, a2, (a0)
    bnez t2, 1b
2:
    sw t1, 0(a1)
    li a0, 0
    ret

/* int user_fetch_add_32(u32 *word, u32 add, u32 *old) */
    .globl user_fetch_add_32
    .type user_fetch_add_32, @function
user_fetch_add_32:
    may_fault access_fault, amoadd.w.aqrl t0, a1, (a0)
    sw t0, 0(a2)
    li a0, 0
    ret

access_fault:
    li a0, -1
    ret
