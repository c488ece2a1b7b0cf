/* SPDX-License-Identifier: MIT */
/* raw_access.h - the assembly of uaccess.S: no range checks, faults end the call.  See there. */
#ifndef TRAP_RAW_ACCESS_H
#define TRAP_RAW_ACCESS_H

#include "lib/types.h"

size_t user_copy(void *to, const void *from, size_t size);
bool user_copy_short(void *to, const void *from, size_t size);
extern const char user_copy_short_end[];
size_t user_clear(void *to, size_t size);
ssize_t user_string(char *to, const char *from, size_t size);
int user_load_32(const u32 *from, u32 *to);
int user_load_64(const u64 *from, u64 *to);
int user_store_32(u32 *to, u32 value);
int user_store_64(u64 *to, u64 value);
int user_compare_exchange_32(u32 *word, u32 *expected, u32 desired);
int user_fetch_add_32(u32 *word, u32 add, u32 *old);

#endif
