/* SPDX-License-Identifier: MIT */
/* view.h - the files of /proc/PID, split over view.c and memory_view.c. */
#ifndef KERNEL_PROC_VIEW_H
#define KERNEL_PROC_VIEW_H

#include "fs/procview.h"

struct mm;
struct process;

/* The address space with a reference, or NULL: a zombie. */
struct mm *process_mm_get(struct process *process);

/* May the caller look into that process and change it?  As ptrace(2) asks. */
bool process_may_look(const struct process *process);

/* The files that are about memory.  mm may be NULL: they are empty.  => 0 or -errno */
int memory_view_show(struct mm *mm, enum proc_view_file what, struct text_buffer *out);

#endif
