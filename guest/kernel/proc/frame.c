/* SPDX-License-Identifier: MIT */
/*
 * frame.c - the signal frame on the user stack, and the way back from a handler.
 *
 * Layout, from the new stack pointer up: siginfo, ucontext with integer and float
 * registers, exactly as Linux riscv64 has it, because C libraries and unwinders read
 * it.  riscv has no sa_restorer: the handler returns to a trampoline that the kernel
 * maps into every address space (TRAMPOLINE_ADDRESS).
 *
 * The stack is ordinary user memory: writing the frame may fault, be a copy-on-write
 * copy, grow the stack or read from swap; if it cannot be written the caller kills.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/syscall.h"
#include "abi/time.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/layout.h"
#include "mm/mmap.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/signal.h"

struct signal_frame {
    struct abi_siginfo info;
    struct abi_ucontext context;
};
_Static_assert(sizeof(struct signal_frame) == 1088, "rt_sigframe");

#define NS_PER_TICK (1000000000ull / USER_HZ)

/* li a7, __NR_rt_sigreturn; ecall.  Unwinders know the frame by these very words. */
static const u32 trampoline[] = {0x08b00893, 0x00000073};
_Static_assert(SYS_rt_sigreturn == 0x8b, "number in the trampoline");

void signal_trampoline_init(void)
{
    mm_set_trampoline(trampoline, sizeof trampoline);
}

void signal_info_to_abi(const struct signal_info *from, struct abi_siginfo *to)
{
    memset(to, 0, sizeof *to);
    to->signo = from->signo;
    to->code = from->code;
    if (from->signo == SIGCHLD && from->code > 0) {
        to->child.pid = from->pid;
        to->child.uid = from->uid;
        to->child.status = (i32)from->value;
        to->child.user_ticks = (i64)(from->user_ns / NS_PER_TICK);
        to->child.system_ticks = (i64)(from->system_ns / NS_PER_TICK);
        return;
    }
    if (from->code > 0 && from->code != SI_KERNEL) {
        to->fault.address = from->value;
        return;
    }
    to->sender.pid = from->pid;
    to->sender.uid = from->uid;
    to->sender.value = from->value;
}

static bool is_on_signal_stack(const struct abi_stack *stack, u64 sp)
{
    return !(stack->flags & SS_DISABLE) && sp > stack->base && sp - stack->base <= stack->size;
}

u32 signal_stack_state(const struct thread *thread, u64 sp)
{
    const struct abi_stack *stack = &thread->signal_stack;

    if (stack->flags & SS_DISABLE) {
        return SS_DISABLE;
    }
    return is_on_signal_stack(stack, sp) ? SS_ONSTACK : 0;
}

/* Where the frame goes; 0 if it does not fit on the alternative stack. */
static u64 place_frame(const struct thread *thread, u64 sp, u64 action_flags)
{
    const struct abi_stack *stack = &thread->signal_stack;
    bool already = is_on_signal_stack(stack, sp);
    u64 place;

    if ((action_flags & SA_ONSTACK) && !already && !(stack->flags & SS_DISABLE)) {
        sp = stack->base + stack->size;
        already = true;
    }
    if (sp < sizeof(struct signal_frame)) {
        return 0;
    }
    place = (sp - sizeof(struct signal_frame)) & ~15ull;
    if (already && place < stack->base) {
        return 0;
    }
    return place;
}

static void fill_context(struct abi_ucontext *context, const struct trapframe *frame, u64 mask)
{
    const struct thread *thread = current_thread();
    const struct fp_state *fp = &thread->task->fp;

    context->stack = thread->signal_stack;
    context->stack.flags = (i32)(signal_stack_state(thread, frame->regs[REG_SP]) |
                                 ((u32)thread->signal_stack.flags & SS_AUTODISARM));
    context->mask = mask;
    context->context.registers.pc = frame->pc;
    memcpy(context->context.registers.x, &frame->regs[1], sizeof context->context.registers.x);
    fp_save_current();
    memcpy(context->context.fp.f, fp->f, sizeof context->context.fp.f);
    context->context.fp.fcsr = (u32)fp->fcsr;
}

int signal_frame_build(struct trapframe *frame, u32 signo, const struct abi_siginfo *info,
                       const struct abi_sigaction *action, u64 mask)
{
    struct thread *thread = current_thread();
    u64 place = place_frame(thread, frame->regs[REG_SP], action->flags);
    struct signal_frame *image;
    int error;

    if (place == 0) {
        return -EFAULT;
    }
    image = kalloc(sizeof *image);
    if (!image) {
        return -ENOMEM;
    }
    image->info = *info;
    fill_context(&image->context, frame, mask);
    error = copy_to_user(place, image, sizeof *image);
    kfree(image);
    if (error) {
        return error;
    }
    if ((u32)thread->signal_stack.flags & SS_AUTODISARM) {
        thread->signal_stack.flags = SS_DISABLE;
    }
    frame->pc = action->handler;
    frame->regs[REG_RA] = TRAMPOLINE_ADDRESS;
    frame->regs[REG_SP] = place;
    frame->regs[REG_A0] = signo;
    frame->regs[REG_A1] = place + offsetof(struct signal_frame, info);
    frame->regs[REG_A2] = place + offsetof(struct signal_frame, context);
    return 0;
}

static void take_context(struct trapframe *frame, const struct abi_ucontext *context)
{
    struct thread *thread = current_thread();
    struct fp_state *fp = &thread->task->fp;

    frame->pc = context->context.registers.pc;
    memcpy(&frame->regs[1], context->context.registers.x, sizeof context->context.registers.x);
    thread->task->new_registers = true;
    memcpy(fp->f, context->context.fp.f, sizeof fp->f);
    fp->fcsr = context->context.fp.fcsr;
    fp_load_current();
    thread->signal_stack = context->stack;
    thread->signal_stack.flags &= ~SS_ONSTACK;
}

u64 signal_frame_return(struct trapframe *frame)
{
    struct thread *thread = current_thread();
    struct signal_frame *image = kalloc(sizeof *image);

    thread->interrupted = RESTART_NEVER;
    if (!image || copy_from_user(image, frame->regs[REG_SP], sizeof *image) != 0) {
        kfree(image);
        signal_fault(SIGSEGV, SI_KERNEL, 0);
        return frame->regs[REG_A0];
    }
    take_context(frame, &image->context);
    signal_set_mask(image->context.mask);
    kfree(image);
    return frame->regs[REG_A0];
}
