/* SPDX-License-Identifier: MIT */
/*
 * task.h - the core of a thread: what locks, sleeping and switching need to know
 * of it.  proc/ builds processes on top; kernel threads are tasks without one.
 */
#ifndef SYNC_TASK_H
#define SYNC_TASK_H

#include "lib/list.h"
#include "sync/hart.h"
#include "sync/trapframe.h"

/* The numbers are those that the monitor knows (probe.h, process_state). */
enum task_state {
    TASK_UNUSED = 0,
    TASK_RUNNABLE = 1, /* on the run queue */
    TASK_RUNNING = 2,
    TASK_SLEEPING = 3,
    TASK_ZOMBIE = 4,
    TASK_STOPPED = 5 /* for display only: proc/ sets it on a stopped process */
};

/* Where a task goes on that is switched out; all else it has on its stack (sched.c). */
struct context {
    u64 sp, pc;
    u64 gp; /* the user's: the kernel does not use it */
};

#define KERNEL_STACK_SIZE 16384ul

struct credentials; /* fs/permission.h */
struct process;
struct mm;

struct task {
    /* trap/entry.S reads these four with one load before it returns to user mode. */
    bool signal_pending; /* a signal to deliver, or the task must die */
    bool need_resched;   /* its slice is over */
    bool new_registers;  /* the frame has other s0..s11 and gp than the hart: load them */
    bool mask_borrowed;  /* the signal mask is that of the system call only: give it back */
    u32 state;           /* enum task_state; sched lock */
    u64 entered;         /* since when (time CSR) it is in a system call, 0 = it is not */
    u64 system_ticks;    /* time it spent in system calls up to `entered` */
    bool interruptible;  /* while sleeping: a signal may wake it */
    bool is_kernel;      /* a kernel thread */
    struct context context;
    struct trapframe *frame; /* user registers; NULL for kernel threads */
    void *stack;             /* KERNEL_STACK_SIZE bytes */
    struct mm *mm;           /* NULL for kernel threads */

    u32 refs; /* scheduler 1 (until it has exited), proc/ 1 */
    union {   /* set by proc/ before sched_start() */
        struct {
            u32 tid, pid; /* pid = thread group */
        };
        u64 id; /* as probes carry it: pid << 32 | tid */
    };
    char name[16];
    struct process *process;       /* proc/'s */
    struct thread *thread;         /* proc/'s: what it keeps per thread */
    const struct credentials *ids; /* proc/'s: whose rights it has; NULL = the kernel's own */
    u32 *shown_state; /* proc/'s: where the monitor reads the state, or &task_state_not_shown */
    struct list thread_link; /* proc/'s: threads of the process */

    /* sched lock */
    struct list run_link;
    bool on_hart; /* some hart runs it: its context is not saved */
    u64 affinity; /* mask of hart indices */

    /* only the task itself (while running) */
    u64 ticks; /* time it ran up to `stamp` */
    u64 stamp; /* when it was switched in (time CSR) */
    u64 minor_faults, major_faults;
    u64 voluntary_switches, involuntary_switches;
    u8 oom_victim;      /* may use the reserve of frames; about to die */
    u64 fail_nth;       /* the allocation of a frame that is to fail; 0 = none (mm/failure.h) */
    struct fp_state fp; /* valid unless frame->status.FS is Dirty and it runs */
    u32 fp_hart;        /* index + 1 of the hart that last held its float registers */
};

extern u32 task_state_not_shown; /* written, never read */

/*
 * A new user task: zeroed, with kernel stack and a trapframe, whose registers are not set but for
 * the status; it will start by returning to user mode with the registers in task->frame.
 * => NULL if there is no memory.  refs = 1 for the caller.
 */
struct task *task_create_user(const char *name);
/* A kernel thread that runs function(argument) and ends when it returns. */
struct task *task_create_kernel(const char *name, void (*function)(void *), void *argument);

struct task *task_get(struct task *task);
void task_put(struct task *task); /* frees it with its stack at the last reference */

/* Copy the running task's user registers (float too) to a new task: for fork and clone. */
void task_copy_registers(struct task *child);

/* Make task->fp of the running task hold its live registers / load them after task->fp changed. */
void fp_save_current(void);
void fp_load_current(void);
/* Forget float state (exec). */
void fp_reset_current(void);

/* The time it has spent, in ticks of the time CSR. */
struct task_times {
    u64 user, system;
};
struct task_times task_times(const struct task *task);

/* The id that probes carry: pid << 32 | tid. */
static inline u64 task_id(const struct task *task)
{
    return task->id;
}

#endif
