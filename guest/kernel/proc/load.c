/* SPDX-License-Identifier: MIT */
/*
 * load.c - building the address space of a new program from its ELF file.
 *
 * Each PT_LOAD segment becomes a private file mapping and, behind its file bytes,
 * zeroed memory (mm_map_segment).  Position-independent programs (ET_DYN) go to a fixed
 * base: the same program has the same addresses in every run, which traces rely on.
 */
#include "proc/load.h"

#include "abi/errno.h"
#include "abi/time.h"
#include "fs/file.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/layout.h"
#include "mm/mmap.h"
#include "mm/rmap.h"
#include "mm/object.h"
#include "proc/elf.h"
#include "proc/process.h"

#define DYNAMIC_BASE 0x2aaaaaa000ull /* two thirds of user space, as on Linux */
#define INTERPRETER_BASE 0x3f00000000ull

struct elf_file {
    struct elf_header header;
    struct elf_segment *segments;
    struct elf_summary summary;
    u64 bias; /* added to every address in the file */
};

static int read_exactly(struct inode *inode, void *buffer, size_t size, u64 offset)
{
    ssize_t got = inode_read_kernel(inode, buffer, size, offset);

    if (got < 0) {
        return (int)got;
    }
    return (size_t)got == size ? 0 : -ENOEXEC;
}

static int elf_read(struct inode *inode, u64 base, struct elf_file *out)
{
    size_t size;
    int error = read_exactly(inode, &out->header, sizeof out->header, 0);

    if (!error) {
        error = elf_check_header(&out->header);
    }
    if (error) {
        return error;
    }
    size = (size_t)out->header.phnum * sizeof *out->segments;
    out->segments = kalloc(size);
    if (!out->segments) {
        return -ENOMEM;
    }
    error = read_exactly(inode, out->segments, size, out->header.phoff);
    if (!error) {
        error = elf_check_segments(&out->header, out->segments, USER_END, &out->summary);
    }
    if (!error && out->header.type == ELF_TYPE_DYN) {
        out->bias = base - round_down(out->summary.low, PAGE_SIZE);
        if (out->summary.high + out->bias > STACK_TOP) {
            error = -ENOEXEC;
        }
    } else if (!error && out->summary.low < MMAP_MIN_ADDRESS) {
        error = -ENOEXEC;
    }
    return error;
}

static int elf_map(struct mm *mm, struct inode *inode, const struct elf_file *file)
{
    for (u32 i = 0; i < file->header.phnum; i++) {
        const struct elf_segment *segment = &file->segments[i];
        int error;

        if (segment->type != PT_LOAD || segment->memsz == 0) {
            continue;
        }
        error = mm_map_segment(mm, inode, segment->vaddr + file->bias, segment->offset,
                               segment->filesz, segment->memsz, elf_protection(segment->flags));
        if (error) {
            return error;
        }
    }
    return 0;
}

static void remember_ranges(struct mm *mm, const struct elf_file *file)
{
    for (u32 i = 0; i < file->header.phnum; i++) {
        const struct elf_segment *segment = &file->segments[i];
        u64 start = segment->vaddr + file->bias;

        if (segment->type != PT_LOAD || segment->memsz == 0) {
            continue;
        }
        if (segment->flags & PF_X) {
            mm->code_start = start;
            mm->code_end = start + segment->filesz;
        } else {
            mm->data_start = start;
            mm->data_end = start + segment->filesz;
        }
    }
}

/* PT_INTERP: the dynamic linker is mapped too and runs first. */
static int load_interpreter(struct program *program, struct inode *inode,
                            const struct elf_segment *segment, const struct path_start *start)
{
    struct elf_file file = {0};
    struct inode *linker;
    char *path;
    int error;

    if (segment->filesz < 2 || segment->filesz > PATH_MAX) {
        return -ENOEXEC;
    }
    path = kalloc(segment->filesz);
    if (!path) {
        return -ENOMEM;
    }
    error = read_exactly(inode, path, segment->filesz, segment->offset);
    if (!error && path[segment->filesz - 1] != '\0') {
        error = -ENOEXEC;
    }
    if (!error) {
        error = program_open(start, path, 0, &linker);
    }
    kfree(path);
    if (error) {
        return error;
    }
    error = elf_read(linker, INTERPRETER_BASE, &file);
    if (!error) {
        error = elf_map(program->mm, linker, &file);
    }
    program->interpreter = file.bias;
    program->entry = file.header.entry + file.bias;
    kfree(file.segments);
    program_close(linker); /* its mappings hold references of their own */
    return error;
}

static int load_program(struct program *program, struct inode *inode, struct elf_file *file,
                        const struct path_start *start)
{
    i64 top;
    int error = elf_map(program->mm, inode, file);

    if (error) {
        return error;
    }
    program->own_entry = file->header.entry + file->bias;
    program->entry = program->own_entry;
    program->table = file->summary.table_address ? file->summary.table_address + file->bias : 0;
    program->table_count = file->header.phnum;
    remember_ranges(program->mm, file);
    mm_set_brk(program->mm, round_up(file->summary.high + file->bias, PAGE_SIZE));
    if (file->summary.interpreter) {
        error = load_interpreter(program, inode, file->summary.interpreter, start);
    }
    if (!error) {
        error = mm_map_trampoline(program->mm);
    }
    if (error) {
        return error;
    }
    top = mm_setup_stack(program->mm, file->summary.executable_stack);
    program->stack_top = (u64)top;
    return top < 0 ? (int)top : 0;
}

int program_load(struct program *program, struct inode *inode, const struct path_start *start,
                 const struct process *process)
{
    struct elf_file file = {0};
    int error = elf_read(inode, DYNAMIC_BASE, &file);

    if (!error) {
        program->mm = mm_create();
        error = program->mm ? 0 : -ENOMEM;
    }
    if (!error) {
        mm_apply_limits(program->mm, process);
        program->mm->exec_refusal = process->mm ? mm_inherited_refusal(process->mm) : 0;
        error = load_program(program, inode, &file, start);
    }
    kfree(file.segments);
    return error;
}

void mm_apply_limits(struct mm *mm, const struct process *process)
{
    mm->stack_limit = process->limits[RLIMIT_STACK].current;
    mm->data_limit = process->limits[RLIMIT_DATA].current;
    mm->address_limit = process->limits[RLIMIT_AS].current;
    mm->lock_limit =
        process->ids.euid == 0 ? RLIM_INFINITY : process->limits[RLIMIT_MEMLOCK].current;
}

int program_write_stack(struct program *program, struct arguments *arguments, const char *name,
                        const struct process *process)
{
    const struct credentials *ids = &process->ids;
    u64 auxv[] = {AT_HWCAP,
                  HWCAP_EXTENSION('i') | HWCAP_EXTENSION('m') | HWCAP_EXTENSION('a') |
                      HWCAP_EXTENSION('f') | HWCAP_EXTENSION('d') | HWCAP_EXTENSION('c'),
                  AT_PAGESZ,
                  PAGE_SIZE,
                  AT_CLKTCK,
                  USER_HZ,
                  AT_PHDR,
                  program->table,
                  AT_PHENT,
                  sizeof(struct elf_segment),
                  AT_PHNUM,
                  program->table_count,
                  AT_BASE,
                  program->interpreter,
                  AT_FLAGS,
                  0,
                  AT_ENTRY,
                  program->own_entry,
                  AT_UID,
                  ids->uid,
                  AT_EUID,
                  ids->euid,
                  AT_GID,
                  ids->gid,
                  AT_EGID,
                  ids->egid,
                  AT_SECURE,
                  ids->uid != ids->euid || ids->gid != ids->egid,
                  AT_RANDOM,
                  0,
                  AT_EXECFN,
                  0,
                  AT_NULL,
                  0};
    struct mm *mm = program->mm;
    struct stack_layout *stack = &program->stack;
    int error =
        arguments_write(arguments, mm, program->stack_top, name, auxv, ARRAY_LENGTH(auxv), stack);

    if (error) {
        return error;
    }
    mm->arg_start = stack->arg_start;
    mm->arg_end = stack->arg_end;
    mm->env_start = stack->env_start;
    mm->env_end = stack->env_end;
    mm->stack_start = stack->sp;
    _Static_assert(sizeof auxv <= sizeof mm->family->auxv, "auxv fits");
    memcpy(mm->family->auxv, auxv, sizeof auxv);
    mm->family->auxv_size = sizeof auxv;
    return 0;
}

void program_discard(struct program *program)
{
    if (program->mm) {
        mm_put(program->mm);
        program->mm = NULL;
    }
}
