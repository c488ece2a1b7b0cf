/* SPDX-License-Identifier: MIT */
/*
 * listing.h - translated code as text, beside the guest instructions that it stands for (-d jit).
 *
 * Host instructions are disassembled where the build has Zydis (debug builds), else shown as bytes.
 */
#ifndef FAULTLINE_JIT_LISTING_H
#define FAULTLINE_JIT_LISTING_H

#include "emu/jit/translate.h"

#include <stdio.h>

/* Where the code of a part of the region begins. */
struct listing_place {
    const u8 *at; /* in the run view */
    u16 insn;     /* index in region.insn, or one of LISTING_ */
};

enum { LISTING_ROUTINES = 0xffff, LISTING_STUB = 0x8000 /* + index of the instruction */ };

/* A bridge (link.c) from the region with this id; its code is executed at `run`, seen at `bytes`.
 */
void listing_bridge(FILE *out, u64 from, const struct jit_entry *to, const u8 *run, const u8 *bytes,
                    size_t length);
/* The whole region; `end`: behind its last byte in the run view. */
void listing_print(FILE *out, const struct translator *t, const u8 *end);

#endif
