/* SPDX-License-Identifier: MIT */
/*
 * corner_fork.c - corner cases 5 to 7 and 9 to 15: what fork shares and separates.
 */
#include "vm.h"

enum { PAGES = 8 };

struct mixed {
    u8 *private, *shared;
};

static int change_both(void *arg)
{
    struct mixed *m = arg;

    EXPECT(pattern_check(m->private, PAGES * PAGE, 1) == -1);
    pattern_fill(m->private, PAGES * PAGE, 2);
    pattern_fill(m->shared, PAGES * PAGE, 3);
    return VM_OK;
}

int vm_corner_5(void)
{
    struct mixed m = {pages_private(PAGES), pages_shared(PAGES)};

    EXPECT(m.private != NULL && m.shared != NULL);
    for (int round = 0; round < 3; round++) {
        pattern_fill(m.private, PAGES * PAGE, 1);
        pattern_fill(m.shared, PAGES * PAGE, 4);
        EXPECT(child_run(change_both, &m) == VM_OK);
        EXPECT(pattern_check(m.private, PAGES * PAGE, 1) == -1);
        EXPECT(pattern_check(m.shared, PAGES * PAGE, 3) == -1);
    }
    return VM_OK;
}

static int check_and_change(void *arg)
{
    u8 *at = arg;

    EXPECT(pattern_check(at, PAGES * PAGE, 70) == -1);
    pattern_fill(at, PAGES / 2 * PAGE, 71);
    EXPECT(pattern_check(at, PAGES / 2 * PAGE, 71) == -1);
    return VM_OK;
}

/* Two children share the slots; each, and the parent, must get the right data. */
int vm_corner_6(void)
{
    u8 *at = pages_private(PAGES);
    int first, second;

    EXPECT(at != NULL);
    pattern_fill(at, PAGES * PAGE, 70);
    if (!page_out(at, PAGES * PAGE))
        return vm_skip("pages cannot be moved out here");
    first = child_start(check_and_change, at);
    second = child_start(check_and_change, at);
    at[0] = (u8)~at[0];
    at[0] = (u8)~at[0];
    EXPECT(child_wait(first) == VM_OK && child_wait(second) == VM_OK);
    EXPECT(pattern_check(at, PAGES * PAGE, 70) == -1);
    page_out(at, PAGES * PAGE);
    EXPECT(pattern_check(at, PAGES * PAGE, 70) == -1);
    return VM_OK;
}

static int write_zero_pages(void *arg)
{
    u8 *at = arg;

    EXPECT(pages_read(at, PAGES) == 0);
    pages_write(at, PAGES, 5);
    EXPECT(pages_read(at, PAGES) == 5 * PAGES);
    return VM_OK;
}

int vm_corner_7(void)
{
    u8 *at = pages_private(PAGES), *fresh = pages_private(1);

    EXPECT(at != NULL && fresh != NULL);
    EXPECT(pages_read(at, PAGES) == 0);
    EXPECT(child_run(write_zero_pages, at) == VM_OK);
    EXPECT(pages_read(at, PAGES) == 0);
    pages_write(at, PAGES, 6);
    EXPECT(child_run(write_zero_pages, fresh) != 127);
    EXPECT(pages_read(at, PAGES) == 6 * PAGES && *fresh == 0);
    return VM_OK;
}

static int check_file_pages(void *arg)
{
    u8 *at = arg;

    EXPECT(pattern_check(at, PAGES * PAGE, 1) == -1);
    return VM_OK;
}

int vm_corner_9(void)
{
    int fd = file_make(PAGES * PAGE);
    u8 *shared, *private;

    EXPECT(fd >= 0);
    shared = sys_mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    private = sys_mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    EXPECT(!sys_failed(shared) && !sys_failed(private));
    EXPECT(pattern_check(shared, PAGES * PAGE, 1) == -1);
    EXPECT(child_run(check_file_pages, shared) == VM_OK);
    EXPECT(child_run(check_file_pages, private) == VM_OK);
    private[0] ^= 1;
    EXPECT(child_run(check_file_pages, private) == VM_FAILED); /* the child sees the change */
    return VM_OK;
}

struct writer {
    volatile u64 *word;
    volatile int stop;
};

static int write_always(void *arg)
{
    struct writer *w = arg;

    while (!w->stop) {
        w->word[0]++;
        w->word[PAGE / 8]++;
    }
    return 0;
}

static int stands_still(void *arg)
{
    volatile u64 *word = arg;
    u64 first = word[0], second = word[PAGE / 8];

    /* A yield gives the storing thread a whole slice where there is one hart only. */
    for (int i = 0; i < 2000; i++) {
        if (i % 1000 == 500)
            SYS(sched_yield);
        if (word[0] != first || word[PAGE / 8] != second)
            return VM_FAILED;
    }
    /* The two were incremented in turn: a snapshot between two stores. */
    return first - second <= 1 ? VM_OK : 4;
}

int vm_corner_10(void)
{
    static struct writer writer;
    struct thread thread;

    writer.word = (volatile u64 *)(void *)pages_private(2);
    EXPECT(writer.word != NULL);
    EXPECT(thread_start(&thread, write_always, &writer));
    for (int round = 0; round < 6; round++) {
        u64 before;
        int result = child_run(stands_still, (void *)writer.word);

        EXPECT(result == VM_OK);
        before = writer.word[0];
        while (writer.word[0] == before)
            SYS(sched_yield);
    }
    writer.stop = 1;
    thread_join(&thread);
    EXPECT(writer.word[0] == writer.word[PAGE / 8]);
    return VM_OK;
}

enum { MANY = 40 };

static int wait_for_end(void *arg)
{
    volatile int *go = arg;

    word_wait(go, 0);
    return 0;
}

int vm_corner_11(void)
{
    volatile int *go = (volatile int *)(void *)pages_shared(1);
    u8 *at = pages_private(PAGES);
    static int pids[MANY];
    int started = 0;

    EXPECT(go != NULL && at != NULL);
    pattern_fill(at, PAGES * PAGE, 9);
    while (started < MANY) {
        int pid = child_start(wait_for_end, (void *)go);

        if (pid < 0) {
            EXPECT(pid == -EAGAIN || pid == -ENOMEM);
            break;
        }
        pids[started++] = pid;
        at[(size_t)started % PAGES * PAGE] ^= 0xff;
        at[(size_t)started % PAGES * PAGE] ^= 0xff;
    }
    *go = 1;
    word_wake(go);
    for (int i = 0; i < started; i++)
        EXPECT(child_wait(pids[i]) == 0);
    EXPECT(started > 0);
    EXPECT(pattern_check(at, PAGES * PAGE, 9) == -1);
    return VM_OK;
}

struct toucher {
    u8 *at;
    size_t count;
    volatile size_t done;
};

static int touch_all(void *arg)
{
    struct toucher *t = arg;

    for (size_t i = 0; i < t->count; i++) {
        t->at[i * PAGE] = (u8)(i * 3 + 1);
        t->done = i + 1;
    }
    return 0;
}

/* Each page holds its value or is still zero; those done before the fork must be there. */
static int check_prefix(void *arg)
{
    struct toucher *t = arg;
    size_t done = t->done;

    for (size_t i = 0; i < t->count; i++) {
        u8 value = t->at[i * PAGE];

        if (value != (u8)(i * 3 + 1) && (value != 0 || i < done))
            return VM_FAILED;
    }
    return VM_OK;
}

int vm_corner_12(void)
{
    static struct toucher toucher;
    struct thread thread;

    toucher.count = 512;
    toucher.at = pages_private(toucher.count);
    EXPECT(toucher.at != NULL);
    EXPECT(thread_start(&thread, touch_all, &toucher));
    for (int round = 0; round < 10; round++)
        EXPECT(child_run(check_prefix, &toucher) == VM_OK);
    thread_join(&thread);
    EXPECT(toucher.done == toucher.count);
    EXPECT(child_run(check_prefix, &toucher) == VM_OK);
    return VM_OK;
}

int vm_corner_13(void)
{
    int fd = file_make(2 * PAGE);
    u8 *at, byte;
    u64 frame;

    EXPECT(fd >= 0);
    for (int round = 0; round < 3; round++) {
        at = sys_mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        EXPECT(!sys_failed(at));
        EXPECT(at[0] == pattern_byte(0, 1));
        frame = page_frame(at);
        at[0] = (u8)(100 + round);
        EXPECT(frame == 0 || page_frame(at) != frame || !vm_lazy("mmap"));
        EXPECT(SYS(pread64, fd, &byte, 1, 0) == 1 && byte == pattern_byte(0, 1));
        EXPECT(sys_munmap(at, 2 * PAGE) == 0);
    }
    return VM_OK;
}

struct leaver {
    u8 *at;
    int how;
    int ready[2], go[2];
};

static int leave(void *arg)
{
    struct leaver *l = arg;
    char *argv[] = {vm_program, "--exec-true", NULL}, *envp[] = {NULL};
    u8 byte = 0;

    sys_close(l->ready[0]);
    sys_close(l->go[1]);
    EXPECT(sys_write(l->ready[1], "r", 1) == 1);
    EXPECT(sys_read(l->go[0], &byte, 1) == 1);
    if (l->how == 1)
        sys_execve(vm_program, argv, envp);
    if (l->how == 2)
        EXPECT(sys_munmap(l->at, PAGES * PAGE) == 0);
    return l->how == 1 ? VM_FAILED : VM_OK;
}

/* The child has left before the parent stores: no copy is made (checked by kind). */
int vm_corner_14(void)
{
    static struct faults before;
    u8 byte;

    for (int how = 0; how < 3; how++) {
        struct leaver l = {pages_private(PAGES), how, {0, 0}, {0, 0}};
        int pid;

        if (how == 1 && under_user_emulation())
            continue; /* it cannot exec a riscv64 program */
        EXPECT(l.at != NULL && sys_pipe(l.ready) == 0 && sys_pipe(l.go) == 0);
        pattern_fill(l.at, PAGES * PAGE, 80);
        pid = child_start(leave, &l);
        sys_close(l.ready[1]);
        sys_close(l.go[0]);
        EXPECT(sys_read(l.ready[0], &byte, 1) == 1);
        EXPECT(sys_write(l.go[1], "g", 1) == 1);
        EXPECT(child_wait(pid) == VM_OK);
        vm_measure(&before);
        pages_write(l.at, PAGES, 1);
        if (vm_lazy("fork")) {
            EXPECT(faults_of(&before, FAULT_COW_REUSE, PAGES) == PAGES);
            EXPECT(faults_of(&before, FAULT_COW_COPY, 0) == 0);
        }
        for (size_t i = 0; i < PAGES; i++)
            l.at[i * PAGE] = pattern_byte(i * PAGE, 80);
        EXPECT(pattern_check(l.at, PAGES * PAGE, 80) == -1);
        EXPECT(sys_munmap(l.at, PAGES * PAGE) == 0);
    }
    return VM_OK;
}

struct stormer {
    u8 *file, *cow;
    volatile int *go;
    size_t number;
    volatile int wrong;
};

static int storm(void *arg)
{
    struct stormer *s = arg;

    word_wait(s->go, 0);
    for (size_t i = 0; i < PAGES; i++) {
        if (s->file[i * PAGE + 7] != pattern_byte(i * PAGE + 7, 1))
            s->wrong = 1;
        s->cow[i * PAGE + s->number] = (u8)s->number;
    }
    return 0;
}

static int storm_in_child(void *arg)
{
    struct stormer base = *(struct stormer *)arg, stormers[3];
    struct thread threads[3];
    static volatile int go;

    for (size_t i = 0; i < 3; i++) {
        stormers[i] = base;
        stormers[i].go = &go;
        stormers[i].number = i + 1;
        EXPECT(thread_start(&threads[i], storm, &stormers[i]));
    }
    go = 1;
    word_wake(&go);
    for (size_t i = 0; i < 3; i++) {
        thread_join(&threads[i]);
        EXPECT(stormers[i].wrong == 0);
    }
    for (size_t i = 0; i < PAGES; i++) {
        for (size_t k = 1; k < 4; k++)
            EXPECT(base.cow[i * PAGE + k] == k);
        EXPECT(base.cow[i * PAGE] == 0xcc && base.cow[i * PAGE + 4] == 0xcc);
    }
    return VM_OK;
}

int vm_corner_15(void)
{
    struct stormer base = {0};
    int fd = file_make(PAGES * PAGE);

    EXPECT(fd >= 0 && SYS(fsync, fd) == 0);
    base.cow = pages_private(PAGES);
    EXPECT(base.cow != NULL);
    memset(base.cow, 0xcc, PAGES * PAGE);
    drop_caches();
    base.file = sys_mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(!sys_failed(base.file));
    EXPECT(child_run(storm_in_child, &base) == VM_OK);
    for (size_t i = 0; i < PAGES * PAGE; i++)
        EXPECT(base.cow[i] == 0xcc);
    return VM_OK;
}
