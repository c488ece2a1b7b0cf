/* SPDX-License-Identifier: MIT */
/* ancestry.h - whose an address space was before its process was forked, for biography.c. */
#ifndef FAULTLINE_OBSERVE_ANCESTRY_H
#define FAULTLINE_OBSERVE_ANCESTRY_H

#include "emu/observe/biography.h"

enum { ANCESTRY_MOST = 64 };

/* One process while its address space was the one that is followed. */
struct ancestor {
    u32 pid;
    u64 from, to; /* seq: from included, to excluded */
};

struct ancestry {
    struct ancestor ancestor[ANCESTRY_MOST]; /* [0] is the youngest */
    unsigned count;
    u64 first_seq; /* of all records */
    bool began;    /* they reach back to the exec */
};

/* Reads all records of the source.  False when it cannot be read, or there is no memory. */
bool ancestry_find(struct ancestry *a, const struct biography_source *source, u32 pid);

/* The process that had the address space when the record was made; false: none yet. */
bool ancestry_at(const struct ancestry *a, u64 seq, u32 *pid);

#endif
