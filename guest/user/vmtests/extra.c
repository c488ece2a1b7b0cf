/* SPDX-License-Identifier: MIT */
/*
 * extra.c - heap, instructions, and calls that change mappings.
 */
#include "vm.h"

int vm_brk_moves(void)
{
    u8 *start = sys_brk(NULL), *end;

    EXPECT(start != NULL);
    end = sys_brk(start + 8 * PAGE);
    EXPECT(end == start + 8 * PAGE);
    for (size_t i = 0; i < 8 * PAGE; i++)
        EXPECT(start[i] == 0);
    pattern_fill(start, 8 * PAGE, 1);
    EXPECT(sys_brk(start + 4 * PAGE + 100) == start + 4 * PAGE + 100);
    EXPECT(pattern_check(start, 4 * PAGE + 96, 1) == -1);
    EXPECT(sys_brk(start + 8 * PAGE) == start + 8 * PAGE);
    for (size_t i = 5 * PAGE; i < 8 * PAGE; i++)
        EXPECT(start[i - ((u64)start & (PAGE - 1))] == 0 || i < 6 * PAGE);
    EXPECT(sys_brk(start) == start);
    EXPECT(sys_brk(NULL) == start);
    return VM_OK;
}

int vm_brk_limits(void)
{
    u8 *start = sys_brk(NULL), *wall;

    EXPECT(sys_brk((u8 *)4096) == start);
    EXPECT(sys_brk((u8 *)~0ul) == start);
    /* an area in the way */
    wall = (u8 *)(((u64)start + 64 * PAGE) & ~(PAGE - 1));
    EXPECT(sys_mmap(wall, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == wall);
    EXPECT(sys_brk(wall + 2 * PAGE) == start);
    EXPECT(sys_brk(start + 16 * PAGE) == start + 16 * PAGE);
    EXPECT(sys_brk(start) == start);
    return VM_OK;
}

static int atomics_on(void *arg)
{
    u64 *word = arg;
    u64 old, failed;

    __asm__ volatile("amoadd.d %0, %2, (%1)" : "=r"(old) : "r"(word), "r"(5ul) : "memory");
    EXPECT(old == 10 && *word == 15);
    do {
        __asm__ volatile("lr.d %0, (%2)\n\t"
                         "addi %0, %0, 1\n\t"
                         "sc.d %1, %0, (%2)"
                         : "=&r"(old), "=&r"(failed)
                         : "r"(word + PAGE / 8)
                         : "memory");
    } while (failed != 0);
    EXPECT(word[PAGE / 8] == 11);
    return VM_OK;
}

int vm_atomic_ops(void)
{
    u8 *at = pages_private(4);
    u64 *word = (u64 *)(void *)at, old;

    EXPECT(at != NULL);
    /* on a page that is not there, then on one that maps the zero page */
    __asm__ volatile("amoadd.d %0, %2, (%1)" : "=r"(old) : "r"(word), "r"(10ul) : "memory");
    EXPECT(old == 0 && *word == 10);
    EXPECT(word[PAGE / 8] == 0);
    __asm__ volatile("amoswap.d %0, %2, (%1)"
                     : "=r"(old)
                     : "r"(word + PAGE / 8), "r"(10ul)
                     : "memory");
    EXPECT(old == 0 && word[PAGE / 8] == 10);
    /* LR is a load */
    __asm__ volatile("lr.d %0, (%1)" : "=r"(old) : "r"(word + 2 * PAGE / 8) : "memory");
    EXPECT(old == 0);
    EXPECT(child_run(atomics_on, word) == VM_OK);
    EXPECT(word[0] == 10 && word[PAGE / 8] == 10);
    /* AMO on a page without write rights is a store fault */
    EXPECT(sys_mprotect(at, PAGE, PROT_READ) == 0);
    EXPECT(try_store(at, 0) == SIGSEGV);
    return VM_OK;
}

int vm_misaligned(void)
{
    u8 *at = pages_private(3);
    volatile u64 *across;
    u64 value;

    EXPECT(at != NULL);
    across = (volatile u64 *)(void *)(at + PAGE - 3);
    at[0] = 1; /* the first page is there, the second is not */
    __asm__ volatile("sd %0, 0(%1)" : : "r"(0x1122334455667788ul), "r"(across) : "memory");
    __asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(across) : "memory");
    EXPECT(value == 0x1122334455667788ul);
    EXPECT(at[PAGE - 3] == 0x88 && at[PAGE] == 0x55 && at[PAGE + 4] == 0x11);
    /* the other way round: only the second is there */
    across = (volatile u64 *)(void *)(at + 2 * PAGE - 4);
    at[PAGE] = 2;
    __asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "r"(across) : "memory");
    EXPECT(value == 0);
    return VM_OK;
}

/* Code: addi a0, a0, N; ret */
static void put_code(u8 *at, u32 n)
{
    ((volatile u32 *)(void *)at)[0] = 0x00050513u | n << 20;
    ((volatile u32 *)(void *)at)[1] = 0x00008067u;
}

static void flush_code(u8 *at)
{
    SYS(riscv_flush_icache, at, at + 8, 0);
    __asm__ volatile("fence.i" ::: "memory");
}

int vm_fetch(void)
{
    u8 *at = pages_private(2);
    long (*function)(long);

    EXPECT(at != NULL);
    EXPECT_FAULT(try_call(at), at, SIGSEGV, SEGV_ACCERR);
    for (u32 round = 1; round < 6; round++) {
        EXPECT(sys_mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0);
        put_code(at, round);
        EXPECT(sys_mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0);
        flush_code(at);
        function = (long (*)(long))(void *)at;
        EXPECT(function(100) == 100 + (long)round);
    }
    /* an instruction of four bytes across two pages */
    EXPECT(sys_mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    *(volatile u16 *)(void *)(at + PAGE - 2) = 0x0513;
    *(volatile u16 *)(void *)(at + PAGE) = 0x0075;
    *(volatile u32 *)(void *)(at + PAGE + 2) = 0x00008067u;
    flush_code(at + PAGE - 2);
    function = (long (*)(long))(void *)(at + PAGE - 2);
    EXPECT(function(1) == 8);
    return VM_OK;
}

int vm_map_fixed(void)
{
    u8 *at = pages_private(4), *r;
    int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

    EXPECT(at != NULL);
    pages_write(at, 4, 3);
    EXPECT(sys_mmap(at + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, fixed, -1, 0) == at + PAGE);
    EXPECT(at[0] == 3 && at[PAGE] == 0 && at[2 * PAGE] == 0 && at[3 * PAGE] == 3);
    r = sys_mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    EXPECT((long)r == -EEXIST || under_user_emulation());
    EXPECT(at[0] == 3 || under_user_emulation());
    EXPECT((long)sys_mmap(at + 1, PAGE, PROT_READ, fixed, -1, 0) == -EINVAL);
    /* a hint that is taken is no reason to fail */
    r = sys_mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(!sys_failed(r) && r != at);
    return VM_OK;
}

int vm_map_errors(void)
{
    u8 *at = pages_private(1);
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

    EXPECT(at != NULL);
    EXPECT((long)sys_mmap(NULL, 0, PROT_READ, anonymous, -1, 0) == -EINVAL);
    EXPECT((long)sys_mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0) == -EINVAL);
    EXPECT((long)sys_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == -EBADF);
    EXPECT((long)sys_mmap(NULL, 1ul << 60, PROT_READ, anonymous, -1, 0) == -ENOMEM);
    EXPECT(sys_munmap(at + 1, PAGE) == -EINVAL);
    EXPECT(sys_munmap(at, 0) == -EINVAL);
    EXPECT(sys_mprotect(at + 1, PAGE, PROT_READ) == -EINVAL);
    EXPECT(SYS(madvise, at + 1, PAGE, MADV_DONTNEED) == -EINVAL);
    return VM_OK;
}

int vm_dontneed(void)
{
    u8 *at = pages_private(4), *file;
    int fd = file_make(2 * PAGE);

    EXPECT(at != NULL && fd >= 0);
    pages_write(at, 4, 5);
    EXPECT(SYS(madvise, at + PAGE, 2 * PAGE, MADV_DONTNEED) == 0);
    EXPECT(at[0] == 5 && at[PAGE] == 0 && at[2 * PAGE] == 0 && at[3 * PAGE] == 5);
    file = sys_mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(!sys_failed(file));
    pages_write(file, 2, 0x5d);
    EXPECT(SYS(madvise, file, 2 * PAGE, MADV_DONTNEED) == 0);
    EXPECT(pattern_check(file, 2 * PAGE, 1) == -1);
    return VM_OK;
}

int vm_mincore(void)
{
    u8 *at = pages_private(4), vector[4];

    EXPECT(at != NULL);
    EXPECT(SYS(mincore, at + 1, PAGE, vector) == -EINVAL);
    at[PAGE] = 1;
    EXPECT(SYS(mincore, at, 4 * PAGE, vector) == 0);
    EXPECT((vector[1] & 1) == 1);
    if (on_faultline() && vm_lazy("mmap")) {
        EXPECT((vector[0] & 1) == 0 && (vector[2] & 1) == 0);
        EXPECT(SYS(mincore, at, PAGE, 8) == -EFAULT);
    }
    return VM_OK;
}

int vm_mlock(void)
{
    u8 *at = pages_private(4), vector[4];

    EXPECT(at != NULL);
    if (SYS(mlock, at, 4 * PAGE) < 0)
        return vm_skip("mlock is not allowed here");
    EXPECT(SYS(mincore, at, 4 * PAGE, vector) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT((vector[i] & 1) == 1);
    if (on_faultline())
        EXPECT(SYS(madvise, at, PAGE, MADV_DONTNEED) == -EINVAL);
    EXPECT(SYS(munlock, at, 4 * PAGE) == 0);
    EXPECT(SYS(madvise, at, PAGE, MADV_DONTNEED) == 0);
    return VM_OK;
}

int vm_mremap(void)
{
    u8 *at = pages_private(8), *moved;

    EXPECT(at != NULL);
    pattern_fill(at, 8 * PAGE, 90);
    EXPECT((u8 *)SYS(mremap, at, 8 * PAGE, 4 * PAGE, 0, 0) == at);
    EXPECT(try_load(at + 4 * PAGE, NULL) == SIGSEGV);
    EXPECT(sys_mmap(at + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                    0) == at + 4 * PAGE);
    EXPECT(SYS(mremap, at, 4 * PAGE, 16 * PAGE, 0, 0) == -ENOMEM);
    moved = (u8 *)SYS(mremap, at, 4 * PAGE, 16 * PAGE, 1 /* MREMAP_MAYMOVE */, 0);
    EXPECT(!sys_failed(moved) && moved != at);
    EXPECT(pattern_check(moved, 4 * PAGE, 90) == -1);
    for (size_t i = 4 * PAGE; i < 16 * PAGE; i++)
        EXPECT(moved[i] == 0);
    EXPECT(try_load(at, NULL) == SIGSEGV);
    EXPECT(SYS(mremap, moved + 1, PAGE, PAGE, 0, 0) == -EINVAL);
    return VM_OK;
}

int vm_populate(void)
{
    static struct faults before;
    u8 vector[8];
    u8 *at = sys_mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    EXPECT(!sys_failed(at));
    EXPECT(SYS(mincore, at, 8 * PAGE, vector) == 0);
    vm_measure(&before);
    pages_write(at, 8, 1);
    EXPECT(faults_of(&before, FAULT_ZERO_FILL, 0) == 0);
    if (on_faultline()) {
        for (int i = 0; i < 8; i++)
            EXPECT((vector[i] & 1) == 1);
    }
    return VM_OK;
}
