/* SPDX-License-Identifier: MIT */
/*
 * images.c - what lies in RAM at power on, and where each hart starts.
 *
 * From the bottom: firmware (RAM + 0), kernel (RAM + 2 MiB unless it is linked elsewhere); from the
 * top: one page for the firmware's hand-over, the device tree with room to grow, the initial RAM
 * disk.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "emu/machine/loader.h"
#include "emu/machine/state.h"
#include "emu/machine/tree.h"

#define KERNEL_OFFSET 0x200000u
#define PAGE 4096u
#define TREE_GROWTH 16384u /* OpenSBI adds nodes in place */

/* OpenSBI's hand-over to fw_dynamic: struct fw_dynamic_info, version 2. */
#define DYNAMIC_MAGIC 0x4942534full
#define DYNAMIC_VERSION 2
#define DYNAMIC_NEXT_SUPERVISOR 1

struct layout {
    u64 info, tree, initrd; /* initrd == tree when there is none */
    u64 used;               /* end of firmware and kernel */
    u64 kernel, firmware;   /* entries, 0: none */
};

/* A tree given by the user: checked, and told of command line and initrd. */
static bool given_tree(struct machine *m, const struct layout *at, struct error *err)
{
    const struct machine_bytes *given = &m->config.device_tree;
    size_t room = given->size + TREE_GROWTH;
    u8 *copy = given->size < (1u << 24) ? calloc(1, room) : NULL;
    if (!copy || fdt_check_full(given->data, given->size) != 0 ||
        fdt_open_into(given->data, copy, (int)room) != 0) {
        free(copy);
        return error_set(err, EINVAL, "%s: not a device tree, or a damaged one", given->name);
    }
    int chosen = fdt_path_offset(copy, "/chosen");
    chosen = chosen == -FDT_ERR_NOTFOUND ? fdt_add_subnode(copy, 0, "chosen") : chosen;
    int result = chosen < 0 ? chosen : 0;
    if (result == 0 && m->config.append) {
        result = fdt_setprop(copy, chosen, "bootargs", m->config.append,
                             (int)strlen(m->config.append) + 1);
    }
    if (result == 0 && at->initrd != at->tree) {
        result = fdt_setprop_u64(copy, chosen, "linux,initrd-start", at->initrd);
        result = result ? result
                        : fdt_setprop_u64(copy, chosen, "linux,initrd-end",
                                          at->initrd + m->config.initrd.size);
    }
    if (result == 0) {
        result = fdt_pack(copy);
        buffer_clear(&m->tree);
        buffer_append(&m->tree, copy, fdt_totalsize(copy));
    }
    free(copy);
    return result == 0 || error_set(err, EINVAL, "%s: %s", given->name, fdt_strerror(result));
}

static bool make_tree(struct machine *m, const struct layout *at, struct error *err)
{
    if (m->config.device_tree.data) {
        return given_tree(m, at, err);
    }
    return tree_build(&m->config, at->initrd, at->initrd + m->config.initrd.size, &m->tree, err);
}

static void put(struct machine *m, u64 address, const void *data, size_t size)
{
    if (size > 0) {
        dma_write(&m->ram, address, data, size);
    }
}

/* The tree's size depends on the initrd's address only through numbers of fixed width. */
static bool place_at_top(struct machine *m, struct layout *at, struct error *err)
{
    u64 end = m->ram.base + m->ram.size;
    at->initrd = at->tree = 0;
    if (!make_tree(m, at, err)) {
        return false;
    }
    u64 need = PAGE + m->tree.size + TREE_GROWTH + PAGE + m->config.initrd.size + PAGE;
    if (need > m->ram.size || at->used > end - need) {
        return error_set(err, ENOMEM,
                         "%s does not fit into %llu MiB of RAM with the device tree%s "
                         "(-m gives more)",
                         m->config.kernel.name ? m->config.kernel.name : "it",
                         (unsigned long long)(m->ram.size >> 20),
                         m->config.initrd.size ? " and the initrd" : "");
    }
    at->info = end - PAGE;
    at->tree = align_down(at->info - m->tree.size - TREE_GROWTH - 64, PAGE);
    at->initrd = align_down(at->tree - m->config.initrd.size, PAGE);
    if (!m->config.initrd.size) {
        at->initrd = at->tree;
    } else if (!make_tree(m, at, err)) {
        return false;
    }
    put(m, at->tree, m->tree.data, m->tree.size);
    put(m, at->initrd, m->config.initrd.data, m->config.initrd.size);
    u64 info[6] = {DYNAMIC_MAGIC, DYNAMIC_VERSION, at->kernel, DYNAMIC_NEXT_SUPERVISOR, 0, 0};
    put(m, at->info, info, sizeof info);
    return true;
}

static bool load_one(struct machine *m, const struct machine_bytes *bytes, u64 base, bool raw_too,
                     struct layout *at, u64 *entry, struct error *err)
{
    struct image_info info;
    if (loader_format(bytes->data, bytes->size) == IMAGE_RAW && !raw_too) {
        return error_set(err, EINVAL, "%s: neither an ELF file nor a Linux Image", bytes->name);
    }
    if (!loader_load(bytes, &m->ram, base, &info, err)) {
        return false;
    }
    if (info.tohost && m->htif.tohost == 0 && !htif_connect(m, info.tohost, info.fromhost, err)) {
        return false;
    }
    at->used = info.high > at->used ? info.high : at->used;
    *entry = info.entry;
    return true;
}

static void start_in_machine_mode(struct machine *m, const struct layout *at, u64 pc)
{
    for (unsigned i = 0; i < m->harts; i++) {
        struct hart *h = m->hart[i];
        h->pc = pc;
        h->x[10] = h->id;
        h->x[11] = at->tree;
        h->x[12] = at->info;
        h->host = (struct hart_host){0};
    }
}

bool machine_load_images(struct machine *m, struct error *err)
{
    const struct machine_config *config = &m->config;
    struct layout at = {0};
    bool built_in = config->firmware_kind == FIRMWARE_BUILT_IN;
    bool none = config->firmware_kind == FIRMWARE_NONE;
    u64 kernel_base = m->ram.base + (none ? 0 : KERNEL_OFFSET);
    if (config->firmware_kind == FIRMWARE_IMAGE &&
        !load_one(m, &config->firmware, m->ram.base, true, &at, &at.firmware, err)) {
        return false;
    }
    if (config->kernel.data) {
        u64 firmware_end = at.used;
        if (!load_one(m, &config->kernel, kernel_base, !built_in, &at, &at.kernel, err)) {
            return false;
        }
        if (at.firmware && at.kernel < firmware_end) {
            return error_set(err, EINVAL, "%s lies over the firmware %s", config->kernel.name,
                             config->firmware.name);
        }
    } else if (config->firmware_kind != FIRMWARE_IMAGE) {
        return error_set(err, EINVAL, "there is nothing to run: no kernel and no firmware");
    }
    if (!place_at_top(m, &at, err)) {
        return false;
    }
    sbi_reset(m, built_in);
    if (!built_in) {
        start_in_machine_mode(m, &at, none ? at.kernel : at.firmware);
        return true;
    }
    for (unsigned i = 0; i < m->harts; i++) {
        m->hart[i]->host = (struct hart_host){.ctx = m, .environment_call = sbi_call};
    }
    hart_start_supervisor(m->hart[0], at.kernel, at.tree);
    return true;
}
