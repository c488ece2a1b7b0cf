/* SPDX-License-Identifier: MIT */
/*
 * message_queue.c - System V message queues.
 *
 * A queue is a list of messages, each with a type; receivers take the first of the types they
 * want.  Everybody who waits for a queue, for a message or for room, sleeps on one wait queue and
 * looks again after every change.
 *
 * Lock: queues_lock (spin); user memory is touched without it.
 * Source: POSIX.1-2017 msgsnd(), msgrcv(); Linux msgop(2).
 */
#include "abi/errno.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/ipc.h"
#include "proc/process.h"
#include "sync/wait.h"
#include "sys/names.h"
#include "sys/sys.h"

struct queued {
    struct list link;
    i64 type;
    u64 size;
    u8 bytes[];
};

struct queue {
    struct ipc ipc;
    u32 slot;
    bool removed;
    u32 sleepers; /* the last of them frees a removed queue */
    struct list messages;
    u64 bytes, count, room;
    i64 send_time, receive_time;
    u32 last_sender, last_receiver;
    struct wait_queue changed;
};

static struct spinlock queues_lock = SPINLOCK("message queues");
static struct queue *queues[IPC_SLOTS];
static u32 generations[IPC_SLOTS];

static struct queue *find(i32 id, bool by_slot)
{
    struct queue *queue = id >= 0 ? queues[(u32)id % IPC_SLOTS] : NULL;

    if (by_slot) {
        return (u32)id < IPC_SLOTS ? queue : NULL;
    }
    return queue && ipc_id(&queue->ipc, queue->slot) == id ? queue : NULL;
}

static struct queue *find_key(i32 key)
{
    for (u32 i = 0; key != IPC_PRIVATE && i < IPC_SLOTS; i++) {
        if (queues[i] && queues[i]->ipc.key == key) {
            return queues[i];
        }
    }
    return NULL;
}

static i64 place(struct queue *queue)
{
    for (u32 i = 0; i < IPC_SLOTS; i++) {
        if (!queues[i]) {
            queue->slot = i;
            queue->ipc.generation = generations[i];
            queues[i] = queue;
            return ipc_id(&queue->ipc, i);
        }
    }
    return -ENOSPC;
}

i64 sys_msgget(const u64 *a)
{
    struct queue *queue, *fresh = kalloc(sizeof *fresh);
    u32 flags = (u32)a[1];
    i64 result;

    if (!fresh) {
        return -ENOMEM;
    }
    list_init(&fresh->messages);
    wait_init(&fresh->changed);
    fresh->room = QUEUE_ROOM;
    ipc_create(&fresh->ipc, (i32)a[0], flags);
    spin_lock(&queues_lock);
    queue = find_key((i32)a[0]);
    if (queue) {
        result = ipc_found(&queue->ipc, flags);
        result = result ? result : ipc_id(&queue->ipc, queue->slot);
    } else if ((i32)a[0] != IPC_PRIVATE && !(flags & IPC_CREAT)) {
        result = -ENOENT;
    } else {
        result = place(fresh);
        fresh = result >= 0 ? NULL : fresh;
    }
    spin_unlock(&queues_lock);
    kfree(fresh);
    return result;
}

/* queues_lock.  => 0, -EIDRM, -EINTR */
static int wait_for_change(struct queue *queue)
{
    int error;

    queue->sleepers++;
    error = wait_sleep_interruptible(&queue->changed, &queues_lock);
    queue->sleepers--;
    if (!queue->removed) {
        return error;
    }
    if (queue->sleepers == 0) {
        kfree(queue);
    }
    return -EIDRM;
}

static int send(i32 id, u32 flags, struct queued *message)
{
    struct queue *queue;
    int error;

    spin_lock(&queues_lock);
    queue = find(id, false);
    error = queue ? ipc_allows(&queue->ipc, IPC_WRITE) : -EINVAL;
    while (!error && (queue->bytes + message->size > queue->room || queue->count >= queue->room)) {
        error = flags & IPC_NOWAIT ? -EAGAIN : wait_for_change(queue);
    }
    if (!error) {
        list_push_back(&queue->messages, &message->link);
        queue->bytes += message->size;
        queue->count++;
        queue->send_time = ipc_seconds();
        queue->last_sender = current_process()->pid;
        wait_wake_all(&queue->changed);
    }
    spin_unlock(&queues_lock);
    return error;
}

i64 sys_msgsnd(const u64 *a)
{
    struct queued *message;
    i64 error = 0;

    if (a[2] > MESSAGE_MAX || (i32)a[0] < 0) {
        return -EINVAL;
    }
    message = kalloc(sizeof *message + a[2]);
    if (!message) {
        return -ENOMEM;
    }
    message->size = a[2];
    if (get_user_u64(a[1], (u64 *)&message->type) != 0 ||
        copy_from_user(message->bytes, a[1] + sizeof(u64), a[2]) != 0) {
        error = -EFAULT;
    } else if (message->type < 1) {
        error = -EINVAL;
    }
    error = error ? error : send((i32)a[0], (u32)a[3], message);
    if (error) {
        kfree(message);
    }
    return error;
}

/* The message that a receiver of `type` gets: the first, or of the lowest type up to -type. */
static struct queued *choose(const struct queue *queue, i64 type, u32 flags)
{
    struct queued *best = NULL;

    list_for_each(link, &queue->messages)
    {
        struct queued *each = list_entry(link, struct queued, link);
        bool wanted = type == 0  ? true
                      : type < 0 ? each->type <= -type && (!best || each->type < best->type)
                                 : (each->type == type) != ((flags & MSG_EXCEPT) != 0);

        if (wanted) {
            best = each;
            if (type >= 0) {
                break;
            }
        }
    }
    return best;
}

/* => 0 with *out off the queue, or -errno */
static int receive(const u64 *a, struct queued **out)
{
    u32 flags = (u32)a[4];
    struct queue *queue;
    int error;

    spin_lock(&queues_lock);
    queue = find((i32)a[0], false);
    error = queue ? ipc_allows(&queue->ipc, IPC_READ) : -EINVAL;
    while (!error && !(*out = choose(queue, (i64)a[3], flags))) {
        error = flags & IPC_NOWAIT ? -ENOMSG : wait_for_change(queue);
    }
    if (!error && (*out)->size > a[2] && !(flags & MSG_NOERROR)) {
        error = -E2BIG;
    }
    if (!error) {
        list_remove(&(*out)->link);
        queue->bytes -= (*out)->size;
        queue->count--;
        queue->receive_time = ipc_seconds();
        queue->last_receiver = current_process()->pid;
        wait_wake_all(&queue->changed);
    }
    spin_unlock(&queues_lock);
    return error;
}

i64 sys_msgrcv(const u64 *a)
{
    struct queued *message;
    i64 result;

    if ((i64)a[2] < 0 || (i32)a[0] < 0) {
        return -EINVAL;
    }
    if (a[4] & MSG_COPY) {
        return a[4] & MSG_EXCEPT || !(a[4] & IPC_NOWAIT) ? -EINVAL : -ENOSYS;
    }
    result = receive(a, &message);
    if (result) {
        return result;
    }
    result = (i64)min_u64(message->size, a[2]);
    if (put_user_u64(a[1], (u64)message->type) != 0 ||
        copy_to_user(a[1] + sizeof(u64), message->bytes, (u64)result) != 0) {
        result = -EFAULT;
    }
    kfree(message);
    return result;
}

/* --- msgctl ---------------------------------------------------------------------------------- */

/* queues_lock, which is given up. */
static void remove(struct queue *queue)
{
    bool is_last = queue->sleepers == 0;
    struct list messages = {&messages, &messages}, *link;

    queues[queue->slot] = NULL;
    generations[queue->slot]++;
    queue->removed = true;
    while ((link = list_pop_front(&queue->messages)) != NULL) {
        list_push_back(&messages, link);
    }
    wait_wake_all(&queue->changed);
    spin_unlock(&queues_lock);
    while ((link = list_pop_front(&messages)) != NULL) {
        kfree(list_entry(link, struct queued, link));
    }
    if (is_last) {
        kfree(queue);
    }
}

static i64 put_info(u32 command, u64 user)
{
    struct abi_msginfo out = {.msgpool = (i32)(IPC_SLOTS * QUEUE_ROOM / 1024),
                              .msgmap = QUEUE_ROOM,
                              .msgmax = MESSAGE_MAX,
                              .msgmnb = QUEUE_ROOM,
                              .msgmni = IPC_SLOTS,
                              .msgssz = 16,
                              .msgtql = QUEUE_ROOM,
                              .msgseg = 0xffff};
    i32 used = 0, messages = 0, bytes = 0;
    i64 highest = 0;

    spin_lock(&queues_lock);
    for (u32 i = 0; i < IPC_SLOTS; i++) {
        if (queues[i]) {
            used++;
            messages += (i32)queues[i]->count;
            bytes += (i32)queues[i]->bytes;
            highest = i;
        }
    }
    spin_unlock(&queues_lock);
    if (command == MSG_INFO) {
        out.msgpool = used;
        out.msgmap = messages;
        out.msgtql = bytes;
    }
    return copy_to_user(user, &out, sizeof out) ? -EFAULT : highest;
}

static i64 set_queue(struct queue *queue, const struct abi_msqid *from)
{
    i64 error = ipc_check_owner(&queue->ipc);

    if (!error && from->room > QUEUE_ROOM && current_process()->ids.euid != 0) {
        error = -EPERM;
    }
    if (!error) {
        ipc_set(&queue->ipc, &from->perm);
        queue->room = from->room;
        wait_wake_all(&queue->changed);
    }
    return error;
}

static struct abi_msqid show(const struct queue *queue)
{
    return (struct abi_msqid){.perm = ipc_show(&queue->ipc),
                              .send_time = queue->send_time,
                              .receive_time = queue->receive_time,
                              .change_time = queue->ipc.change_time,
                              .bytes = queue->bytes,
                              .messages = queue->count,
                              .room = queue->room,
                              .last_sender = (i32)queue->last_sender,
                              .last_receiver = (i32)queue->last_receiver};
}

i64 sys_msgctl(const u64 *a)
{
    u32 command = (u32)a[1];
    bool by_slot = command == MSG_STAT || command == MSG_STAT_ANY;
    struct abi_msqid state;
    struct queue *queue;
    i64 result;

    if (command == IPC_INFO || command == MSG_INFO) {
        return put_info(command, a[2]);
    }
    if (!by_slot && command != IPC_STAT && command != IPC_SET && command != IPC_RMID) {
        return -EINVAL;
    }
    if (command == IPC_SET && copy_from_user(&state, a[2], sizeof state) != 0) {
        return -EFAULT;
    }
    spin_lock(&queues_lock);
    queue = find((i32)a[0], by_slot);
    if (!queue) {
        result = -EINVAL;
    } else if (command == IPC_SET) {
        result = set_queue(queue, &state);
    } else if (command == IPC_RMID) {
        result = ipc_check_owner(&queue->ipc);
        if (!result) {
            remove(queue);
            return 0;
        }
    } else {
        result = command == MSG_STAT_ANY ? 0 : ipc_allows(&queue->ipc, IPC_READ);
        state = show(queue);
        result = result ? result : by_slot ? ipc_id(&queue->ipc, queue->slot) : 0;
    }
    spin_unlock(&queues_lock);
    if (result >= 0 && command != IPC_SET && copy_to_user(a[2], &state, sizeof state) != 0) {
        return -EFAULT;
    }
    return result;
}
