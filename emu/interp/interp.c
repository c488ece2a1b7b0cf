/* SPDX-License-Identifier: MIT */
/* interp.c - the interpreter as an engine. */
#include "emu/interp/interp.h"

#include <errno.h>
#include <stdlib.h>

#include "emu/interp/execute.h"

struct interp {
    struct engine engine; /* first: the engine's users hold a pointer to it */
    struct block_cache cache;
};

static enum exit_reason interp_run(struct engine *engine, struct hart *h)
{
    struct interp *interp = (struct interp *)engine;
    return interp_execute(&interp->cache, h);
}

static void interp_invalidate(struct engine *engine, u64 pa, u64 length)
{
    struct interp *interp = (struct interp *)engine;
    struct block_cache *cache = &interp->cache;
    block_invalidate(cache, pa, length);
    /* Whoever is in a block now leaves it after the present instruction. */
    for (unsigned i = 0; i < cache->hart_count; i++) {
        cache->harts[i]->fetch_page = FETCH_NONE;
    }
}

static void interp_flush(struct engine *engine)
{
    struct interp *interp = (struct interp *)engine;
    block_cache_flush(&interp->cache);
}

static void interp_destroy(struct engine *engine)
{
    struct interp *interp = (struct interp *)engine;
    block_cache_destroy(&interp->cache);
    free(interp);
}

struct engine *interp_create(struct hart *const *harts, unsigned count, struct error *err)
{
    struct interp *interp = calloc(1, sizeof(*interp));
    if (!interp) {
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    interp->engine = (struct engine){
        .name = "interp",
        .run = interp_run,
        .invalidate = interp_invalidate,
        .flush = interp_flush,
        .destroy = interp_destroy,
    };
    if (!block_cache_init(&interp->cache, harts[0]->ram, harts, count, interp_handlers(), err)) {
        free(interp);
        return NULL;
    }
    return &interp->engine;
}

void interp_work_for(struct engine *engine, const struct interp_patron *patron)
{
    struct block_cache *cache = &((struct interp *)engine)->cache;
    cache->patron = *patron;
    cache->limit = BLOCK_ARENA_OF_PATRON;
}

bool interp_met(const struct engine *engine, u64 pa)
{
    return block_find(&((const struct interp *)engine)->cache, pa) != NULL;
}

void interp_leave_to_patron(struct engine *engine, u64 pa)
{
    block_forget(&((struct interp *)engine)->cache, pa);
}

enum exit_reason interp_stretch(struct engine *engine, struct hart *h, i64 count)
{
    struct interp *interp = (struct interp *)engine;
    i64 keep = h->budget - count;
    if (keep <= 0) {
        return interp_execute(&interp->cache, h);
    }
    h->budget -= keep;
    h->granted -= keep;
    interp->cache.stretch = true;
    enum exit_reason reason = interp_execute(&interp->cache, h);
    interp->cache.stretch = false;
    h->budget += keep;
    h->granted += keep;
    return reason;
}
