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
#include "proc/ipc.h"
#include "proc/process.h"
#include "sync/mutex.h"
#include "sync/time.h"
#include "sys/names.h"
#include "sys/sys.h"

#define SEGMENTS IPC_SLOTS
#define SIZE_LIMIT (1ull << 38) /* no address space has more */

struct segment {
    struct inode *object; /* NULL = free */
    struct ipc ipc;       /* the key is IPC_PRIVATE once it is removed */
    bool removed;
    u64 size;
    i64 attach_time, detach_time;
    u32 creator, last_pid;
};

u64 shm_limit_bytes = ~0ull - (1ull << 24),
    shm_limit_pages = ~0ull - (1ull << 24); /* as on Linux */

static struct segment segments[SEGMENTS];
static struct mutex segments_lock = MUTEX(segments_lock, "shm segments");

static i32 id_of(const struct segment *segment)
{
    return ipc_id(&segment->ipc, (u32)(segment - segments));
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
        segment->ipc.generation++;
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
        if (segments[i].object && !segments[i].removed && segments[i].ipc.key == key) {
            return &segments[i];
        }
    }
    return NULL;
}

static i64 create(i32 key, u64 size, u32 mode)
{
    struct segment *segment = NULL;
    u64 pages = (size + PAGE_MASK) >> PAGE_SHIFT;

    if (size == 0 || size > shm_limit_bytes || size > SIZE_LIMIT) {
        return size > SIZE_LIMIT && size <= shm_limit_bytes ? -ENOMEM : -EINVAL;
    }
    for (u32 i = 0; i < SEGMENTS; i++) {
        collect(&segments[i]);
        if (segments[i].object) {
            pages += (segments[i].size + PAGE_MASK) >> PAGE_SHIFT;
        } else if (!segment) {
            segment = &segments[i];
        }
    }
    if (!segment || pages > shm_limit_pages) {
        return -ENOSPC;
    }
    segment->object = shm_inode_create(round_up(size, PAGE_SIZE));
    if (!segment->object) {
        return -ENOMEM;
    }
    ipc_create(&segment->ipc, key, mode);
    segment->removed = false;
    segment->size = size;
    segment->attach_time = segment->detach_time = 0;
    segment->creator = current_process()->pid;
    segment->last_pid = 0;
    return id_of(segment);
}

i64 sys_shmget(const u64 *a)
{
    u32 flags = (u32)a[2];
    struct segment *segment;
    i64 result;

    mutex_lock(&segments_lock);
    segment = find_key((i32)a[0]);
    if (!segment) {
        result = (i32)a[0] == IPC_PRIVATE || (flags & IPC_CREAT) ? create((i32)a[0], a[1], flags)
                                                                 : -ENOENT;
    } else {
        result = ipc_found(&segment->ipc, flags);
        result = result ? result : a[1] > segment->size ? -EINVAL : id_of(segment);
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
        segment->attach_time = ipc_seconds();
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
    mutex_lock(&segments_lock);
    segment = find((i32)a[0]);
    if (!segment) {
        result = -EINVAL;
    } else if (segment->removed && attachments(segment) == 0) {
        result = -EIDRM;
    } else if (ipc_allows(&segment->ipc, a[2] & SHM_RDONLY ? IPC_READ : IPC_READ | IPC_WRITE)) {
        result = -EACCES;
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

    mutex_lock(&segments_lock);
    mm_each_area(current()->mm, false, look_at_area, &attached);
    if (attached.segment) {
        result = vm_munmap(current()->mm, a[0], round_up(attached.segment->size, PAGE_SIZE));
        attached.segment->detach_time = ipc_seconds();
        attached.segment->last_pid = current_process()->pid;
        collect(attached.segment);
    }
    mutex_unlock(&segments_lock);
    return result;
}

static i64 put_segment(const struct segment *segment, u64 user)
{
    struct abi_shmid out = {.perm = ipc_show(&segment->ipc),
                            .size = segment->size,
                            .attach_time = segment->attach_time,
                            .detach_time = segment->detach_time,
                            .change_time = segment->ipc.change_time,
                            .creator_pid = (i32)segment->creator,
                            .last_pid = (i32)segment->last_pid,
                            .attach_count = attachments(segment)};

    out.perm.mode |= segment->removed ? SHM_DEST : 0;
    return copy_to_user(user, &out, sizeof out);
}

static i64 set_segment(struct segment *segment, u64 user)
{
    struct abi_shmid given;

    if (copy_from_user(&given, user, sizeof given) != 0) {
        return -EFAULT;
    }
    ipc_set(&segment->ipc, &given.perm);
    return 0;
}

/* What the limits are, or (SHM_INFO) what is in use.  => the highest slot in use */
static i64 put_limits(u32 command, u64 user)
{
    const struct abi_shminfo limits = {.shmmax = shm_limit_bytes,
                                       .shmmin = 1,
                                       .shmmni = SEGMENTS,
                                       .shmseg = SEGMENTS,
                                       .shmall = shm_limit_pages};
    struct abi_shm_info used = {0};
    i64 highest = 0;

    for (u32 i = 0; i < SEGMENTS; i++) {
        collect(&segments[i]);
        if (segments[i].object) {
            used.used_ids++;
            used.total += (segments[i].size + PAGE_MASK) >> PAGE_SHIFT;
            used.resident += segments[i].object->cache.pages.count;
            used.swapped += segments[i].object->cache.swapped;
            highest = i;
        }
    }
    used.resident -= min_u64(used.swapped, used.resident); /* the tree counts both */
    if (command == SHM_INFO ? copy_to_user(user, &used, sizeof used) != 0
                            : copy_to_user(user, &limits, sizeof limits) != 0) {
        return -EFAULT;
    }
    return highest;
}

static i64 control(struct segment *segment, u32 command, u64 user)
{
    i64 result;

    switch (command) {
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY:
        result = command == SHM_STAT_ANY ? 0 : ipc_allows(&segment->ipc, IPC_READ);
        result = result ? result : put_segment(segment, user);
        return result || command == IPC_STAT ? result : id_of(segment);
    case IPC_SET:
        result = ipc_check_owner(&segment->ipc);
        return result ? result : set_segment(segment, user);
    case IPC_RMID:
        result = ipc_check_owner(&segment->ipc);
        if (!result) {
            segment->removed = true;
            segment->ipc.key = IPC_PRIVATE;
            collect(segment);
        }
        return result;
    default:
        return -EINVAL;
    }
}

i64 sys_shmctl(const u64 *a)
{
    u32 command = (u32)a[1], slot = (u32)a[0];
    struct segment *segment;
    i64 result = -EINVAL;

    mutex_lock(&segments_lock);
    if (command == IPC_INFO || command == SHM_INFO) {
        result = put_limits(command, a[2]);
    } else {
        segment = find((i32)a[0]);
        if (command == SHM_STAT || command == SHM_STAT_ANY) {
            segment = slot < SEGMENTS && segments[slot].object ? &segments[slot] : NULL;
        }
        result = segment ? control(segment, command, a[2]) : -EINVAL;
    }
    mutex_unlock(&segments_lock);
    return result;
}
