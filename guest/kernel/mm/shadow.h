/* SPDX-License-Identifier: MIT */
/*
 * shadow.h - what is remembered of pages that have left: when.
 *
 * A page that comes back `distance` evictions after it left would have stayed if memory
 * had been larger by that many pages: its refault distance.  Policies use it to tell a
 * page that is needed again and again from one that was used once.
 */
#ifndef MM_SHADOW_H
#define MM_SHADOW_H

#include "lib/types.h"

struct inode;

/* A page leaves: of a file (inode, page of the file) or of swap (NULL, slot). */
void shadow_remember(const struct inode *inode, u64 index);
/* It is back, or will never be.  => true with the number of evictions since it left. */
bool shadow_take(const struct inode *inode, u64 index, u64 *distance);

void shadow_init(void);

#endif
