/* SPDX-License-Identifier: MIT */
/*
 * main.c - vmtests [-l] [-v] [NAME...]: self-checks of a kernel's memory.
 *
 * One line for each check: `vmtest NAME: ok`, `FAILED (why)` or `skipped (why)`.
 * Exit status 0 when none failed.  They hold on any riscv64 Linux; counts of fault
 * kinds, frames and leaks are checked where the kernel is Faultline's.
 */
#include "vm.h"

struct test {
    const char *name;
    int (*run)(void);
    const char *text;
};

static const struct test tests[] = {
#define VMTEST(function, test_name, test_text) {test_name, vm_##function, test_text},
#include "vmtests.def"
#undef VMTEST
};
enum { TEST_COUNT = sizeof tests / sizeof tests[0], TIME_LIMIT_S = 120, LEAK_ROUNDS = 4 };

char vm_program[256] = "/bin/vmtests";

/* Where a check says why: a pipe that the driver reads. */
static int reason_fd = 2;

int vm_failed(const char *file, int line, const char *what)
{
    say_to(reason_fd, "%s:%d: %s", file, line, what);
    return VM_FAILED;
}

int vm_skip(const char *why)
{
    say_to(reason_fd, "%s", why);
    return VM_SKIPPED;
}

static struct faults now;

void vm_measure(struct faults *out)
{
    measure_faults(&now);
    measure_faults(out);
    measure_faults(out);
}

u64 faults_of(const struct faults *before, unsigned kind, u64 otherwise)
{
    measure_faults(&now);
    return now.exact ? now.kind[kind] - before->kind[kind] : otherwise;
}

bool vm_lazy(const char *technique)
{
    return !kernel_option("vm.eager=", technique);
}

bool vm_each_page_faults(void)
{
    return vm_lazy("mmap") && !kernel_option("vm.fault_ahead=", "on");
}

struct outcome {
    int status; /* exit status, or 128 + signal */
    char why[256];
};

static void run_once(const struct test *test, struct outcome *out)
{
    /* interval and value, seconds and microseconds */
    static const i64 limit[4] = {0, 0, TIME_LIMIT_S, 0};
    size_t used = 0;
    int fds[2], pid;
    long n;

    out->why[0] = '\0';
    out->status = VM_FAILED;
    if (sys_pipe(fds) < 0)
        return;
    pid = sys_fork();
    if (pid == 0) {
        int status;

        sys_close(fds[0]);
        reason_fd = fds[1];
        SYS(setpgid, 0, 0);
        SYS(setitimer, 0, limit, 0);
        touch_program();
        catch_faults(false);
        status = test->run();
        file_remove();
        sys_exit(status);
    }
    sys_close(fds[1]);
    out->status = pid > 0 ? child_wait(pid) : VM_FAILED;
    /* Whatever the check started and left goes too; then the pipe has an end. */
    if (pid > 0)
        sys_kill(-pid, SIGKILL);
    while (pid > 0 && (n = sys_read(fds[0], out->why + used, sizeof out->why - 1 - used)) > 0)
        used += (size_t)n;
    out->why[used] = '\0';
    sys_close(fds[0]);
    while (sys_wait(-1, NULL, 1 /* WNOHANG */) > 0)
        continue;
}

/*
 * What the machine has: pages that are free, of files, or cut into small kernel objects; and how
 * many bytes of those objects are in use.  (How many pages these need is a matter of chance: of
 * which lie beside which.)
 */
struct books {
    u64 memory, objects;
};

static struct books look_at_books(void)
{
    struct books books;
    u64 slab = measure_slab(&books.objects);

    books.memory = measure_available() + slab;
    return books;
}

static bool is_less(struct books after, struct books before, u64 slack)
{
    return after.memory + slack < before.memory || after.objects > before.objects + slack;
}

/*
 * What is lost with a check: pages and bytes of objects.  Caches fill on the first run of anything,
 * so only a loss that comes back every time counts.  Where memory is so short that pages of ours
 * and of the shell come and go, a few more or less are none; the audit at the end is exact.
 */
static bool leaks(const struct test *test, struct outcome *out, struct books *lost)
{
    bool tight = measure_total() < (32ul << 20) && measure_swap_free() > 0;
    u64 slack = tight ? 8 * PAGE : 0;

    if (!on_faultline())
        return false;
    for (int round = 0; round < LEAK_ROUNDS; round++) {
        struct books before, after;

        drop_caches();
        before = look_at_books();
        run_once(test, out);
        if (out->status != VM_OK)
            return false;
        drop_caches();
        after = look_at_books();
        /* What ended on another hart is cleared away by that hart, when its turn comes. */
        for (int wait = 0; is_less(after, before, slack) && wait < 10; wait++) {
            sys_sleep_ms(2);
            after = look_at_books();
        }
        if (!is_less(after, before, slack))
            return false;
        lost->memory = before.memory > after.memory ? before.memory - after.memory : 0;
        lost->objects = after.objects > before.objects ? after.objects - before.objects : 0;
    }
    return true;
}

static bool run_test(const struct test *test, u64 counts[3])
{
    static struct outcome out;
    struct books lost;

    run_once(test, &out);
    if (out.status == VM_OK && leaks(test, &out, &lost)) {
        text_format(out.why, sizeof out.why,
                    "%lu frames and %lu bytes of objects are gone after each run",
                    lost.memory / PAGE, lost.objects);
        out.status = VM_FAILED;
    }
    if (out.status >= 128)
        say("vmtest %s: FAILED (ended by signal %d%s%s)\n", test->name, out.status - 128,
            out.why[0] != '\0' ? "; " : "", out.why);
    else if (out.status == VM_OK)
        say("vmtest %s: ok\n", test->name);
    else
        say("vmtest %s: %s (%s)\n", test->name, out.status == VM_SKIPPED ? "skipped" : "FAILED",
            out.why);
    counts[out.status == VM_OK ? 0 : out.status == VM_SKIPPED ? 2 : 1]++;
    return out.status == VM_OK || out.status == VM_SKIPPED;
}

static int list(void)
{
    for (size_t i = 0; i < TEST_COUNT; i++)
        say("%-24s %s\n", tests[i].name, tests[i].text);
    return 0;
}

/* The program's own path, for the checks of exec. */
static void find_program(const char *name)
{
    long n = SYS(readlinkat, AT_FDCWD, "/proc/self/exe", vm_program, sizeof vm_program - 1);

    if (n > 0)
        vm_program[n] = '\0';
    else
        text_format(vm_program, sizeof vm_program, "%s",
                    text_find(name, "/") != NULL ? name : "/bin/vmtests");
}

static bool wanted(const char *name, int argc, char **argv)
{
    if (argc == 1)
        return true;
    for (int i = 1; i < argc; i++) {
        size_t length = strlen(argv[i]);

        if (text_equal(argv[i], name) ||
            (length > 0 && argv[i][length - 1] == '*' && memcmp(argv[i], name, length - 1) == 0))
            return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    u64 counts[3] = {0, 0, 0};
    bool any = false, ok = true;

    if (argc > 1 && text_starts(argv[1], "--exec-"))
        return vm_exec_helper(argc, argv);
    if (argc == 2 && text_equal(argv[1], "-l"))
        return list();
    find_program(argv[0]);
    kernel_option("", ""); /* read once, here: later calls store nothing */
    touch_program();       /* mapped here, the code is not dropped with the page cache */
    for (size_t i = 0; i < TEST_COUNT; i++) {
        if (!wanted(tests[i].name, argc, argv))
            continue;
        any = true;
        ok = run_test(&tests[i], counts) && ok;
    }
    if (!any) {
        say_to(2, "vmtests: no such test; vmtests -l lists them\n");
        return 2;
    }
    say("vmtests: %lu ok, %lu failed, %lu skipped\n", counts[0], counts[1], counts[2]);
    return ok ? 0 : 1;
}
