/* SPDX-License-Identifier: MIT */
/*
 * policy_rig.h - a machine of a few frames under a replacement policy of the kernel, on the
 * host: pages are touched one by one, the policy chooses who leaves, as mm/reclaim.c asks it.
 */
#ifndef POLICY_RIG_H
#define POLICY_RIG_H

#include "mm/policy.h"

#define RIG_FRAMES 4096
#define RIG_PAGES 65536

struct rig {
    const struct policy *policy;
    u64 frames, batch;
    u64 faults, writes, evictions;
    u64 victims[RIG_PAGES]; /* the first of them, in order */
};

/* A machine of `frames` frames that frees `batch` at a time.  => one at a time only. */
void rig_start(struct rig *rig, const struct policy *policy, u64 frames, u64 batch);
/* One reference; a store if `store`. */
void rig_touch(struct rig *rig, u64 page, bool store);

/* The sequences of guest/user/faultlab/reference.c: "loop", "zipf", "scan". */
u64 rig_string(const char *name, u64 pages, u64 step);
void rig_string_restart(void);

#define POLICY(symbol, name, help) extern const struct policy policy_##symbol;
#include "policy.def"

#endif
