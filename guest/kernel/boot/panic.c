/* SPDX-License-Identifier: MIT */
/*
 * panic.c - the end after an invariant did not hold.
 *
 * Says what and where (the return addresses on the stack: some may be left over from
 * calls that are done; the area of the last page fault), tells the emulator, and ends the machine
 * with status 126.  A panic within a panic ends it at once.
 */
#include "lib/assert.h"

#include "dev/device.h"
#include "lib/printf.h"
#include "lib/sbi.h"
#include "mm/space.h"
#include "probe.h"
#include "sync/hart.h"
#include "sync/task.h"
#include "trap/trap.h"

#define PANIC_STATUS 126
#define DEPTH_MAX 24
#define BOOT_STACK_LOOK 2048 /* bytes, where the size of the stack is not known */

extern const char kernel_start[], kernel_text_end[]; /* kernel.ld */

/*
 * Does a call end just before this address?  "jal ra" and "jalr ra" have 4 bytes, "c.jalr" 2
 * (unprivileged specification, "RV32/64G Instruction Set Listings").
 */
static bool follows_call(u64 address)
{
    u16 low, high;

    if (address < (u64)kernel_start + 4 || address >= (u64)kernel_text_end || address % 2 != 0) {
        return false;
    }
    low = *(const u16 *)(address - 4);
    high = *(const u16 *)(address - 2);
    return (low & 0xfff) == 0x0ef || (low & 0x7fff) == 0x00e7 ||
           ((high & 0xf07f) == 0x9002 && (high & 0x0f80) != 0);
}

/* The kernel keeps no frame pointers; every return address on the stack is one of a caller. */
static void print_callers(void)
{
    const u64 *at = __builtin_frame_address(0);
    const struct task *task = current();
    u64 end =
        task && task->stack ? (u64)task->stack + KERNEL_STACK_SIZE : (u64)at + BOOT_STACK_LOOK;

    for (u32 depth = 0; depth < DEPTH_MAX && (u64)at < end; at++) {
        if (follows_call(*at)) {
            log_error("  called from %#lx", *at);
            depth++;
        }
    }
}

/* What the process has at the address, if that is what brought us into the kernel. */
static void print_area(u64 cause, u64 address, u64 pc)
{
    static const char *const kinds[] = {
#define AREA_KIND(id, NAME, text) [id] = text,
#include "event.def"
    };
    const struct mm *mm = this_hart()->mm;

    if (cause != CAUSE_FETCH_PAGE_FAULT && cause != CAUSE_LOAD_PAGE_FAULT &&
        cause != CAUSE_STORE_PAGE_FAULT) {
        return;
    }
    log_error("the last page fault: address %#lx, pc %#lx", address, pc);
    for (const struct area *area = mm == NULL ? NULL : mm->first_area; area != NULL;
         area = area->next) {
        if (address >= area->start && address < area->end) {
            log_error("area %#lx-%#lx %c%c%c %s", area->start, area->end,
                      (area->prot & 1) != 0 ? 'r' : '-', (area->prot & 2) != 0 ? 'w' : '-',
                      (area->prot & 4) != 0 ? 'x' : '-',
                      area->kind < AREA_KIND_COUNT ? kinds[area->kind] : "?");
            return;
        }
    }
    log_error("no area there");
}

void panic(const char *format, ...)
{
    static char message[256];
    static u32 panics;
    u64 cause = csr_read(scause), address = csr_read(stval), pc = csr_read(sepc);
    va_list arguments;

    csr_clear(sstatus, SSTATUS_SIE);
    if (__atomic_fetch_add(&panics, 1, __ATOMIC_SEQ_CST) == 0) {
        va_start(arguments, format);
        (void)vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        log_error("kernel panic: %s", message);
        if (current()) {
            log_error("hart %u, task %s, pid %u", this_hart()->id, current()->name, current()->pid);
        }
        if (trap_fatal) {
            trap_print(trap_fatal);
        }
        print_callers();
        PROBE(PANIC, message);
        print_area(cause, address, pc); /* last: its tables may be what is broken */
        machine_power_off(PANIC_STATUS);
    }
    sbi_system_reset(SBI_SHUTDOWN, 1);
    for (;;) {
        wait_for_interrupt();
    }
}
