/* SPDX-License-Identifier: MIT */
/* config.c - the machine that one gets without asking for anything. */
#include "emu/machine/config.h"
#include "emu/jit/jit.h"

#define DEFAULT_RAM (128ull << 20)
#define DEFAULT_EPOCH 1767225600ull /* 2026-01-01T00:00:00Z */

void machine_config_default(struct machine_config *config)
{
    *config = (struct machine_config){
        .ram_size = DEFAULT_RAM,
        .harts = 1,
        .seed = 1,
        .rtc_epoch = DEFAULT_EPOCH,
        .engine = jit_supported() ? "jit" : "interp",
        .cpu = {.svadu = true,
                .sstc = true,
                .svvptc = true,
                .zicboz = true,
                .zba = true,
                .zbb = true,
                .zbs = true,
                .zicond = true},
    };
}
