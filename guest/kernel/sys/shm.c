/* SPDX-License-Identifier: MIT */
/*
 * shm.c - System V shared memory segments.
 *
 * A segment is a shared-memory object (mm/shm.h) with an id, a key and a count of
 * attachments.  IPC_RMID takes its key away at once; the segment goes with its last
 * attachment.  Ids are index + generation * SEGMENTS, so that an old id is not mistaken
 * for a new segment.
 *
 * Attachments are counted through the mappings themselves: whoever maps the object
 * holds a reference to its inode (mmap, fork), so a segment is in use while the inode
 * has more references than the table's own.
 *
 * Lock: segments_lock (sleeping: creating and destroying an object may sleep).
 * Source: POSIX.1-2017 shmget, shmat; Linux shmctl(2).
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/stat.h"
#include "lib/string.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/shm.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sync/mutex.h"
#include "sync/time.h"
#include "sys/names.h"
#include "sys/sys.h"

#define SEGMENTS SEGMENTS_MAX

struct segment {
    struct inode *object; /* NULL = free */
    i32 key;              /* IPC_PRIVATE once removed */
    u32 generation;
    bool removed;
    u64 size;
    u32 mode, uid, gid, cuid, cgid;
    i64 attach_time, detach_time, change_time;
    u32 creator, last_pid;
};

static struct segment segments[SEGMENTS];
static struct mutex segments_lock;
static u32 segments_ready;

static void lock_segments(void)
{
    if (!__atomic_exchange_n(&segments_ready, 1, __ATOMIC_SEQ_CST)) {
        mutex_init(&segments_lock, "shm segments");
    }
    mutex_lock(&segments_lock);
}

static i64 seconds_now(void)
{
    return time_realtime().sec;
}

static i32 id_of(const struct segment *segment)
{
    return (i32)((u32)(segment - segments) + segment->generation * SEGMENTS);
}

static u32 attachments(const struct segment *segment)
{
    return __atomic_load_n(&segment->object->refs, __ATOMIC_RELAXED) - 1;
}

/* A removed segment that nobody has attached goes. */
static void collect(struct segment *segment)
{
    if (segment->object && segment->removed && attachments(segment) == 0) {
        inode_put(segment->object);
        segment->object = NULL;
        segment->generation = (segment->generation + 1) & 0xffff;
    }
}

static struct segment *find(i32 id)
{
    struct segment *segment = &segments[(u32)id % SEGMENTS];

    if (id < 0) {
        return NULL;
    }
    collect(segment);
    return segment->object && id_of(segment) == id ? segment : NULL;
}

static struct segment *find_key(i32 key)
{
    for (u32 i = 0; key != IPC_PRIVATE && i < SEGMENTS; i++) {
        if (segments[i].object && !segments[i].removed && segments[i].key == key) {
            return &segments[i];
        }
    }
    return NULL;
}

static i64 create(i32 key, u64 size, u32 mode)
{
    const struct process *process = current_process();
    struct segment *segment = NULL;

    if (size == 0 || size > SEGMENT_SIZE_MAX) {
        return -EINVAL;
    }
    for (u32 i = 0; i < SEGMENTS && !segment; i++) {
        collect(&segments[i]);
        if (!segments[i].object) {
            segment = &segments[i];
        }
    }
    if (!segment) {
        return -ENOSPC;
    }
    segment->object = shm_inode_create(round_up(size, PAGE_SIZE));
    if (!segment->object) {
        return -ENOMEM;
    }
    segment->key = key;
    segment->removed = false;
    segment->size = size;
    segment->mode = mode & 0777;
    segment->uid = segment->cuid = process->ids.euid;
    segment->gid = segment->cgid = process->ids.egid;
    segment->attach_time = segment->detach_time = 0;
    segment->change_time = seconds_now();
    segment->creator = process->pid;
    segment->last_pid = 0;
    return id_of(segment);
}

i64 sys_shmget(const u64 *a)
{
    u32 flags = (u32)a[2];
    struct segment *segment;
    i64 result;

    lock_segments();
    segment = find_key((i32)a[0]);
    if (!segment) {
        result = (i32)a[0] == IPC_PRIVATE || (flags & IPC_CREAT) ? create((i32)a[0], a[1], flags)
                                                                 : -ENOENT;
    } else if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL)) {
        result = -EEXIST;
    } else if (a[1] > segment->size) {
        result = -EINVAL;
    } else {
        result = id_of(segment);
    }
    mutex_unlock(&segments_lock);
    return result;
}

/* The address that shmat wants, made a page boundary.  => 0 or -EINVAL */
static int attach_address(u64 address, u32 flags, u64 *out)
{
    if (address % SHMLBA != 0) {
        if (!(flags & SHM_RND)) {
            return -EINVAL;
        }
        address = round_down(address, SHMLBA);
    }
    if (address == 0 && (flags & SHM_REMAP)) {
        return -EINVAL;
    }
    *out = address;
    return 0;
}

static i64 attach(struct segment *segment, u64 address, u32 flags)
{
    u32 prot =
        PROT_READ | ((flags & SHM_RDONLY) ? 0 : PROT_WRITE) | ((flags & SHM_EXEC) ? PROT_EXEC : 0);
    u32 how = MAP_SHARED;
    i64 result;

    if (address != 0) {
        how |= (flags & SHM_REMAP) ? MAP_FIXED : MAP_FIXED_NOREPLACE;
    }
    result = vm_mmap(current()->mm, address, round_up(segment->size, PAGE_SIZE), prot, how,
                     segment->object, 0, !(flags & SHM_RDONLY));
    if (result == -EEXIST) {
        result = -EINVAL;
    }
    if (result >= 0 || result < -4095) {
        segment->attach_time = seconds_now();
        segment->last_pid = current_process()->pid;
    }
    return result;
}

i64 sys_shmat(const u64 *a)
{
    struct segment *segment;
    u64 address;
    i64 result = attach_address(a[1], (u32)a[2], &address);

    if (result) {
        return result;
    }
    lock_segments();
    segment = find((i32)a[0]);
    if (!segment) {
        result = -EINVAL;
    } else if (segment->removed && attachments(segment) == 0) {
        result = -EIDRM;
    } else {
        result = attach(segment, address, (u32)a[2]);
    }
    mutex_unlock(&segments_lock);
    return result;
}

/* What is mapped at exactly this address?  The segment it belongs to, or NULL. */
struct attached {
    u64 address;
    struct segment *segment;
};

static void look_at_area(const struct area_view *area, void *argument)
{
    struct attached *attached = argument;

    if (area->start != attached->address || !area->inode || area->offset != 0) {
        return;
    }
    for (u32 i = 0; i < SEGMENTS; i++) {
        if (segments[i].object == area->inode) {
            attached->segment = &segments[i];
        }
    }
}

i64 sys_shmdt(const u64 *a)
{
    struct attached attached = {.address = a[0]};
    i64 result = -EINVAL;

    lock_segments();
    mm_each_area(current()->mm, false, look_at_area, &attached);
    if (attached.segment) {
        result = vm_munmap(current()->mm, a[0], round_up(attached.segment->size, PAGE_SIZE));
        attached.segment->detach_time = seconds_now();
        attached.segment->last_pid = current_process()->pid;
        collect(attached.segment);
    }
    mutex_unlock(&segments_lock);
    return result;
}

static i64 put_segment(const struct segment *segment, u64 user)
{
    const struct abi_shmid out = {
        .perm = {.key = segment->key,
                 .uid = segment->uid,
                 .gid = segment->gid,
                 .cuid = segment->cuid,
                 .cgid = segment->cgid,
                 .mode = segment->mode | (segment->removed ? SHM_DEST : 0),
                 .seq = (u16)segment->generation},
        .size = segment->size,
        .attach_time = segment->attach_time,
        .detach_time = segment->detach_time,
        .change_time = segment->change_time,
        .creator_pid = (i32)segment->creator,
        .last_pid = (i32)segment->last_pid,
        .attach_count = attachments(segment)};

    return copy_to_user(user, &out, sizeof out);
}

static i64 set_segment(struct segment *segment, u64 user)
{
    struct abi_shmid given;

    if (copy_from_user(&given, user, sizeof given) != 0) {
        return -EFAULT;
    }
    segment->uid = given.perm.uid;
    segment->gid = given.perm.gid;
    segment->mode = given.perm.mode & 0777;
    segment->change_time = seconds_now();
    return 0;
}

static i64 put_limits(u64 user)
{
    const struct abi_shminfo out = {.shmmax = SEGMENT_SIZE_MAX,
                                    .shmmin = 1,
                                    .shmmni = SEGMENTS,
                                    .shmseg = SEGMENTS,
                                    .shmall = SEGMENT_SIZE_MAX >> PAGE_SHIFT};

    return copy_to_user(user, &out, sizeof out) ? -EFAULT : (i64)SEGMENTS - 1;
}

static i64 control(struct segment *segment, int command, u64 user)
{
    bool owner = current_process()->ids.euid == 0 || current_process()->ids.euid == segment->uid ||
                 current_process()->ids.euid == segment->cuid;

    switch (command) {
    case IPC_STAT:
    case SHM_STAT:
        return put_segment(segment, user);
    case IPC_SET:
        return owner ? set_segment(segment, user) : -EPERM;
    case IPC_RMID:
        if (!owner) {
            return -EPERM;
        }
        segment->removed = true;
        segment->key = IPC_PRIVATE;
        collect(segment);
        return 0;
    default:
        return -EINVAL;
    }
}

i64 sys_shmctl(const u64 *a)
{
    struct segment *segment;
    i64 result = -EINVAL;

    if ((int)a[1] == IPC_INFO) {
        return put_limits(a[2]);
    }
    lock_segments();
    segment = find((i32)a[0]);
    if (segment) {
        result = control(segment, (int)a[1], a[2]);
    }
    mutex_unlock(&segments_lock);
    return result;
}
