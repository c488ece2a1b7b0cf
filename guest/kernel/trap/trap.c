/* SPDX-License-Identifier: MIT */
/*
 * trap.c - what to do about a trap: page faults, interrupts, system calls and
 * programs' errors.
 *
 * Interrupts are off on entry and stay off (sync/spin.h).  Kernel code is never
 * preempted: what waits is taken on return to user mode, or by the idle task.
 */
#include "trap/trap.h"
#include "abi/signal.h"
#include "lib/assert.h"
#include "lib/printf.h"
#include "mm/failure.h"
#include "mm/fault.h"
#include "mm/frame.h"
#include "mm/layout.h"
#include "mm/uaccess.h"
#include "sync/irq.h"
#include "sync/sched.h"
#include "sync/spin.h"
#include "sync/timer.h"

/* entry.S knows these. */
_Static_assert(offsetof(struct hart_local, task) == 0, "HART_TASK");
_Static_assert(offsetof(struct hart_local, kernel_stack) == 8, "HART_STACK");
_Static_assert(offsetof(struct hart_local, scratch) == 16, "HART_SCRATCH");
_Static_assert(offsetof(struct task, signal_pending) == 0, "TASK_WORK");
_Static_assert(offsetof(struct task, need_resched) == 1, "TASK_WORK");
_Static_assert(offsetof(struct task, new_registers) == 2, "TASK_NEW_REGISTERS");
_Static_assert(offsetof(struct task, mask_borrowed) == 3, "TASK_WORK");
_Static_assert(offsetof(struct task, entered) == 8, "TASK_ENTERED");
_Static_assert(offsetof(struct task, system_ticks) == 16, "TASK_SYSTEM_TICKS");
_Static_assert(offsetof(struct trapframe, pc) == 256, "FRAME_PC");
_Static_assert(offsetof(struct trapframe, status) == 264, "FRAME_STATUS");
_Static_assert(offsetof(struct trapframe, cause) == 272, "FRAME_CAUSE");
_Static_assert(offsetof(struct trapframe, value) == 280, "FRAME_VALUE");
_Static_assert(sizeof(struct trapframe) == 304, "FRAME_SIZE");

#define CAUSE_ONLY_WORK (~0ull) /* a fault was handled; signals or others wait */

void trap_entry(void); /* entry.S */
void trap_return_user(struct trapframe *frame);
u64 trap_user_fault(u64 cause, u64 address); /* called from entry.S */
void trap_user(struct trapframe *frame);
void trap_first_return(struct trapframe *frame);
void trap_kernel(struct trapframe *frame);

static enum probe_access access_of(u64 cause)
{
    return cause == CAUSE_STORE_PAGE_FAULT   ? PROBE_ACCESS_WRITE
           : cause == CAUSE_FETCH_PAGE_FAULT ? PROBE_ACCESS_FETCH
                                             : PROBE_ACCESS_READ;
}

/* The long way: whatever mm_fault_quickly() leaves.  => as trap_user_fault(). */
static u64 fault_slowly(u64 cause, u64 address)
{
    struct fault_outcome out;

    if (mm_fault(current()->mm, address, access_of(cause), false, &out) == 0) {
        return 0;
    }
    if (out.signal != 0 && out.result != RESULT_OOM_KILL) {
        signal_fault(out.signal, out.code, out.address);
    }
    return 1;
}

/*
 * A page fault of user code that mm_fault_quickly() did not handle, perhaps only because something
 * was not at hand.  => 0: handled.  Otherwise a signal is pending.
 * Nothing here or below may depend on s0..s11 being in the frame.
 */
u64 trap_user_fault(u64 cause, u64 address)
{
    if (cause != CAUSE_FETCH_PAGE_FAULT && mm_fault_prepare(address) &&
        mm_fault_quickly(cause, address)) {
        return 0;
    }
    return fault_slowly(cause, address);
}

/* Timer, other harts, devices. */
static void interrupt(u64 cause)
{
    switch (cause) {
    case CAUSE_TIMER_INTERRUPT:
        timer_interrupt();
        break;
    case CAUSE_EXTERNAL_INTERRUPT:
        irq_dispatch();
        break;
    case CAUSE_SOFTWARE_INTERRUPT: /* a wake-up call; the way out does the rest */
        csr_clear(sip, INTERRUPT_SOFTWARE);
        failure_look();
        frame_bring_back();
        break;
    default:
        panic("unknown interrupt %#lx", cause);
    }
}

/* The first float instruction of a program, or the first since others ran: give it its registers.
 */
static bool enable_float(struct trapframe *frame)
{
    if ((frame->status & SSTATUS_FS) != SSTATUS_FS_OFF) {
        return false;
    }
    fp_load_current();
    return true;
}

static void program_error(struct trapframe *frame)
{
    switch (frame->cause) {
    case CAUSE_ILLEGAL_INSTRUCTION:
        if (!enable_float(frame)) {
            signal_fault(SIGILL, ILL_ILLOPC, frame->pc);
        }
        break;
    case CAUSE_BREAKPOINT:
        signal_fault(SIGTRAP, TRAP_BRKPT, frame->pc);
        break;
    case CAUSE_FETCH_MISALIGNED:
    case CAUSE_LOAD_MISALIGNED:
    case CAUSE_STORE_MISALIGNED:
        signal_fault(SIGBUS, BUS_ADRALN, frame->value);
        break;
    case CAUSE_FETCH_ACCESS:
    case CAUSE_LOAD_ACCESS:
    case CAUSE_STORE_ACCESS:
        signal_fault(SIGSEGV, SEGV_ACCERR, frame->value);
        break;
    default:
        signal_fault(SIGILL, ILL_ILLOPC, frame->pc);
        break;
    }
}

/* Signals and giving way, until there is nothing left to do. */
static void finish_user(struct trapframe *frame)
{
    struct task *task = current();

    if (unlikely(task->mask_borrowed)) {
        task->mask_borrowed = false;
        signal_end_temporary_mask();
    }
    while (task->signal_pending || task->need_resched) {
        if (task->need_resched) {
            sched_yield();
        }
        if (task->signal_pending) {
            task->new_registers = true;
            signal_deliver(frame);
        }
    }
}

/* All else from user mode, and what page faults and system calls left to do. */
void trap_user(struct trapframe *frame)
{
    u64 cause = frame->cause;

    if (unlikely((frame->status & SSTATUS_SPP) != 0)) { /* sscratch was not 0: see entry.S */
        panic("the quick page-fault path trapped: cause %lu, address %#lx, pc %#lx", cause,
              frame->value, frame->pc);
    }
    if (cause == CAUSE_ONLY_WORK) {
        ;
    } else if ((cause & CAUSE_INTERRUPT) != 0) {
        interrupt(cause);
    } else {
        program_error(frame);
    }
    finish_user(frame);
}

void trap_first_return(struct trapframe *frame)
{
    finish_user(frame);
}

/* A fault of the kernel itself at a user address: the same path as the user's own. */
static bool user_memory_fault(struct trapframe *frame)
{
    u64 fixup = uaccess_fixup(frame->pc);
    struct mm *mm = current()->mm;
    struct fault_outcome out;

    if (fixup == 0 || frame->value >= USER_END) {
        return false;
    }
    if (mm != NULL && uaccess_is_urgent(frame->pc)) {
        mm_fault_put_off(frame->value, access_of(frame->cause));
        frame->pc = fixup;
    } else if (mm == NULL || mm_fault(mm, frame->value, access_of(frame->cause), true, &out) != 0) {
        frame->pc = fixup;
    }
    return true;
}

const struct trapframe *trap_fatal;

void trap_kernel(struct trapframe *frame)
{
    u64 cause = frame->cause;

    if ((cause & CAUSE_INTERRUPT) != 0) {
        interrupt(cause);
        return;
    }
    if ((cause == CAUSE_LOAD_PAGE_FAULT || cause == CAUSE_STORE_PAGE_FAULT) &&
        user_memory_fault(frame)) {
        return;
    }
    if (uaccess_fixup(frame->pc) != 0) { /* a misaligned or impossible user address */
        frame->pc = uaccess_fixup(frame->pc);
        return;
    }
    trap_fatal = frame;
    panic("the kernel faulted: cause %lu, address %#lx, pc %#lx", cause, frame->value, frame->pc);
}

void trap_print(const struct trapframe *frame)
{
    static const char *const names[] = {"zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                        "s0",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                        "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                        "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

    log_error("pc %016lx status %016lx cause %lx value %016lx", frame->pc, frame->status,
              frame->cause, frame->value);
    for (unsigned i = 1; i + 1 < 32; i += 3) {
        log_error("%4s %016lx  %4s %016lx  %4s %016lx", names[i], frame->regs[i], names[i + 1],
                  frame->regs[i + 1], i + 2 < 32 ? names[i + 2] : "",
                  i + 2 < 32 ? frame->regs[i + 2] : 0);
    }
}

static void return_to_user(struct trapframe *frame)
{
    trap_return_user(frame);
}

void trap_init_hart(void)
{
    sched_return_to_user = return_to_user;
    csr_write(sscratch, 0);
    csr_write(stvec, (u64)trap_entry);
    csr_write(scounteren, 7); /* cycle, time, instret for user programs */
    csr_set(sstatus, SSTATUS_SUM);
    csr_set(sie, INTERRUPT_SOFTWARE | INTERRUPT_TIMER);
}
