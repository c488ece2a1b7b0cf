/* SPDX-License-Identifier: MIT */
/* core.c - core files: when there is one, and that what was in memory is in it. */
#define _GNU_SOURCE
#include "check.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE "/tmp/proctest-core"

static uint64_t *volatile marked; /* a page of a known content, the same in parent and child */
static rlim_t limit;

static void die(void)
{
    const struct rlimit allowed = {limit, RLIM_INFINITY};

    setrlimit(RLIMIT_CORE, &allowed);
    for (int i = 0; i < 512; i++) {
        marked[i] = 0x1234567800000000u + (unsigned)i;
    }
    *(volatile char *)nowhere = 1;
}

static void quit(void)
{
    const struct rlimit allowed = {limit, RLIM_INFINITY};

    setrlimit(RLIMIT_CORE, &allowed);
    kill(getpid(), SIGTERM);
}

/* What the core file has at an address of the process; NULL: nothing. */
static const void *at_address(const char *core, uint64_t address)
{
    const Elf64_Ehdr *header = (const void *)core;
    const Elf64_Phdr *segment = (const void *)(core + header->e_phoff);

    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && address >= segment[i].p_vaddr &&
            address < segment[i].p_vaddr + segment[i].p_filesz) {
            return core + segment[i].p_offset + (address - segment[i].p_vaddr);
        }
    }
    return NULL;
}

static const void *find_note(const char *core, uint32_t type)
{
    const Elf64_Phdr *segment = (const void *)(core + ((const Elf64_Ehdr *)core)->e_phoff);
    const char *at = core + segment->p_offset, *end = at + segment->p_filesz;

    while (segment->p_type == PT_NOTE && at < end) {
        const Elf64_Nhdr *note = (const void *)at;

        if (note->n_type == type) {
            return at + sizeof *note + ((note->n_namesz + 3) & ~3u);
        }
        at += sizeof *note + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u);
    }
    return NULL;
}

static void contents(void)
{
    int fd = open("core", O_RDONLY);
    struct stat state;
    const char *core;
    const uint64_t *there;
    const int *status;

    CHECK(fd >= 0 && fstat(fd, &state) == 0 && (state.st_mode & 0777) == 0600);
    if (fd < 0) {
        return;
    }
    core = mmap(NULL, (size_t)state.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(memcmp(core, ELFMAG, 4) == 0 && ((const Elf64_Ehdr *)core)->e_type == ET_CORE);
    there = at_address(core, (uintptr_t)marked);
    CHECK(there && there[0] == 0x1234567800000000u && there[511] == 0x12345678000001ffu);
    status = find_note(core, NT_PRSTATUS);
    CHECK(status && status[0] == SIGSEGV);
    CHECK(find_note(core, NT_PRPSINFO) != NULL && find_note(core, NT_FPREGSET) != NULL);
    CHECK(find_note(core, NT_AUXV) && *(const uint32_t *)find_note(core, NT_AUXV) != 0);
    munmap((void *)core, (size_t)state.st_size);
    close(fd);
}

void test_core(void)
{
    siginfo_t info;
    struct stat state;
    char back[256];
    int status;

    CHECK(getcwd(back, sizeof back) != NULL && mkdir(PLACE, 0700) == 0 && chdir(PLACE) == 0);
    marked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    limit = 0;
    status = in_child(die);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV && !WCOREDUMP(status));
    FAILS(stat("core", &state), ENOENT);
    limit = RLIM_INFINITY;
    status = in_child(quit);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && !WCOREDUMP(status));
    status = in_child(die);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV && WCOREDUMP(status));
    contents();
    limit = 8192;
    if (fork() == 0) {
        die();
    }
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_code == CLD_DUMPED);
    CHECK(info.si_status == SIGSEGV && stat("core", &state) == 0 && state.st_size <= 8192);
    unlink("core");
    munmap(marked, 4096);
    CHECK(chdir(back) == 0 && rmdir(PLACE) == 0);
}
