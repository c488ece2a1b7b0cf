/* SPDX-License-Identifier: MIT */
/*
 * ipc.h - what System V segments, semaphore sets and message queues have in common: a key, an
 * owner, permissions, and an id that is not used again soon.
 */
#ifndef KERNEL_PROC_IPC_H
#define KERNEL_PROC_IPC_H

#include "abi/ipc.h"
#include "lib/types.h"

#define IPC_SLOTS 128u /* of each kind */
#define IPC_READ 4u
#define IPC_WRITE 2u

struct ipc {
    i32 key;
    u32 generation; /* of its slot: id = slot + generation * IPC_SLOTS */
    u32 mode, uid, gid, cuid, cgid;
    i64 change_time;
};

/* The caller makes it.  The generation stays. */
void ipc_create(struct ipc *ipc, i32 key, u32 flags);
/* semget and the like have found the key.  => 0, -EEXIST, -EACCES */
int ipc_found(const struct ipc *ipc, u32 flags);
/* May the caller?  wanted: IPC_READ, IPC_WRITE.  => 0, -EACCES */
int ipc_allows(const struct ipc *ipc, u32 wanted);
/* IPC_SET, IPC_RMID: => 0, -EPERM */
int ipc_check_owner(const struct ipc *ipc);
void ipc_set(struct ipc *ipc, const struct abi_ipc_perm *from);
struct abi_ipc_perm ipc_show(const struct ipc *ipc);
i64 ipc_seconds(void); /* since 1970 */

static inline i32 ipc_id(const struct ipc *ipc, u32 slot)
{
    return (i32)(slot + (ipc->generation & 0x7fff) * IPC_SLOTS);
}

#endif
