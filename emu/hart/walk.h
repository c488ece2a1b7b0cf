/* SPDX-License-Identifier: MIT */
/*
 * walk.h - address translation and physical memory protection.
 *
 * Privileged specification, "Virtual Address Translation Process", Svadu/Svade, and "Physical
 * Memory Protection".  walk() is what the hart does, A and D updates included; walk_peek() is for
 * observers and has no effect at all.
 */
#ifndef FAULTLINE_WALK_H
#define FAULTLINE_WALK_H

#include "emu/base/types.h"
#include "emu/mem/ram.h"

struct hart;

enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH };

enum walk_result {
    WALK_OK,
    WALK_PAGE_FAULT,
    WALK_ACCESS_FAULT, /* a table is outside of RAM or PMP forbids to read (or update) it */
};

struct walk {
    u64 pa;          /* of va itself */
    u64 pte;         /* the leaf after A/D updates; 0 when translation is off */
    u64 pte_address; /* physical */
    unsigned level;  /* of the leaf: 0 = 4 KiB; 0 when translation is off */
};

/*
 * Translates va for an access with this effective privilege, under h's satp, SUM, MXR, ADUE.  Does
 * not check PMP for the resulting address.  M-mode: identity.
 */
enum walk_result walk(struct hart *h, u64 va, enum access access, unsigned priv, struct walk *out);

/* One step of a walk as an observer sees it. */
struct walk_step {
    u64 pte_address, pte;
    unsigned level;
};

enum peek_result {
    PEEK_LEAF,          /* a valid leaf: pa and pte of the last step are meaningful */
    PEEK_INVALID,       /* V = 0, or W without R, or reserved bits */
    PEEK_MISALIGNED,    /* large leaf with low PPN bits set */
    PEEK_NOT_CANONICAL, /* no steps */
    PEEK_OUTSIDE,       /* the next table is not in RAM */
    PEEK_BARE,          /* translation is off: pa = va, no steps */
};

struct peek {
    enum peek_result result;
    unsigned steps; /* how many of step[] are filled in, root first */
    struct walk_step step[4];
    u64 pa;
};

/* Follows the tables of `satp` (mode included) without any side effect and without PMP. */
void walk_peek(const struct ram *ram, u64 satp, u64 va, struct peek *out);
/* What the leaf allows: true when the access would not fault (A and D taken as set). */
bool walk_permits(u64 pte, enum access access, unsigned priv, bool sum, bool mxr);

/* PMP: may `priv` access all bytes of [pa, pa+size)?  size >= 1; partial matches fail. */
bool pmp_permits(const struct hart *h, u64 pa, u64 size, enum access access, unsigned priv);
/* True when the answer is the same for every access within the page of pa. */
bool pmp_uniform(const struct hart *h, u64 pa);
/* pmp_config or pmp_address changed: derives the ranges and empties the TLB. */
void pmp_update(struct hart *h);

#endif
