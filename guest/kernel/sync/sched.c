/* SPDX-License-Identifier: MIT */
/*
 * sched.c - one run queue for all harts, first in, first out.
 *
 * The queue's lock protects it and every task's state.  It is held across
 * switch_stacks() and released by the task that is switched to; so nobody can
 * put a task on the queue before its registers are saved.
 *
 *            sched_start             picked by a hart
 *   (new) ──────────────> RUNNABLE ─────────────────> RUNNING ──> ZOMBIE (sched_exit)
 *                            ^  ^                      │   │
 *                            │  └──── slice over ──────┘   │ sched_prepare_sleep
 *                            └── sched_wake ── SLEEPING <──┘ + sched_block
 *
 * Wake-ups do not preempt.  On each tick (10 ms) of a busy hart the running task
 * makes room if somebody waits; an idle hart has no tick.
 */
#include "sync/sched.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/sbi.h"
#include "lib/string.h"
#include "probe.h"
#include "sync/run_queue.h"
#include "sync/spin.h"
#include "sync/time.h"
#include "sync/timer.h"

#define IDLE_NAP_NS 10000

struct run_queue run_queue = {.lock = SPINLOCK("run queue"),
                              .tasks = {&run_queue.tasks, &run_queue.tasks}};
static struct task idle_tasks[MAX_HARTS];

void (*sched_return_to_user)(struct trapframe *frame);

void sched_init_hart(void)
{
    struct hart_local *hart = this_hart();
    struct task *idle = &idle_tasks[hart->index];

    string_copy(idle->name, "idle", sizeof(idle->name));
    idle->refs = 1;
    idle->is_kernel = true;
    idle->state = TASK_RUNNING;
    idle->on_hart = true;
    idle->stamp = read_time();
    idle->shown_state = &task_state_not_shown;
    list_init(&idle->run_link);
    hart->idle = idle;
    hart->task = idle;
    hart->slice_end = ~0ull;
}

rarely void run_queue_call_hart(const struct task *task)
{
    u64 choice = run_queue.idle_harts & task->affinity & ~this_hart()->bit;

    if (choice != 0) {
        u32 hart = (u32)__builtin_ctzll(choice);

        run_queue.idle_harts &= ~harts[hart].bit;
        sbi_send_ipi(1ull << harts[hart].id);
    }
}

/* => the next task for this hart, off the queue; NULL if there is none. */
static always_inline struct task *dequeue(struct hart_local *hart)
{
    list_for_each(link, &run_queue.tasks)
    {
        struct task *task = list_entry(link, struct task, run_link);

        if (likely((task->affinity & hart->bit) != 0)) {
            link->prev->next = link->next;
            link->next->prev = link->prev;
            return task;
        }
    }
    return NULL;
}

/* The outgoing task's time and float registers. */
static always_inline void leave(struct task *task, struct hart_local *hart, u64 now)
{
    task->on_hart = false;
    task->ticks += now - task->stamp;
    if (likely(task->entered != 0)) {
        task->system_ticks += now - task->entered;
    }
    if (task->frame == NULL || (task->frame->status & SSTATUS_FS) == SSTATUS_FS_OFF) {
        return;
    }
    if ((task->frame->status & SSTATUS_FS) == SSTATUS_FS_DIRTY) {
        fp_save(&task->fp);
        task->frame->status = (task->frame->status & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
        hart->fp_owner = task;
        task->fp_hart = hart->index + 1;
    } else { /* it did not need them this time: perhaps not the next time either */
        task->frame->status &= ~SSTATUS_FS;
    }
}

/* While it is idle a hart has no slices. */
static rarely void start_ticking(struct hart_local *hart)
{
    hart->slice_end = time_now_ns() + SLICE_NS;
    timer_program();
}

/* Its float registers, unless they are here still. */
static rarely void load_float(struct task *task, struct hart_local *hart)
{
    if (hart->fp_owner != task || task->fp_hart != hart->index + 1) {
        fp_restore(&task->fp);
        hart->fp_owner = task;
        task->fp_hart = hart->index + 1;
    }
}

static always_inline void enter(struct task *task, struct hart_local *hart, u64 now)
{
    set_state(task, TASK_RUNNING);
    task->on_hart = true;
    task->stamp = now;
    if (likely(task->entered != 0)) {
        task->entered = now;
    }
    hart->task = task;
    hart->kernel_stack = (u64)task->frame;
    hart->switches++;
    if (unlikely(hart->switched_from == hart->idle)) {
        start_ticking(hart);
    }
    if (task->mm != hart->mm) {
        mm_activate(task->mm);
    }
    if (task->frame != NULL && unlikely((task->frame->status & SSTATUS_FS) != SSTATUS_FS_OFF)) {
        load_float(task, hart);
    }
    PROBE_SHORT(SWITCH, task_id(task));
}

/*
 * Go on where another task is.  That stands for a call to the compiler in which every register may
 * change: what it needs afterwards is on the stack, and the stack is all that has to be kept.
 * Two registers are not the compiler's: tp belongs to the hart and stays; gp, which the kernel
 * does not use, is the user's own and goes with the task.
 */
static always_inline void switch_stacks(struct context *from_context, struct context *to_context)
{
    register struct context *from __asm__("a0") = from_context;
    register struct context *to __asm__("a1") = to_context;

    __asm__ volatile(
        "lla t0, 1f\n\t"
        "sd sp, %[sp](a0)\n\t"
        "sd t0, %[pc](a0)\n\t"
        "sd gp, %[gp](a0)\n\t"
        "ld t0, %[pc](a1)\n\t"
        "ld sp, %[sp](a1)\n\t"
        "ld gp, %[gp](a1)\n\t"
        "jr t0\n"
        "1:"
        : "+r"(from), "+r"(to)
        : [sp] "i"(offsetof(struct context, sp)), [pc] "i"(offsetof(struct context, pc)),
          [gp] "i"(offsetof(struct context, gp))
        : "memory", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2", "a3", "a4", "a5", "a6",
          "a7", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
}

/*
 * What the task that was switched to does first: release the lock, and bury the
 * task before it if that has ended.
 */
static always_inline void finish_switch(void)
{
    struct task *previous = this_hart()->switched_from;
    bool dead = previous->state == TASK_ZOMBIE;

    spin_unlock_quick(&run_queue.lock);
    if (unlikely(dead)) {
        task_put(previous);
    }
}

void run_queue_switch(void)
{
    struct hart_local *hart = this_hart();
    struct task *previous = hart->task;
    struct task *next = dequeue(hart);
    u64 now;

    kassert(hart->lock_depth == 0);
    next = next != NULL ? next : hart->idle;
    if (unlikely(next == previous)) {
        set_state(next, TASK_RUNNING);
        spin_unlock_quick(&run_queue.lock);
        return;
    }
    now = read_time();
    leave(previous, hart, now);
    hart->switched_from = previous;
    enter(next, hart, now);
    switch_stacks(&previous->context, &next->context);
    finish_switch();
}

/* First C code of every task (from task_entry in switch.S). */
void task_begin(void (*function)(void *), void *argument) __attribute__((noreturn));
void task_begin(void (*function)(void *), void *argument)
{
    finish_switch();
    function(argument);
    sched_exit();
}

void sched_start(struct task *task)
{
    task_get(task);
    spin_lock_quick(&run_queue.lock);
    run_queue_add(task);
    spin_unlock_quick(&run_queue.lock);
}

void sched_yield(void)
{
    struct task *task = current();

    spin_lock_quick(&run_queue.lock);
    task->need_resched = false;
    if (list_empty(&run_queue.tasks)) {
        spin_unlock_quick(&run_queue.lock);
        return;
    }
    task->involuntary_switches++;
    set_state(task, TASK_RUNNABLE);
    list_push_back(&run_queue.tasks, &task->run_link);
    run_queue_switch();
}

/* => the lock is held. */
static void wake(struct task *task)
{
    wake_silently(task);
    if (unlikely(run_queue.idle_harts != 0) && task->state == TASK_RUNNABLE) {
        run_queue_call_hart(task);
    }
}

void sched_wake(struct task *task)
{
    spin_lock_quick(&run_queue.lock);
    wake(task);
    spin_unlock_quick(&run_queue.lock);
}

void sched_wake_signal(struct task *task)
{
    spin_lock_quick(&run_queue.lock);
    if (task->state == TASK_SLEEPING && task->interruptible) {
        wake(task);
    } else if (task->state == TASK_RUNNING && task != current()) {
        for (u32 i = 0; i < hart_count; i++) { /* make it pass the way out of the kernel */
            if (harts[i].task == task) {
                sbi_send_ipi(1ull << harts[i].id);
            }
        }
    }
    spin_unlock_quick(&run_queue.lock);
}

void sched_prepare_sleep(bool interruptible)
{
    struct task *task = current();

    task->interruptible = interruptible;
    __atomic_store_n(&task->state, TASK_SLEEPING, __ATOMIC_SEQ_CST);
}

void sched_cancel_sleep(void)
{
    spin_lock_quick(&run_queue.lock);
    current()->state = TASK_RUNNING;
    spin_unlock_quick(&run_queue.lock);
}

void sched_block(void)
{
    struct task *task = current();

    spin_lock_quick(&run_queue.lock);
    if (task->state != TASK_SLEEPING || (task->interruptible && task->signal_pending)) {
        task->state = TASK_RUNNING;
        spin_unlock_quick(&run_queue.lock);
        return;
    }
    task->voluntary_switches++;
    set_state(task, TASK_SLEEPING);
    run_queue_switch();
}

void sched_exit(void)
{
    struct hart_local *hart;

    hart = this_hart();
    if (hart->fp_owner == hart->task) {
        hart->fp_owner = NULL;
    }
    if (hart->task->frame != NULL) {
        hart->task->frame->status &= ~SSTATUS_FS;
    }
    spin_lock_quick(&run_queue.lock);
    set_state(current(), TASK_ZOMBIE);
    run_queue_switch();
    panic("a task that ended runs again");
}

void sched_tick(u64 now_ns)
{
    struct hart_local *hart = this_hart();

    if (now_ns < hart->slice_end) {
        return;
    }
    if (hart->task == hart->idle) { /* the end of a slice whose task is gone */
        hart->slice_end = ~0ull;
        return;
    }
    hart->slice_end = now_ns + SLICE_NS;
    if (!list_empty(&run_queue.tasks)) { /* a look without the lock: the next tick comes */
        hart->task->need_resched = true;
    }
}

/*
 * An idle hart was called while the queue is held, perhaps by a hart that does not run just now (an
 * emulator gives them slices, a hypervisor too): it has nothing better to do than to come later.
 */
static bool lock_or_nap(void)
{
    if (__atomic_load_n(&run_queue.lock.held, __ATOMIC_RELAXED) != 0) {
        timer_program_nap(IDLE_NAP_NS);
        wait_for_interrupt();
        return false;
    }
    spin_lock_quick(&run_queue.lock);
    return true;
}

void sched_idle_loop(void)
{
    struct hart_local *hart = this_hart();

    for (;; interrupts_breathe()) { /* off until after wfi: no wake-up may slip in between */
        if (!lock_or_nap()) {
            continue;
        }
        hart->slice_end = ~0ull; /* nothing to do, no tick */
        if (!list_empty(&run_queue.tasks)) {
            run_queue.idle_harts &= ~hart->bit;
            run_queue_switch();
        } else {
            run_queue.idle_harts |= hart->bit;
            spin_unlock_quick(&run_queue.lock);
            timer_program();
            wait_for_interrupt(); /* also ends when an interrupt is pending but off */
        }
    }
}

u64 sched_runnable(void)
{
    u64 count = 0;

    spin_lock_quick(&run_queue.lock);
    list_for_each(link, &run_queue.tasks)
    {
        count++;
    }
    for (u32 i = 0; i < hart_count; i++) {
        count += harts[i].task != harts[i].idle;
    }
    spin_unlock_quick(&run_queue.lock);
    return count;
}

u64 sched_switches(void)
{
    u64 count = 0;

    for (u32 i = 0; i < hart_count; i++) {
        count += harts[i].switches;
    }
    return count;
}

u64 sched_idle_ns(void)
{
    u64 total = 0;

    for (u32 i = 0; i < hart_count; i++) {
        total += harts[i].idle == NULL ? 0 : time_ns_of(task_times(harts[i].idle).user);
    }
    return total;
}
