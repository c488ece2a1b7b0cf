/* SPDX-License-Identifier: MIT */
/* file-wait.c - the file page was being read by somebody else. */
#include "lab.h"

static volatile u8 *page;
static volatile int go;

static int load(void *arg)
{
    (void)arg;
    word_wait(&go, 0);
    return page[0] == pattern_byte(0, 1) ? 0 : 1;
}

void lab_run(void)
{
    int fd = file_make(PAGE);
    struct thread threads[2];

    SYS(fsync, fd);
    page = lab_need(sys_mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    for (size_t i = 0; i < 2; i++) {
        if (!thread_start(&threads[i], load, NULL))
            lab_skip("no threads");
    }
    sys_sleep_ms(5);
    if (!drop_caches())
        lab_note("the page cache cannot be dropped here");
    lab_begin("two threads read the same page of a file that is not in the cache");
    go = 1;
    word_wake(&go);
    for (size_t i = 0; i < 2; i++)
        thread_join(&threads[i]);
    LAB_END(LAB_ANY, LAB_SOME, {FAULT_FILE_READ, 1}, {FAULT_FILE_WAIT, LAB_ANY},
            {FAULT_RACED, LAB_ANY}, {FAULT_SPURIOUS, LAB_ANY}, {FAULT_ZERO_FILL, LAB_ANY},
            {FAULT_FILE_MAP, LAB_ANY});
    lab_check(page[0] == pattern_byte(0, 1), "both got the file's byte, read once");
}
