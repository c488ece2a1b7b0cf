/* SPDX-License-Identifier: MIT */
/*
 * process.h - what the kernel keeps of a process and of each of its threads.
 *
 * A process is a group of threads with one set of resources.  Resources that clone(2)
 * can share between processes hang on counted objects: the address space (struct mm),
 * the open files (struct file_table), the current directory (struct fs_context), the
 * signal actions (struct signal_actions).
 *
 * One lock, process_lock, guards the whole graph: the process table, parents and
 * children, threads, process groups and sessions, pending signals, stop and exit
 * state.  It is held for short, bounded work and never across a sleep; every sleep of
 * wait4, sigsuspend and vfork gives it up while asleep.
 *
 * Life of a process: PROCESS_RUNNABLE -> (PROCESS_STOPPED <->) -> PROCESS_ZOMBIE when
 * its last thread ended -> freed when the parent has waited for it.  A process holds
 * one reference for being in the table; others are taken by process_find.
 */
#ifndef KERNEL_PROC_PROCESS_H
#define KERNEL_PROC_PROCESS_H

#include "fs/permission.h"
#include "fs/poll.h"
#include "abi/time.h"
#include "lib/list.h"
#include "lib/types.h"
#include "proc/signal.h"
#include "sync/spin.h"
#include "sync/task.h"
#include "sync/timer.h"
#include "sync/wait.h"

struct file;
struct file_table;
struct fs_context;
struct inode;
struct mm;
struct path_start;
struct probe_layout;
struct trapframe;
struct tty;

/* Values of process->state, known to the monitor (probe.h). */
enum process_state {
    PROCESS_UNUSED = 0,
    PROCESS_RUNNABLE = 1,
    PROCESS_RUNNING = 2,
    PROCESS_SLEEPING = 3,
    PROCESS_ZOMBIE = 4,
    PROCESS_STOPPED = 5
};

/* Accounting that wait4 hands to the parent.  Times in ns, maxrss in pages. */
struct usage {
    u64 user_ns, system_ns;
    u64 min_flt, maj_flt;
    u64 maxrss;
    u64 voluntary, involuntary; /* context switches */
};

struct interval_timer {
    u64 deadline; /* ns on the clock in question, 0 = off */
    u64 interval; /* ns, 0 = once */
};

struct process {
    /* Read by the monitor from RAM; process_fill_layout tells where they are. */
    struct process *next;  /* in process_list, newest first */
    struct process **link; /* what points here */
    u32 pid;
    u32 parent_pid;
    char name[16];   /* last part of the program's name, zero padded */
    u32 shown_state; /* enum process_state: of the first thread, or ZOMBIE, STOPPED */
    struct mm *mm;   /* NULL once exit has given it up */

    u32 state; /* RUNNABLE while it lives and is not stopped; process_lock */
    u32 refs;
    struct list hash_link; /* by pid */

    /* Guarded by process_lock. */
    struct process *parent;
    struct list children;    /* of process->sibling */
    struct list sibling;     /* in parent->children */
    struct list threads;     /* of thread->link */
    u32 live_threads;        /* threads that have not exited */
    u32 pgid, sid;           /* process group and session */
    struct tty *tty;         /* controlling terminal or NULL */
    bool has_execed;         /* setpgid by the parent is refused from then on */
    bool subreaper;          /* prctl(PR_SET_CHILD_SUBREAPER) */
    u32 exit_signal;         /* sent to the parent, 0 = none */
    u32 parent_death_signal; /* prctl(PR_SET_PDEATHSIG), 0 = none */

    /* Exit and stop, guarded by process_lock. */
    bool exiting;                 /* exit_group or a fatal signal: all threads must end */
    struct thread *execing;       /* the thread that waits to be alone, NULL = none */
    u32 exit_status;              /* wait status word, valid in a zombie */
    u32 stop_signal;              /* why stopped, 0 = not stopped */
    bool stop_reported;           /* wait has told the parent */
    bool continued;               /* SIGCONT not yet told to the parent */
    u32 parked_threads;           /* threads that sleep in stop_wait */
    struct wait_queue child_wait; /* the process sleeps here in wait4; exec for its threads */
    struct wait_queue stop_wait;  /* stopped threads sleep here */
    struct wait_queue vfork_wait; /* a vforking parent sleeps here on its child */
    bool vfork_borrowed;          /* mm is a waiting parent's; cleared by exec and exit */

    struct poll_source ended;   /* woken when it is a zombie (pidfd) */
    struct poll_source readers; /* signalfds of it that somebody waits on */
    struct signal_actions *actions;
    struct file_table *files;
    struct fs_context *fs;
    struct credentials ids;
    struct abi_rlimit limits[RLIMIT_COUNT];
    struct interval_timer timers[3]; /* ITIMER_* */
    u64 cpu_warning;                 /* CPU time of the next SIGXCPU, ns; 0: of the first */
    struct timer alarm, cpu_alarm;   /* for ITIMER_REAL and for the other two, see itimer.c */

    struct list posix_timers; /* see posix_timer.c */
    i32 posix_timer_next, posix_timer_count;

    struct usage dead_threads; /* of threads that have ended */
    struct usage children_usage;
    u64 start_ns;

    struct semaphore_undo *undo; /* SEM_UNDO: to be done at the end; semaphore_lock */

    bool no_new_privs;
    u32 personality; /* told again, see personality(2) */
    u32 barriers;    /* expedited ones that it has registered for, membarrier(2) */

    struct signal_pending_set pending; /* sent to the process as a whole; last: never zeroed */
};

/* What an interrupted system call does after the signal (column of sys/table.c). */
enum restart_kind {
    RESTART_NEVER,      /* -EINTR, whatever happens */
    RESTART_NO_HANDLER, /* again if no handler ran, else -EINTR */
    RESTART_BY_ACTION   /* again if no handler ran or it has SA_RESTART, else -EINTR */
};

/* The part of a thread that proc/ keeps; sync/task.h has the part that runs. */
#define TIMER_SLACK_DEFAULT 50000u

struct thread {
    struct task *task;
    struct process *process;
    struct list link;      /* in process->threads */
    struct list hash_link; /* by tid */
    u32 tid;
    u64 timer_slack; /* ns, as prctl(2) was told */
    i8 nice;         /* this and the next two: kept and told, see sys/schedule.c */
    u8 policy, realtime_priority;

    /* Guarded by process_lock; the owner may read its own masks without. */
    u64 mask;       /* blocked signals, bit number - 1 */
    u64 saved_mask; /* to be restored once a signal was delivered (sigsuspend, ppoll) */
    enum { MASK_PLAIN, MASK_TEMPORARY, MASK_RESTORE } mask_state; /* RESTORE: on the way out */
    u64 waiting_for; /* sigtimedwait: these wake it though blocked */
    bool parked;     /* counts in the group stop */

    /* Only touched by the thread itself. */
    bool fault_pending; /* a fault's signal, which cannot be blocked or ignored */
    struct signal_info fault;
    struct abi_stack signal_stack;
    u64 set_child_tid;   /* user address to write the tid to on first return, 0 = none */
    u64 clear_child_tid; /* user address, 0 = none */
    u64 robust_list;
    enum restart_kind interrupted; /* of the system call that is returning -EINTR */
    bool restart_armed;            /* a timed call is being restarted: */
    u64 restart_deadline;          /* its deadline, ns monotonic */

    struct signal_pending_set pending; /* under process_lock; last: never zeroed */
};

extern struct spinlock process_lock;
extern struct process *process_list; /* all processes, zombies included; process_lock */
extern struct process *process_init; /* pid 1 */

static inline struct thread *current_thread(void)
{
    return current()->thread;
}

static inline struct process *current_process(void)
{
    return current()->process;
}

/* Prepares the process table. => once, at boot, before any other call */
void process_table_init(void);

/*
 * Starts pid 1 running `path` with the NULL-terminated `argv` and `envp` (kernel strings)
 * and `root` as root and current directory.  Takes over the reference to root.
 * Descriptors 0, 1, 2 are /dev/console if that can be opened.
 * => called from the boot thread, which may sleep
 * => 0, or -errno when the program cannot be executed: the caller panics
 */
int process_start_init(struct inode *root, const char *path, const char *const argv[],
                       const char *const envp[]);

/* The process with this pid, with a reference (zombies included), or NULL. */
struct process *process_find(u32 pid);
void process_get(struct process *process);
void process_put(struct process *process);

/* Same, for the caller that holds process_lock; no reference is taken. */
struct process *process_find_locked(u32 pid);
struct thread *thread_find_locked(u32 tid);

/* process->state for the monitor follows the threads' where that is cheap.
 * Makes a process without threads, or NULL when memory is short.  => parent may be NULL */
struct process *process_create(struct process *parent);

/* Makes a thread of `process`; it does not run yet.  NULL when memory is short. */
struct thread *thread_create(struct process *process);
/* Undoes thread_create of a thread that never ran. */
void thread_discard(struct thread *thread);

/* Takes a free pid or tid; 0 when there is none.  They are never reused while in use. */
u32 pid_allocate(void);
bool pid_take(u32 pid); /* this very one.  => false: it is in use */
void pid_release(u32 pid);
u32 pid_maximum(void);
#define PID_LEAST_MAXIMUM 301u
/* What pid_maximum may be set to, and setting it; numbers in use stay. */
u32 pid_highest(void);
void pid_set_maximum(u32 limit);

/* Resource use of the whole process so far, threads that ended included. */
void process_usage(struct process *process, struct usage *out);
void usage_add(struct usage *to, const struct usage *from);

/* How many processes (zombies too) and threads exist. */
u32 process_count(void);

/* Tells the monitor where the fields are.  => fills the process_* members of the layout */
void process_fill_layout(struct probe_layout *layout);

/* Sets the name (at most 15 characters are kept). */
void process_set_name(struct process *process, const char *path);

/* fork.c */
struct clone_request {
    u64 flags; /* CLONE_*, exit signal not included */
    u32 exit_signal;
    u64 stack;                      /* 0 = same as the parent's */
    u64 tls, parent_tid, child_tid; /* user addresses */
    u64 pidfd;                      /* of the descriptor's number, with CLONE_PIDFD */
    u32 wanted_tid;                 /* 0 = any */
};
/* => tid of the child, or -errno: EINVAL EAGAIN ENOMEM */
i64 process_clone(const struct clone_request *request);

/* exec.c: replaces the program.  path is a kernel string, argv and envp are user addresses
 * of pointer arrays; flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW.
 * => 0: on return to user mode the new program starts; -errno: nothing has changed */
i64 process_exec(const struct path_start *start, const char *path, u32 flags, u64 argv, u64 envp);
/* exec.c: the program of pid 1, whose files and directory are set.  => 0 or -errno */
int process_first_program(struct process *process, struct thread **thread, const char *path,
                          const char *const argv[], const char *const envp[]);
/* load.c: RLIMIT_STACK, DATA, AS, MEMLOCK as the address space wants to know them. */
void mm_apply_limits(struct mm *mm, const struct process *process);

/* exit.c */
/* Ends the calling thread; the last one ends the process with `code`. */
void thread_exit(u32 code) __attribute__((noreturn));
/* Ends all threads; status is a wait status word (abi/wait.h). */
void process_exit(u32 status) __attribute__((noreturn));

/* wait.c: wait4 and waitid.  See the file for the arguments. */
struct wait_request {
    int id_type; /* P_* */
    u32 id;
    u32 options; /* W* */
};
struct wait_result {
    u32 pid, uid;
    u32 status; /* wait status word */
    struct usage usage;
};
/* => pid, 0 (WNOHANG: nothing yet), or -ECHILD, -EINTR */
i64 process_wait(const struct wait_request *request, struct wait_result *out);

/* Does a group have no member whose parent is in another group of the same session? */
bool group_is_orphaned_locked(u32 pgid, const struct process *ignoring);

#endif
