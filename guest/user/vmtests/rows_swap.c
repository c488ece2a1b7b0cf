/* SPDX-License-Identifier: MIT */
/*
 * rows_swap.c - the rows of shared memory and of swap.
 *
 * MADV_PAGEOUT moves pages out at once; where it does not (no swap, or a kernel
 * that only takes it as a hint) the checks of swap are skipped.
 */
#include "vm.h"

enum { PAGES = 16 };

int vm_shm_fill(void)
{
    static struct faults before;
    u8 *at = pages_shared(PAGES);

    EXPECT(at != NULL);
    vm_measure(&before);
    EXPECT(pages_read(at, PAGES / 2) == 0);
    pages_write(at + PAGES / 2 * PAGE, PAGES / 2, 4);
    if (vm_lazy("mmap"))
        EXPECT(faults_of(&before, FAULT_SHM_FILL, PAGES) == PAGES);
    pages_write(at, PAGES / 2, 4);
    EXPECT(pages_read(at, PAGES) == 4 * PAGES);
    return VM_OK;
}

static int store_shared(void *arg)
{
    static struct faults before;
    u8 *at = arg;

    vm_measure(&before);
    EXPECT(pages_read(at, PAGES) == 3 * PAGES);
    pattern_fill(at, PAGES * PAGE, 12);
    return VM_OK;
}

int vm_shm_map(void)
{
    u8 *at = pages_shared(PAGES);

    EXPECT(at != NULL);
    pages_write(at, PAGES, 3);
    EXPECT(child_run(store_shared, at) == VM_OK);
    EXPECT(pattern_check(at, PAGES * PAGE, 12) == -1);
    return VM_OK;
}

static int check_shared(void *arg)
{
    EXPECT(pattern_check(arg, PAGES * PAGE, 13) == -1);
    pattern_fill(arg, PAGES * PAGE, 14);
    return VM_OK;
}

int vm_shm_swapin(void)
{
    static struct faults before;
    u8 *at = pages_shared(PAGES);

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 13);
    if (!page_out(at, PAGES * PAGE))
        return vm_skip("pages cannot be moved out here");
    vm_measure(&before);
    EXPECT(at[0] == pattern_byte(0, 13));
    EXPECT(faults_of(&before, FAULT_SHM_SWAPIN, 1) >= 1);
    EXPECT(child_run(check_shared, at) == VM_OK);
    EXPECT(pattern_check(at, PAGES * PAGE, 14) == -1);
    return VM_OK;
}

/*
 * One page read back brings its neighbours into the swap cache: those are mapped
 * without waiting for the disk.
 */
int vm_swap_map(void)
{
    static struct faults before;
    u8 *at = pages_private(PAGES);

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 20);
    if (!page_out(at, PAGES * PAGE))
        return vm_skip("pages cannot be moved out here");
    vm_measure(&before);
    EXPECT(pattern_check(at, PAGES * PAGE, 20) == -1);
    EXPECT(faults_of(&before, FAULT_SWAP_MAP, PAGES) + faults_of(&before, FAULT_SWAP_READ, 0) <=
           PAGES);
    EXPECT(faults_of(&before, FAULT_SWAP_READ, 1) >= 1);
    return VM_OK;
}

int vm_swap_read(void)
{
    static struct faults before;
    u8 *at = pages_private(PAGES);

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 21);
    for (u64 round = 21; round < 24; round++) {
        if (!page_out(at, PAGES * PAGE))
            return vm_skip("pages cannot be moved out here");
        vm_measure(&before);
        EXPECT(pattern_check(at, PAGES * PAGE, round) == -1);
        EXPECT(faults_of(&before, FAULT_SWAP_READ, 1) >= 1);
        pattern_fill(at, PAGES * PAGE, round + 1);
    }
    /* Read only: the second eviction finds a clean copy in swap. */
    EXPECT(page_out(at, PAGES * PAGE));
    EXPECT(pattern_check(at, PAGES * PAGE, 24) == -1);
    EXPECT(page_out(at, PAGES * PAGE));
    EXPECT(pattern_check(at, PAGES * PAGE, 24) == -1);
    return VM_OK;
}

static int store_over_swap(void *arg)
{
    u8 *at = arg;

    for (size_t i = 0; i < PAGES; i++)
        at[i * PAGE + 9] ^= 0xff;
    for (size_t i = 0; i < PAGES; i++)
        at[i * PAGE + 9] ^= 0xff;
    EXPECT(pattern_check(at, PAGES * PAGE, 30) == -1);
    pattern_fill(at, PAGES * PAGE, 31);
    return VM_OK;
}

int vm_swap_cow(void)
{
    u8 *at = pages_private(PAGES);
    int pid;

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 30);
    if (!page_out(at, PAGES * PAGE))
        return vm_skip("pages cannot be moved out here");
    pid = child_start(store_over_swap, at);
    EXPECT(child_wait(pid) == VM_OK);
    EXPECT(pattern_check(at, PAGES * PAGE, 30) == -1);
    return VM_OK;
}

/* Takes all there is; its own end must come by SIGKILL. */
static int take_everything(void *arg)
{
    u64 size = *(u64 *)arg;
    u8 *at = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (sys_failed(at))
        return 77;
    for (u64 i = 0; i < size; i += PAGE)
        at[i] = 1;
    return 78;
}

int vm_oom(void)
{
    u8 *mine = pages_private(4);
    u64 size = measure_total() + measure_swap_free() + (64ul << 20);
    int status;

    if (!on_faultline() || measure_total() > (256ul << 20))
        return vm_skip("only on a small machine of its own");
    EXPECT(mine != NULL);
    pattern_fill(mine, 4 * PAGE, 90);
    status = child_run(take_everything, &size);
    if (status == 77)
        return vm_skip("the kernel refuses to promise so much");
    EXPECT(status == 128 + SIGKILL);
    EXPECT(pattern_check(mine, 4 * PAGE, 90) == -1);
    return VM_OK;
}

/*
 * More than a 16 MiB machine has: the pages go to swap and come back.  The second
 * pass changes every page again in another order.
 */
int vm_pattern(void)
{
    const u64 size = 48ul << 20, pages = size / PAGE;
    u8 *at = pages_private(pages);

    if (measure_total() + measure_swap_free() < size + (8ul << 20))
        return vm_skip("memory and swap together are too small");
    EXPECT(at != NULL);
    for (u64 i = 0; i < pages; i++)
        pattern_fill(at + i * PAGE, PAGE, i);
    for (u64 i = 0; i < pages; i++)
        EXPECT(pattern_check(at + i * PAGE, PAGE, i) == -1);
    for (u64 i = 0; i < pages; i++) {
        u64 k = (i * 7919) % pages;

        EXPECT(at[k * PAGE + 100] == pattern_byte(100, k));
        at[k * PAGE + 100] ^= 0x5a;
    }
    for (u64 i = 0; i < pages; i++) {
        EXPECT((at[i * PAGE + 100] ^ 0x5a) == pattern_byte(100, i));
        at[i * PAGE + 100] ^= 0x5a;
        EXPECT(pattern_check(at + i * PAGE, PAGE, i) == -1);
    }
    return VM_OK;
}
