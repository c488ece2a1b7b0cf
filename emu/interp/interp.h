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

/*
 * The interpreter works for another engine, which keeps code of its own: `held` tells which 64-byte
 * granules of the page at pa that engine has code of, so that their marks in ram->code stay.
 */
void interp_share(struct engine *interp, u64 (*held)(void *ctx, u64 pa), void *ctx);

/* h->engine->run(...) */
static inline enum exit_reason engine_run(struct hart *h)
{
    return h->engine->run(h->engine, h);
}

#endif
