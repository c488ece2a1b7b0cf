/* SPDX-License-Identifier: MIT */
/*
 * sched.c - one run queue for all harts, first in, first out.
 *
 * sched_lock protects the queue and every task's state.  It is held across
 * context_switch() and released by the task that is switched to; so nobody can
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
#include "sync/spin.h"
#include "sync/time.h"
#include "sync/timer.h"

struct spinlock sched_lock = SPINLOCK("sched");
static struct list run_queue = {&run_queue, &run_queue};
static u64 queued;     /* tasks on it */
static u64 idle_harts; /* mask of hart indices that wait for work */
static u64 switches;
static struct task idle_tasks[MAX_HARTS];

void (*sched_activate_mm)(struct mm *mm);
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
    list_init(&idle->run_link);
    hart->idle = idle;
    hart->task = idle;
    hart->slice_end = ~0ull;
}

/* Keep the monitor's copy of a state; a stopped process sleeps, but is shown as stopped. */
static void show_state(const struct task *task)
{
    if (task->shown_state != NULL && *task->shown_state != TASK_STOPPED) {
        *task->shown_state = task->state;
    }
}

/* => sched_lock is held. */
static void enqueue(struct task *task)
{
    u64 choice = idle_harts & task->affinity & ~(1ull << this_hart()->index);

    task->state = TASK_RUNNABLE;
    show_state(task);
    list_push_back(&run_queue, &task->run_link);
    queued++;
    if (unlikely(choice != 0)) {
        u32 hart = (u32)__builtin_ctzll(choice);

        idle_harts &= ~(1ull << hart);
        sbi_send_ipi(1ull << harts[hart].id);
    }
}

/* => the next task for this hart, off the queue; NULL if there is none. */
static struct task *dequeue(struct hart_local *hart)
{
    list_for_each(link, &run_queue)
    {
        struct task *task = list_entry(link, struct task, run_link);

        if (likely((task->affinity >> hart->index) & 1)) {
            list_remove(link);
            queued--;
            return task;
        }
    }
    return NULL;
}

/* The outgoing task's time and float registers. */
static void leave(struct task *task, struct hart_local *hart, u64 now)
{
    task->on_hart = false;
    task->ticks += now - task->stamp;
    if (task->entered != 0) {
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

static void enter(struct task *task, struct hart_local *hart, u64 now)
{
    task->state = TASK_RUNNING;
    task->on_hart = true;
    show_state(task);
    task->stamp = now;
    if (task->entered != 0) {
        task->entered = now;
    }
    hart->task = task;
    hart->kernel_stack = (u64)task->frame;
    if (unlikely(hart->slice_end == ~0ull) && task != hart->idle) { /* was idle: start ticking */
        hart->slice_end = time_now_ns() + SLICE_NS;
        timer_program();
    }
    if (task->mm != hart->mm) {
        sched_activate_mm(task->mm);
    }
    if (task->frame != NULL && (task->frame->status & SSTATUS_FS) != SSTATUS_FS_OFF &&
        (hart->fp_owner != task || task->fp_hart != hart->index + 1)) {
        fp_restore(&task->fp);
        hart->fp_owner = task;
        task->fp_hart = hart->index + 1;
    }
    PROBE(SWITCH, task_id(task));
}

/*
 * What the task that was switched to does first: release the lock, and bury the
 * task before it if that has ended.
 */
static void finish_switch(void)
{
    struct task *previous = this_hart()->switched_from;
    bool dead = previous->state == TASK_ZOMBIE;

    spin_unlock(&sched_lock);
    if (dead) {
        task_put(previous);
    }
}

/* Switch to the next task.  => sched_lock is held, and released when this returns. */
static void switch_away(void)
{
    struct hart_local *hart = this_hart();
    struct task *previous = hart->task;
    struct task *next = dequeue(hart);
    u64 now;

    kassert(hart->lock_depth == 1);
    next = next != NULL ? next : hart->idle;
    if (next == previous) {
        next->state = TASK_RUNNING;
        show_state(next);
        spin_unlock(&sched_lock);
        return;
    }
    switches++;
    now = read_time();
    leave(previous, hart, now);
    enter(next, hart, now);
    hart->switched_from = previous;
    context_switch(&previous->context, &next->context);
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
    spin_lock(&sched_lock);
    enqueue(task);
    spin_unlock(&sched_lock);
}

void sched_yield(void)
{
    struct task *task = current();

    spin_lock(&sched_lock);
    task->need_resched = false;
    if (queued == 0) {
        spin_unlock(&sched_lock);
        return;
    }
    task->involuntary_switches++;
    task->state = TASK_RUNNABLE;
    show_state(task);
    list_push_back(&run_queue, &task->run_link);
    queued++;
    switch_away();
}

void sched_wake_locked(struct task *task)
{
    if (task->state != TASK_SLEEPING) {
        return;
    }
    if (unlikely(task->on_hart)) { /* it has not got as far as sched_block() */
        task->state = TASK_RUNNING;
    } else {
        enqueue(task);
    }
}

void sched_wake(struct task *task)
{
    spin_lock(&sched_lock);
    sched_wake_locked(task);
    spin_unlock(&sched_lock);
}

void sched_wake_signal(struct task *task)
{
    spin_lock(&sched_lock);
    if (task->state == TASK_SLEEPING && task->interruptible) {
        sched_wake_locked(task);
    } else if (task->state == TASK_RUNNING && task != current()) {
        for (u32 i = 0; i < hart_count; i++) { /* make it pass the way out of the kernel */
            if (harts[i].task == task) {
                sbi_send_ipi(1ull << harts[i].id);
            }
        }
    }
    spin_unlock(&sched_lock);
}

void sched_prepare_sleep(bool interruptible)
{
    struct task *task = current();

    task->interruptible = interruptible;
    __atomic_store_n(&task->state, TASK_SLEEPING, __ATOMIC_SEQ_CST);
}

void sched_cancel_sleep(void)
{
    spin_lock(&sched_lock);
    current()->state = TASK_RUNNING;
    spin_unlock(&sched_lock);
}

void sched_sleep_locked(bool interruptible)
{
    struct task *task = current();

    if (unlikely(interruptible && task->signal_pending)) {
        spin_unlock(&sched_lock);
        return;
    }
    task->interruptible = interruptible;
    task->state = TASK_SLEEPING;
    task->voluntary_switches++;
    show_state(task);
    switch_away();
}

void sched_block(void)
{
    struct task *task = current();

    spin_lock(&sched_lock);
    if (task->state != TASK_SLEEPING || (task->interruptible && task->signal_pending)) {
        task->state = TASK_RUNNING;
        spin_unlock(&sched_lock);
        return;
    }
    task->voluntary_switches++;
    show_state(task);
    switch_away();
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
    spin_lock(&sched_lock);
    current()->state = TASK_ZOMBIE;
    show_state(current());
    switch_away();
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
    if (__atomic_load_n(&queued, __ATOMIC_RELAXED) > 0) {
        hart->task->need_resched = true;
    }
}

void sched_idle_loop(void)
{
    struct hart_local *hart = this_hart();

    for (;;) {
        spin_lock(&sched_lock);
        hart->slice_end = ~0ull; /* nothing to do, no tick */
        if (queued > 0) {
            idle_harts &= ~(1ull << hart->index);
            switch_away();
        } else {
            idle_harts |= 1ull << hart->index;
            spin_unlock(&sched_lock);
            timer_program();
            wait_for_interrupt(); /* also ends when an interrupt is pending but off */
        }
        interrupts_breathe(); /* off until after wfi: no wake-up may slip in between */
    }
}

u64 sched_runnable(void)
{
    u64 count = queued;

    for (u32 i = 0; i < hart_count; i++) {
        count += harts[i].task != harts[i].idle;
    }
    return count;
}

u64 sched_switches(void)
{
    return switches;
}

u64 sched_idle_ns(void)
{
    u64 total = 0;

    for (u32 i = 0; i < hart_count; i++) {
        total += harts[i].idle == NULL ? 0 : time_ns_of(task_times(harts[i].idle).user);
    }
    return total;
}
