/* SPDX-License-Identifier: MIT */
/*
 * label.c - what a fault did, told from the page-table entry alone.
 *
 * before and after are the deciding entries: a leaf, or the invalid entry at which the walk ended
 * (0 also when a table was missing).  The labels are those of event.def.
 */
#include "emu/observe/observer.h"
#include "probe.h"

bool pte_is_mapping(u64 pte)
{
    return (pte & PTE_V) && pte_is_leaf(pte) && !(pte & PTE_MUST_BE_ZERO) &&
           (pte & (PTE_R | PTE_W)) != PTE_W;
}

/* The kernel reaches users' pages with SUM, so for it both kinds of page count. */
static bool permits(u64 pte, enum access access, unsigned from)
{
    unsigned priv = from == PRIV_USER || pte & PTE_U ? PRIV_USER : PRIV_SUPERVISOR;

    return walk_permits(pte, access, priv, false, false);
}

static bool marked(u64 pte, enum access access)
{
    u64 needed = access == ACCESS_STORE ? PTE_A | PTE_D : PTE_A;

    return (pte & needed) == needed;
}

unsigned observer_label(u64 before, u64 after, enum access access, unsigned from)
{
    const u64 rights = PTE_R | PTE_W | PTE_X | PTE_U;

    if (!pte_is_mapping(before)) {
        if (!pte_is_mapping(after))
            return COARSE_NONE;
        if (before)
            return COARSE_FROM_SWAP;
        return after & PTE_W ? COARSE_NEW : COARSE_NEW_READ_ONLY;
    }
    if (!pte_is_mapping(after))
        return COARSE_NONE;
    if (pte_address(before) != pte_address(after))
        return COARSE_COPY;
    if ((after & rights) != (before & rights))
        return permits(after, access, from) ? COARSE_REUSE : COARSE_NONE;
    if (!permits(before, access, from))
        return COARSE_NONE;
    return !marked(before, access) && marked(after, access) ? COARSE_ACCESS_BITS : COARSE_SPURIOUS;
}
