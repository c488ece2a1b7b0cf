/* SPDX-License-Identifier: MIT */
/* memory.c - system calls on the address space; the work is in mm/. */
#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/stat.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/pagetable.h"
#include "mm/shm.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/userfaultfd.h"
#include "sys/install.h"

static struct mm *current_mm(void)
{
    return current()->mm;
}

i64 sys_brk(const u64 *a)
{
    return (i64)vm_brk(current_mm(), a[0]);
}

/* Checks the open mode against the mapping.  => 0, -EACCES, -EINVAL */
static int check_mode(const struct file *file, u64 length, u32 prot, u32 flags)
{
    u32 type = flags & MAP_TYPE;

    if (length == 0 || type < MAP_SHARED || type > MAP_SHARED_VALIDATE) {
        return -EINVAL;
    }
    if (!file_can_read(file)) {
        return -EACCES;
    }
    if (type != MAP_PRIVATE && (prot & PROT_WRITE) && !file_can_write(file)) {
        return -EACCES;
    }
    return 0;
}

static i64 map_file(const u64 *a)
{
    struct file *file = sys_file(a[4]);
    struct inode *inode = NULL;
    bool may_write;
    i64 result;

    if (!file) {
        return -EBADF;
    }
    may_write = file_can_write(file);
    result = file->flags & O_PATH ? -EBADF : check_mode(file, a[1], (u32)a[2], (u32)a[3]);
    if (result == 0) {
        result = file_mmap_inode(file, &inode);
    }
    if (result == 0 && inode && (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) &&
        (a[3] & MAP_TYPE) != MAP_PRIVATE) {
        result = a[2] & PROT_WRITE ? -EPERM : 0;
        may_write = false;
    }
    if (result == 0) {
        result = vm_mmap(current_mm(), a[0], a[1], (u32)a[2], (u32)a[3], inode, a[5] >> PAGE_SHIFT,
                         may_write);
    }
    file_put(file);
    return result;
}

/* Locking memory is for the privileged and for those whose limit is not nothing. */
static bool may_lock(void)
{
    const struct process *process = current_process();

    return process->ids.euid == 0 || process->limits[RLIMIT_MEMLOCK].current != 0;
}

i64 sys_mmap(const u64 *a)
{
    if (a[5] & PAGE_MASK) {
        return -EINVAL;
    }
    if ((a[3] & MAP_LOCKED) && !may_lock()) {
        return -EPERM;
    }
    if (a[3] & MAP_ANONYMOUS) {
        return vm_mmap(current_mm(), a[0], a[1], (u32)a[2], (u32)a[3], NULL, 0, true);
    }
    return map_file(a);
}

i64 sys_munmap(const u64 *a)
{
    return vm_munmap(current_mm(), a[0], a[1]);
}

i64 sys_mprotect(const u64 *a)
{
    return vm_mprotect(current_mm(), a[0], a[1], (u32)a[2]);
}

i64 sys_mremap(const u64 *a)
{
    return vm_mremap(current_mm(), a[0], a[1], a[2], (u32)a[3], a[4]);
}

i64 sys_msync(const u64 *a)
{
    return vm_msync(current_mm(), a[0], a[1], (u32)a[2]);
}

i64 sys_madvise(const u64 *a)
{
    return vm_madvise(current_mm(), a[0], a[1], (int)a[2]);
}

i64 sys_userfaultfd(const u64 *a)
{
    struct file *file;
    int error = userfaultfd_create((u32)a[0], &file);

    return error ? error : sys_install(file, 0, (a[0] & O_CLOEXEC) != 0);
}

i64 sys_mseal(const u64 *a)
{
    return vm_mseal(current_mm(), a[0], a[1], a[2]);
}

i64 sys_mincore(const u64 *a)
{
    return vm_mincore(current_mm(), a[0], a[1], a[2]);
}

i64 sys_mlock(const u64 *a)
{
    return !may_lock() ? -EPERM : vm_mlock(current_mm(), a[0], a[1], 0);
}

i64 sys_mlock2(const u64 *a)
{
    if (a[2] & ~(u64)MLOCK_ONFAULT) {
        return -EINVAL;
    }
    return !may_lock() ? -EPERM : vm_mlock(current_mm(), a[0], a[1], (u32)a[2]);
}

i64 sys_munlock(const u64 *a)
{
    return vm_munlock(current_mm(), a[0], a[1]);
}

i64 sys_mlockall(const u64 *a)
{
    u32 flags = (u32)a[0];

    if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT) {
        return -EINVAL;
    }
    return !may_lock() ? -EPERM : vm_mlockall(current_mm(), flags);
}

i64 sys_munlockall(const u64 *a)
{
    (void)a;
    return vm_munlockall(current_mm());
}

i64 sys_remap_file_pages(const u64 *a)
{
    return vm_remap_file_pages(current_mm(), a[0], a[1], (u32)a[2], a[3], (u32)a[4]);
}

i64 sys_memfd_create(const u64 *a)
{
    const u64 known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
    const u64 both = MFD_NOEXEC_SEAL | MFD_EXEC;
    char name[250]; /* with "memfd:" in front not longer than a name may be */
    struct inode *inode;
    struct file *file = NULL;
    ssize_t length;
    int error;

    if ((a[1] & ~known) || (a[1] & both) == both) {
        return -EINVAL;
    }
    length = strncpy_from_user(name, a[0], sizeof name);
    if (length < 0) {
        return length == -EFAULT ? -EFAULT : -EINVAL;
    }
    inode = shm_inode_create(0);
    if (!inode) {
        return -ENOMEM;
    }
    inode->mode = S_IFREG | (a[1] & MFD_NOEXEC_SEAL ? 0666 : 0777);
    inode->seals = a[1] & MFD_NOEXEC_SEAL     ? F_SEAL_EXEC
                   : a[1] & MFD_ALLOW_SEALING ? 0
                                              : F_SEAL_SEAL;
    error = vfs_open_inode(inode, O_RDWR, &file);
    inode_put(inode);
    return error ? error : sys_install(file, 0, (a[1] & MFD_CLOEXEC) != 0);
}

/*
 * Every other hart has passed a barrier when this returns.  Kernel entry is one, and a hart that
 * is in user mode now is made to enter it by the instruction-cache shootdown.
 */
i64 sys_membarrier(const u64 *a)
{
    enum { /* commands: query, then bits */
           QUERY = 0,
           GLOBAL = 1,
           GLOBAL_EXPEDITED = 2,
           REGISTER_GLOBAL = 4,
           EXPEDITED = 8,
           REGISTER_EXPEDITED = 16,
           SYNC_CORE = 32,
           REGISTER_SYNC_CORE = 64,
           GET_REGISTRATIONS = 512,
           ALL = GLOBAL | GLOBAL_EXPEDITED | REGISTER_GLOBAL | EXPEDITED | REGISTER_EXPEDITED |
                 SYNC_CORE | REGISTER_SYNC_CORE | GET_REGISTRATIONS
    };

    if (a[1] != 0) {
        return -EINVAL;
    }
    switch ((int)a[0]) {
    case QUERY:
        return ALL;
    case GET_REGISTRATIONS:
        return current_process()->barriers;
    case EXPEDITED:
    case SYNC_CORE:
        if (!(current_process()->barriers & (u32)a[0] * 2)) {
            return -EPERM; /* not registered */
        }
        icache_flush();
        return 0;
    case GLOBAL:
    case GLOBAL_EXPEDITED:
        icache_flush();
        return 0;
    case REGISTER_GLOBAL:
    case REGISTER_EXPEDITED:
    case REGISTER_SYNC_CORE:
        current_process()->barriers |= (u32)a[0];
        return 0;
    default:
        return -EINVAL;
    }
}

/* What was stored becomes what is fetched, on every hart. */
i64 sys_riscv_flush_icache(const u64 *a)
{
    if (a[2] & ~1ull) {
        return -EINVAL;
    }
    icache_flush();
    return 0;
}
