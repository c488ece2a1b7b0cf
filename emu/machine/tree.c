/* SPDX-License-Identifier: MIT */
/* tree.c - see tree.h. */
#include "emu/machine/tree.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/clint.h"
#include "devices/finisher.h"
#include "devices/plic.h"
#include "devices/rtc.h"
#include "devices/uart.h"
#include "devices/virtio/mmio.h"
#include "emu/hart/hart.h"
#include "emu/machine/board.h"

#define TREE_SIZE (64 * 1024)
#define PHANDLE_PLIC 1u
#define PHANDLE_TEST 2u
#define PHANDLE_INTC 8u /* and up, one for each hart */

/* A tree being written; the first error stays and makes the rest do nothing. */
struct tree {
    void *fdt;
    int error;
};

static void check(struct tree *t, int result)
{
    if (t->error == 0) {
        t->error = result;
    }
}

static void begin(struct tree *t, const char *name)
{
    check(t, fdt_begin_node(t->fdt, name));
}

/* A node named after its address. */
static void begin_at(struct tree *t, const char *name, u64 address)
{
    char full[48];
    snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)address);
    begin(t, full);
}

static void end(struct tree *t)
{
    check(t, fdt_end_node(t->fdt));
}

static void flag(struct tree *t, const char *name)
{
    check(t, fdt_property(t->fdt, name, NULL, 0));
}

static void number(struct tree *t, const char *name, u32 value)
{
    check(t, fdt_property_u32(t->fdt, name, value));
}

static void text(struct tree *t, const char *name, const char *value)
{
    check(t, fdt_property(t->fdt, name, value, (int)strlen(value) + 1));
}

/* Several strings: each ends in \0, the literal's own included. */
#define TEXTS(t, name, literal) \
    check((t), fdt_property((t)->fdt, (name), (literal), sizeof(literal)))

static void cells(struct tree *t, const char *name, const u32 *values, unsigned count)
{
    fdt32_t swapped[64];
    for (unsigned i = 0; i < count; i++) {
        swapped[i] = cpu_to_fdt32(values[i]);
    }
    check(t, fdt_property(t->fdt, name, swapped, (int)(count * sizeof swapped[0])));
}

static void reg(struct tree *t, u64 base, u64 size)
{
    u32 values[4] = {(u32)(base >> 32), (u32)base, (u32)(size >> 32), (u32)size};
    cells(t, "reg", values, 4);
}

static void interrupt(struct tree *t, u32 source)
{
    number(t, "interrupt-parent", PHANDLE_PLIC);
    number(t, "interrupts", source);
}

u32 tree_extensions(const struct cpu_config *cpu)
{
    u32 bits = ISA_DEFAULT;
    const struct {
        bool on;
        u32 bit;
    } parts[] = {
        {cpu->svadu, ISA_SVADU},   {cpu->sstc, ISA_SSTC},     {cpu->svvptc, ISA_SVVPTC},
        {cpu->zicboz, ISA_ZICBOZ}, {cpu->zba, ISA_ZBA},       {cpu->zbb, ISA_ZBB},
        {cpu->zbs, ISA_ZBS},       {cpu->zicond, ISA_ZICOND}, {cpu->sv48, ISA_SV48},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        bits = parts[i].on ? bits | parts[i].bit : bits & ~parts[i].bit;
    }
    return bits;
}

/* Both spellings: the old string "rv64imafdc_...", and the list of extensions. */
static void isa(struct tree *t, u32 extensions)
{
    static const struct {
        u32 bit;
        const char *name;
    } names[] = {
        {ISA_I, "i"},
        {ISA_M, "m"},
        {ISA_A, "a"},
        {ISA_F, "f"},
        {ISA_D, "d"},
        {ISA_C, "c"},
        {ISA_ZICBOZ, "zicboz"},
        {ISA_ZICNTR, "zicntr"},
        {ISA_ZICOND, "zicond"},
        {ISA_ZICSR, "zicsr"},
        {ISA_ZIFENCEI, "zifencei"},
        {ISA_ZIHPM, "zihpm"},
        {ISA_ZBA, "zba"},
        {ISA_ZBB, "zbb"},
        {ISA_ZBS, "zbs"},
        {ISA_SSTC, "sstc"},
        {ISA_SVADU, "svadu"},
        {ISA_SVVPTC, "svvptc"},
    };
    char joined[256] = "rv64";
    char list[256];
    size_t used = strlen(joined), listed = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (!(extensions & names[i].bit)) {
            continue;
        }
        const char *name = names[i].name;
        used +=
            (size_t)snprintf(joined + used, sizeof joined - used, "%s%s", name[1] ? "_" : "", name);
        memcpy(list + listed, name, strlen(name) + 1);
        listed += strlen(name) + 1;
    }
    text(t, "riscv,isa", joined);
    text(t, "riscv,isa-base", "rv64i");
    check(t, fdt_property(t->fdt, "riscv,isa-extensions", list, (int)listed));
}

static void cpus(struct tree *t, const struct machine_config *config)
{
    u32 extensions = tree_extensions(&config->cpu);
    begin(t, "cpus");
    number(t, "#address-cells", 1);
    number(t, "#size-cells", 0);
    number(t, "timebase-frequency", BOARD_TIMEBASE);
    for (unsigned i = 0; i < config->harts; i++) {
        begin_at(t, "cpu", i);
        text(t, "device_type", "cpu");
        number(t, "reg", i);
        text(t, "status", "okay");
        text(t, "compatible", "riscv");
        isa(t, extensions);
        text(t, "mmu-type", config->cpu.sv48 ? "riscv,sv48" : "riscv,sv39");
        if (config->cpu.zicboz) {
            number(t, "riscv,cboz-block-size", CBO_BLOCK);
        }
        begin(t, "interrupt-controller");
        number(t, "#interrupt-cells", 1);
        flag(t, "interrupt-controller");
        text(t, "compatible", "riscv,cpu-intc");
        number(t, "phandle", PHANDLE_INTC + i);
        end(t);
        end(t);
    }
    end(t);
}

/* interrupts-extended of a controller that has two lines to each hart. */
static void lines_to_harts(struct tree *t, unsigned harts, u32 first, u32 second)
{
    u32 values[4 * MACHINE_MAX_HARTS];
    for (unsigned i = 0; i < harts; i++) {
        values[4 * i] = values[4 * i + 2] = PHANDLE_INTC + i;
        values[4 * i + 1] = first;
        values[4 * i + 3] = second;
    }
    cells(t, "interrupts-extended", values, 4 * harts);
}

static void interrupt_controllers(struct tree *t, unsigned harts)
{
    begin_at(t, "plic", BOARD_PLIC);
    TEXTS(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    reg(t, BOARD_PLIC, PLIC_SIZE);
    number(t, "#address-cells", 0);
    number(t, "#interrupt-cells", 1);
    flag(t, "interrupt-controller");
    number(t, "riscv,ndev", PLIC_SOURCES - 1);
    lines_to_harts(t, harts, IRQ_MEI, IRQ_SEI);
    number(t, "phandle", PHANDLE_PLIC);
    end(t);

    begin_at(t, "clint", BOARD_CLINT);
    TEXTS(t, "compatible", "sifive,clint0\0riscv,clint0");
    reg(t, BOARD_CLINT, CLINT_SIZE);
    lines_to_harts(t, harts, IRQ_MSI, IRQ_MTI);
    end(t);
}

static void devices(struct tree *t)
{
    begin_at(t, "serial", BOARD_UART);
    text(t, "compatible", "ns16550a");
    reg(t, BOARD_UART, UART_SIZE);
    number(t, "clock-frequency", BOARD_UART_CLOCK);
    interrupt(t, BOARD_IRQ_UART);
    end(t);

    begin_at(t, "rtc", BOARD_RTC);
    text(t, "compatible", "google,goldfish-rtc");
    reg(t, BOARD_RTC, RTC_SIZE);
    interrupt(t, BOARD_IRQ_RTC);
    end(t);

    begin_at(t, "test", BOARD_TEST);
    TEXTS(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    reg(t, BOARD_TEST, FINISHER_SIZE);
    number(t, "phandle", PHANDLE_TEST);
    end(t);

    for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++) {
        begin_at(t, "virtio_mmio", BOARD_VIRTIO + i * BOARD_VIRTIO_STRIDE);
        text(t, "compatible", "virtio,mmio");
        reg(t, BOARD_VIRTIO + i * BOARD_VIRTIO_STRIDE, VIRTIO_MMIO_SIZE);
        interrupt(t, BOARD_IRQ_VIRTIO + i);
        end(t);
    }
}

static void system_controller(struct tree *t, const char *name, const char *compatible, u32 value)
{
    begin(t, name);
    text(t, "compatible", compatible);
    number(t, "regmap", PHANDLE_TEST);
    number(t, "offset", 0);
    number(t, "value", value);
    end(t);
}

static void number64(struct tree *t, const char *name, u64 value)
{
    check(t, fdt_property_u64(t->fdt, name, value));
}

static void chosen(struct tree *t, const struct machine_config *config, u64 initrd_start,
                   u64 initrd_end)
{
    char path[48];
    snprintf(path, sizeof path, "/soc/serial@%llx", (unsigned long long)BOARD_UART);
    begin(t, "chosen");
    if (config->append) {
        text(t, "bootargs", config->append);
    }
    text(t, "stdout-path", path);
    if (initrd_end > initrd_start) {
        number64(t, "linux,initrd-start", initrd_start);
        number64(t, "linux,initrd-end", initrd_end);
    }
    u64 noise[4];
    for (unsigned i = 0; i < ARRAY_LENGTH(noise); i++) {
        noise[i] = (config->seed + i + 1) * 0x9e3779b97f4a7c15ull;
        noise[i] ^= noise[i] >> 29;
    }
    check(t, fdt_property(t->fdt, "rng-seed", noise, sizeof noise));
    end(t);
}

static void contents(struct tree *t, const struct machine_config *config, u64 initrd_start,
                     u64 initrd_end)
{
    begin(t, "");
    number(t, "#address-cells", 2);
    number(t, "#size-cells", 2);
    text(t, "compatible", "riscv-virtio");
    text(t, "model", "faultline,virt");
    chosen(t, config, initrd_start, initrd_end);
    begin_at(t, "memory", BOARD_RAM);
    text(t, "device_type", "memory");
    reg(t, BOARD_RAM, config->ram_size);
    end(t);
    cpus(t, config);
    begin(t, "soc");
    number(t, "#address-cells", 2);
    number(t, "#size-cells", 2);
    text(t, "compatible", "simple-bus");
    flag(t, "ranges");
    devices(t);
    interrupt_controllers(t, config->harts);
    end(t);
    system_controller(t, "poweroff", "syscon-poweroff", 0x5555);
    system_controller(t, "reboot", "syscon-reboot", 0x7777);
    end(t);
}

bool tree_build(const struct machine_config *config, u64 initrd_start, u64 initrd_end,
                struct buffer *out, struct error *err)
{
    struct tree t = {.fdt = calloc(1, TREE_SIZE)};
    if (!t.fdt) {
        return error_set(err, ENOMEM, "out of memory");
    }
    check(&t, fdt_create(t.fdt, TREE_SIZE));
    check(&t, fdt_finish_reservemap(t.fdt));
    if (t.error == 0) {
        contents(&t, config, initrd_start, initrd_end);
    }
    check(&t, fdt_finish(t.fdt));
    if (t.error == 0) {
        buffer_clear(out);
        buffer_append(out, t.fdt, fdt_totalsize(t.fdt));
    }
    free(t.fdt);
    if (t.error != 0) {
        return error_set(err, EINVAL, "cannot make the device tree: %s%s", fdt_strerror(t.error),
                         t.error == -FDT_ERR_NOSPACE ? " (is -append too long?)" : "");
    }
    return !out->failed || error_set(err, ENOMEM, "out of memory");
}
