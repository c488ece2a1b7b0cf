/* SPDX-License-Identifier: MIT */
/*
 * core.c - core files: what a process had in memory when a signal ended it, as an ELF file.
 *
 *     header | a PT_NOTE and a PT_LOAD for each area | notes | the areas' pages
 *
 * Written is what cannot be had from elsewhere: pages of anonymous and of writable areas, as
 * far as they were ever touched; the rest of the file is holes.  The notes tell the registers of
 * the thread that got the signal (not of the others, which are not stopped), the signal, the
 * process and its auxiliary vector.  A file longer than RLIMIT_CORE ends there.
 *
 * Source: System V ABI (ELF-64), Linux core(5) and elfcore.h.
 */
#include "proc/core.h"

#include "abi/elf.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/stat.h"
#include "fs/context.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/process.h"

#define ELF_TYPE_CORE 4
#define NT_PRSTATUS 1
#define NT_FPREGSET 2
#define NT_PRPSINFO 3
#define NT_AUXV 6
#define NT_SIGINFO 0x53494749u
#define AREAS_MOST 8192u
#define AUXV_WORDS 64u
#define PAGEMAP_HELD (1ull << 63 | 1ull << 62) /* in memory or in swap */

struct note_header {
    u32 name_size, size, type;
    char name[8];
};

struct note_status { /* struct elf_prstatus */
    i32 signo, code, error;
    u16 signal, pad;
    u64 pending, held;
    i32 pid, parent, group, session;
    struct abi_timeval times[4];
    u64 registers[32]; /* pc, x1..x31 */
    u32 has_float, pad_end;
};
_Static_assert(sizeof(struct note_status) == 376, "struct elf_prstatus");

struct note_process { /* struct elf_prpsinfo */
    char state, state_letter, zombie, nice;
    u64 flags;
    u32 uid, gid;
    i32 pid, parent, group, session;
    char name[16], arguments[80];
};
_Static_assert(sizeof(struct note_process) == 136, "struct elf_prpsinfo");

struct note_float {
    u64 f[32], fcsr;
};

struct notes {
    struct note_status status;
    struct note_float float_registers;
    struct note_process process;
    struct abi_siginfo signal;
    u64 auxv[AUXV_WORDS];
};
#define NOTES 5u
#define NOTES_SIZE (sizeof(struct notes) + NOTES * sizeof(struct note_header))

struct core_area {
    u64 start, end;
    u32 flags; /* PF_* */
    bool is_kept;
};

struct core {
    struct inode *file;
    u64 limit;
    struct core_area *areas;
    u32 count, room;
};

bool core_is_due(u32 signo)
{
    const u64 set = signal_bit(SIGQUIT) | signal_bit(SIGILL) | signal_bit(SIGTRAP) |
                    signal_bit(SIGABRT) | signal_bit(SIGBUS) | signal_bit(SIGFPE) |
                    signal_bit(SIGSEGV) | signal_bit(SIGXCPU) | signal_bit(SIGXFSZ) |
                    signal_bit(SIGSYS);

    return (signal_bit(signo) & set) != 0;
}

/* --- notes ----------------------------------------------------------------------------------- */

static void fill_status(struct note_status *status, const struct signal_info *info)
{
    const struct thread *thread = current_thread();
    const struct process *process = thread->process;
    const struct trapframe *frame = current()->frame;

    status->signo = info->signo;
    status->code = info->code;
    status->signal = (u16)info->signo;
    status->pending = thread->pending.set | process->pending.set;
    status->held = thread->mask;
    status->pid = (i32)thread->tid;
    status->parent = (i32)process->parent_pid;
    status->group = (i32)process->pgid;
    status->session = (i32)process->sid;
    status->registers[0] = frame->pc;
    memcpy(&status->registers[1], &frame->regs[1], 31 * sizeof(u64));
    status->has_float = 1;
}

static void fill_process(struct note_process *out)
{
    const struct process *process = current_process();
    u64 size = min_u64(process->mm->arg_end - process->mm->arg_start, sizeof out->arguments - 1);

    out->state_letter = 'R';
    out->nice = (char)current_thread()->nice;
    out->uid = process->ids.uid;
    out->gid = process->ids.gid;
    out->pid = (i32)process->pid;
    out->parent = (i32)process->parent_pid;
    out->group = (i32)process->pgid;
    out->session = (i32)process->sid;
    string_copy(out->name, process->name, sizeof out->name);
    (void)copy_from_user(out->arguments, process->mm->arg_start, size);
    for (u64 i = 0; i + 1 < size; i++) {
        out->arguments[i] = out->arguments[i] ? out->arguments[i] : ' ';
    }
}

/* It lies on the stack behind the arguments and the environment. */
static void fill_auxv(u64 *auxv)
{
    u64 at = current()->mm->stack_start, word = 0;

    if (get_user_u64(at, &word) != 0) {
        return;
    }
    at += (word + 2) * sizeof word; /* argc, argv, NULL */
    do {
        if (get_user_u64(at, &word) != 0) {
            return;
        }
        at += sizeof word;
    } while (word != 0);
    for (u32 i = 0; i < AUXV_WORDS - 2; i += 2) {
        if (copy_from_user(&auxv[i], at + i * sizeof word, 2 * sizeof word) != 0 ||
            auxv[i] == AT_NULL) {
            return;
        }
    }
}

static void fill_notes(struct notes *notes, const struct signal_info *info)
{
    const struct fp_state *fp = &current()->fp;

    fill_status(&notes->status, info);
    fp_save_current();
    memcpy(notes->float_registers.f, fp->f, sizeof fp->f);
    notes->float_registers.fcsr = fp->fcsr;
    fill_process(&notes->process);
    signal_info_to_abi(info, &notes->signal);
    fill_auxv(notes->auxv);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void count_area(const struct area_view *area, void *argument)
{
    (void)area;
    ((struct core *)argument)->room++;
}

static void note_area(const struct area_view *area, void *argument)
{
    struct core *core = argument;

    if (core->count == core->room) {
        return; /* another thread has made it just now */
    }
    core->areas[core->count++] = (struct core_area){
        .start = area->start,
        .end = area->end,
        .flags = (area->prot & PROT_READ ? PF_R : 0) | (area->prot & PROT_WRITE ? PF_W : 0) |
                 (area->prot & PROT_EXEC ? PF_X : 0),
        .is_kept = (area->prot & PROT_READ) && (!area->inode || (area->prot & PROT_WRITE))};
}

/* => false: the limit is reached, or the disk is full */
static bool put(struct core *core, const void *bytes, size_t size, u64 offset)
{
    if (offset + size > core->limit) {
        return false;
    }
    return inode_write_kernel(core->file, bytes, size, offset) == (ssize_t)size;
}

/* The pages of an area that were ever touched. */
static bool put_pages(struct core *core, const struct core_area *area, u64 offset, void *page)
{
    for (u64 at = area->start; at < area->end; at += PAGE_SIZE, offset += PAGE_SIZE) {
        if (!(mm_pagemap_entry(current()->mm, at) & PAGEMAP_HELD) ||
            copy_from_user(page, at, PAGE_SIZE) != 0) {
            continue;
        }
        if (!put(core, page, PAGE_SIZE, offset)) {
            return false;
        }
        if (current()->signal_pending && current_process()->exiting) {
            return false; /* killed for good */
        }
    }
    return true;
}

static bool put_note(struct core *core, u64 *at, u32 type, const void *content, size_t size)
{
    const struct note_header header = {sizeof "CORE", (u32)size, type, "CORE"};
    bool ok =
        put(core, &header, sizeof header, *at) && put(core, content, size, *at + sizeof header);

    *at += sizeof header + size;
    return ok;
}

static bool put_notes(struct core *core, u64 at, const struct notes *notes)
{
    return put_note(core, &at, NT_PRSTATUS, &notes->status, sizeof notes->status) &&
           put_note(core, &at, NT_PRPSINFO, &notes->process, sizeof notes->process) &&
           put_note(core, &at, NT_SIGINFO, &notes->signal, sizeof notes->signal) &&
           put_note(core, &at, NT_AUXV, notes->auxv, sizeof notes->auxv) &&
           put_note(core, &at, NT_FPREGSET, &notes->float_registers, sizeof notes->float_registers);
}

static bool put_headers(struct core *core, u64 notes_at, u64 data)
{
    const struct elf_header header = {.magic = ELF_MAGIC,
                                      .elf_class = ELF_CLASS_64,
                                      .data = ELF_DATA_LITTLE,
                                      .ident_version = 1,
                                      .type = ELF_TYPE_CORE,
                                      .machine = ELF_MACHINE_RISCV,
                                      .version = 1,
                                      .phoff = sizeof header,
                                      .ehsize = sizeof header,
                                      .phentsize = sizeof(struct elf_segment),
                                      .phnum = (u16)(core->count + 1)};
    struct elf_segment segment = {
        .type = PT_NOTE, .offset = notes_at, .filesz = NOTES_SIZE, .align = 4};
    u64 at = sizeof header;
    bool ok = put(core, &header, sizeof header, 0) && put(core, &segment, sizeof segment, at);

    for (u32 i = 0; ok && i < core->count; i++) {
        const struct core_area *area = &core->areas[i];
        u64 size = area->end - area->start;

        segment = (struct elf_segment){.type = PT_LOAD,
                                       .flags = area->flags,
                                       .offset = data,
                                       .vaddr = area->start,
                                       .filesz = area->is_kept ? size : 0,
                                       .memsz = size,
                                       .align = PAGE_SIZE};
        at += sizeof segment;
        ok = put(core, &segment, sizeof segment, at);
        data += segment.filesz;
    }
    return ok;
}

/* => true: the headers and notes are there, and as much of memory as fitted */
static bool fill_file(struct core *core, const struct signal_info *info)
{
    struct notes *notes = kalloc(sizeof *notes);
    void *page = page_alloc();
    u64 notes_at = sizeof(struct elf_header) + (core->count + 1) * sizeof(struct elf_segment);
    u64 data = round_up(notes_at + NOTES_SIZE, PAGE_SIZE), offset = data;
    bool ok = false;

    if (notes && page) {
        fill_notes(notes, info);
        ok = put_headers(core, notes_at, data) && put_notes(core, notes_at, notes);
    }
    for (u32 i = 0; ok && i < core->count; i++) {
        const struct core_area *area = &core->areas[i];

        if (area->is_kept) {
            if (!put_pages(core, area, offset, page)) {
                break;
            }
            offset += area->end - area->start;
        }
    }
    if (ok && core->file->size < min_u64(offset, core->limit)) {
        (void)vfs_truncate(core->file, min_u64(offset, core->limit)); /* the last pages: a hole */
    }
    kfree(notes);
    if (page) {
        page_free(page);
    }
    return ok;
}

/* A new file, or an old one of the owner's made empty.  NULL: there can be none */
static struct file *open_file(void)
{
    struct path_start start = {fs_context_root(current_process()->fs),
                               fs_context_cwd(current_process()->fs)};
    struct file *file = NULL;
    int error = vfs_open(&start, "core", O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_NONBLOCK,
                         0600 & ~current_process()->fs->umask, &file);

    inode_put(start.root);
    inode_put(start.base);
    if (!error && !S_ISREG(file->inode->mode)) {
        file_put(file);
        file = NULL;
    }
    return error ? NULL : file;
}

bool core_write(const struct signal_info *info)
{
    struct process *process = current_process();
    struct core core = {.limit = process->limits[RLIMIT_CORE].current};
    struct file *file;
    bool written = false;

    if (core.limit < PAGE_SIZE || process->ids.euid != process->ids.uid) {
        return false; /* what runs as another is nobody's to read */
    }
    mm_each_area(current()->mm, false, count_area, &core);
    core.room = (u32)min_u64(core.room, AREAS_MOST);
    core.areas = kalloc(core.room * sizeof *core.areas);
    file = core.areas ? open_file() : NULL;
    if (file) {
        core.file = file->inode;
        mm_each_area(current()->mm, false, note_area, &core);
        written = fill_file(&core, info);
        file_put(file);
    }
    kfree(core.areas);
    return written;
}
