/* SPDX-License-Identifier: MIT */
/*
 * vm.h - how a self-check is written.
 *
 * A check is a function that returns VM_OK, VM_FAILED or VM_SKIPPED; its row is in
 * vmtests.def.  Each runs in a child of its own, so it may leave mappings behind;
 * children that it starts may use EXPECT too (their status is the result).  Where
 * the kernel is ours the driver also compares free frames before and after.
 */
#ifndef VMTESTS_VM_H
#define VMTESTS_VM_H

#include "catch.h"
#include "helper.h"
#include "measure.h"
#include "sys.h"
#include "text.h"

enum vm_result { VM_OK = 0, VM_FAILED = 1, VM_SKIPPED = 2 };

int vm_failed(const char *file, int line, const char *what);
int vm_skip(const char *why);

#define EXPECT(condition)                                          \
    do {                                                           \
        if (!(condition))                                          \
            return vm_failed(__FILE_NAME__, __LINE__, #condition); \
    } while (0)

/* The access fails with this signal and code, and the right address is told. */
#define EXPECT_FAULT(access, at, want_signal, want_code) \
    do {                                                 \
        EXPECT((access) == (want_signal));               \
        EXPECT(fault_seen.code == (want_code));          \
        EXPECT(fault_seen.address == (u64)(at));         \
    } while (0)

/* The counts now.  Its own copies of shared pages, after a fork, are not in them. */
void vm_measure(struct faults *out);
/*
 * Faults of one kind since `before`, where the kernel counts kinds; `otherwise`
 * elsewhere (so that EXPECT(faults_of(...) == n) passes there).
 */
u64 faults_of(const struct faults *before, unsigned kind, u64 otherwise);

/* True when lazy paging was not switched off at boot for this technique. */
bool vm_lazy(const char *technique);
/* The same for mmap, and no page is filled before it is asked for (vm.fault_ahead=on). */
bool vm_each_page_faults(void);

#define VMTEST(function, name, text) int vm_##function(void);
#include "vmtests.def"
#undef VMTEST

/* vmtests runs itself with this first argument for checks of exec. */
int vm_exec_helper(int argc, char **argv);
extern char vm_program[];

#endif
