/* SPDX-License-Identifier: MIT */
/*
 * permission.h - who may do what with a file (POSIX.1-2017, 4.5 "File Access Permissions").
 *
 * The rights are those of the running task (task->ids, which proc/ keeps); the kernel's own tasks
 * may do everything.  A privileged user (fsuid 0) may do everything but execute what nobody may.
 */
#ifndef KERNEL_FS_PERMISSION_H
#define KERNEL_FS_PERMISSION_H

#include "mm/object.h"

#define CREDENTIAL_GROUPS 32u

struct credentials {
    u32 uid, euid, suid, fsuid;
    u32 gid, egid, sgid, fsgid;
    u32 group_count;
    u32 groups[CREDENTIAL_GROUPS];
};

bool permission_is_privileged(void);
/* Is it the caller's, or is the caller privileged? */
bool permission_owns(const struct inode *inode);
/* Has the caller this group (or is privileged)? */
bool permission_has_group(u32 gid);
/* mask: R_OK W_OK X_OK.  => 0, -EACCES.  Says nothing of read-only file systems. */
int permission_check(const struct inode *inode, u32 mask);
/* May this name be removed from the directory?  => 0, -EACCES, -EPERM (sticky) */
int permission_to_remove(const struct inode *directory, const struct inode *victim);
/* A new inode is the caller's; the directory may give it its group. */
void permission_set_owner(struct inode *inode, const struct inode *directory);

#endif
