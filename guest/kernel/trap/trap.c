/* SPDX-License-Identifier: MIT */
/*
 * trap.c - what every trap means.
 *
 *   from user mode  ecall            -> the system call table
 *                   page fault       -> mm_fault; if it cannot be resolved a signal
 *                   illegal, other   -> a signal (the first float instruction turns FS on)
 *                   interrupt        -> its handler
 *     then, until nothing is left: give way to others, deliver signals.
 *   from the kernel page fault on a user address, at an instruction of uaccess.S
 *                                    -> mm_fault; if it cannot be resolved the fixup
 *                   interrupt        -> its handler; the kernel is not preempted
 *                   anything else    -> panic
 *
 * Interrupts are off on entry; they go on for system calls and faults.
 */
#include "trap/trap.h"

#include "abi/signal.h"
#include "lib/assert.h"
#include "lib/printf.h"
#include "lib/riscv.h"
#include "mm/fault.h"
#include "mm/layout.h"
#include "mm/uaccess.h"
#include "sync/hart.h"
#include "sync/irq.h"
#include "sync/sched.h"
#include "sync/timer.h"

_Static_assert(sizeof(struct trapframe) == 304, "FRAME_SIZE");
_Static_assert(offsetof(struct trapframe, pc) == 256, "FRAME_PC");
_Static_assert(offsetof(struct trapframe, restore_all) == 296, "FRAME_RESTORE_ALL");
_Static_assert(offsetof(struct hart_local, kernel_stack) == 8, "HART_KERNEL_STACK");
_Static_assert(offsetof(struct hart_local, scratch) == 16, "HART_SCRATCH");

#define ECALL_SIZE 4

void trap_entry(void);
void trap_from_user(struct trapframe *frame);
void trap_from_kernel(struct trapframe *frame);
_Noreturn void trap_enter_user(struct trapframe *frame);

static void interrupts_on(void)
{
    csr_set(sstatus, SSTATUS_SIE);
}

static void interrupts_off(void)
{
    csr_clear(sstatus, SSTATUS_SIE);
}

static void handle_interrupt(u64 cause)
{
    switch (cause) {
    case CAUSE_TIMER_INTERRUPT:
        timer_interrupt();
        break;
    case CAUSE_SOFTWARE_INTERRUPT: /* somebody wants this hart to look: see the way out */
        csr_clear(sip, INTERRUPT_SOFTWARE);
        break;
    case CAUSE_EXTERNAL_INTERRUPT:
        irq_dispatch();
        break;
    default:
        panic("interrupt %u is not known", (u32)cause);
    }
}

static bool is_page_fault(u64 cause)
{
    return cause == CAUSE_FETCH_PAGE_FAULT || cause == CAUSE_LOAD_PAGE_FAULT ||
           cause == CAUSE_STORE_PAGE_FAULT;
}

static enum probe_access access_of(u64 cause)
{
    if (cause == CAUSE_FETCH_PAGE_FAULT) {
        return PROBE_ACCESS_FETCH;
    }
    return cause == CAUSE_STORE_PAGE_FAULT ? PROBE_ACCESS_WRITE : PROBE_ACCESS_READ;
}

static void user_page_fault(const struct trapframe *frame)
{
    struct fault_outcome outcome = {0};

    if (frame->value >= USER_END) {
        signal_fault(SIGSEGV, SEGV_MAPERR, frame->value);
        return;
    }
    if (mm_fault(current()->mm, frame->value, access_of(frame->cause), false, &outcome) != 0 &&
        outcome.signal != 0) {
        signal_fault(outcome.signal, outcome.code, outcome.address);
    }
}

/* FS is off until the first float instruction; an illegal one with FS off is tried again with it. */
static void illegal_instruction(const struct trapframe *frame)
{
    if ((frame->status & SSTATUS_FS) == SSTATUS_FS_OFF) {
        fp_load_current();
    } else {
        signal_fault(SIGILL, ILL_ILLOPC, frame->pc);
    }
}

static void user_exception(struct trapframe *frame)
{
    switch (frame->cause) {
    case CAUSE_USER_ECALL:
        frame->pc += ECALL_SIZE;
        syscall_dispatch(frame);
        break;
    case CAUSE_FETCH_PAGE_FAULT:
    case CAUSE_LOAD_PAGE_FAULT:
    case CAUSE_STORE_PAGE_FAULT:
        user_page_fault(frame);
        break;
    case CAUSE_ILLEGAL_INSTRUCTION:
        illegal_instruction(frame);
        break;
    case CAUSE_BREAKPOINT:
        signal_fault(SIGTRAP, TRAP_BRKPT, frame->pc);
        break;
    case CAUSE_FETCH_MISALIGNED:
    case CAUSE_LOAD_MISALIGNED:
    case CAUSE_STORE_MISALIGNED:
        signal_fault(SIGBUS, BUS_ADRALN, frame->value);
        break;
    default:
        signal_fault(SIGBUS, BUS_ADRERR, frame->value);
        break;
    }
}

/* Interrupts are off on entry and exit. */
static void before_user_mode(struct trapframe *frame)
{
    struct task *task = current();

    while (unlikely(task->signal_pending || task->need_resched)) {
        interrupts_on();
        if (task->need_resched) {
            sched_yield();
        }
        if (task->signal_pending) {
            signal_deliver(frame);
        }
        interrupts_off();
    }
    sched_charge(false);
}

void trap_from_user(struct trapframe *frame)
{
    sched_charge(true);
    if (frame->cause & CAUSE_INTERRUPT) {
        handle_interrupt(frame->cause);
    } else {
        interrupts_on();
        user_exception(frame);
        interrupts_off();
    }
    before_user_mode(frame);
}

void trap_print(const struct trapframe *frame)
{
    static const char *const names[32] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2",
                                          "s0",   "s1", "a0", "a1", "a2",  "a3",  "a4", "a5",
                                          "a6",   "a7", "s2", "s3", "s4",  "s5",  "s6", "s7",
                                          "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

    log_error("scause %#lx stval %#lx sepc %#lx sstatus %#lx", frame->cause, frame->value,
              frame->pc, frame->status);
    for (u32 i = 1; i < 32; i += 3) {
        u32 second = i + 1 < 32 ? i + 1 : 0, third = i + 2 < 32 ? i + 2 : 0;

        log_error("%4s %016lx  %4s %016lx  %4s %016lx", names[i], frame->regs[i], names[second],
                  second ? frame->regs[second] : 0, names[third],
                  third ? frame->regs[third] : 0);
    }
}

static _Noreturn void kernel_exception(const struct trapframe *frame)
{
    trap_print(frame);
    panic("the kernel trapped: cause %lu, address %#lx, at %#lx", frame->cause, frame->value,
          frame->pc);
}

/* A fault at an instruction of uaccess.S.  With a spinlock held nothing may sleep: it fails. */
static void kernel_page_fault(struct trapframe *frame)
{
    struct fault_outcome outcome = {0};
    u64 fixup = uaccess_fixup(frame->pc);
    int error = -1;

    if (fixup == 0 || frame->value >= USER_END) {
        kernel_exception(frame);
    }
    if (this_hart()->lock_depth == 0 && current()->mm) {
        interrupts_on();
        error = mm_fault(current()->mm, frame->value, access_of(frame->cause), true, &outcome);
        interrupts_off();
    }
    if (error != 0) {
        frame->pc = fixup;
    }
}

void trap_from_kernel(struct trapframe *frame)
{
    if (frame->cause & CAUSE_INTERRUPT) {
        handle_interrupt(frame->cause);
    } else if (is_page_fault(frame->cause)) {
        kernel_page_fault(frame);
    } else {
        kernel_exception(frame);
    }
}

static void first_return(struct trapframe *frame)
{
    before_user_mode(frame);
    trap_enter_user(frame);
}

void trap_init_hart(void)
{
    sched_return_to_user = first_return;
    csr_write(sscratch, 0);
    csr_write(stvec, (u64)trap_entry);
    csr_set(sstatus, SSTATUS_SUM);
    csr_write(sie, INTERRUPT_SOFTWARE | INTERRUPT_TIMER | INTERRUPT_EXTERNAL);
    csr_write(scounteren, 7); /* cycle, time, instret are for everybody */
}
