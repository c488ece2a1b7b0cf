/* SPDX-License-Identifier: MIT */
/*
 * catch.h - accesses that may fail, and what the kernel said when they did.
 *
 * try_load, try_store and try_call do one access each.  When it ends in SIGSEGV
 * or SIGBUS the handler notes signal, code and address, lets the program continue
 * behind the access, and the call returns the signal's number instead of 0.
 */
#ifndef USER_LIB_CATCH_H
#define USER_LIB_CATCH_H

#include "sys.h"

/* The last failure. */
struct fault_seen {
    int signal;  /* SIGSEGV or SIGBUS; 0: none */
    int code;    /* si_code: SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR, ... */
    u64 address; /* si_addr */
    u64 count;   /* failures so far */
    bool on_alternate_stack;
};
extern volatile struct fault_seen fault_seen;

/*
 * Called first by the handler when set; true means that the cause was removed and
 * the access is to be tried again.
 */
extern bool (*fault_repair)(int signal, u64 address);

/* Installs the handler; on its own stack when `alternate` is true. */
void catch_faults(bool alternate);

int try_load(const volatile void *address, u8 *value);
int try_store(volatile void *address, u8 value);
/* Calls code at an address (void function without arguments). */
int try_call(const void *address);

#endif
