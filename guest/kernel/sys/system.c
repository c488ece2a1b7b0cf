/* SPDX-License-Identifier: MIT */
/* system.c - calls about the machine as a whole: its name, log, randomness, end. */
#include "abi/errno.h"
#include "abi/misc.h"
#include "abi/time.h"
#include "dev/device.h"
#include "fs/vfs.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sys/names.h"
#include "sys/sys.h"

static char host_name[65] = "faultline";

void kernel_names(struct abi_utsname *out)
{
    *out = (struct abi_utsname){.sysname = "Linux",
                                .release = "6.1.0-faultline",
                                .version = "#1 SMP",
                                .machine = "riscv64",
                                .domainname = "(none)"};
    memcpy(out->nodename, host_name, sizeof host_name);
}

int kernel_set_hostname(const char *name, size_t length)
{
    char text[sizeof host_name] = {0};

    if (length >= sizeof text) {
        return -EINVAL;
    }
    memcpy(text, name, length);
    memcpy(host_name, text, sizeof text);
    return 0;
}

i64 sys_uname(const u64 *a)
{
    struct abi_utsname name;

    kernel_names(&name);
    return copy_to_user(a[0], &name, sizeof name);
}

i64 sys_sethostname(const u64 *a)
{
    char name[65] = {0};

    if (current_process()->ids.euid != 0) {
        return -EPERM;
    }
    if (a[1] >= sizeof name) {
        return -EINVAL;
    }
    if (copy_from_user(name, a[0], a[1]) != 0) {
        return -EFAULT;
    }
    return kernel_set_hostname(name, a[1]);
}

i64 sys_getrandom(const u64 *a)
{
    u8 bytes[256];
    u64 done = 0, size = min_u64(a[1], 33554431); /* Linux's largest request */

    if (a[2] & ~(u64)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) {
        return -EINVAL;
    }
    while (done < size) {
        u64 step = min_u64(sizeof bytes, size - done);
        size_t missing;

        random_bytes(bytes, step);
        missing = copy_to_user_partial(a[0] + done, bytes, step);
        done += step - missing;
        if (missing) {
            return done > 0 ? (i64)done : -EFAULT;
        }
    }
    return (i64)done;
}

/* --- the kernel log ------------------------------------------------------------------------------
 */

enum {
    LOG_CLOSE,
    LOG_OPEN,
    LOG_READ,
    LOG_READ_ALL,
    LOG_READ_CLEAR,
    LOG_CLEAR,
    LOG_CONSOLE_OFF,
    LOG_CONSOLE_ON,
    LOG_CONSOLE_LEVEL,
    LOG_SIZE_UNREAD,
    LOG_SIZE_BUFFER
};

#define LOG_BUFFER_SIZE 65536u

static u64 log_cleared;  /* READ_ALL begins here */
static u64 log_consumed; /* READ begins here */

/* The last `size` bytes of what was logged since `from`. */
static i64 copy_log(u64 from, u64 user, u64 size, u64 *end)
{
    char *chunk = page_alloc();
    i64 done = 0;

    if (!chunk) {
        return -ENOMEM;
    }
    if (log_end() - from > size) {
        from = log_end() - size;
    }
    while ((u64)done < size) {
        size_t got = log_read(&from, chunk, min_u64(PAGE_SIZE, size - (u64)done));

        if (got == 0) {
            break;
        }
        if (copy_to_user(user + (u64)done, chunk, got) != 0) {
            done = -EFAULT;
            break;
        }
        done += (i64)got;
    }
    *end = from;
    page_free(chunk);
    return done;
}

i64 sys_syslog(const u64 *a)
{
    int action = (int)a[0];
    u64 end = 0;
    i64 result = 0;

    if (action >= LOG_READ && action <= LOG_READ_CLEAR && (a[1] == 0 || (i32)a[2] < 0)) {
        return -EINVAL;
    }
    switch (action) {
    case LOG_READ:
        result = copy_log(log_consumed, a[1], a[2], &log_consumed);
        break;
    case LOG_READ_ALL:
    case LOG_READ_CLEAR:
        result = copy_log(log_cleared, a[1], a[2], &end);
        break;
    case LOG_CONSOLE_LEVEL:
        if ((i32)a[2] < 1 || (i32)a[2] > 8) {
            return -EINVAL;
        }
        log_set_level((int)a[2] - 1);
        break;
    case LOG_SIZE_UNREAD:
        return (i64)min_u64(log_end() - log_consumed, LOG_BUFFER_SIZE);
    case LOG_SIZE_BUFFER:
        return LOG_BUFFER_SIZE;
    case LOG_CLOSE:
    case LOG_OPEN:
    case LOG_CLEAR:
    case LOG_CONSOLE_OFF:
    case LOG_CONSOLE_ON:
        break;
    default:
        return -EINVAL;
    }
    if (action == LOG_READ_CLEAR || action == LOG_CLEAR) {
        log_cleared = log_end();
    }
    return result;
}

/* --- the end
 * -------------------------------------------------------------------------------------- */

static void power_off(u32 status)
{
    vfs_shutdown();
    machine_power_off(status);
}

/* RESTART2 with "exit:N" ends the machine with status N: how `run` learns what came of it. */
static i64 restart_with_argument(u64 user)
{
    char text[32];
    u64 status;
    ssize_t length = strncpy_from_user(text, user, sizeof text);

    if (length < 0) {
        return -EFAULT;
    }
    if (strncmp(text, "exit:", 5) == 0 && string_to_u64(text + 5, NULL, &status)) {
        power_off((u32)status & 0xff);
    }
    vfs_shutdown();
    machine_reboot();
}

i64 sys_reboot(const u64 *a)
{
    u32 magic = (u32)a[1];

    if (current_process()->ids.euid != 0) {
        return -EPERM;
    }
    if ((u32)a[0] != REBOOT_MAGIC1 || (magic != REBOOT_MAGIC2 && magic != REBOOT_MAGIC2A &&
                                       magic != REBOOT_MAGIC2B && magic != REBOOT_MAGIC2C)) {
        return -EINVAL;
    }
    switch ((u32)a[2]) {
    case REBOOT_POWER_OFF:
    case REBOOT_HALT:
        power_off(0);
        return 0;
    case REBOOT_RESTART:
        vfs_shutdown();
        machine_reboot();
    case REBOOT_RESTART2:
        return restart_with_argument(a[3]);
    case REBOOT_CAD_ON:
    case REBOOT_CAD_OFF:
        return 0;
    default:
        return -EINVAL;
    }
}

/* Nothing is placed at random, and there is one kind of program: the number is only kept. */
i64 sys_personality(const u64 *a)
{
    struct process *process = current_process();
    u32 before = process->personality;

    if ((u32)a[0] != ~0u) {
        process->personality = (u32)a[0];
    }
    return before;
}
