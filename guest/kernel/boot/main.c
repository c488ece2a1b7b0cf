/* SPDX-License-Identifier: MIT */
/*
 * main.c - the order in which the kernel comes up.
 *
 *   boot_main, first hart, interrupts off   tree, clock, traps, memory, early devices
 *   boot_task, a kernel thread that may sleep   drivers, file systems, init
 *   boot_secondary_main, the other harts    their own registers, then the idle loop
 *
 * After boot_main the first hart's boot stack is the stack of its idle task.
 */
#include "boot/boot.h"

#include "dev/device.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "lib/sbi.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kalloc.h"
#include "mm/options.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/shadow.h"
#include "mm/space.h"
#include "mm/writeback.h"
#include "proc/init.h"
#include "proc/process.h"
#include "sync/hart.h"
#include "sync/irq.h"
#include "sync/sched.h"
#include "sync/time.h"
#include "sync/timer.h"
#include "sys/syscall.h"
#include "trap/trap.h"

#define STACK_SIZE 16384ul

void boot_main(u64 hart_id, u64 tree);
void boot_secondary_main(void);
void boot_secondary(void); /* entry.S */

extern char kernel_start[], kernel_end[];

struct hart_start boot_next; /* for the hart that is being started; entry.S knows it */

static u64 harts_up = 1; /* how many run */

static void read_log_options(void)
{
    char value[8];
    u64 level;

    if (boot_option("quiet", value, sizeof value)) {
        log_set_level(LOG_WARN);
    }
    if (boot_option("loglevel", value, sizeof value) && string_to_u64(value, NULL, &level) &&
        level <= LOG_DEBUG) {
        log_set_level((int)level);
    }
}

/* Ranges that the firmware keeps (/reserved-memory). */
static void reserve_firmware(void)
{
    int parent = fdt_find_path("/reserved-memory");

    for (int node = fdt_next(parent); parent != FDT_NONE && node != FDT_NONE;
         node = fdt_next(node)) {
        u64 start, size;

        if (fdt_parent(node) != parent) {
            break;
        }
        for (unsigned i = 0; fdt_reg(node, i, &start, &size); i++) {
            frame_reserve(start, start + size);
        }
    }
}

static void find_memory(u64 tree)
{
    for (int node = fdt_next(FDT_NONE); node != FDT_NONE; node = fdt_next(node)) {
        const char *type = fdt_string(node, "device_type");
        u64 start, size;

        if (!type || strcmp(type, "memory") != 0 || !fdt_reg(node, 0, &start, &size)) {
            continue;
        }
        reserve_firmware();
        frame_reserve(direct_physical(kernel_start), direct_physical(kernel_end));
        frame_reserve(tree, tree + fdt_size());
        frame_init(start, start + size);
        return;
    }
    panic("the device tree names no memory");
}

/* What the first hart's node says of its extensions. */
static void use_extensions(void)
{
    int cpu = fdt_find_path("/cpus/cpu");
    const char *isa = fdt_string(cpu, "riscv,isa");

    if (isa && strstr(isa, "_zicboz")) {
        page_use_zicboz(fdt_cell(cpu, "riscv,cboz-block-size", 64));
    }
    hardware_sets_a = isa && strstr(isa, "_svadu");
}

static void stir_randomness(void)
{
    u32 size;
    const void *seed = fdt_property(fdt_find_path("/chosen"), "rng-seed", &size);

    if (seed) {
        random_stir(seed, size);
    }
}

/* --- the other harts ---------------------------------------------------------------------------
 */

void boot_secondary_main(void)
{
    mm_init_hart();
    trap_init_hart();
    sched_init_hart();
    irq_init_hart();
    __atomic_add_fetch(&harts_up, 1, __ATOMIC_SEQ_CST);
    sched_idle_loop();
}

static void start_hart(u32 id)
{
    u32 index = hart_count;
    u8 *stack = kalloc(STACK_SIZE);
    u64 before = harts_up;

    if (!stack) {
        return;
    }
    kalloc_share();
    harts[index].index = index;
    harts[index].bit = 1ull << index;
    harts[index].lock_tag = index + 1;
    harts[index].id = id;
    boot_next = (struct hart_start){(u64)&harts[index], (u64)stack + STACK_SIZE};
    if (sbi_hart_start(id, direct_physical(boot_secondary), direct_physical(&boot_next)) != 0) {
        kfree(stack);
        return;
    }
    hart_count++;
    while (__atomic_load_n(&harts_up, __ATOMIC_SEQ_CST) == before) {
    }
}

static void start_other_harts(void)
{
    for (int node = fdt_next(FDT_NONE); node != FDT_NONE; node = fdt_next(node)) {
        const char *type = fdt_string(node, "device_type");
        const char *status = fdt_string(node, "status");
        u32 id = fdt_cell(node, "reg", ~0u);

        if (type && strcmp(type, "cpu") == 0 && id != harts[0].id && hart_count < MAX_HARTS &&
            (!status || strcmp(status, "okay") == 0)) {
            start_hart(id);
        }
    }
}

/* --- the first hart -----------------------------------------------------------------------------
 */

static struct inode *mount_root(void)
{
    char source[64];
    char mode[2];
    struct inode *root;
    bool named = boot_option("root", source, sizeof source);

    if (vfs_mount_root(named ? source : NULL, boot_option("ro", mode, sizeof mode), &root) != 0) {
        panic("there is no root file system");
    }
    return root;
}

static void boot_task(void *argument)
{
    char init[128] = "/sbin/init";
    const char *const argv[] = {init, NULL};
    const char *const envp[] = {"HOME=/root", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=linux",
                                NULL};
    struct inode *root;
    int error;

    (void)argument;
    devices_init();
    writeback_init();
    reclaim_start();
    vfs_init();
    syscall_views_init();
    root = mount_root();
    (void)boot_option("init", init, sizeof init);
    error = process_start_init(root, init, argv, envp);
    if (error) {
        panic("%s cannot be executed: error %d", init, -error);
    }
}

static void start_memory(u64 tree)
{
    find_memory(tree);
    mm_init();
    mm_init_hart();
    kalloc_init();
    vm_options_parse();
    policy_init();
    shadow_init();
    use_extensions();
    stir_randomness();
}

void boot_main(u64 hart_id, u64 tree)
{
    struct task *task;

    harts[0].id = (u32)hart_id;
    harts[0].lock_tag = 1;
    harts[0].bit = 1;
    sbi_init();
    trap_init_hart();
    if (!fdt_init(direct_pointer(tree))) {
        panic("no device tree at %#lx", tree);
    }
    time_init(fdt_cell(fdt_find_path("/cpus"), "timebase-frequency", 10000000));
    sched_init_hart();
    read_log_options();
    start_memory(tree);
    timer_init();
    irq_init();
    irq_init_hart();
    devices_init_early();
    log_info("faultline kernel, %lu MiB of memory", frames_usable * PAGE_SIZE >> 20);
    process_table_init();
    proc_init();
    tell_layout();
    task = task_create_kernel("boot", boot_task, NULL);
    if (!task) {
        panic("no memory for the first task");
    }
    start_other_harts();
    sched_start(task);
    task_put(task);
    sched_idle_loop();
}
