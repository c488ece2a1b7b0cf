/* SPDX-License-Identifier: MIT */
/*
 * procfs_pid.c - /proc/PID and what is in it.  Everything about processes is asked through
 * proc_view_ops (fs is below proc); a process that is gone gives ESRCH or ENOENT.
 */
#include "fs/procfs_node.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/failure.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "sync/task.h"

/* Kinds of places that are not plain text. */
enum special {
    TEXT,
    MOUNTS,
    MOUNTINFO,
    FAIL_NTH,
    PAGEMAP,
    MEMORY,
    LINK_EXE,
    LINK_CWD,
    LINK_ROOT,
    DIRECTORY_FD,
    DIRECTORY_TASK
};

static const struct row {
    const char *name;
    enum special special;
    enum proc_view_file view; /* of TEXT */
    u32 mode;
} rows[] = {
    {"stat", TEXT, PROC_VIEW_STAT, S_IFREG | 0444},
    {"statm", TEXT, PROC_VIEW_STATM, S_IFREG | 0444},
    {"status", TEXT, PROC_VIEW_STATUS, S_IFREG | 0444},
    {"maps", TEXT, PROC_VIEW_MAPS, S_IFREG | 0444},
    {"smaps", TEXT, PROC_VIEW_SMAPS, S_IFREG | 0444},
    {"smaps_rollup", TEXT, PROC_VIEW_SMAPS_ROLLUP, S_IFREG | 0444},
    {"cmdline", TEXT, PROC_VIEW_CMDLINE, S_IFREG | 0444},
    {"environ", TEXT, PROC_VIEW_ENVIRON, S_IFREG | 0400},
    {"comm", TEXT, PROC_VIEW_COMM, S_IFREG | 0444},
    {"auxv", TEXT, PROC_VIEW_AUXV, S_IFREG | 0400},
    {"limits", TEXT, PROC_VIEW_LIMITS, S_IFREG | 0444},
    {"oom_score", TEXT, PROC_VIEW_OOM_SCORE, S_IFREG | 0444},
    {"oom_score_adj", TEXT, PROC_VIEW_OOM_SCORE_ADJ, S_IFREG | 0644},
    {"fail-nth", FAIL_NTH, 0, S_IFREG | 0644},
    {"faults", TEXT, PROC_VIEW_FAULTS, S_IFREG | 0444},
    {"mounts", MOUNTS, 0, S_IFREG | 0444},
    {"mountinfo", MOUNTINFO, 0, S_IFREG | 0444},
    {"pagemap", PAGEMAP, 0, S_IFREG | 0400},
    {"mem", MEMORY, 0, S_IFREG | 0600},
    {"exe", LINK_EXE, 0, S_IFLNK | 0777},
    {"cwd", LINK_CWD, 0, S_IFLNK | 0777},
    {"root", LINK_ROOT, 0, S_IFLNK | 0777},
    {"fd", DIRECTORY_FD, 0, S_IFDIR | 0500},
    {"task", DIRECTORY_TASK, 0, S_IFDIR | 0555},
};
#define ROW_COUNT ((u32)ARRAY_LENGTH(rows))

static u32 place_of_row(u32 row)
{
    if (rows[row].special == DIRECTORY_FD) {
        return PROCFS_PID_FD_DIRECTORY;
    }
    return rows[row].special == DIRECTORY_TASK ? PROCFS_PID_TASK_DIRECTORY : PROCFS_PID_FILE + row;
}

static const struct row *row_of_place(u32 place)
{
    return &rows[place - PROCFS_PID_FILE];
}

/* --- texts ------------------------------------------------------------------------------- */

static int show_view(u32 pid, u32 place, struct text_buffer *out)
{
    return proc_view_ops->show(pid, row_of_place(place)->view, out);
}

static int show_mounts(u32 pid, u32 place, struct text_buffer *out)
{
    (void)pid;
    return row_of_place(place)->special == MOUNTS ? procfs_show_mounts(out)
                                                  : procfs_show_mountinfo(out);
}

static int store_oom_score_adj(u32 pid, u32 place, const char *text, size_t length)
{
    bool negative = text[0] == '-';
    const char *end;
    u64 value;

    (void)place;
    if (!string_to_u64(text + negative, &end, &value) || end != text + length || value > 1000) {
        return -EINVAL;
    }
    return proc_view_ops->set_oom_score_adj(pid, negative ? -(i32)value : (i32)value);
}

/* As on Linux; only for the thread that asks. */
static int show_fail_nth(u32 pid, u32 place, struct text_buffer *out)
{
    (void)place;
    text_printf(out, "%llu\n",
                pid == proc_view_ops->current_pid() ? (unsigned long long)current()->fail_nth : 0);
    return 0;
}

static int store_fail_nth(u32 pid, u32 place, const char *text, size_t length)
{
    const char *end;
    u64 value;

    (void)place;
    if (!string_to_u64(text, &end, &value) || end != text + length || value > 0x7fffffff) {
        return -EINVAL;
    }
    if (pid != proc_view_ops->current_pid()) {
        return -EPERM;
    }
    failure_arm_task(current(), value);
    return 0;
}

static struct procfs_text_source fail_source = {show_fail_nth, store_fail_nth};
static struct procfs_text_source view_source = {show_view, NULL};
static struct procfs_text_source oom_source = {show_view, store_oom_score_adj};
static struct procfs_text_source mounts_source = {show_mounts, NULL};

/* --- pagemap: 8 bytes for each page of the address space --------------------------------- */

#define PAGEMAP_BATCH (PAGE_SIZE / sizeof(u64))

static ssize_t pagemap_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    u64 *words;
    size_t done = 0;
    i64 count = 0;

    if (*offset % sizeof(u64) != 0 || size % sizeof(u64) != 0) {
        return -EINVAL;
    }
    words = page_alloc();
    if (!words) {
        return -ENOMEM;
    }
    while (done < size) {
        u64 wanted = min_u64((size - done) / sizeof(u64), PAGEMAP_BATCH);

        count =
            proc_view_ops->pagemap(procfs_pid(file->inode), *offset / sizeof(u64), words, wanted);
        if (count <= 0) {
            break;
        }
        if (copy_to_user(user + done, words, (size_t)count * sizeof(u64))) {
            count = -EFAULT;
            break;
        }
        done += (size_t)count * sizeof(u64);
        *offset += (u64)count * sizeof(u64);
    }
    page_free(words);
    return done > 0 ? (ssize_t)done : (ssize_t)count;
}

static i64 wide_seek(struct file *file, i64 offset, u32 whence)
{
    if (whence == SEEK_CUR) {
        offset += (i64)file->offset;
    } else if (whence != SEEK_SET) {
        return -EINVAL;
    }
    if (offset < 0) {
        return -EINVAL;
    }
    file->offset = (u64)offset;
    return offset;
}

static const struct file_ops pagemap_ops = {.read = pagemap_read, .seek = wide_seek};

/* --- mem: the address space as a file, with the rights that its areas give --------------- */

static ssize_t memory_move(struct file *file, u64 user, size_t size, u64 *offset, bool write)
{
    u32 pid = procfs_pid(file->inode);
    u8 *page = page_alloc();
    size_t done = 0;
    int error = page ? 0 : -ENOMEM;

    while (!error && done < size) {
        size_t part = min_u64(size - done, PAGE_SIZE - (*offset & PAGE_MASK));

        error = write ? copy_from_user(page, user + done, part) : 0;
        error = error ? error : proc_view_ops->memory(pid, *offset, page, part, write);
        error = error || write ? error : copy_to_user(user + done, page, part);
        if (!error) {
            done += part;
            *offset += part;
        }
    }
    if (page) {
        page_free(page);
    }
    return done ? (ssize_t)done : error;
}

static ssize_t memory_read(struct file *file, u64 user, size_t size, u64 *offset)
{
    return memory_move(file, user, size, offset, false);
}

static ssize_t memory_write(struct file *file, u64 user, size_t size, u64 *offset)
{
    return memory_move(file, user, size, offset, true);
}

static const struct file_ops memory_ops = {
    .read = memory_read, .write = memory_write, .seek = wide_seek};

/* --- links ------------------------------------------------------------------------------- */

static ssize_t link_readlink(struct inode *inode, char *buffer, size_t size)
{
    u32 pid = procfs_pid(inode);

    switch (row_of_place(procfs_place(inode))->special) {
    case LINK_EXE:
        return proc_view_ops->exe_path(pid, buffer, size);
    case LINK_CWD:
        return proc_view_ops->cwd_path(pid, buffer, size);
    default:
        buffer[0] = '/';
        return 1;
    }
}

static const struct inode_ops link_inode_ops = {
    .readlink = link_readlink,
    .release = inode_release,
};

static struct file *file_of_link(const struct inode *inode)
{
    return proc_view_ops->fd_file(procfs_pid(inode), (int)(procfs_place(inode) & ~PROCFS_PID_FD));
}

/* The path of the open file, or what it is if it has none. */
static ssize_t fd_readlink(struct inode *inode, char *buffer, size_t size)
{
    struct file *file = file_of_link(inode);
    struct filesystem *first = mount_at(0);
    char text[48];
    ssize_t length = -ENOENT;

    if (!file) {
        return -ENOENT;
    }
    if (file->inode && file->inode->fs && first) {
        length = path_of_inode(file->inode, first->root, buffer, size);
    }
    if (length < 0) {
        if (file->inode) {
            snprintf(text, sizeof(text), "%s:[%llu]",
                     S_ISFIFO(file->inode->mode) ? "pipe" : "anon_inode",
                     (unsigned long long)file->inode->number);
        } else {
            snprintf(text, sizeof(text), "anon_inode:[file]");
        }
        length = (ssize_t)min_u64(strlen(text), size);
        memcpy(buffer, text, (size_t)length);
    }
    file_put(file);
    return length;
}

/* Opening the link opens the very inode, even if it has no name. */
static int fd_follow(struct inode *inode, struct inode **out)
{
    struct file *file = file_of_link(inode);

    if (!file) {
        return -ENOENT;
    }
    *out = file->inode ? inode_get(file->inode) : NULL;
    file_put(file);
    return *out ? 0 : -ENXIO;
}

static const struct inode_ops fd_inode_ops = {
    .readlink = fd_readlink,
    .follow = fd_follow,
    .release = inode_release,
};

/* --- inodes ------------------------------------------------------------------------------ */

static void set_file(struct inode *inode, const struct row *row)
{
    switch (row->special) {
    case TEXT:
        inode->fops = &procfs_text_ops;
        inode->private = row->view == PROC_VIEW_OOM_SCORE_ADJ ? &oom_source : &view_source;
        break;
    case MOUNTS:
    case MOUNTINFO:
        inode->fops = &procfs_text_ops;
        inode->private = &mounts_source;
        break;
    case FAIL_NTH:
        inode->fops = &procfs_text_ops;
        inode->private = &fail_source;
        break;
    case PAGEMAP:
        inode->fops = &pagemap_ops;
        break;
    case MEMORY:
        inode->fops = &memory_ops;
        break;
    default:
        inode->ops = &link_inode_ops;
        break;
    }
}

int procfs_pid_inode(struct filesystem *fs, u32 pid, u32 place, struct inode **out)
{
    struct inode *inode;
    u32 mode = S_IFDIR | 0555;
    bool is_fd = (place & PROCFS_PID_FD) != 0;

    if (!proc_view_ops || !proc_view_ops->exists(pid)) {
        return -ENOENT;
    }
    if (is_fd) {
        mode = S_IFLNK | 0700;
    } else if (place >= PROCFS_PID_FILE && place < PROCFS_PID_FILE + ROW_COUNT) {
        mode = row_of_place(place)->mode;
    }
    inode = procfs_inode(fs, procfs_number(pid, place), mode);
    if (!inode) {
        return -ENOMEM;
    }
    proc_view_ops->owner(pid, &inode->uid, &inode->gid);
    if (is_fd) {
        inode->ops = &fd_inode_ops;
        inode->size = 64;
    } else if (!S_ISDIR(mode)) {
        set_file(inode, row_of_place(place));
    }
    *out = inode;
    return 0;
}

/* Names in /proc/PID and /proc/PID/task/TID; `id` is the process or the thread. */
static int lookup_row(struct inode *directory, u32 id, const char *name, size_t length,
                      struct inode **out)
{
    for (u32 row = 0; row < ROW_COUNT; row++) {
        if (strlen(rows[row].name) == length && memcmp(rows[row].name, name, length) == 0) {
            return procfs_pid_inode(directory->fs, id, place_of_row(row), out);
        }
    }
    return -ENOENT;
}

int procfs_pid_lookup(struct inode *directory, const char *name, size_t length, struct inode **out)
{
    u32 pid = procfs_pid(directory);
    u32 place = procfs_place(directory);
    u32 value;

    if ((place & PROCFS_PID_TASK) && !(place & PROCFS_PID_FD)) {
        return lookup_row(directory, place & ~PROCFS_PID_TASK, name, length, out);
    }
    switch (place) {
    case PROCFS_PID_FD_DIRECTORY:
        if (!procfs_parse_number(name, length, &value) ||
            proc_view_ops->next_fd(pid, (int)value) != (int)value) {
            return -ENOENT;
        }
        return procfs_pid_inode(directory->fs, pid, PROCFS_PID_FD | value, out);
    case PROCFS_PID_TASK_DIRECTORY:
        if (!procfs_parse_number(name, length, &value) || value == 0 ||
            proc_view_ops->next_tid(pid, value - 1) != value) {
            return -ENOENT;
        }
        return procfs_pid_inode(directory->fs, pid, PROCFS_PID_TASK | value, out);
    default:
        return lookup_row(directory, pid, name, length, out);
    }
}

/* --- listings ---------------------------------------------------------------------------- */

/* Offsets: 2 + row. */
static void list_rows(u32 pid, struct directory_reader *reader, u64 *offset)
{
    for (u32 row = (u32)min_u64(*offset - 2, ROW_COUNT); row < ROW_COUNT; row++) {
        if (!reader->emit(reader, rows[row].name, strlen(rows[row].name),
                          procfs_number(pid, place_of_row(row)),
                          directory_entry_type(rows[row].mode), row + 3)) {
            return;
        }
        *offset = row + 3;
    }
}

/* Offsets: 2 + the number before which everything has been listed. */
static void list_numbers(u32 pid, bool tasks, struct directory_reader *reader, u64 *offset)
{
    for (;;) {
        u32 from = (u32)min_u64(*offset - 2, 0x3fffffff);
        i64 value = tasks ? (i64)proc_view_ops->next_tid(pid, from ? from - 1 : 0)
                          : (i64)proc_view_ops->next_fd(pid, (int)from);
        char name[12];
        size_t length;

        if (value < 0 || (tasks && value == 0)) {
            return;
        }
        length = (size_t)snprintf(name, sizeof(name), "%u", (u32)value);
        if (!reader->emit(
                reader, name, length,
                procfs_number(pid, (tasks ? PROCFS_PID_TASK : PROCFS_PID_FD) | (u32)value),
                tasks ? DT_DIR : DT_LNK, (u64)value + 3)) {
            return;
        }
        *offset = (u64)value + 3;
    }
}

int procfs_pid_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset)
{
    u32 pid = procfs_pid(directory);

    switch (procfs_place(directory)) {
    case PROCFS_PID_FD_DIRECTORY:
        list_numbers(pid, false, reader, offset);
        break;
    case PROCFS_PID_TASK_DIRECTORY:
        list_numbers(pid, true, reader, offset);
        break;
    default:
        list_rows(pid, reader, offset);
        break;
    }
    return 0;
}
