/* SPDX-License-Identifier: MIT */
/*
 * extra_more.c - program files in use, rights as /proc tells them, swap areas that
 * go away, many areas, System V shared memory.
 */
#include "vm.h"

enum { PAGES = 16 };

static int exec_path(void *arg)
{
    char *argv[] = {arg, (char *)"--exec-true", NULL}, *envp[] = {NULL};

    return -sys_execve(arg, argv, envp);
}

/* A copy of this program at `path`; its descriptor, open for writing. */
static int copy_program(const char *path)
{
    static u8 block[PAGE];
    int in = sys_open(vm_program, O_RDONLY, 0);
    int out = sys_open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
    long n = in < 0 || out < 0 ? -1 : 1;

    while (n > 0) {
        n = sys_read(in, block, sizeof block);
        if (n > 0 && sys_write(out, block, (size_t)n) != n)
            n = -1;
    }
    sys_close(in);
    return n < 0 ? -1 : out;
}

int vm_text_busy(void)
{
    char path[64];
    int fd;

    if (under_user_emulation())
        return vm_skip("user-mode emulation does not run the file itself");
    EXPECT(sys_open(vm_program, O_WRONLY, 0) == -ETXTBSY);
    text_format(path, sizeof path, "/tmp/vmtest-busy.%d", sys_getpid());
    fd = copy_program(path);
    EXPECT(fd >= 0);
    EXPECT(child_run(exec_path, path) == ETXTBSY);
    sys_close(fd);
    EXPECT(child_run(exec_path, path) == 0);
    sys_unlink(path);
    return VM_OK;
}

/* The rights of the area at an address as /proc/self/maps spells them, or NULL. */
static const char *rights_of(const void *address)
{
    static char text[8192];
    const char *at = text;

    if (text_read_file("/proc/self/maps", text, sizeof text) <= 0)
        return NULL;
    while (*at != '\0') {
        u64 bounds[2] = {0, 0};

        for (int i = 0; i < 2; i++, at++) {
            for (; *at != '-' && *at != ' ' && *at != '\0'; at++)
                bounds[i] = bounds[i] * 16 + (u64)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        }
        if ((u64)address >= bounds[0] && (u64)address < bounds[1])
            return at;
        while (*at != '\0' && *at++ != '\n')
            continue;
    }
    return NULL;
}

int vm_rights(void)
{
    static const struct {
        int prot;
        const char *text;
    } cases[] = {{PROT_READ, "r--p"},
                 {PROT_READ | PROT_WRITE, "rw-p"},
                 {PROT_READ | PROT_EXEC, "r-xp"},
                 {PROT_NONE, "---p"}};
    u8 *at = sys_mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    EXPECT(!sys_failed(at));
    EXPECT(try_store(at, 5) == 0);
    if (!under_user_emulation()) {
        EXPECT(try_load(at, NULL) == 0); /* write implies read on RISC-V */
        EXPECT(rights_of(at) != NULL && text_starts(rights_of(at), "-w-p"));
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *rights;

        EXPECT(sys_mprotect(at, PAGE, cases[i].prot) == 0);
        rights = rights_of(at);
        EXPECT(rights != NULL && text_starts(rights, cases[i].text));
    }
    at = pages_shared(1);
    EXPECT(at != NULL && text_starts(rights_of(at), "rw-s"));
    return VM_OK;
}

static int check_swapped(void *arg)
{
    EXPECT(pattern_check(arg, PAGES * PAGE, 61) == -1);
    ((volatile u8 *)arg)[0] = 1;
    return VM_OK;
}

static volatile int *hold;

static int hold_pages(void *arg)
{
    word_wait(hold, 0);
    return check_swapped(arg);
}

/* All who map a page lose it together and each gets it back. */
int vm_swap_shared(void)
{
    u8 *at = pages_private(PAGES);
    int pids[3];

    hold = (volatile int *)(void *)pages_shared(1);
    EXPECT(at != NULL && hold != NULL);
    *hold = 0;
    pattern_fill(at, PAGES * PAGE, 61);
    for (int i = 0; i < 3; i++)
        pids[i] = child_start(hold_pages, at);
    sys_sleep_ms(5);
    if (!page_out(at, PAGES * PAGE)) {
        *hold = 1;
        word_wake(hold);
        return vm_skip("shared pages cannot be moved out here");
    }
    *hold = 1;
    word_wake(hold);
    for (int i = 0; i < 3; i++)
        EXPECT(child_wait(pids[i]) == VM_OK);
    EXPECT(pattern_check(at, PAGES * PAGE, 61) == -1);
    return VM_OK;
}

/* The name of the first swap area, or false. */
static bool swap_name(char *to, size_t size)
{
    static char text[1024];
    const char *line;
    size_t n = 0;

    if (text_read_file("/proc/swaps", text, sizeof text) <= 0)
        return false;
    line = text_find(text, "\n/");
    if (line == NULL)
        return false;
    for (line++; *line > ' ' && n + 1 < size; line++)
        to[n++] = *line;
    to[n] = '\0';
    return true;
}

int vm_swapoff(void)
{
    u8 *at = pages_private(PAGES), *shared = pages_shared(PAGES);
    char name[64];

    if (!on_faultline() || !swap_name(name, sizeof name))
        return vm_skip("needs a swap area of its own");
    EXPECT(at != NULL && shared != NULL);
    pattern_fill(at, PAGES * PAGE, 62);
    pattern_fill(shared, PAGES * PAGE, 63);
    if (!page_out(at, PAGES * PAGE) || !page_out(shared, PAGES * PAGE))
        return vm_skip("pages cannot be moved out here");
    EXPECT(SYS(swapoff, name) == 0);
    EXPECT(!page_swapped(at) && measure_swap_free() == 0);
    EXPECT(pattern_check(at, PAGES * PAGE, 62) == -1);
    EXPECT(pattern_check(shared, PAGES * PAGE, 63) == -1);
    EXPECT(SYS(swapon, name, 0) == 0);
    EXPECT(measure_swap_free() > 0);
    return VM_OK;
}

static int repair_fd;

static bool extend_file(int signal, u64 address)
{
    (void)address;
    return signal == SIGBUS && SYS(ftruncate, repair_fd, 2 * PAGE) == 0;
}

int vm_sigbus_repair(void)
{
    volatile u8 *at;

    repair_fd = file_make(PAGE);
    EXPECT(repair_fd >= 0);
    at = sys_mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, repair_fd, 0);
    EXPECT(!sys_failed((const void *)at));
    fault_repair = extend_file;
    at[PAGE + 3] = 9;
    EXPECT(fault_seen.count == 1 && fault_seen.signal == SIGBUS);
    EXPECT(at[PAGE + 3] == 9 && at[PAGE + 2] == 0);
    return VM_OK;
}

/* Every second page has other rights: as many areas as pages. */
int vm_many_areas(void)
{
    enum { MANY = 600 };
    u8 *at = pages_private(MANY);

    EXPECT(at != NULL);
    for (size_t i = 0; i < MANY; i++)
        at[i * PAGE] = (u8)i;
    for (size_t i = 0; i < MANY; i += 2)
        EXPECT(sys_mprotect(at + i * PAGE, PAGE, PROT_READ) == 0);
    for (size_t i = 0; i < MANY; i += 37) {
        EXPECT(at[i * PAGE] == (u8)i);
        EXPECT(try_store(at + i * PAGE, (u8)i) == (i % 2 == 0 ? SIGSEGV : 0));
    }
    for (size_t i = 0; i < MANY; i += 3)
        EXPECT(sys_munmap(at + i * PAGE, PAGE) == 0);
    for (size_t i = 1; i < MANY; i += 3)
        EXPECT(at[i * PAGE] == (u8)i);
    EXPECT(try_load(at + 3 * PAGE, NULL) == SIGSEGV);
    EXPECT(sys_munmap(at, MANY * PAGE) == 0);
    EXPECT(try_load(at + PAGE, NULL) == SIGSEGV);
    return VM_OK;
}

static int attach_and_store(void *arg)
{
    u8 *at = (u8 *)SYS(shmat, (long)arg, 0, 0);

    EXPECT(!sys_failed(at));
    EXPECT(pattern_check(at, 4 * PAGE, 64) == -1);
    pattern_fill(at, 4 * PAGE, 65);
    EXPECT(SYS(shmdt, at) == 0);
    return VM_OK;
}

int vm_sysv_shm(void)
{
    long id = SYS(shmget, 0 /* IPC_PRIVATE */, 4 * PAGE, 01600 /* IPC_CREAT, owner */);
    u8 *at;

    if (id == -ENOSYS)
        return vm_skip("no System V shared memory");
    EXPECT(id >= 0);
    at = (u8 *)SYS(shmat, id, 0, 0);
    EXPECT(!sys_failed(at) && at[0] == 0);
    pattern_fill(at, 4 * PAGE, 64);
    EXPECT(child_run(attach_and_store, (void *)id) == VM_OK);
    EXPECT(pattern_check(at, 4 * PAGE, 65) == -1);
    EXPECT(SYS(shmctl, id, 0 /* IPC_RMID */, 0) == 0);
    EXPECT(pattern_check(at, 4 * PAGE, 65) == -1); /* it goes with the last who has it */
    EXPECT(SYS(shmdt, at) == 0);
    EXPECT(SYS(shmat, id, 0, 0) < 0);
    return VM_OK;
}

/* MADV_FREE: what was there, or zero, until it is written again. */
int vm_madv_free(void)
{
    u8 *at = pages_private(4);

    EXPECT(at != NULL);
    pages_write(at, 4, 8);
    if (under_user_emulation() || SYS(madvise, at, 4 * PAGE, MADV_FREE) < 0)
        return vm_skip("not offered");
    at[PAGE] = 9;
    for (size_t i = 0; i < 4; i++)
        EXPECT(at[i * PAGE] == 0 || at[i * PAGE] == (i == 1 ? 9 : 8));
    EXPECT(at[PAGE] == 9);
    return VM_OK;
}

int vm_grows_down(void)
{
    u8 *room = pages_private(600), *at;

    if (under_user_emulation())
        return vm_skip("user-mode emulation does not grow it");
    EXPECT(room != NULL && sys_munmap(room, 600 * PAGE) == 0);
    at = sys_mmap(room + 590 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    EXPECT(at == room + 590 * PAGE);
    EXPECT(try_store(at - 1, 4) == 0 && at[-1] == 4);
    EXPECT(try_store(at - 20 * PAGE, 5) == 0 && at[-1] == 4);
    /* not into the guard gap above another area */
    EXPECT(sys_mmap(room, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == room);
    EXPECT(try_store(room + 20 * PAGE, 1) == SIGSEGV);
    return VM_OK;
}
