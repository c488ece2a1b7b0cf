/* SPDX-License-Identifier: MIT */
/*
 * signal.h - sending, keeping and delivering signals.
 *
 * A signal is sent to a thread or to a process; it is kept in a pending set until a
 * thread that does not block it passes the way out of the kernel, where signal_deliver
 * acts on it.  Standard signals (1..31) are kept once, with their first siginfo, in a
 * fixed slot, so that sending them never needs memory; real-time signals (32..64) queue.
 *
 * Everything here is guarded by process_lock (process.h).
 * Source: POSIX.1-2017 "Signal Concepts", Linux signal(7).
 */
#ifndef KERNEL_PROC_SIGNAL_H
#define KERNEL_PROC_SIGNAL_H

#include "abi/signal.h"
#include "lib/list.h"
#include "lib/types.h"

struct process;
struct thread;
struct trapframe;

/* siginfo in short form: enough for every signal the kernel sends. */
struct signal_info {
    i32 signo, code;
    i32 pid;
    u32 uid;
    u64 value; /* address of a fault, value of sigqueue, or status of a child */
    u64 user_ns, system_ns;
};

/* A real-time signal that waits. */
struct queued_signal {
    struct list link;
    struct signal_info info;
    bool is_kept;                   /* a part of something else: not freed when it is taken */
    struct signal_pending_set *set; /* of a kept one: where it waits */
};

struct signal_pending_set {
    u64 set;           /* bit number - 1 */
    struct list queue; /* real-time signals, in order of arrival */
    u32 queued;
    struct signal_info standard[SIGRTMIN]; /* index = signal number, 1..31; valid if in `set` */
};

struct signal_actions {
    u32 refs; /* CLONE_SIGHAND shares them */
    u64 set;  /* signals whose action was ever set, here or before fork(): bit number - 1 */
    struct abi_sigaction action[SIGNAL_COUNT + 1];
};

static inline u64 signal_bit(u32 number)
{
    return 1ull << (number - 1);
}

/* SIGKILL and SIGSTOP: can be neither blocked, caught nor ignored. */
#define SIGNALS_UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

void signal_pending_init(struct signal_pending_set *set);
void signal_pending_discard(struct signal_pending_set *set, u64 which);

struct signal_actions *signal_actions_create(const struct signal_actions *from);
void signal_actions_put(struct signal_actions *actions);

/*
 * Sends a signal.  Wakes whoever can take it.
 * => 0, or -EAGAIN when a real-time signal cannot be queued
 * => the _locked ones want process_lock held
 * => a process that has ended swallows it
 */
int signal_send_process(struct process *process, const struct signal_info *info);
int signal_send_process_locked(struct process *process, const struct signal_info *info);
int signal_send_thread_locked(struct thread *thread, const struct signal_info *info);
/* The same with a place in the queue that is kept by the caller, for timers; thread NULL: to the
 * process.  => false: nobody will be told (ignored, or the same signal of another is pending) */
bool signal_send_kept_locked(struct process *process, struct thread *thread,
                             const struct signal_info *info, struct queued_signal *place);
/* To a process (tid = 0) or to one of its threads; may allocate, so real-time signals
 * queue.  => as above, or -ESRCH */
int signal_send(struct process *process, u32 tid, const struct signal_info *info);
/* Something changed for all threads (exit, stop, continue): each looks again. */
void signal_wake_all_locked(struct process *process);
/* To every member of a process group; from the kernel (SI_KERNEL). => members reached */
u32 signal_send_group(u32 pgid, u32 signo);
u32 signal_send_group_locked(u32 pgid, const struct signal_info *info);

/*
 * The current thread did something that cannot be gone on with (a fault, an illegal
 * instruction).  The signal is forced: if blocked or ignored the process dies by it.
 * Takes effect in signal_deliver before the return to user mode.
 *   code  SEGV_MAPERR, BUS_ADRERR...      address  si_addr
 */
void signal_fault(int signo, int code, u64 address);

/*
 * Called by the trap code on every way back to user mode, with the frame that will be
 * restored.  Stops, kills, or arranges the frame so that a handler runs; puts right a
 * system call that a signal interrupted.
 * => no locks; may sleep; may not return (the process died)
 */
void signal_deliver(struct trapframe *frame);

/* Is there something for this thread that signal_deliver would act on?  process_lock. */
bool signal_wanted_locked(const struct thread *thread);

/* Recomputes task->signal_pending of the thread.  process_lock. */
void signal_refresh_locked(struct thread *thread);

/* Sets the mask of the current thread. */
void signal_set_mask(u64 mask);
/* Puts a mask in force until the call returns or a handler has run (sigsuspend, ppoll). */
void signal_set_temporary_mask(u64 mask);
/* The call is over: the old mask comes back in signal_deliver.  => mask_state is TEMPORARY */
void signal_end_temporary_mask(void);

/* Would the signal be thrown away by this process?  (SIG_IGN, or default ignore) */
bool signal_is_ignored_locked(const struct process *process, u32 signo);

/* frame.c: builds and takes down the frame on the user stack. */
int signal_frame_build(struct trapframe *frame, u32 signo, const struct abi_siginfo *info,
                       const struct abi_sigaction *action, u64 mask);
/* => value for a0: as it was when the signal came */
u64 signal_frame_return(struct trapframe *frame);
/* SS_ONSTACK, SS_DISABLE or 0, for a thread whose stack pointer is `sp`. */
u32 signal_stack_state(const struct thread *thread, u64 sp);
/* Hands mm/ the code that handlers return to.  => once, at boot */
void signal_trampoline_init(void);
void signal_info_to_abi(const struct signal_info *from, struct abi_siginfo *to);

#endif
