/* SPDX-License-Identifier: MIT */
/*
 * device.c - starting drivers in order, the wall clock (Goldfish RTC) and power off
 * (SiFive test finisher, else SBI system reset).
 */
#include "dev/device.h"
#include "dev/chardev.h"
#include "dev/mmio.h"
#include "dev/pty.h"
#include "dev/tty.h"
#include "dev/uart.h"
#include "dev/virtio.h"
#include "lib/fdt.h"
#include "lib/riscv.h"
#include "lib/sbi.h"
#include "lib/string.h"
#include "sync/time.h"

/* Goldfish RTC: nanoseconds since 1970; reading the low word latches the high one. */
#define RTC_TIME_LOW 0x00u
#define RTC_TIME_HIGH 0x04u

/* Test finisher ("sifive,test0"): one register. */
#define FINISHER_FAIL 0x3333u /* | status << 16 */
#define FINISHER_PASS 0x5555u
#define FINISHER_RESET 0x7777u

static u64 finisher; /* physical address, 0 = none */

static void clock_init(void)
{
    int node = fdt_find_compatible(FDT_NONE, "google,goldfish-rtc");
    u64 base, size;

    if (node != FDT_NONE && fdt_reg(node, 0, &base, &size)) {
        u32 low = mmio_read32(base + RTC_TIME_LOW);
        u32 high = mmio_read32(base + RTC_TIME_HIGH);

        time_set_realtime_ns((u64)high << 32 | low);
    }
}

static void finisher_init(void)
{
    int node = fdt_find_compatible(FDT_NONE, "sifive,test0");
    u64 size;

    if (node == FDT_NONE) {
        node = fdt_find_compatible(FDT_NONE, "sifive,test1");
    }
    if (node == FDT_NONE || !fdt_reg(node, 0, &finisher, &size)) {
        finisher = 0;
    }
}

/* Which terminal /dev/console is: the last console= of the boot arguments, else the UART. */
static void choose_console(void)
{
    const char *arguments = fdt_string(fdt_find_path("/chosen"), "bootargs");
    const char *word = arguments;

    while (word && (word = strstr(word, "console=")) != NULL) {
        word += strlen("console=");
        if (strncmp(word, "hvc0", 4) == 0) {
            tty_set_console(tty_find(DEVICE_HVC0));
        } else if (strncmp(word, "ttyS0", 5) == 0) {
            tty_set_console(tty_find(DEVICE_TTYS0));
        }
    }
}

void devices_init_early(void)
{
    uart_init_early();
    finisher_init();
    clock_init();
}

void devices_init(void)
{
    memory_devices_init();
    tty_init();
    pty_init();
    uart_init();
    virtio_probe();
    choose_console();
}

static _Noreturn void stop(u32 command, enum sbi_reset type, u32 reason)
{
    mmio_barrier();
    if (finisher) {
        mmio_write32(finisher, command);
    }
    sbi_system_reset(type, reason);
    for (;;) {
        wait_for_interrupt();
    }
}

void machine_power_off(u32 status)
{
    stop(status == 0 ? FINISHER_PASS : (status & 0xffffu) << 16 | FINISHER_FAIL, SBI_SHUTDOWN,
         status ? 1 : 0);
}

void machine_reboot(void)
{
    stop(FINISHER_RESET, SBI_COLD_REBOOT, 0);
}
