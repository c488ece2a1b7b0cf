/* SPDX-License-Identifier: MIT */
/*
 * procview.h - what procfs asks about processes (the process code is above fs).
 *
 * proc/view.c fills the table at boot.  Every `show` appends text; a process that went
 * away in the meantime gives -ESRCH.
 */
#ifndef KERNEL_FS_PROCVIEW_H
#define KERNEL_FS_PROCVIEW_H

#include "lib/types.h"

struct file;
struct inode;
struct text_buffer; /* fs/text.h: growing text with text_printf(buffer, format, ...) */

/* Files of /proc/PID that are plain text. */
enum proc_view_file {
    PROC_VIEW_STAT,
    PROC_VIEW_STATM,
    PROC_VIEW_STATUS,
    PROC_VIEW_MAPS,
    PROC_VIEW_SMAPS,
    PROC_VIEW_SMAPS_ROLLUP,
    PROC_VIEW_CMDLINE,
    PROC_VIEW_ENVIRON,
    PROC_VIEW_COMM,
    PROC_VIEW_AUXV,
    PROC_VIEW_LIMITS,
    PROC_VIEW_OOM_SCORE,
    PROC_VIEW_OOM_SCORE_ADJ,
    PROC_VIEW_FAULTS, /* ours: "KIND COUNT" for each fault kind */
    PROC_VIEW_FILE_COUNT
};

/* Where a pid is wanted, the number of any thread of the process will do, as on Linux. */
struct proc_view_ops {
    u32 (*current_pid)(void);
    u32 (*current_tid)(void);
    /* The lowest pid > after, or 0: for the listing of /proc. */
    u32 (*next_pid)(u32 after);
    bool (*exists)(u32 pid);
    /* Whose its files are. */
    void (*owner)(u32 pid, u32 *uid, u32 *gid);
    /* The lowest tid > after of the process, or 0: /proc/PID/task. */
    u32 (*next_tid)(u32 pid, u32 after);
    int (*show)(u32 pid, enum proc_view_file what, struct text_buffer *out);
    /* /proc/PID/oom_score_adj.  => 0, -EINVAL, -ESRCH */
    int (*set_oom_score_adj)(u32 pid, i32 value);
    /* Up to 8-byte words of /proc/PID/pagemap from word `first`; => words filled or -errno */
    i64 (*pagemap)(u32 pid, u64 first, u64 *words, u64 count);
    /* Its memory, to or from kernel bytes.  => 0, -EIO (not mapped so), -ESRCH, -EACCES */
    int (*memory)(u32 pid, u64 address, void *bytes, size_t size, bool write);
    /* Descriptors of a process: the first open one >= from, or -1; its file with a reference. */
    int (*next_fd)(u32 pid, int from);
    struct file *(*fd_file)(u32 pid, int fd);
    /* Text of the links exe, cwd and root. => length or -errno */
    i64 (*exe_path)(u32 pid, char *out, u64 size);
    i64 (*cwd_path)(u32 pid, char *out, u64 size);
    /* Totals for /proc/stat and /proc/loadavg. */
    u32 (*process_count)(void);
    u32 (*running_count)(void);
    u32 (*last_pid)(void);
    u64 (*forks)(void);
};

extern const struct proc_view_ops *proc_view_ops;

#endif
