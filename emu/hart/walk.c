/* SPDX-License-Identifier: MIT */
/* walk.c - see walk.h. */
#include "emu/hart/walk.h"

#include "emu/hart/hart.h"

/* A PTE that points at the next table but has bits set that only leaves may have. */
static bool bad_pointer(u64 pte)
{
    return (pte & (PTE_D | PTE_A | PTE_U)) != 0;
}

/* V = 0, W without R, or bits of extensions that are not there. */
static bool invalid(u64 pte)
{
    return !(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W || (pte & PTE_MUST_BE_ZERO);
}

bool walk_permits(u64 pte, enum access access, unsigned priv, bool sum, bool mxr)
{
    if (pte & PTE_U) {
        if (priv != PRIV_USER && (access == ACCESS_FETCH || !sum)) {
            return false;
        }
    } else if (priv == PRIV_USER) {
        return false;
    }
    switch (access) {
    case ACCESS_LOAD:
        return (pte & PTE_R) || (mxr && (pte & PTE_X));
    case ACCESS_STORE:
        return (pte & PTE_W) != 0;
    default:
        return (pte & PTE_X) != 0;
    }
}

/* Sets A (and D) in the leaf as Svadu does, or faults as Svade does. */
static enum walk_result update_access_bits(struct hart *h, u8 *entry, enum access access,
                                           struct walk *out)
{
    u64 wanted = PTE_A | (access == ACCESS_STORE ? PTE_D : 0);
    if ((out->pte & wanted) == wanted) {
        return WALK_OK;
    }
    if (!(h->menvcfg & ENVCFG_ADUE)) {
        return WALK_PAGE_FAULT;
    }
    if (!pmp_permits(h, out->pte_address, PTE_BYTES, ACCESS_STORE, PRIV_SUPERVISOR)) {
        return WALK_ACCESS_FAULT;
    }
    out->pte |= wanted;
    store_u64(entry, out->pte);
    if (UNLIKELY(ram_page_is_slow(h->ram, out->pte_address)) &&
        ram_stored(h->ram, out->pte_address, PTE_BYTES)) {
        h->fetch_page = FETCH_NONE;
    }
    return WALK_OK;
}

enum walk_result walk(struct hart *h, u64 va, enum access access, unsigned priv, struct walk *out)
{
    unsigned levels = priv == PRIV_MACHINE ? 0 : pte_levels(h->satp);
    if (levels == 0) {
        *out = (struct walk){.pa = va};
        return WALK_OK;
    }
    h->counters.walks++;
    if (!pte_canonical(va, levels)) {
        return WALK_PAGE_FAULT;
    }
    u64 table = (h->satp & SATP_PPN) << PAGE_SHIFT;
    for (unsigned level = levels; level-- > 0;) {
        u64 address = table + pte_index(va, level) * PTE_BYTES;
        u8 *entry = ram_pointer(h->ram, address, PTE_BYTES);
        if (!entry || !pmp_permits(h, address, PTE_BYTES, ACCESS_LOAD, PRIV_SUPERVISOR)) {
            return WALK_ACCESS_FAULT;
        }
        u64 pte = load_u64(entry);
        if (invalid(pte)) {
            return WALK_PAGE_FAULT;
        }
        if (pte_is_leaf(pte)) {
            if (!walk_permits(pte, access, priv, (h->mstatus & MSTATUS_SUM) != 0,
                              (h->mstatus & MSTATUS_MXR) != 0) ||
                pte_misaligned(pte, level)) {
                return WALK_PAGE_FAULT;
            }
            u64 offset = va & (pte_span(level) - 1);
            *out = (struct walk){pte_address(pte) | offset, pte, address, level};
            return update_access_bits(h, entry, access, out);
        }
        if (bad_pointer(pte)) {
            return WALK_PAGE_FAULT;
        }
        table = pte_address(pte);
    }
    return WALK_PAGE_FAULT;
}

void walk_peek(const struct ram *ram, u64 satp, u64 va, struct peek *out)
{
    unsigned levels = pte_levels(satp);
    *out = (struct peek){.result = PEEK_INVALID};
    if (levels == 0) {
        out->result = PEEK_BARE;
        out->pa = va;
        return;
    }
    if (!pte_canonical(va, levels)) {
        out->result = PEEK_NOT_CANONICAL;
        return;
    }
    u64 table = (satp & SATP_PPN) << PAGE_SHIFT;
    for (unsigned level = levels; level-- > 0;) {
        u64 address = table + pte_index(va, level) * PTE_BYTES;
        const u8 *entry = ram_pointer(ram, address, PTE_BYTES);
        if (!entry) {
            out->result = PEEK_OUTSIDE;
            return;
        }
        u64 pte = load_u64(entry);
        out->step[out->steps++] = (struct walk_step){address, pte, level};
        if (invalid(pte)) {
            return;
        }
        if (pte_is_leaf(pte)) {
            out->result = pte_misaligned(pte, level) ? PEEK_MISALIGNED : PEEK_LEAF;
            out->pa = pte_address(pte) | (va & (pte_span(level) - 1));
            return;
        }
        if (bad_pointer(pte)) {
            return;
        }
        table = pte_address(pte);
    }
}
