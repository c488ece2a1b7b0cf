/* SPDX-License-Identifier: MIT */
/*
 * signal.h - signal numbers and layouts of the Linux riscv64 ABI.
 *
 * The signal frame that a handler finds on its stack is, from the stack pointer up:
 * struct abi_siginfo (128 bytes), struct abi_ucontext.  glibc and debuggers read it,
 * hence the static asserts.  Source: Linux UAPI, asm-generic/siginfo.h and
 * arch/riscv asm/ucontext.h, asm/sigcontext.h, asm/ptrace.h.
 */
#ifndef ABI_SIGNAL_H
#define ABI_SIGNAL_H

#include <stdint.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32
#define SIGNAL_COUNT 64 /* signals are 1..64; bit number - 1 in a set */

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SIG_DFL 0u
#define SIG_IGN 1u

#define SA_NOCLDSTOP 0x00000001u
#define SA_NOCLDWAIT 0x00000002u
#define SA_SIGINFO 0x00000004u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ 2048u

/* si_code: who sent it, then why by signal. */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define ILL_ILLOPC 1
#define ILL_PRVOPC 5
#define FPE_INTDIV 1
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3
#define BUS_MCEERR_AR 4
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

struct abi_siginfo {
    int32_t signo, error, code, pad;
    union {
        struct {
            int32_t pid;
            uint32_t uid;
            uint64_t value; /* sigqueue's */
        } sender;
        struct {
            int32_t pid;
            uint32_t uid;
            int32_t status;
            int32_t pad;
            int64_t user_ticks, system_ticks;
        } child;
        struct {
            int32_t id, overrun;
            uint64_t value;
        } timer;
        struct {
            uint64_t address;
        } fault;
        uint8_t bytes[112];
    };
};
_Static_assert(sizeof(struct abi_siginfo) == 128, "siginfo_t");

struct abi_sigaction {
    uint64_t handler;
    uint64_t flags;
    uint64_t mask; /* no restorer on riscv */
};

struct abi_stack {
    uint64_t base;
    int32_t flags;
    int32_t pad;
    uint64_t size;
};

/* pc, then x1..x31. */
struct abi_registers {
    uint64_t pc;
    uint64_t x[31];
};

/* The D layout; the union with the Q layout makes it 528 bytes, 16-aligned. */
struct abi_float_state {
    uint64_t f[32];
    uint32_t fcsr;
    uint8_t reserved[528 - 260];
} __attribute__((aligned(16)));

struct abi_sigcontext {
    struct abi_registers registers;
    struct abi_float_state fp;
};

struct abi_ucontext {
    uint64_t flags;
    uint64_t link;
    struct abi_stack stack;
    uint64_t mask;
    uint8_t unused[128 - 8];
    struct abi_sigcontext context __attribute__((aligned(16)));
};
_Static_assert(sizeof(struct abi_registers) == 256, "user_regs_struct");
_Static_assert(sizeof(struct abi_float_state) == 528, "__riscv_fp_state");
_Static_assert(__builtin_offsetof(struct abi_ucontext, mask) == 40, "uc_sigmask");
_Static_assert(__builtin_offsetof(struct abi_ucontext, context) == 176, "uc_mcontext");
_Static_assert(sizeof(struct abi_ucontext) == 960, "ucontext_t");

#endif
