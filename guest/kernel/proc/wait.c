/* SPDX-License-Identifier: MIT */
/*
 * wait.c - wait4 and waitid: learning what became of a child.
 *
 * A zombie is collected once and then freed, with its pid; a stop or a continuation is
 * reported once.  Any thread may wait for any child of its process.
 *
 * Locks: process_lock; the sleep on child_wait gives it up.
 */
#include "abi/errno.h"
#include "abi/wait.h"
#include "proc/process.h"
#include "proc/table.h"

static bool matches(const struct wait_request *request, const struct process *child)
{
    bool is_clone = child->exit_signal != SIGCHLD;

    if (!(request->options & WALL) && is_clone != ((request->options & WCLONE) != 0)) {
        return false;
    }
    switch (request->id_type) {
    case P_PID:
        return child->pid == request->id;
    case P_PGID:
        return child->pgid == request->id;
    default:
        return true;
    }
}

static void collect_zombie(struct process *child, const struct wait_request *request,
                           struct wait_result *out)
{
    struct process *parent = child->parent;

    out->status = child->exit_status;
    out->usage = child->dead_threads;
    usage_add(&out->usage, &child->children_usage);
    if (request->options & WNOWAIT) {
        return;
    }
    usage_add(&parent->children_usage, &out->usage);
    process_withdraw_locked(child);
    process_put(child);
}

/* Is there something to tell of this child?  If so it is told. */
static bool report(struct process *child, const struct wait_request *request,
                   struct wait_result *out)
{
    bool keep = request->options & WNOWAIT;

    out->pid = child->pid;
    out->uid = child->ids.uid;
    if (child->state == PROCESS_ZOMBIE) {
        if (!(request->options & WEXITED)) {
            return false;
        }
        collect_zombie(child, request, out);
        return true;
    }
    if (child->state == PROCESS_STOPPED && !child->stop_reported && (request->options & WSTOPPED)) {
        process_usage_locked(child, &out->usage);
        child->stop_reported = !keep;
        out->status = WAIT_STOPPED(child->stop_signal);
        return true;
    }
    if (child->continued && (request->options & WCONTINUED)) {
        process_usage_locked(child, &out->usage);
        child->continued = keep;
        out->status = WAIT_CONTINUED;
        return true;
    }
    return false;
}

i64 process_wait(const struct wait_request *request, struct wait_result *out)
{
    struct process *process = current_process();
    i64 result;

    spin_lock(&process_lock);
    for (;;) {
        bool any = false;

        list_for_each_safe(link, following, &process->children)
        {
            struct process *child = list_entry(link, struct process, sibling);

            if (!matches(request, child)) {
                continue;
            }
            any = true;
            if (report(child, request, out)) {
                spin_unlock(&process_lock);
                return out->pid;
            }
        }
        if (!any) {
            result = -ECHILD;
            break;
        }
        if (request->options & WNOHANG) {
            result = 0;
            break;
        }
        result = wait_sleep_interruptible(&process->child_wait, &process_lock);
        if (result != 0) {
            break;
        }
    }
    spin_unlock(&process_lock);
    return result;
}
