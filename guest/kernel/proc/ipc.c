/* SPDX-License-Identifier: MIT */
/* ipc.c - keys, owners and permissions of System V objects.  See ipc.h. */
#include "proc/ipc.h"

#include "abi/errno.h"
#include "fs/permission.h"
#include "proc/process.h"
#include "sync/time.h"

i64 ipc_seconds(void)
{
    return time_realtime().sec;
}

void ipc_create(struct ipc *ipc, i32 key, u32 flags)
{
    const struct credentials *ids = &current_process()->ids;

    ipc->key = key;
    ipc->mode = flags & 0777;
    ipc->uid = ipc->cuid = ids->euid;
    ipc->gid = ipc->cgid = ids->egid;
    ipc->change_time = ipc_seconds();
}

int ipc_allows(const struct ipc *ipc, u32 wanted)
{
    const struct credentials *ids = &current_process()->ids;
    u32 granted = ipc->mode;

    if (ids->euid == ipc->uid || ids->euid == ipc->cuid) {
        granted >>= 6;
    } else if (permission_has_group(ipc->gid) || permission_has_group(ipc->cgid)) {
        granted >>= 3;
    }
    return (wanted & ~granted & 7) == 0 || ids->euid == 0 ? 0 : -EACCES;
}

int ipc_found(const struct ipc *ipc, u32 flags)
{
    if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL)) {
        return -EEXIST;
    }
    return ipc_allows(ipc, (flags | flags >> 3 | flags >> 6) & 7);
}

int ipc_check_owner(const struct ipc *ipc)
{
    u32 euid = current_process()->ids.euid;

    return euid == 0 || euid == ipc->uid || euid == ipc->cuid ? 0 : -EPERM;
}

void ipc_set(struct ipc *ipc, const struct abi_ipc_perm *from)
{
    ipc->uid = from->uid;
    ipc->gid = from->gid;
    ipc->mode = from->mode & 0777;
    ipc->change_time = ipc_seconds();
}

struct abi_ipc_perm ipc_show(const struct ipc *ipc)
{
    return (struct abi_ipc_perm){.key = ipc->key,
                                 .uid = ipc->uid,
                                 .gid = ipc->gid,
                                 .cuid = ipc->cuid,
                                 .cgid = ipc->cgid,
                                 .mode = ipc->mode,
                                 .seq = (u16)(ipc->generation & 0x7fff)};
}
