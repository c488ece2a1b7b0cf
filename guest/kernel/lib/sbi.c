/* SPDX-License-Identifier: MIT */
/*
 * sbi.c - calls into the firmware (RISC-V SBI specification 2.0).
 */
#include "lib/sbi.h"
#include "mm/layout.h"

enum {
    EXTENSION_BASE = 0x10,
    EXTENSION_TIME = 0x54494d45,
    EXTENSION_IPI = 0x735049,
    EXTENSION_RFENCE = 0x52464e43,
    EXTENSION_HSM = 0x48534d,
    EXTENSION_RESET = 0x53525354,
    EXTENSION_CONSOLE = 0x4442434e,
    LEGACY_SET_TIMER = 0,
    LEGACY_PUTCHAR = 1,
    LEGACY_SHUTDOWN = 8
};

/* Set once by sbi_init(). */
static struct {
    bool time, console, reset;
} present;

struct sbi_result {
    i64 error, value;
};

static struct sbi_result call(u64 extension, u64 function, u64 first, u64 second, u64 third,
                              u64 fourth, u64 fifth)
{
    register u64 a0 __asm__("a0") = first;
    register u64 a1 __asm__("a1") = second;
    register u64 a2 __asm__("a2") = third;
    register u64 a3 __asm__("a3") = fourth;
    register u64 a4 __asm__("a4") = fifth;
    register u64 a6 __asm__("a6") = function;
    register u64 a7 __asm__("a7") = extension;

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
                     : "memory");
    return (struct sbi_result){(i64)a0, (i64)a1};
}

static bool probe(u64 extension)
{
    struct sbi_result result = call(EXTENSION_BASE, 3, extension, 0, 0, 0, 0);

    return result.error == 0 && result.value != 0;
}

void sbi_init(void)
{
    present.time = probe(EXTENSION_TIME);
    present.console = probe(EXTENSION_CONSOLE);
    present.reset = probe(EXTENSION_RESET);
}

void sbi_console_write(const char *text, size_t length)
{
    while (present.console && length > 0) {
        struct sbi_result result =
            call(EXTENSION_CONSOLE, 0, length, direct_physical(text), 0, 0, 0);

        if (result.error != 0 || result.value <= 0) {
            return;
        }
        text += result.value;
        length -= (size_t)result.value;
    }
    for (; length > 0; length--) {
        call(LEGACY_PUTCHAR, 0, (u8)*text++, 0, 0, 0, 0);
    }
}

void sbi_set_timer(u64 deadline_ticks)
{
    call(present.time ? EXTENSION_TIME : LEGACY_SET_TIMER, 0, deadline_ticks, 0, 0, 0, 0);
}

void sbi_send_ipi(u64 hart_mask)
{
    call(EXTENSION_IPI, 0, hart_mask, 0, 0, 0, 0);
}

void sbi_remote_sfence(u64 hart_mask, u64 start, u64 size, u64 asid)
{
    call(EXTENSION_RFENCE, 2, hart_mask, 0, start, size, asid);
}

void sbi_remote_fence_i(u64 hart_mask)
{
    call(EXTENSION_RFENCE, 0, hart_mask, 0, 0, 0, 0);
}

i64 sbi_hart_start(u64 hart, u64 entry, u64 argument)
{
    return call(EXTENSION_HSM, 0, hart, entry, argument, 0, 0).error;
}

void sbi_system_reset(enum sbi_reset type, u32 reason)
{
    if (present.reset) {
        call(EXTENSION_RESET, 0, type, reason, 0, 0, 0);
    }
    call(LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
}
