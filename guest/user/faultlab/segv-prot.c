/* SPDX-License-Identifier: MIT */
/* segv-prot.c - the area does not permit the access. */
#include "lab.h"

void lab_run(void)
{
    u8 *at = lab_need(pages_private(1));
    int store, load, call;

    at[0] = 1;
    sys_mprotect(at, PAGE, PROT_READ);
    lab_begin("stored to a read-only page, and called it as code");
    store = try_store(at + 5, 2);
    call = try_call(at);
    LAB_END(0, 0, {FAULT_SEGV_PROT, 2});
    lab_check(store == SIGSEGV && call == SIGSEGV && fault_seen.code == SEGV_ACCERR,
              "SIGSEGV, SEGV_ACCERR, twice");
    sys_mprotect(at, PAGE, PROT_NONE);
    lab_begin("read it without any right");
    load = try_load(at + 9, NULL);
    LAB_END(0, 0, {FAULT_SEGV_PROT, 1});
    lab_check(load == SIGSEGV && fault_seen.address == (u64)at + 9, "si_addr is the address");
    sys_mprotect(at, PAGE, PROT_READ);
    lab_check(at[0] == 1, "with the right back, the byte is still there");
}
