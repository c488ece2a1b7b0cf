/* SPDX-License-Identifier: MIT */
/* code_memory.c - the two views of generated code; see code_memory.h. */
#include "emu/jit/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

bool code_memory_map(struct code_memory *memory, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = (size + page - 1) & ~(page - 1);
    int fd = memfd_create("faultline-code", MFD_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    void *write = MAP_FAILED, *run = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0) {
        write = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        run = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (write == MAP_FAILED || run == MAP_FAILED) {
        if (write != MAP_FAILED) {
            munmap(write, size);
        }
        if (run != MAP_FAILED) {
            munmap(run, size);
        }
        return false;
    }
    *memory = (struct code_memory){write, run, size};
    return true;
}

void code_memory_unmap(struct code_memory *memory)
{
    if (memory->write) {
        munmap(memory->write, memory->size);
        munmap((void *)(uintptr_t)memory->run, memory->size);
    }
    *memory = (struct code_memory){NULL, NULL, 0};
}

void code_memory_publish(const struct code_memory *memory, size_t offset, size_t length)
{
    (void)memory;
    (void)offset;
    (void)length;
}
