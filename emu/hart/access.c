/* SPDX-License-Identifier: MIT */
/* access.c - see access.h. */
#include "emu/hart/access.h"

#include <string.h>

static const u8 page_fault[] = {[ACCESS_LOAD] = CAUSE_LOAD_PAGE,
                                [ACCESS_STORE] = CAUSE_STORE_PAGE,
                                [ACCESS_FETCH] = CAUSE_FETCH_PAGE};
static const u8 access_fault[] = {[ACCESS_LOAD] = CAUSE_LOAD_ACCESS,
                                  [ACCESS_STORE] = CAUSE_STORE_ACCESS,
                                  [ACCESS_FETCH] = CAUSE_FETCH_ACCESS};
static const u8 table_of[] = {
    [ACCESS_LOAD] = TLB_LOAD, [ACCESS_STORE] = TLB_STORE, [ACCESS_FETCH] = TLB_FETCH};

/* What the slow path needs to know of a translated page. */
struct target {
    u8 *host;  /* of va itself; NULL: not RAM */
    u64 pa;    /* of va itself */
    u32 flags; /* TLB_ flags of the entry */
    struct tlb_entry *entry;
};

static bool refuse(struct hart *h, enum access access, u64 va)
{
    hart_trap(h, access_fault[access], va);
    return false;
}

/* Walks and fills the entry of va.  False: trapped. */
static bool fill(struct hart *h, struct tlb_context *context, enum access access, u64 va)
{
    unsigned priv = TLB_MODE_PRIV(context->mode);
    struct walk w;
    switch (walk(h, va, access, priv, &w)) {
    case WALK_OK:
        break;
    case WALK_PAGE_FAULT:
        hart_trap(h, page_fault[access], va);
        return false;
    default:
        return refuse(h, access, va);
    }
    u32 flags = 0;
    if (!pmp_uniform(h, w.pa)) {
        flags |= TLB_CHECK;
    } else if (!pmp_permits(h, w.pa & PAGE_MASK, PAGE_BYTES, access, priv)) {
        return refuse(h, access, va);
    }
    const u8 *host = ram_pointer(h->ram, w.pa & PAGE_MASK, PAGE_BYTES);
    if (!host) {
        if (access == ACCESS_FETCH) {
            return refuse(h, access, va);
        }
        flags |= TLB_MMIO;
    } else if (access == ACCESS_STORE && ram_page_is_slow(h->ram, w.pa)) {
        flags |= TLB_CODE;
    }
    enum tlb_table table = table_of[access];
    tlb_fill(context, table, va, w.pa, host, flags, w.level, (w.pte & PTE_G) != 0);
    *(table == TLB_LOAD    ? &h->counters.load_fills
      : table == TLB_STORE ? &h->counters.store_fills
                           : &h->counters.fetch_fills) += 1;
    return true;
}

/* The page of va, from the TLB or by a fill; size bytes within that page.  False: trapped. */
static bool resolve(struct hart *h, struct tlb_context *context, enum access access, u64 va,
                    unsigned size, struct target *out)
{
    struct tlb_entry *entry = tlb_entry(context, table_of[access], va);
    if ((entry->tag & TLB_EMPTY) || ((entry->tag ^ va) & PAGE_MASK)) {
        if (!fill(h, context, access, va)) {
            return false;
        }
    }
    u64 target = va + entry->addend;
    *out = (struct target){.flags = (u32)entry->tag & 0xfff, .entry = entry};
    if (out->flags & TLB_MMIO) {
        out->pa = target;
    } else {
        out->host = (u8 *)(uintptr_t)target;
        out->pa = (u64)(out->host - h->ram->host) + h->ram->base;
    }
    if (UNLIKELY(out->flags & TLB_CHECK) &&
        !pmp_permits(h, out->pa, size, access, TLB_MODE_PRIV(context->mode))) {
        return refuse(h, access, va);
    }
    return true;
}

/* Bytes of [va, va+size) that lie in the page of va. */
static unsigned first_part(u64 va, unsigned size)
{
    u64 room = PAGE_BYTES - (va & (PAGE_BYTES - 1));
    return room < size ? (unsigned)room : size;
}

static bool load_across(struct hart *h, u64 va, unsigned size, u64 *value)
{
    unsigned low = first_part(va, size);
    struct target a, b;
    if (!resolve(h, h->context, ACCESS_LOAD, va, low, &a) ||
        !resolve(h, h->context, ACCESS_LOAD, va + low, size - low, &b)) {
        return false;
    }
    /* Devices take aligned accesses only. */
    if (!a.host || !b.host) {
        return refuse(h, ACCESS_LOAD, a.host ? va + low : va);
    }
    u8 bytes[8] = {0};
    memcpy(bytes, a.host, low);
    memcpy(bytes + low, b.host, size - low);
    *value = load_u64(bytes);
    return true;
}

bool hart_load(struct hart *h, u64 va, unsigned size, u64 *value)
{
    h->counters.slow_loads++;
    if (UNLIKELY(first_part(va, size) != size)) {
        return load_across(h, va, size, value);
    }
    struct target target;
    if (!resolve(h, h->context, ACCESS_LOAD, va, size, &target)) {
        return false;
    }
    if (LIKELY(target.host != NULL)) {
        *value = load_sized(target.host, size);
        return true;
    }
    h->counters.device_accesses++;
    hart_sync(h);
    return bus_read(h->bus, target.pa, size, value) || refuse(h, ACCESS_LOAD, va);
}

/* Bytes were written to RAM by this hart. */
static void stored(struct hart *h, const struct target *target, unsigned size)
{
    if (LIKELY(!(target->flags & TLB_CODE))) {
        return;
    }
    h->counters.code_stores++;
    hart_sync(h);
    if (ram_stored(h->ram, target->pa, size)) {
        h->fetch_page = FETCH_NONE;
    }
    if (!ram_page_is_slow(h->ram, target->pa)) {
        target->entry->tag &= ~(u64)TLB_CODE;
    }
}

static bool store_across(struct hart *h, u64 va, unsigned size, u64 value)
{
    unsigned low = first_part(va, size);
    struct target a, b;
    if (!resolve(h, h->context, ACCESS_STORE, va, low, &a) ||
        !resolve(h, h->context, ACCESS_STORE, va + low, size - low, &b)) {
        return false;
    }
    if (!a.host || !b.host) {
        return refuse(h, ACCESS_STORE, a.host ? va + low : va);
    }
    u8 bytes[8];
    store_u64(bytes, value);
    memcpy(a.host, bytes, low);
    memcpy(b.host, bytes + low, size - low);
    stored(h, &a, low);
    stored(h, &b, size - low);
    return true;
}

bool hart_store(struct hart *h, u64 va, unsigned size, u64 value)
{
    h->counters.slow_stores++;
    if (UNLIKELY(first_part(va, size) != size)) {
        return store_across(h, va, size, value);
    }
    struct target target;
    if (!resolve(h, h->context, ACCESS_STORE, va, size, &target)) {
        return false;
    }
    if (LIKELY(target.host != NULL)) {
        store_sized(target.host, value, size);
        stored(h, &target, size);
        return true;
    }
    h->counters.device_accesses++;
    hart_sync(h);
    return bus_write(h->bus, target.pa, size, value) || refuse(h, ACCESS_STORE, va);
}

/* Atomics work on naturally aligned words of RAM. */
static bool resolve_atomic(struct hart *h, enum access access, u64 va, unsigned size,
                           struct target *out)
{
    if (va & (size - 1)) {
        hart_trap(h, access == ACCESS_LOAD ? CAUSE_LOAD_MISALIGNED : CAUSE_STORE_MISALIGNED, va);
        return false;
    }
    if (!resolve(h, h->context, access, va, size, out)) {
        return false;
    }
    return out->host != NULL || refuse(h, access, va);
}

static u64 load_signed(const u8 *host, unsigned size)
{
    return size == 4 ? sext32(load_u32(host)) : load_u64(host);
}

bool hart_load_reserved(struct hart *h, u64 va, unsigned size, u64 *value)
{
    struct target target;
    if (!resolve_atomic(h, ACCESS_LOAD, va, size, &target)) {
        return false;
    }
    h->reservation = target.pa;
    h->reservation_size = size;
    h->reservation_dma = h->ram->dma_writes;
    *value = load_signed(target.host, size);
    return true;
}

bool hart_store_conditional(struct hart *h, u64 va, unsigned size, u64 value, u64 *failed)
{
    struct target target;
    if (!resolve_atomic(h, ACCESS_STORE, va, size, &target)) {
        return false;
    }
    *failed = !(h->reservation_size == size && h->reservation == target.pa &&
                h->reservation_dma == h->ram->dma_writes);
    h->reservation_size = 0;
    if (!*failed) {
        store_sized(target.host, value, size);
        stored(h, &target, size);
    }
    return true;
}

/* Operands are sign-extended words when size is 4, so 64-bit comparisons serve both sizes. */
static u64 amo_result(unsigned operation, u64 old, u64 operand)
{
    switch (operation) {
    case OP_AMOADD_W:
    case OP_AMOADD_D:
        return old + operand;
    case OP_AMOXOR_W:
    case OP_AMOXOR_D:
        return old ^ operand;
    case OP_AMOAND_W:
    case OP_AMOAND_D:
        return old & operand;
    case OP_AMOOR_W:
    case OP_AMOOR_D:
        return old | operand;
    case OP_AMOMIN_W:
    case OP_AMOMIN_D:
        return (i64)old < (i64)operand ? old : operand;
    case OP_AMOMAX_W:
    case OP_AMOMAX_D:
        return (i64)old > (i64)operand ? old : operand;
    case OP_AMOMINU_W:
    case OP_AMOMINU_D:
        return old < operand ? old : operand;
    case OP_AMOMAXU_W:
    case OP_AMOMAXU_D:
        return old > operand ? old : operand;
    default:
        return operand; /* amoswap */
    }
}

bool hart_amo(struct hart *h, unsigned operation, u64 va, unsigned size, u64 operand, u64 *old)
{
    struct target target;
    if (!resolve_atomic(h, ACCESS_STORE, va, size, &target)) {
        return false;
    }
    *old = load_signed(target.host, size);
    u64 value = amo_result(operation, *old, size == 4 ? sext32(operand) : operand);
    store_sized(target.host, value, size);
    stored(h, &target, size);
    return true;
}

bool hart_cbo_zero(struct hart *h, u64 va, u32 bits)
{
    if ((h->priv != PRIV_MACHINE && !(h->menvcfg & ENVCFG_CBZE)) ||
        (h->priv == PRIV_USER && !(h->senvcfg & ENVCFG_CBZE))) {
        hart_illegal(h, bits);
        return false;
    }
    struct tlb_entry *entry = tlb_entry(h->context, TLB_STORE, va);
    if (LIKELY(entry->tag == (va & PAGE_MASK))) { /* ordinary memory, nothing to check */
        memset((void *)(uintptr_t)((va & ~(u64)(CBO_BLOCK - 1)) + entry->addend), 0, CBO_BLOCK);
        return true;
    }
    struct target target;
    if (!resolve(h, h->context, ACCESS_STORE, va, 1, &target)) {
        return false;
    }
    u64 block = va & ~(u64)(CBO_BLOCK - 1);
    target.pa -= va - block;
    if (!target.host ||
        ((target.flags & TLB_CHECK) &&
         !pmp_permits(h, target.pa, CBO_BLOCK, ACCESS_STORE, TLB_MODE_PRIV(h->context->mode)))) {
        return refuse(h, ACCESS_STORE, va);
    }
    memset(target.host - (va - block), 0, CBO_BLOCK);
    stored(h, &target, CBO_BLOCK);
    return true;
}

bool hart_cbo_manage(struct hart *h, u64 va, u32 bits)
{
    u64 enabled = (bits >> 20 & 3) == 0 ? ENVCFG_CBIE : ENVCFG_CBCFE; /* cbo.inval is 0 */
    if ((h->priv != PRIV_MACHINE && !(h->menvcfg & enabled)) ||
        (h->priv == PRIV_USER && !(h->senvcfg & enabled))) {
        hart_illegal(h, bits);
        return false;
    }
    unsigned priv = hart_data_privilege(h);
    struct walk w;
    enum walk_result result = walk(h, va, ACCESS_LOAD, priv, &w);
    if (result == WALK_PAGE_FAULT) {
        hart_trap(h, CAUSE_STORE_PAGE, va);
        return false;
    }
    if (result != WALK_OK ||
        !pmp_permits(h, w.pa & ~(u64)(CBO_BLOCK - 1), CBO_BLOCK, ACCESS_LOAD, priv)) {
        return refuse(h, ACCESS_STORE, va);
    }
    return true;
}

bool hart_enter_page(struct hart *h)
{
    struct target target;
    if (!resolve(h, h->fetch_context, ACCESS_FETCH, h->pc, 2, &target)) {
        return false;
    }
    if (target.flags & TLB_CHECK) {
        h->fetch_page = FETCH_NONE;
        return true;
    }
    h->fetch_page = h->pc & PAGE_MASK;
    h->fetch_physical = target.pa & PAGE_MASK;
    return true;
}

bool hart_fetch(struct hart *h, u32 *bits)
{
    struct target target;
    if (!resolve(h, h->fetch_context, ACCESS_FETCH, h->pc, 2, &target)) {
        return false;
    }
    *bits = load_u16(target.host);
    if (insn_length(*bits) == 4) {
        if (!resolve(h, h->fetch_context, ACCESS_FETCH, h->pc + 2, 2, &target)) {
            return false;
        }
        *bits |= (u32)load_u16(target.host) << 16;
    }
    return true;
}
