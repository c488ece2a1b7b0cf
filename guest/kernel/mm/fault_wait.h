/* SPDX-License-Identifier: MIT */
/*
 * fault_wait.h - what a fault does between two looks at the page table.
 */
#ifndef MM_FAULT_WAIT_H
#define MM_FAULT_WAIT_H

#include "mm/fault_step.h"

/*
 * Satisfy fault->need; sleeps.  => called without locks.  Afterwards need is
 * NEED_NOTHING; if there is no hope, kind and result are set.
 */
void fault_wait(struct fault *fault);
/* Give back what the waits left over. */
void fault_wait_finish(struct fault *fault);

#endif
