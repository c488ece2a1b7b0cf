/* SPDX-License-Identifier: MIT */
/*
 * jit.c - the engine: regions found, kept, and dropped when their code changes.
 *
 * A dropped region keeps its code memory until the next flush, so it may be dropped while it runs:
 * it is left after the present instruction (access.h).
 */
#include "emu/jit/jit.h"
#include "emu/interp/interp.h"
#include "emu/jit/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_BYTES = 32 << 20 };

bool jit_supported(void)
{
    struct code_memory probe;
    if (!code_memory_map(&probe, 1)) {
        return false; /* a hardened host */
    }
    code_memory_unmap(&probe);
    return true;
}

static struct jit_features find_features(void)
{
    struct jit_features f = {0};
    __builtin_cpu_init();
    f.bmi2 = __builtin_cpu_supports("bmi2");
    f.popcnt = __builtin_cpu_supports("popcnt");
    f.tzcnt = __builtin_cpu_supports("bmi");
    /* lzcnt has no name of its own in gcc 12; every host with AVX2 has it (x86-64-v3). */
    f.lzcnt = __builtin_cpu_supports("avx2");
    f.fma = __builtin_cpu_supports("fma");
    f.sse41 = __builtin_cpu_supports("sse4.1");
    return f;
}

static u64 page_index(const struct jit *jit, u64 physical)
{
    return (physical - jit->ram->base) >> RAM_PAGE_SHIFT;
}

static u64 held_granules(void *ctx, u64 pa)
{
    const struct jit *jit = ctx;
    u64 granules = 0;
    for (const struct jit_region *r = jit->page[page_index(jit, pa)]; r; r = r->page_next) {
        granules |= r->granules;
    }
    return granules;
}

static unsigned bucket_of(u64 physical)
{
    enum { FOLD = 16 };
    return (unsigned)(physical >> 1 ^ physical >> FOLD) & (ENTRY_BUCKETS - 1);
}

static void forget_entries(struct jit *jit, struct jit_region *region)
{
    for (unsigned i = 0; i < region->entries; i++) {
        struct jit_entry *entry = &region->entry[i];
        struct jit_entry **at = &jit->bucket[bucket_of(entry->physical)];
        while (*at && *at != entry) {
            at = &(*at)->chain;
        }
        if (*at) {
            *at = entry->chain;
        }
        u64 host = (u64)(uintptr_t)jit->ram->host + (entry->physical - jit->ram->base);
        struct jump_entry *jump = &jit->jumps[jump_slot(host)];
        if (jump->region == region->id) {
            *jump = (struct jump_entry){0};
        }
    }
}

static void jit_flush(struct engine *engine)
{
    struct jit *jit = (struct jit *)engine;
    u64 pages = jit->ram->size >> RAM_PAGE_SHIFT;
    for (u64 i = 0; i < pages; i++) {
        while (jit->page[i]) {
            struct jit_region *region = jit->page[i];
            jit->page[i] = region->page_next;
            *ram_code(jit->ram, region->physical) = 0;
            jit_link_free(region);
            free(region);
        }
    }
    memset(jit->bucket, 0, sizeof jit->bucket);
    memset(jit->jumps, 0, sizeof jit->jumps);
    memset(jit->heat, 0, sizeof jit->heat); /* only what is still hot comes back */
    jit_empty_code_memory(jit);
    jit->counters->code_flushes++;
    jit->interp->flush(jit->interp);
}

static bool overlaps(const struct jit_region *region, u64 first, u64 last)
{
    u64 from = first < region->physical ? 0 : (first - region->physical) >> RAM_GRANULE_SHIFT;
    u64 to = last - region->physical > 4095 ? 63 : (last - region->physical) >> RAM_GRANULE_SHIFT;
    u64 up_to = to == 63 ? UINT64_MAX : (1ull << (to + 1)) - 1;
    return (region->granules & up_to & ~((1ull << from) - 1)) != 0;
}

static u8 *heat_of(struct jit *jit, u64 physical)
{
    return &jit->heat[(physical * 0x9e3779b97f4a7c15u) >> 40 & (HEATS - 1)];
}

/* The page's list does not have it any more. */
static void free_region(struct jit *jit, struct jit_region *region)
{
    forget_entries(jit, region);
    jit_link_forget(jit, region);
    jit_forget_noted_region(region);
    free(region);
}

/* The marks of the page stay: the next store that meets them computes them anew. */
void jit_drop_region(struct jit *jit, struct jit_region *region)
{
    struct jit_region **link = &jit->page[page_index(jit, region->physical)];
    while (*link != region) {
        link = &(*link)->page_next;
    }
    *link = region->page_next;
    for (unsigned i = 0; i < region->entries; i++) {
        *heat_of(jit, region->entry[i].physical) = 1;
    }
    free_region(jit, region);
}

static void drop_regions(struct jit *jit, u64 at, u64 first, u64 last)
{
    struct jit_region **link = &jit->page[page_index(jit, at)];
    while (*link) {
        struct jit_region *region = *link;
        if (!overlaps(region, first, last)) {
            link = &region->page_next;
            continue;
        }
        *link = region->page_next;
        free_region(jit, region);
        jit->counters->regions_killed++;
    }
}

static void jit_invalidate(struct engine *engine, u64 pa, u64 length)
{
    struct jit *jit = (struct jit *)engine;
    u64 end = pa + length;
    for (u64 at = pa & ~(u64)0xfff; at < end; at += RAM_PAGE_SIZE) {
        if (!ram_contains(jit->ram, at, RAM_PAGE_SIZE)) {
            continue;
        }
        drop_regions(jit, at, pa > at ? pa : at, end - 1);
    }
    /* It recomputes the marks of the pages with what this engine still holds. */
    jit->interp->invalidate(jit->interp, pa, length);
}

void jit_attend_credit(struct jit *jit)
{
    const struct jit_credit *credit = &jit->credit[jit->went_bad];
    jit->went_bad = 0;
    if (ram_contains(jit->ram, credit->physical, 2)) {
        drop_regions(jit, credit->physical, credit->physical, credit->physical + 1);
    }
}

static void mark_code(struct jit *jit, const struct jit_region *region)
{
    u64 *code = ram_code(jit->ram, region->physical);
    if (*code == 0) {
        for (unsigned i = 0; i < jit->hart_count; i++) {
            tlb_mark_code(&jit->harts[i]->tlb,
                          ram_pointer(jit->ram, region->physical, RAM_PAGE_SIZE));
        }
    }
    *code |= region->granules;
}

/* An older region may have the same entry: it stays, and the newer one is found first. */
static void add_region(struct jit *jit, struct jit_region *region)
{
    u64 index = page_index(jit, region->physical);
    region->page_next = jit->page[index];
    jit->page[index] = region;
    for (unsigned i = 0; i < region->entries; i++) {
        struct jit_entry *entry = &region->entry[i];
        struct jit_entry **bucket = &jit->bucket[bucket_of(entry->physical)];
        entry->chain = *bucket;
        *bucket = entry;
    }
    mark_code(jit, region);
    jit->counters->regions_translated++;
}

static struct jit_entry *find_entry(struct jit *jit, u64 physical)
{
    struct jit_entry *entry = jit->bucket[bucket_of(physical)];
    while (entry && entry->physical != physical) {
        entry = entry->chain;
    }
    return entry;
}

static bool is_hot(struct jit *jit, u64 physical, unsigned weight)
{
    if (jit->at_once) {
        return true;
    }
    u8 *heat = heat_of(jit, physical);
    unsigned sum = *heat + weight;
    *heat = (u8)(sum < HOT ? sum : HOT);
    return sum >= HOT;
}

static bool wanted(void *ctx, u64 physical)
{
    return find_entry(ctx, physical) || is_hot(ctx, physical, 1);
}

/* For region_find: was control ever there?  What is translated was interpreted before. */
static bool met(void *ctx, u64 physical)
{
    struct jit *jit = ctx;
    return jit->at_once || *heat_of(jit, physical) > 0 || interp_met(jit->interp, physical);
}

static void find_entries(void *ctx, u64 physical, bool entry[REGION_SLOTS])
{
    struct jit *jit = ctx;
    for (const struct jit_region *r = jit->page[page_index(jit, physical)]; r; r = r->page_next) {
        for (unsigned i = 0; i < r->entries; i++) {
            entry[(r->entry[i].physical - physical) / 2] = true;
        }
    }
}

/* The interpreter leaves the entries to translated code.  If the region goes, what was in it is
 * known to have been met. */
static void announce(struct jit *jit, const struct jit_region *region)
{
    for (unsigned i = 0; i < region->entries; i++) {
        interp_leave_to_patron(jit->interp, region->entry[i].physical);
    }
    for (unsigned b = 0; b < jit->scratch.blocks; b++) {
        u8 *heat = heat_of(jit, jit->scratch.physical + jit->scratch.block[b].offset);
        *heat = *heat < HOT / 2 ? HOT / 2 : *heat;
    }
}

void jit_pretend_old_host(struct engine *engine)
{
    ((struct jit *)engine)->features = (struct jit_features){0};
}

void jit_use_little_memory(struct engine *engine)
{
    enum { LITTLE = 16 << 10 };
    struct jit *jit = (struct jit *)engine;
    jit->piece_bytes = LITTLE;
    jit_flush(engine);
}

void jit_guess_pages(struct engine *engine)
{
    ((struct jit *)engine)->guess_pages = true;
}

void jit_translate_at_once(struct engine *engine)
{
    ((struct jit *)engine)->at_once = true;
}

/* The region at the last halfword of a page, a long instruction; false when the next page is not in
 * the fetch TLB (it will be, once the interpreter has executed the instruction). */
static bool find_straddling(struct jit *jit, const struct hart *h, const u8 *host, u64 page)
{
    u64 next = (h->pc & ~(u64)0xfff) + RAM_PAGE_SIZE;
    const struct tlb_entry *entry = tlb_entry(h->fetch_context, TLB_FETCH, next);
    if (entry->tag != next) {
        return false;
    }
    u32 high = load_u16((const void *)(uintptr_t)(next + entry->addend));
    region_make_straddling(&jit->scratch, host, page,
                           load_u16(host + RAM_PAGE_SIZE - 2) | high << 16, h->extensions);
    return true;
}

static struct jit_entry *new_entry(struct jit *jit, const struct hart *h, u64 physical)
{
    u64 page = physical & ~(u64)0xfff;
    unsigned offset = (unsigned)(physical & 0xfff);
    const u8 *host = ram_pointer(jit->ram, page, RAM_PAGE_SIZE);
    if (!host) {
        return NULL;
    }
    bool straddles =
        offset == RAM_PAGE_SIZE - 2 && insn_length(load_u16(host + RAM_PAGE_SIZE - 2)) == 4;
    if (straddles ? !find_straddling(jit, h, host, page)
                  : !region_find(&jit->scratch, host, page, offset, h->extensions,
                                 &(struct region_guide){jit, met, find_entries})) {
        return NULL;
    }
    jit_make_room(jit);
    jit->scratch.of_kernel = h->priv == PRIV_SUPERVISOR && !jit->guess_pages;
    struct jit_region *region = jit_translate(jit);
    if (!region) {
        return NULL;
    }
    add_region(jit, region);
    announce(jit, region);
    for (unsigned i = 0; i < region->entries; i++) {
        if (region->entry[i].physical == physical) {
            return &region->entry[i];
        }
    }
    return NULL;
}

struct jit_entry *jit_find_entry(struct jit *jit, const struct hart *h, u64 physical,
                                 unsigned weight)
{
    struct jit_entry *entry = find_entry(jit, physical);
    return entry ? entry : is_hot(jit, physical, weight) ? new_entry(jit, h, physical) : NULL;
}

static enum exit_reason jit_run(struct engine *engine, struct hart *h)
{
    struct jit *jit = (struct jit *)engine;
    struct jit_frame frame = {.jumps = jit->jumps,
                              .jit = jit,
                              .other = &jit->other,
                              .sign = {1ull << 63},
                              .magnitude = {~(1ull << 63)},
                              .sign_single = {1ull << 31},
                              .magnitude_single = {~(1ull << 31)},
                              .box = {0xffffffff00000000u},
                              .credits = jit->credit_left};
    h->stop |= STOP_EVENTS;
    u32 mxcsr = jit_float_begin();
    jit->enter(h, &frame, jit->dispatch);
    jit_float_end(mxcsr);
    return (enum exit_reason)frame.exit_reason;
}

static void jit_list(struct engine *engine, FILE *out)
{
    ((struct jit *)engine)->listing = out;
}

static void jit_destroy(struct engine *engine)
{
    struct jit *jit = (struct jit *)engine;
    if (jit->page) {
        u64 pages = jit->ram->size >> RAM_PAGE_SHIFT;
        for (u64 i = 0; i < pages; i++) {
            while (jit->page[i]) {
                struct jit_region *region = jit->page[i];
                jit->page[i] = region->page_next;
                jit_link_free(region);
                free(region);
            }
        }
        free(jit->page);
    }
    free(jit->credit);
    free(jit->translator);
    if (jit->interp) {
        jit->interp->destroy(jit->interp);
    }
    code_memory_unmap(&jit->memory);
    free(jit);
}

struct engine *jit_create(struct hart *const *harts, unsigned count, struct error *err)
{
    if (!jit_supported()) {
        error_set(err, ENOTSUP, "the translator needs an x86-64 host; use --engine interp");
        return NULL;
    }
    struct jit *jit = calloc(1, sizeof *jit);
    if (!jit) {
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    jit->engine = (struct engine){
        .name = "jit",
        .run = jit_run,
        .invalidate = jit_invalidate,
        .flush = jit_flush,
        .list = jit_list,
        .destroy = jit_destroy,
    };
    jit->harts = harts;
    jit->counters = &harts[0]->counters;
    jit->hart_count = count;
    jit->ram = harts[0]->ram;
    jit->features = find_features();
    jit->page = calloc(jit->ram->size >> RAM_PAGE_SHIFT, sizeof *jit->page);
    jit->interp = interp_create(harts, count, err);
    jit->credit = calloc(CREDITS, sizeof *jit->credit);
    jit->translator = jit_new_translator();
    if (!jit->page || !jit->credit || !jit->translator || !jit->interp) {
        if (jit->interp) {
            error_set(err, ENOMEM, "out of memory");
        }
        jit_destroy(&jit->engine);
        return NULL;
    }
    interp_work_for(jit->interp, &(struct interp_patron){jit, held_granules, wanted});
    if (!code_memory_map(&jit->memory, CODE_BYTES) || !jit_make_thunks(jit)) {
        error_set(err, ENOMEM, "this host does not allow generated code; use --engine interp");
        jit_destroy(&jit->engine);
        return NULL;
    }
    return &jit->engine;
}
