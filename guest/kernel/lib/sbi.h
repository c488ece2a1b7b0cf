/* SPDX-License-Identifier: MIT */
/*
 * sbi.h - calls into the firmware (RISC-V SBI 2.0; falls back to the legacy
 * calls where an extension is absent).  Hart sets are bit masks of hart ids.
 */
#ifndef LIB_SBI_H
#define LIB_SBI_H

#include "lib/types.h"

void sbi_init(void); /* probe the extensions; once, before all others */

void sbi_console_write(const char *text, size_t length);
void sbi_set_timer(u64 deadline_ticks);
void sbi_send_ipi(u64 hart_mask);
/* Flush [start, start + size) of one address space on other harts; returns when done. */
void sbi_remote_sfence(u64 hart_mask, u64 start, u64 size, u64 asid);
void sbi_remote_fence_i(u64 hart_mask);
/* => 0 or a negative SBI error.  The hart starts at physical `entry` with a1 = argument. */
i64 sbi_hart_start(u64 hart, u64 entry, u64 argument);

enum sbi_reset { SBI_SHUTDOWN = 0, SBI_COLD_REBOOT = 1 };
/* => only returns when the firmware cannot. */
void sbi_system_reset(enum sbi_reset type, u32 reason);

#endif
