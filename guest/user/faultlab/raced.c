/* SPDX-License-Identifier: MIT */
/* raced.c - somebody else filled the PTE first. */
#include "lab.h"

enum { PAGES = 8, THREADS = 3 };

static u8 *pages;
static volatile int go;

static int store(void *arg)
{
    size_t number = (size_t)arg;

    word_wait(&go, 0);
    for (size_t i = 0; i < PAGES; i++)
        ((volatile u8 *)pages)[i * PAGE + number] = 1;
    return 0;
}

void lab_run(void)
{
    struct thread threads[THREADS];
    u64 sum = 0;

    pages = lab_need(pages_private(PAGES));
    for (size_t i = 0; i < THREADS; i++) {
        if (!thread_start(&threads[i], store, (void *)i))
            lab_skip("no threads");
    }
    lab_note("with one hart the threads rarely meet; with -smp 2 some faults end as raced");
    lab_begin("three threads stored to the same 8 fresh pages");
    go = 1;
    word_wake(&go);
    for (size_t i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    LAB_END(LAB_ANY, 0, {FAULT_ZERO_FILL, LAB_ANY}, {FAULT_RACED, LAB_ANY},
            {FAULT_SPURIOUS, LAB_ANY}, {FAULT_ACCESS, LAB_ANY}, {FAULT_COW_REUSE, LAB_ANY},
            {FAULT_COW_COPY, LAB_ANY});
    for (size_t i = 0; i < PAGES; i++) {
        for (size_t k = 0; k < THREADS; k++)
            sum += pages[i * PAGE + k];
    }
    lab_check(sum == PAGES * THREADS, "each page exists once and has all three bytes");
}
