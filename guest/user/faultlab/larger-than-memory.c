/* SPDX-License-Identifier: MIT */
/* larger-than-memory.c - a program larger than memory. */
#include "lab.h"

void lab_run(void)
{
    u64 memory = measure_total(), size = memory + memory / 2, pages = size / PAGE, wrong = 0;
    u8 *at;

    if (!on_faultline() || memory > (128ul << 20))
        lab_skip("only on a small machine of its own, such as -m 16M --swap 64M");
    if (measure_swap_free() < size)
        lab_skip("swap is too small");
    lab_note("memory %lu KiB, swap %lu KiB, the program's data %lu KiB", memory / 1024,
             measure_swap_free() / 1024, size / 1024);
    at = lab_need(pages_private(pages));
    lab_begin("wrote every page");
    for (u64 i = 0; i < pages; i++)
        pattern_fill(at + i * PAGE, PAGE, i);
    LAB_END(LAB_SOME, LAB_ANY, {FAULT_ZERO_FILL, pages}, {FAULT_FILE_READ, LAB_ANY},
            {FAULT_FILE_MAP, LAB_ANY}, {FAULT_SWAP_READ, LAB_ANY}, {FAULT_SWAP_MAP, LAB_ANY},
            {FAULT_ACCESS, LAB_ANY});
    lab_begin("read every page");
    for (u64 i = 0; i < pages; i++)
        wrong += pattern_check(at + i * PAGE, PAGE, i) != -1;
    LAB_END(LAB_ANY, LAB_SOME, {FAULT_SWAP_READ, LAB_SOME}, {FAULT_SWAP_MAP, LAB_ANY},
            {FAULT_FILE_READ, LAB_ANY}, {FAULT_FILE_MAP, LAB_ANY}, {FAULT_ACCESS, LAB_ANY});
    lab_check(wrong == 0, "every byte is right");
}
