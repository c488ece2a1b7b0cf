/* SPDX-License-Identifier: MIT */
/*
 * oom.c - out of memory: one process has to end so that the others can go on.
 */
#include "mm/oom.h"
#include "lib/atomic.h"
#include "lib/printf.h"
#include "mm/frame.h"
#include "mm/options.h"
#include "mm/swap.h"
#include "sync/task.h"
#include "lib/assert.h"

const struct oom_ops *oom_ops;
u64 oom_kills;

struct choice {
    u32 pid;
    i64 badness;
    u64 resident, swapped;
};

void oom_set_ops(const struct oom_ops *ops)
{
    oom_ops = ops;
}

static u64 total_pages(void)
{
    struct swap_info swap = {0};

    swap_get_info(&swap);
    return frames_usable + swap.total_pages;
}

/* Everything that would become free, shifted by the administrator's wish. */
static i64 badness(const struct mm *mm)
{
    i64 pages = (i64)(mm_resident(mm) + mm->swap_entries + mm->table_pages);

    return pages + mm->oom_score_adj * (i64)total_pages() / 1000;
}

u32 oom_score(const struct mm *mm)
{
    i64 score = badness(mm) * 1000 / (i64)total_pages();

    return score < 0 || mm->oom_score_adj == -1000 ? 0 : score > 2000 ? 2000 : (u32)score;
}

static void consider(u32 pid, struct mm *mm, void *argument)
{
    struct choice *choice = argument;
    i64 value = badness(mm);

    if (pid == 1 || mm->oom_score_adj == -1000) {
        return;
    }
    if (choice->pid == 0 || value > choice->badness) {
        choice->pid = pid;
        choice->badness = value;
        choice->resident = mm_resident(mm);
        choice->swapped = mm->swap_entries;
    }
}

bool oom_kill_one(void)
{
    struct choice choice = {0};

    if (oom_ops == NULL) {
        return false;
    }
    if (vm_options.panic_on_oom) {
        panic("out of memory");
    }
    if (current()->pid > 1 && frames_free_count() > frame_mark_high) {
        consider(current()->pid, current()->mm, &choice); /* a failure made on purpose: its own */
    } else {
        oom_ops->each_process(consider, &choice);
    }
    if (choice.pid == 0 || !oom_ops->kill(choice.pid)) {
        return false;
    }
    atomic_count_u64(&oom_kills);
    PROBE(OOM_KILL, (u64)choice.pid << 32 | choice.pid, choice.resident, choice.swapped);
    log_warn("out of memory: killed process %u (%lu pages resident, %lu in swap)", choice.pid,
             choice.resident, choice.swapped);
    return true;
}
