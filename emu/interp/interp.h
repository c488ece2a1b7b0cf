/* SPDX-License-Identifier: MIT */
/*
 * interp.h - the portable engine: decoded blocks run by threaded dispatch.
 *
 * The reference that every other engine is held to.
 */
#ifndef FAULTLINE_INTERP_H
#define FAULTLINE_INTERP_H

#include "emu/base/error.h"
#include "emu/hart/engine.h"
#include "emu/hart/hart.h"

/*
 * An engine for the harts of one machine; h[i]->engine is set by the caller, and the caller makes
 * ram->code_written call engine->invalidate.  harts: the array stays the caller's and must outlive
 * the engine (pages that get code are marked in the TLBs of all harts).  NULL with *err set.
 */
struct engine *interp_create(struct hart *const *harts, unsigned count, struct error *err);

/* Another engine for which the interpreter executes what that engine has no code for. */
struct interp_patron {
    void *ctx;
    /* Which 64-byte granules of the page at pa the patron has code of: their marks in ram->code
     * stay. */
    u64 (*held)(void *ctx, u64 pa);
    /* Asked when a far or indirect jump, or one for the first time, arrives at pa during
     * interp_stretch: go back to the patron? */
    bool (*wanted)(void *ctx, u64 pa);
};

/* True when the interpreter has executed a block that begins at pa and still has it. */
bool interp_met(const struct engine *interp, u64 pa);
/* The patron has code for pa now: interp_stretch() will not go on there from within the page. */
void interp_leave_to_patron(struct engine *interp, u64 pa);
void interp_work_for(struct engine *interp, const struct interp_patron *patron);
/*
 * As run, but comes back (EXIT_BUDGET with h->budget > 0) when the patron wants to go on, or after
 * some `count` (at least BLOCK_MAX_OPS) instructions; never in the middle of a block.
 */
enum exit_reason interp_stretch(struct engine *interp, struct hart *h, i64 count);

/* h->engine->run(...) */
static inline enum exit_reason engine_run(struct hart *h)
{
    return h->engine->run(h->engine, h);
}

#endif
