/* SPDX-License-Identifier: MIT */
/*
 * engine.h - what executes instructions: the interpreter, or a translator.
 *
 * One engine serves all harts of a machine (their code is the same memory).  Every engine gives
 * the same machine state after the same number of instructions, TLB included.
 */
#ifndef FAULTLINE_ENGINE_H
#define FAULTLINE_ENGINE_H

#include "emu/base/types.h"

#include <stdio.h>

struct hart;

enum exit_reason {
    EXIT_BUDGET, /* h->budget is used up */
    EXIT_STOP,   /* STOP_RETURN was set: it has been cleared */
    EXIT_WAIT,   /* h->waiting: WFI with nothing pending */
};

/*
 * For engines, between instructions, when h->stop or h->waiting is set or the budget may be used
 * up: takes an interrupt that is due and looks whether the run ends.  True: return *reason to the
 * run loop (counters are synchronised, STOP_RETURN is cleared).  False: go on at h->pc.
 */
bool hart_attend(struct hart *h, enum exit_reason *reason);

struct engine {
    const char *name;
    /*
     * Executes instructions of h until there is a reason to return.  h->budget never becomes
     * negative.  Returns between instructions with all state in *h, counters synchronised.
     */
    enum exit_reason (*run)(struct engine *engine, struct hart *h);
    /* Instructions in [pa, pa+length) may have changed; may be called while run is active. */
    void (*invalidate)(struct engine *engine, u64 pa, u64 length);
    /* Forgets all code (a state was loaded, memory was replaced).  Not while run is active. */
    void (*flush)(struct engine *engine);
    /* Lists code on `out` as it is translated; NULL where nothing is. */
    void (*list)(struct engine *engine, FILE *out);
    void (*destroy)(struct engine *engine);
};

#endif
