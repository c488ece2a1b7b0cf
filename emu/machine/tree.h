/* SPDX-License-Identifier: MIT */
/*
 * tree.h - the flattened device tree that tells the guest what the board has.
 *
 * Source: Devicetree specification 0.4; Linux's bindings for the compatible strings.
 */
#ifndef FAULTLINE_MACHINE_TREE_H
#define FAULTLINE_MACHINE_TREE_H

#include "emu/base/buffer.h"
#include "emu/base/error.h"
#include "emu/machine/config.h"

/* initrd_start == initrd_end: none.  Deterministic: the same configuration, the same bytes. */
bool tree_build(const struct machine_config *config, u64 initrd_start, u64 initrd_end,
                struct buffer *out, struct error *err);
/* ISA_ bits of the harts. */
u32 tree_extensions(const struct cpu_config *cpu);

#endif
