/* SPDX-License-Identifier: MIT */
/* program-file.c - when are a program's code and data loaded? */
#include "lab.h"

static volatile u8 table[2 * PAGE] __attribute__((section(".data_pages"))) = {1, 2, 3};

__attribute__((section(".text_pages"), aligned(4096), noinline)) static u64 far_function(u64 x)
{
    __asm__ volatile("");
    return x + 1;
}

void lab_run(void)
{
    u64 code = (u64)far_function & ~(PAGE - 1), result;

    lab_note("pages of the program file are given back first, as if never used");
    SYS(madvise, code, PAGE, MADV_DONTNEED);
    lab_begin("called a function in a page of its own: its first instruction faults");
    result = far_function(41);
    LAB_END(LAB_ANY, LAB_ANY, {FAULT_FILE_MAP, LAB_ANY}, {FAULT_FILE_READ, LAB_ANY});
    lab_check(result == 42, "it ran");
    SYS(madvise, table, 2 * PAGE, MADV_DONTNEED);
    lab_begin("read a page of initialised data");
    result = table[1];
    LAB_END(LAB_ANY, LAB_ANY, {FAULT_FILE_MAP, LAB_ANY}, {FAULT_FILE_READ, LAB_ANY});
    lab_check(result == 2, "the value is the program file's");
    lab_begin("wrote it");
    table[1] = 9;
    LAB_END(1, 0, {FAULT_COW_FILE, 1});
    lab_check(table[0] == 1 && table[1] == 9, "the page is the program's own copy now");
    SYS(madvise, table, PAGE, MADV_DONTNEED);
    lab_check(table[1] == 2, "given back, the file's value is there again");
}
