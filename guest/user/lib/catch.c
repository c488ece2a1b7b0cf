/* SPDX-License-Identifier: MIT */
/*
 * catch.c - see catch.h.  The accesses themselves are in crt.S.
 */
#include "catch.h"
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

volatile struct fault_seen fault_seen;
bool (*fault_repair)(int signal, u64 address);

extern char try_begin[], try_end[], try_failed[], try_call_site[], try_call_failed[];
extern int try_load_raw(const volatile void *address, u8 *value);
extern int try_store_raw(volatile void *address, u8 value);
extern int try_call_raw(const void *address);

static u8 alternate_stack[16384] __attribute__((aligned(16)));

static void on_fault(int signal, siginfo_t *info, void *context)
{
    struct ucontext *u = context;
    u64 pc = u->uc_mcontext.sc_regs.pc;
    u8 here;

    fault_seen.signal = signal;
    fault_seen.code = info->si_code;
    fault_seen.address = (u64)info->si_addr;
    fault_seen.count++;
    fault_seen.on_alternate_stack =
        &here >= alternate_stack && &here < alternate_stack + sizeof alternate_stack;
    if (fault_repair != NULL && fault_repair(signal, (u64)info->si_addr))
        return;
    if (pc >= (u64)try_begin && pc < (u64)try_end) {
        u->uc_mcontext.sc_regs.pc = (u64)try_failed;
    } else if (u->uc_mcontext.sc_regs.ra == (u64)try_call_site) {
        u->uc_mcontext.sc_regs.pc = (u64)try_call_failed;
    } else {
        /* Not one of ours: the default action, on the same access. */
        struct sigaction action = {.sa_handler = SIG_DFL};

        SYS(rt_sigaction, signal, &action, 0, 8);
    }
}

void catch_faults(bool alternate)
{
    stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    struct sigaction action = {
        .sa_handler = (__sighandler_t)(void *)on_fault,
        .sa_flags = SA_SIGINFO | (alternate ? SA_ONSTACK : 0),
    };

    if (alternate)
        SYS(sigaltstack, &stack, 0);
    SYS(rt_sigaction, SIGSEGV, &action, 0, 8);
    SYS(rt_sigaction, SIGBUS, &action, 0, 8);
}

static int outcome(int failed)
{
    return failed != 0 ? fault_seen.signal : 0;
}

int try_load(const volatile void *address, u8 *value)
{
    u8 ignored;

    fault_seen.signal = 0;
    return outcome(try_load_raw(address, value != NULL ? value : &ignored));
}

int try_store(volatile void *address, u8 value)
{
    fault_seen.signal = 0;
    return outcome(try_store_raw(address, value));
}

int try_call(const void *address)
{
    fault_seen.signal = 0;
    return outcome(try_call_raw(address));
}
