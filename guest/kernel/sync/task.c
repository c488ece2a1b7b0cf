/* SPDX-License-Identifier: MIT */
/*
 * task.c - making and freeing tasks, and their float registers.
 *
 * Kernel stack, from high to low: trapframe of the user registers, then frames of
 * kernel functions.  The float registers of a user stay in the hart while the
 * kernel works; they are saved at a switch if they were changed, and loaded at the
 * next switch back unless they are still there.  Who did not change them since it was
 * switched in gets FS = Off the next time, and its registers when it uses one: they
 * cost nothing to a program that does not need them now.
 */
#include "sync/task.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "sync/sched.h"
#include "sync/spin.h"

void task_entry(void); /* switch.S */

u32 task_state_not_shown;

/* Call of the first function of a new task. */
static void start_user(void *argument)
{
    sched_return_to_user(argument);
}

/*
 * With one hart the stack of the task that ended last is kept: whoever starts short programs one
 * after the other does not take a block of four frames from the pool each time.
 */
static void *kept_stack;

static void *stack_create(void)
{
    void *stack = kept_stack;

    kept_stack = NULL;
    return stack != NULL ? stack : kalloc_unzeroed(KERNEL_STACK_SIZE);
}

static void stack_free(void *stack)
{
    if (hart_count > 1 || kept_stack != NULL) {
        kfree(stack);
    } else {
        kept_stack = stack;
    }
}

static struct task *task_create(const char *name)
{
    struct task *task = kalloc(sizeof(*task));

    if (task == NULL) {
        return NULL;
    }
    task->stack = stack_create();
    if (task->stack == NULL) {
        kfree(task);
        return NULL;
    }
    string_copy(task->name, name, sizeof(task->name));
    task->refs = 1;
    task->affinity = ~0ull;
    list_init(&task->run_link);
    list_init(&task->thread_link);
    task->shown_state = &task_state_not_shown;
    return task;
}

/* Its first function and the argument lie at the bottom of its stack: see task_entry. */
static void begin_with(struct task *task, void *stack_end, void (*function)(void *), void *argument)
{
    u64 *sp = (u64 *)stack_end - 2;

    sp[0] = (u64)function;
    sp[1] = (u64)argument;
    task->context.sp = (u64)sp;
    task->context.pc = (u64)task_entry;
}

struct task *task_create_user(const char *name)
{
    struct task *task = task_create(name);

    if (task == NULL) {
        return NULL;
    }
    task->frame = (struct trapframe *)((u8 *)task->stack + KERNEL_STACK_SIZE) - 1;
    task->frame->status = SSTATUS_SPIE | SSTATUS_SUM | SSTATUS_FS_OFF;
    begin_with(task, task->frame, start_user, task->frame);
    return task;
}

struct task *task_create_kernel(const char *name, void (*function)(void *), void *argument)
{
    struct task *task = task_create(name);

    if (task == NULL) {
        return NULL;
    }
    task->is_kernel = true;
    begin_with(task, (u8 *)task->stack + KERNEL_STACK_SIZE, function, argument);
    return task;
}

struct task *task_get(struct task *task)
{
    atomic_add_u32(&task->refs, 1);
    return task;
}

void task_put(struct task *task)
{
    if (atomic_add_u32(&task->refs, (u32)-1) == 1) {
        stack_free(task->stack);
        kfree(task);
    }
}

struct task_times task_times(const struct task *task)
{
    u64 total = task->ticks, system = task->system_ticks;

    if (task->on_hart) {
        u64 now = read_time(), entered = task->entered;

        total += now - min_u64(now, task->stamp);
        system += entered == 0 ? 0 : now - min_u64(now, entered);
    }
    return (struct task_times){total - min_u64(total, system), system};
}

static u64 fp_status(const struct task *task)
{
    return task->frame->status & SSTATUS_FS;
}

static void set_fp_status(struct task *task, u64 status)
{
    task->frame->status = (task->frame->status & ~SSTATUS_FS) | status;
}

void fp_save_current(void)
{
    struct task *task = current();

    if (fp_status(task) == SSTATUS_FS_DIRTY) {
        fp_save(&task->fp);
        set_fp_status(task, SSTATUS_FS_CLEAN);
    }
}

void fp_load_current(void)
{
    struct task *task = current();

    fp_restore(&task->fp);
    set_fp_status(task, SSTATUS_FS_CLEAN);
    this_hart()->fp_owner = task;
    task->fp_hart = this_hart()->index + 1;
}

void fp_reset_current(void)
{
    struct task *task = current();

    memset(&task->fp, 0, sizeof(task->fp));
    set_fp_status(task, SSTATUS_FS_OFF);
    task->fp_hart = 0;
}

void task_copy_registers(struct task *child)
{
    struct task *parent = current();

    fp_save_current();
    *child->frame = *parent->frame;
    child->fp = parent->fp;
    child->fp_hart = 0;
}
