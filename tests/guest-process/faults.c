/* SPDX-License-Identifier: MIT */
/* faults.c - faults as signals: numbers, codes, addresses, and handlers that go on. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static siginfo_t seen;
static char *stack;
static volatile bool on_stack;

static void jump(int signal, siginfo_t *info, void *context)
{
    char here;

    (void)signal;
    (void)context;
    on_stack = stack && &here > stack && &here < stack + 65536;
    seen = *info;
    siglongjmp(back, 1);
}

static void catch (int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = jump, .sa_flags = SA_SIGINFO | flags};

    sigaction(signal, &action, NULL);
}

static void touch(volatile char *address, bool write)
{
    seen.si_signo = 0;
    if (sigsetjmp(back, 1) == 0) {
        if (write) {
            *address = 1;
        } else {
            (void)*address;
        }
    }
}

static bool saw(int signal, int code, const volatile char *address)
{
    return seen.si_signo == signal && seen.si_code == code && seen.si_addr == address;
}

static void codes_and_addresses(void)
{
    char *area = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char name[] = "/tmp/proctestXXXXXX";
    int fd = mkstemp(name);

    touch(nowhere, true);
    CHECK(saw(SIGSEGV, SEGV_MAPERR, nowhere));
    touch(area + 5, true);
    CHECK(saw(SIGSEGV, SEGV_ACCERR, area + 5));
    CHECK(mprotect(area, 4096, PROT_NONE) == 0);
    touch(area + 9, false);
    CHECK(saw(SIGSEGV, SEGV_ACCERR, area + 9));
    CHECK(munmap(area, 8192) == 0);
    touch(area + 4096, false);
    CHECK(saw(SIGSEGV, SEGV_MAPERR, area + 4096));

    CHECK(write(fd, "x", 1) == 1);
    area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(area != MAP_FAILED && area[0] == 'x' && area[1] == 0);
    touch(area + 4096, false);
    CHECK(saw(SIGBUS, BUS_ADRERR, area + 4096));
    munmap(area, 8192);
    close(fd);
    unlink(name);
}

#ifdef __riscv
static void skip(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;

    (void)signal;
    seen = *info;
    user->uc_mcontext.__gregs[10] = 77; /* a0 */
    user->uc_mcontext.__gregs[REG_PC] += 4;
}

/* The handler changes registers; sigreturn brings them back. */
static void handler_changes_registers(void)
{
    struct sigaction action = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO};
    register long result __asm__("a0") = 32;
    double keep = 1.25;

    sigaction(SIGSEGV, &action, NULL);
    __asm__ volatile(".option push\n.option norvc\nld a0, 0(a0)\n.option pop"
                     : "+r"(result)
                     :
                     : "memory");
    CHECK(result == 77);
    CHECK(keep == 1.25);
    catch (SIGSEGV, 0);
}
#else
static void handler_changes_registers(void)
{
}
#endif

static volatile int depth = 1 << 30;

static int __attribute__((noinline)) recurse(volatile char *above)
{
    volatile char page[4096];

    page[0] = above ? above[0] : 1;
    return depth-- > 0 ? recurse(page) + page[0] : 0;
}

static void overflow(void)
{
    (void)recurse(NULL);
}

/* A stack that overflows is caught on another one, more than once. */
static void alternative_stack(void)
{
    stack_t other = {.ss_size = 65536}, now;
    int status;

    stack = malloc(65536);
    other.ss_sp = stack;
    CHECK(sigaltstack(&other, NULL) == 0);
    catch (SIGSEGV, SA_ONSTACK);
    for (int i = 0; i < 2; i++) {
        on_stack = false;
        if (sigsetjmp(back, 1) == 0) {
            overflow();
        }
        CHECK(on_stack);
    }
    CHECK(sigaltstack(NULL, &now) == 0 && now.ss_sp == stack && now.ss_flags == 0);
    other.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&other, NULL) == 0);
    other.ss_flags = 0;
    other.ss_size = 100;
    FAILS(sigaltstack(&other, NULL), ENOMEM);
    status = in_child(overflow); /* the frame does not fit: dies although there is a handler */
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    free(stack);
    stack = NULL;
}

static void blocked_fault(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *(volatile char *)nowhere = 1;
}

static void ignored_fault(void)
{
    signal(SIGSEGV, SIG_IGN);
    *(volatile char *)nowhere = 1;
}

void test_faults(void)
{
    int status;

    catch (SIGSEGV, 0);
    catch (SIGBUS, 0);
    codes_and_addresses();
    handler_changes_registers();
    alternative_stack();
    catch (SIGSEGV, 0);
    status = in_child(blocked_fault);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = in_child(ignored_fault);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
}
