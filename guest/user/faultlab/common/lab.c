/* SPDX-License-Identifier: MIT */
/*
 * lab.c - see lab.h.
 */
#include "lab.h"
#include "probe.h"

#ifndef LAB_NAME
#error "LAB_NAME is given by the build: the program's name"
#endif

static struct faults before, after;
static const char *step_text;
static bool failed, exact, lazy;
static char reason[128];

bool lab_exact(void)
{
    return exact && lazy;
}

/* A mark in the trace: at most 16 characters. */
static void mark(const char *name)
{
    u64 words[2] = {0, 0};

    for (size_t i = 0; i < 16 && name[i] != '\0'; i++)
        ((char *)words)[i] = name[i];
    PROBE(MARK, words[0], words[1]);
}

static void fail(const char *why)
{
    if (!failed)
        text_format(reason, sizeof reason, "%s", why);
    failed = true;
}

/*
 * After a fork, ours or the parent's, the pages that measuring writes are shared: it
 * is done once for nothing, so that its own copies do not count.
 */
void lab_begin(const char *did)
{
    volatile u8 *frame = __builtin_frame_address(0);

    *frame = *frame;
    step_text = did;
    measure_faults(&after);
    measure_faults(&before);
    measure_faults(&before);
    mark("step");
}

static void say_count(u64 count)
{
    if (count == LAB_ANY)
        say("any number of");
    else if (count == LAB_SOME)
        say("some");
    else
        say("%lu", count);
}

static bool fits(u64 seen, u64 expected)
{
    return expected == LAB_ANY || (expected == LAB_SOME ? seen > 0 : seen == expected);
}

static void say_expected(u64 minor, u64 major, const struct lab_expect *kinds)
{
    say("  expected  ");
    for (const struct lab_expect *e = kinds; e->kind != 0; e++) {
        say_count(e->count);
        say(" %s, ", fault_kind_text(e->kind));
    }
    say_count(minor);
    say(" minor, ");
    say_count(major);
    say(" major faults\n");
}

static void say_seen(void)
{
    say("  saw       ");
    for (unsigned k = 1; k < FAULT_KIND_COUNT; k++) {
        if (after.kind[k] != 0)
            say("%lu %s, ", after.kind[k], fault_kind_text(k));
    }
    say("%lu minor, %lu major faults%s\n", after.minor, after.major,
        exact ? "" : " (not held against it on this kernel)");
}

void lab_end(u64 minor, u64 major, const struct lab_expect *kinds)
{
    bool good = true;

    measure_faults(&after);
    mark("done");
    faults_subtract(&after, &before);
    good = fits(after.minor, minor) && fits(after.major, major);
    for (unsigned k = 1; k < FAULT_KIND_COUNT; k++) {
        u64 want = 0;

        for (const struct lab_expect *e = kinds; e->kind != 0; e++) {
            if (e->kind == k)
                want = e->count;
        }
        good = fits(after.kind[k], want) && good;
    }
    say("  did       %s\n", step_text);
    say_expected(minor, major, kinds);
    say_seen();
    if (!good && lab_exact())
        fail("the faults are not the expected ones");
}

void lab_check(bool holds, const char *what)
{
    say("  expected  %s: %s\n", what, holds ? "yes" : "NO");
    if (!holds)
        fail(what);
}

void lab_note(const char *format, ...)
{
    char line[400];
    va_list args;

    va_start(args, format);
    text_vformat(line, sizeof line, format, args);
    va_end(args);
    say("  note      %s\n", line);
}

void lab_skip(const char *why)
{
    say("faultlab %s: skipped (%s)\n", LAB_NAME, why);
    file_remove();
    sys_exit(0);
}

int lab_child_start(void (*fn)(void *), void *arg)
{
    int pid = sys_fork();

    if (pid == 0) {
        failed = false;
        reason[0] = '\0';
        fn(arg);
        sys_exit(failed ? 1 : 0);
    }
    return pid;
}

void lab_child_wait(int pid)
{
    if (child_wait(pid) != 0)
        fail("the child's part");
}

void lab_child(void (*fn)(void *), void *arg)
{
    lab_child_wait(lab_child_start(fn, arg));
}

void *lab_need(void *pages)
{
    if (pages == NULL || sys_failed(pages)) {
        say("faultlab %s: FAILED: no memory\n", LAB_NAME);
        sys_exit(1);
    }
    return pages;
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    touch_program();
    catch_faults(false);
    measure_faults(&before);
    measure_faults(&after);
    exact = after.exact;
    lazy = !kernel_option("vm.eager", "") && !kernel_option("vm.zeropage=", "off");
    say("%s\n", LAB_NAME);
    mark("begin");
    lab_run();
    mark("end");
    file_remove();
    if (failed)
        say("faultlab %s: FAILED: %s\n", LAB_NAME, reason);
    else
        say("faultlab %s: ok\n", LAB_NAME);
    return failed ? 1 : 0;
}
