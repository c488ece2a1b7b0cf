/* SPDX-License-Identifier: MIT */
/* tables.c - page tables of any process, and who owns a frame or a slot, by walking them. */
#include <string.h>

#include "emu/observe/observer.h"

/* Entries looked at in one listing: a guest can make tables that point at themselves. */
#define MAX_ENTRIES (8u << 20)

void observer_walk(const struct observer *o, u64 satp, u64 va, struct peek *out)
{
    walk_peek(o->ram, satp, va, out);
}

bool observer_read(const struct observer *o, u64 pa, void *out, size_t size)
{
    const void *at = ram_pointer(o->ram, pa, size);

    if (at)
        memcpy(out, at, size);
    return at != NULL;
}

u64 observer_satp_of_root(const struct observer *o, u64 root)
{
    (void)o;
    return (u64)SATP_SV39 << SATP_MODE_SHIFT | (root >> PAGE_SHIFT & SATP_PPN);
}

struct listing {
    const struct observer *o;
    u64 from, to; /* inclusive */
    u64 left;     /* entries that may still be looked at */
    size_t found;
    bool (*fn)(void *ctx, const struct pte_view *p);
    void *ctx;
};

/* The sign extension of a virtual address of so many levels. */
static u64 canonical(u64 va, unsigned levels)
{
    unsigned unused = 64 - (PAGE_SHIFT + PTE_INDEX_BITS * levels);

    return (u64)((i64)(va << unused) >> unused);
}

static bool list_table(struct listing *l, u64 table, u64 base, unsigned level, unsigned levels)
{
    const u64 *entry = ram_pointer(l->o->ram, table, PAGE_BYTES);

    if (!entry)
        return true;
    for (unsigned i = 0; i < 512; i++) {
        u64 va = canonical(base + i * pte_span(level), levels);
        u64 last = va + (pte_span(level) - 1);
        if (last < l->from || va > l->to)
            continue;
        if (!l->left--)
            return false;
        u64 pte = entry[i];
        if (!pte)
            continue;
        if ((pte & PTE_V) && !pte_is_leaf(pte)) {
            if (level && !list_table(l, pte_address(pte), va, level - 1, levels))
                return false;
            continue;
        }
        struct pte_view view = {va, pte, table + i * PTE_BYTES, (u8)level};
        l->found++;
        if (!l->fn(l->ctx, &view))
            return false;
    }
    return true;
}

size_t observer_ptes(const struct observer *o, u64 satp, u64 from, u64 to,
                     bool (*fn)(void *ctx, const struct pte_view *p), void *ctx)
{
    struct listing l = {o, from, to, MAX_ENTRIES, 0, fn, ctx};
    unsigned levels = pte_levels(satp);

    if (levels)
        list_table(&l, (satp & SATP_PPN) << PAGE_SHIFT, 0, levels - 1, levels);
    return l.found;
}

struct owner_search {
    const struct observer *o;
    u64 wanted; /* frame or slot */
    bool slot;
    u32 pid;
    u64 satp;
    size_t found;
    bool go_on;
    bool (*fn)(void *ctx, const struct owner_view *w);
    void *ctx;
};

static bool owns(const struct owner_search *s, const struct pte_view *p)
{
    if (s->slot)
        return !(p->pte & PTE_V) && PTE_CLASS(p->pte) == PTE_CLASS_SWAP &&
               PTE_PAYLOAD(p->pte) == s->wanted;
    if (!(p->pte & PTE_V))
        return PTE_CLASS(p->pte) == PTE_CLASS_AWAY && PTE_PAYLOAD(p->pte) == s->wanted;
    u64 first = pte_address(p->pte) >> PAGE_SHIFT;
    return (p->pte & PTE_U) && s->wanted >= first &&
           s->wanted - first < pte_span(p->level) >> PAGE_SHIFT;
}

static bool look_at_pte(void *ctx, const struct pte_view *p)
{
    struct owner_search *s = ctx;

    if (!owns(s, p))
        return true;
    struct owner_view w = {s->pid, p->va, p->pte, s->satp, p->level};
    if (!s->slot && (p->pte & PTE_V))
        w.va += (s->wanted << PAGE_SHIFT) - pte_address(p->pte);
    s->found++;
    s->go_on = s->fn(s->ctx, &w);
    return s->go_on;
}

/* The lower half: in Sv39 kernels of this kind users live there. */
static void search_space(struct owner_search *s)
{
    observer_ptes(s->o, s->satp, 0, (u64)INT64_MAX, look_at_pte, s);
}

static bool search_process(void *ctx, const struct process_view *p)
{
    struct owner_search *s = ctx;

    if (!p->root)
        return true;
    s->pid = p->pid;
    s->satp = observer_satp_of_root(s->o, p->root);
    search_space(s);
    return s->go_on;
}

static size_t search(struct owner_search *s)
{
    if (s->o->has_layout) {
        observer_processes(s->o, search_process, s);
    } else {
        for (size_t i = 0; i < s->o->spaces && s->go_on; i++) {
            s->pid = (u32)i + 1;
            s->satp = s->o->space[i];
            search_space(s);
        }
    }
    return s->found;
}

size_t observer_owners(const struct observer *o, u64 pfn,
                       bool (*fn)(void *ctx, const struct owner_view *w), void *ctx)
{
    struct owner_search s = {o, pfn, false, 0, 0, 0, true, fn, ctx};

    return search(&s);
}

size_t observer_slot_owners(const struct observer *o, u64 slot,
                            bool (*fn)(void *ctx, const struct owner_view *w), void *ctx)
{
    struct owner_search s = {o, slot, true, 0, 0, 0, true, fn, ctx};

    return search(&s);
}
