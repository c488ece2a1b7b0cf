/* SPDX-License-Identifier: MIT */
/* execute.h - between interp.c and run.c. */
#ifndef FAULTLINE_EXECUTE_H
#define FAULTLINE_EXECUTE_H

#include "emu/hart/engine.h"
#include "emu/interp/block.h"

/* See engine.h; cache serves h. */
enum exit_reason interp_execute(struct block_cache *cache, struct hart *h);
/* The table that block_cache_init wants. */
const i32 *interp_handlers(void);

#endif
