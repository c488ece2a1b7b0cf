/* SPDX-License-Identifier: MIT */
/* rusage.h - resource use as struct rusage at a user address. */
#ifndef KERNEL_SYS_RUSAGE_H
#define KERNEL_SYS_RUSAGE_H

#include "lib/types.h"

struct usage;

/* => 0 or -EFAULT */
int rusage_put(u64 user, const struct usage *usage);

#endif
