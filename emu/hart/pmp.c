/* SPDX-License-Identifier: MIT */
/*
 * pmp.c - physical memory protection: 16 entries, grain 4 bytes.
 *
 * Privileged specification, "Physical Memory Protection".  The lowest-numbered entry that matches
 * any byte of an access decides, and it must match all of them.  Without a match M-mode may, S and
 * U may not.  Ranges are derived when registers change; pmp_open is the everyday case in which the
 * first active entry spans everything with all rights, so that nothing has to be looked at.
 */
#include "emu/hart/hart.h"
#include "emu/hart/walk.h"

#define PMP_R 1u
#define PMP_W 2u
#define PMP_X 4u
#define PMP_RWX 7u
#define PMP_L 0x80u
#define PMP_MODE(config) ((config) >> 3 & 3u)

enum pmp_mode { PMP_OFF = 0, PMP_TOR = 1, PMP_NA4 = 2, PMP_NAPOT = 3 };

static void derive(struct hart *h, unsigned i)
{
    u64 address = h->pmp_address[i];
    u64 first = 1, last = 0;
    switch (PMP_MODE(h->pmp_config[i])) {
    case PMP_TOR: {
        u64 low = i ? h->pmp_address[i - 1] << 2 : 0;
        u64 high = address << 2;
        if (low < high) {
            first = low;
            last = high - 1;
        }
        break;
    }
    case PMP_NA4:
        first = address << 2;
        last = first + 3;
        break;
    case PMP_NAPOT: {
        /* Trailing ones give the size: none 8 bytes, 54 of them all there is. */
        u64 ones = address ^ (address + 1);
        first = (address & ~ones) << 2;
        last = first | (ones << 2) | 3;
        break;
    }
    default:
        break;
    }
    h->pmp_first[i] = first;
    h->pmp_last[i] = last;
}

void pmp_update(struct hart *h)
{
    h->pmp_open = false;
    bool decided = false;
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        derive(h, i);
        if (!decided && h->pmp_first[i] <= h->pmp_last[i]) {
            decided = true;
            h->pmp_open = h->pmp_first[i] == 0 && h->pmp_last[i] >= (BIT(56) - 1) &&
                          (h->pmp_config[i] & PMP_RWX) == PMP_RWX;
        }
    }
    tlb_clear(&h->tlb);
    h->fetch_page = FETCH_NONE;
}

bool pmp_permits(const struct hart *h, u64 pa, u64 size, enum access access, unsigned priv)
{
    static const u8 right[] = {
        [ACCESS_LOAD] = PMP_R, [ACCESS_STORE] = PMP_W, [ACCESS_FETCH] = PMP_X};
    if (h->pmp_open) {
        return true;
    }
    u64 last = pa + (size - 1);
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        if (h->pmp_first[i] > h->pmp_last[i] || last < h->pmp_first[i] || pa > h->pmp_last[i]) {
            continue;
        }
        if (pa < h->pmp_first[i] || last > h->pmp_last[i]) {
            return false;
        }
        if (priv == PRIV_MACHINE && !(h->pmp_config[i] & PMP_L)) {
            return true;
        }
        return (h->pmp_config[i] & right[access]) != 0;
    }
    return priv == PRIV_MACHINE;
}

bool pmp_uniform(const struct hart *h, u64 pa)
{
    if (h->pmp_open) {
        return true;
    }
    u64 first = pa & PAGE_MASK, last = first + (PAGE_BYTES - 1);
    for (unsigned i = 0; i < PMP_ENTRIES; i++) {
        if (h->pmp_first[i] > h->pmp_last[i] || last < h->pmp_first[i] || first > h->pmp_last[i]) {
            continue;
        }
        return first >= h->pmp_first[i] && last <= h->pmp_last[i];
    }
    return true;
}
