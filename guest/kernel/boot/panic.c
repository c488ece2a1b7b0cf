/* SPDX-License-Identifier: MIT */
/*
 * panic.c - the end after an invariant did not hold.
 *
 * Says what and where (the return addresses of the callers, found through the frame
 * pointers), tells the emulator, and ends the machine with status 126.  A panic within
 * a panic ends it at once.
 */
#include "lib/assert.h"

#include "dev/device.h"
#include "lib/printf.h"
#include "lib/sbi.h"
#include "probe.h"
#include "sync/hart.h"
#include "sync/task.h"

#define PANIC_STATUS 126
#define DEPTH_MAX 24

static bool is_kernel_address(u64 address)
{
    return address >= 0xffffffc080000000ull && address % 8 == 0;
}

static void print_callers(void)
{
    const u64 *frame = __builtin_frame_address(0);

    for (u32 depth = 0; depth < DEPTH_MAX && is_kernel_address((u64)frame); depth++) {
        if (frame[-1] == 0) {
            break;
        }
        log_error("  called from %#lx", frame[-1]);
        frame = (const u64 *)frame[-2];
    }
}

void panic(const char *format, ...)
{
    static char message[256];
    static u32 panics;
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
        print_callers();
        PROBE(PANIC, message);
        machine_power_off(PANIC_STATUS);
    }
    sbi_system_reset(SBI_SHUTDOWN, 1);
    for (;;) {
        wait_for_interrupt();
    }
}
