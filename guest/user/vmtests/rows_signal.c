/* SPDX-License-Identifier: MIT */
/*
 * rows_signal.c - the rows that end in a signal, and what handlers can do.
 */
#include "vm.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

int vm_segv_guard(void)
{
    u8 *at = pages_private(4);

    EXPECT(at != NULL);
    pages_write(at, 4, 1);
    if (under_user_emulation() || SYS(madvise, at + PAGE, PAGE, MADV_GUARD_INSTALL) < 0)
        return vm_skip("no guard markers here");
    EXPECT(try_load(at, NULL) == 0 && try_load(at + 2 * PAGE, NULL) == 0);
    EXPECT(try_load(at + PAGE + 3, NULL) == SIGSEGV);
    EXPECT(fault_seen.address == (u64)(at + PAGE + 3));
    EXPECT(try_store(at + PAGE, 1) == SIGSEGV);
    EXPECT(SYS(madvise, at + PAGE, PAGE, MADV_GUARD_REMOVE) == 0);
    EXPECT(try_load(at + PAGE, NULL) == 0 && at[PAGE] == 0);
    return VM_OK;
}

int vm_bus_poison(void)
{
    u8 *at = pages_private(3);

    if (!on_faultline())
        return vm_skip("it would take real memory away");
    EXPECT(at != NULL);
    pages_write(at, 3, 1);
    if (SYS(madvise, at + PAGE, PAGE, MADV_HWPOISON) < 0)
        return vm_skip("no poison here");
    EXPECT(try_load(at, NULL) == 0 && try_load(at + 2 * PAGE, NULL) == 0);
    EXPECT(try_load(at + PAGE, NULL) == SIGBUS);
    EXPECT(fault_seen.address == (u64)(at + PAGE));
    EXPECT(try_store(at + PAGE + 1, 1) == SIGBUS);
    return VM_OK;
}

int vm_segv_prot(void)
{
    u8 *at = pages_private(2);
    u64 code;

    EXPECT(at != NULL);
    pages_write(at, 2, 7);
    EXPECT_FAULT(try_call(at), at, SIGSEGV, SEGV_ACCERR);
    EXPECT(sys_mprotect(at, PAGE, PROT_READ) == 0);
    EXPECT(try_load(at, NULL) == 0);
    EXPECT_FAULT(try_store(at + 17, 1), at + 17, SIGSEGV, SEGV_ACCERR);
    EXPECT(sys_mprotect(at, PAGE, PROT_NONE) == 0);
    EXPECT_FAULT(try_load(at + 18, NULL), at + 18, SIGSEGV, SEGV_ACCERR);
    EXPECT_FAULT(try_store(at + 19, 1), at + 19, SIGSEGV, SEGV_ACCERR);
    EXPECT(at[PAGE] == 7);
    /* The program's own text is not writable, its data not executable. */
    code = (u64)vm_segv_prot & ~1ul;
    EXPECT_FAULT(try_store((void *)code, 0), code, SIGSEGV, SEGV_ACCERR);
    return VM_OK;
}

int vm_segv_map(void)
{
    u8 *at = pages_private(3);

    EXPECT(at != NULL);
    EXPECT(sys_munmap(at + PAGE, PAGE) == 0);
    EXPECT_FAULT(try_load(at + PAGE + 1, NULL), at + PAGE + 1, SIGSEGV, SEGV_MAPERR);
    EXPECT_FAULT(try_store(at + PAGE + 2, 0), at + PAGE + 2, SIGSEGV, SEGV_MAPERR);
    EXPECT_FAULT(try_call(at + PAGE), at + PAGE, SIGSEGV, SEGV_MAPERR);
    EXPECT(try_store(at, 1) == 0 && try_store(at + 2 * PAGE, 1) == 0);
    return VM_OK;
}

int vm_null_page(void)
{
    const u64 kernel = 0xffffffc000000000ull, hole = 1ull << 40;
    int signal;

    EXPECT_FAULT(try_load((void *)8, NULL), 8, SIGSEGV, SEGV_MAPERR);
    EXPECT_FAULT(try_store((void *)16, 1), 16, SIGSEGV, SEGV_MAPERR);
    if (under_user_emulation())
        return VM_OK; /* it does not have the kernel's half of the address space */
    signal = try_load((void *)kernel, NULL);
    EXPECT(signal == SIGSEGV && fault_seen.address == kernel);
    signal = try_store((void *)kernel, 1);
    EXPECT(signal == SIGSEGV);
    signal = try_load((void *)hole, NULL); /* not a Sv39 address */
    EXPECT(signal == SIGSEGV);
    return VM_OK;
}

static u8 *repair_page;

static bool make_writable(int signal, u64 address)
{
    return signal == SIGSEGV && address >= (u64)repair_page &&
           address < (u64)repair_page + 4 * PAGE &&
           sys_mprotect((void *)(address & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE) == 0;
}

int vm_handler_repair(void)
{
    u64 count;

    repair_page = pages_private(4);
    EXPECT(repair_page != NULL);
    EXPECT(sys_mprotect(repair_page, 4 * PAGE, PROT_NONE) == 0);
    fault_repair = make_writable;
    count = fault_seen.count;
    for (size_t i = 0; i < 4; i++)
        ((volatile u8 *)repair_page)[i * PAGE + i] = (u8)(i + 1);
    EXPECT(fault_seen.count - count == 4);
    for (size_t i = 0; i < 4; i++)
        EXPECT(repair_page[i * PAGE + i] == i + 1);
    return VM_OK;
}

/* ---- stack ---- */

static volatile u64 depth_reached;

__attribute__((noinline)) static u64 recurse(u64 depth)
{
    volatile u8 room[1024];

    room[0] = (u8)depth;
    room[1023] = (u8)depth;
    depth_reached = depth;
    return depth == 0 ? room[0] : recurse(depth - 1) + room[1023];
}

static void on_overflow(int signal, siginfo_t *info, void *context)
{
    (void)context;
    (void)info;
    sys_exit(signal == SIGSEGV ? 42 : 43);
}

static int overflow_stack(void *arg)
{
    /* A handler of its own: it ends the program instead of repairing. */
    struct sigaction action = {.sa_handler = (__sighandler_t)(void *)on_overflow,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};

    (void)arg;
    catch_faults(true);
    SYS(rt_sigaction, SIGSEGV, &action, 0, 8);
    recurse(1ul << 20); /* 1 GiB: more than any limit */
    return VM_FAILED;
}

int vm_alternate_stack(void)
{
    EXPECT(child_run(overflow_stack, NULL) == 42);
    return VM_OK;
}

/* getrlimit, then the stack down to 2 MiB, which is within the usual 8 MiB. */
int vm_corner_27(void)
{
    u64 limit[2] = {0, 0};

    EXPECT(SYS(prlimit64, 0, 3, 0, limit) == 0);
    EXPECT(limit[0] >= (1ul << 20));
    recurse(600);
    EXPECT(depth_reached == 0);
    if (under_user_emulation())
        return VM_OK; /* it does not follow the limit */
    limit[0] = 256 * 1024;
    EXPECT(SYS(prlimit64, 0, 3, limit, 0) == 0);
    recurse(100);
    EXPECT(child_run(overflow_stack, NULL) == 42);
    return VM_OK;
}

static volatile int signals_seen;

static void count_signal(int signal)
{
    (void)signal;
    signals_seen++;
}

static int take_signal(void *arg)
{
    volatile u8 *stack_page = arg;

    /* Below our frame the stack is shared with the parent until now. */
    EXPECT(sys_kill(sys_getpid(), SIGUSR1) == 0);
    EXPECT(signals_seen == 1);
    EXPECT(stack_page[0] == 0x77);
    return VM_OK;
}

int vm_signal_on_cow(void)
{
    struct sigaction action = {.sa_handler = count_signal};
    u8 marker[64];

    memset(marker, 0x77, sizeof marker);
    EXPECT(SYS(rt_sigaction, SIGUSR1, &action, 0, 8) == 0);
    EXPECT(child_run(take_signal, marker) == VM_OK);
    EXPECT(signals_seen == 0 && marker[63] == 0x77);
    EXPECT(sys_kill(sys_getpid(), SIGUSR1) == 0);
    EXPECT(signals_seen == 1);
    return VM_OK;
}
