/* SPDX-License-Identifier: MIT */
/*
 * pending.c - sets of signals that have been sent and not yet delivered, and the
 * tables of actions.
 *
 * A standard signal that is already pending is not kept a second time (POSIX), so one
 * slot for each is enough.  Real-time signals keep their number and order.
 *
 * Locks: process_lock guards every set.  The actions' table is written under it too.
 */
#include "proc/signal.h"

#include "abi/errno.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "proc/pending.h"
#include "proc/process.h"

#define QUEUE_LIMIT 1024u /* real-time signals waiting in one set */

void signal_pending_init(struct signal_pending_set *set)
{
    set->set = 0;
    set->queued = 0;
    list_init(&set->queue);
}

static void forget(struct queued_signal *queued)
{
    if (!queued->is_kept) {
        kfree(queued);
    }
}

void signal_pending_withdraw(struct queued_signal *kept)
{
    if (!list_empty(&kept->link)) { /* its bit in the set may stay: it means "look" */
        list_remove(&kept->link);
        kept->set->queued--;
    }
}

/* Throws away the signals in `which`.  Used by stop and continue signals and by exit. */
void signal_pending_discard(struct signal_pending_set *set, u64 which)
{
    set->set &= ~which;
    list_for_each_safe(link, following, &set->queue)
    {
        struct queued_signal *queued = list_entry(link, struct queued_signal, link);

        if (which & signal_bit((u32)queued->info.signo)) {
            list_remove(link);
            set->queued--;
            forget(queued);
        }
    }
}

/*
 * Adds a signal.  `spare` is memory for a real-time signal, made before the lock was
 * taken; it is used up (set to NULL) if needed.
 * => 0, or -EAGAIN: a real-time signal without memory or beyond the limit
 */
int signal_pending_add(struct signal_pending_set *set, const struct signal_info *info,
                       struct queued_signal **spare)
{
    u32 signo = (u32)info->signo;

    if (signo < SIGRTMIN) {
        if (!(set->set & signal_bit(signo))) {
            set->standard[signo] = *info;
            set->set |= signal_bit(signo);
        }
        return 0;
    }
    if (!spare || !*spare || set->queued >= QUEUE_LIMIT) {
        return -EAGAIN;
    }
    (*spare)->info = *info;
    (*spare)->set = set;
    list_push_back(&set->queue, &(*spare)->link);
    *spare = NULL;
    set->queued++;
    set->set |= signal_bit(signo);
    return 0;
}

static bool take_queued(struct signal_pending_set *set, u32 signo, struct signal_info *out)
{
    bool found = false, more = false;

    list_for_each_safe(link, following, &set->queue)
    {
        struct queued_signal *queued = list_entry(link, struct queued_signal, link);

        if ((u32)queued->info.signo != signo) {
            continue;
        }
        if (found) {
            more = true;
            break;
        }
        found = true;
        *out = queued->info;
        list_remove(link);
        set->queued--;
        forget(queued);
    }
    if (!more) {
        set->set &= ~signal_bit(signo);
    }
    return found;
}

/*
 * Takes the most urgent signal among `allowed`: faults' signals first, then the lowest
 * number.  => false if there is none
 */
bool signal_pending_take(struct signal_pending_set *set, u64 allowed, struct signal_info *out)
{
    const u64 synchronous = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) |
                            signal_bit(SIGTRAP) | signal_bit(SIGFPE) | signal_bit(SIGSYS);
    u64 ready = set->set & allowed;

    if (ready == 0) {
        return false;
    }
    if (ready & synchronous) {
        ready &= synchronous;
    }
    u32 signo = (u32)__builtin_ctzll(ready) + 1;

    if (signo >= SIGRTMIN) {
        return take_queued(set, signo, out);
    }
    *out = set->standard[signo];
    set->set &= ~signal_bit(signo);
    return true;
}

struct signal_actions *signal_actions_create(const struct signal_actions *from)
{
    struct signal_actions *actions = kalloc(sizeof *actions);

    if (actions) {
        actions->set = from ? from->set : 0;
        for (u64 rest = actions->set; rest != 0; rest &= rest - 1) { /* few are ever set */
            u32 signo = (u32)__builtin_ctzll(rest) + 1;

            actions->action[signo] = from->action[signo];
        }
        actions->refs = 1;
    }
    return actions;
}

void signal_actions_put(struct signal_actions *actions)
{
    if (actions && atomic_add_u32(&actions->refs, (u32)-1) == 1) {
        kfree(actions);
    }
}
