/* SPDX-License-Identifier: MIT */
/* tlb.c - see tlb.h. */
#include "emu/hart/tlb.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"

#define LEVELS_OF_INFO 3u

static unsigned entries_of(enum tlb_table table)
{
    return table == TLB_FETCH ? TLB_FETCH_ENTRIES : TLB_DATA_ENTRIES;
}

static struct tlb_entry *table_of(struct tlb_context *context, enum tlb_table table)
{
    return table == TLB_LOAD ? context->load : table == TLB_STORE ? context->store : context->fetch;
}

static unsigned index_of(enum tlb_table table, u64 va)
{
    return (unsigned)(va >> PAGE_SHIFT) & (entries_of(table) - 1);
}

static void forget_large(struct tlb_context *context)
{
    context->large_low = UINT64_MAX;
    context->large_high = 0;
}

/* Nothing in C reads the recent pages: gcc 12 takes stores to them for dead without this. */
static void seen_by_translated_code(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

/* The entry with this index changes: copies of it are dropped.  Few have any. */
static void forget_recent(struct tlb_context *context, enum tlb_table table, unsigned index)
{
    if (table == TLB_FETCH) {
        return;
    }
    struct tlb_recent *recent = &context->recent[table];
    u16 wanted = (u16)(index << 4), found = 0;
    for (unsigned i = 0; i < TLB_RECENT; i++) { /* in a form that compilers vectorise */
        found = (u16)(found | (recent->index[i] == wanted));
    }
    for (unsigned i = 0; found && i < TLB_RECENT; i++) {
        if (recent->index[i] == wanted) {
            recent->tag[i] = TLB_EMPTY;
        }
    }
    context->recent_drops += found;
    seen_by_translated_code();
}

static void forget_all_recent(struct tlb_context *context)
{
    for (unsigned i = 0; i < TLB_RECENT; i++) {
        context->recent[TLB_LOAD].tag[i] = context->recent[TLB_STORE].tag[i] = TLB_EMPTY;
    }
    context->recent_drops++;
    seen_by_translated_code();
}

bool tlb_init(struct tlb *tlb, struct counters *counters, struct error *err)
{
    *tlb = (struct tlb){.counters = counters};
    tlb->context = calloc(TLB_CONTEXTS, sizeof(struct tlb_context));
    if (!tlb->context) {
        return error_set(err, ENOMEM, "out of memory");
    }
    tlb_reset(tlb);
    return true;
}

void tlb_destroy(struct tlb *tlb)
{
    free(tlb->context);
    tlb->context = NULL;
}

static void empty_entry(struct tlb_context *context, enum tlb_table table, unsigned index)
{
    table_of(context, table)[index].tag = TLB_EMPTY;
    u64 *word = &context->filled[table][index >> 6];
    *word &= ~((u64)1 << (index & 63));
    if (*word == 0) {
        context->summary[table] &= ~((u64)1 << (index >> 6));
    }
}

/* Calls the body for each filled entry of a table. */
#define FOR_EACH_FILLED(context, table, index)                                                     \
    for (u64 words_ = (context)->summary[table]; words_; words_ &= words_ - 1)                     \
        for (u64 base_ = (u64)__builtin_ctzll(words_), bits_ = (context)->filled[table][base_];    \
             bits_; bits_ &= bits_ - 1)                                                            \
            for (unsigned index = (unsigned)(base_ * 64 + (u64)__builtin_ctzll(bits_)), once_ = 1; \
                 once_; once_ = 0)

static void empty_context(struct tlb_context *context)
{
    forget_all_recent(context);
    for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
        struct tlb_entry *entries = table_of(context, table);
        FOR_EACH_FILLED(context, table, index)
        {
            entries[index].tag = TLB_EMPTY;
        }
        for (u64 words = context->summary[table]; words; words &= words - 1) {
            context->filled[table][__builtin_ctzll(words)] = 0;
        }
        context->summary[table] = 0;
    }
    forget_large(context);
}

/*
 * First use of a context.  A tag of zero matches only addresses of page 0, and they look only at
 * entry 0: the other entries may stay as calloc gave them, untouched.
 */
static void begin_context(struct tlb_context *context)
{
    for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
        table_of(context, table)[0].tag = TLB_EMPTY;
    }
    forget_all_recent(context);
    forget_large(context);
    context->used = true;
}

void tlb_reset(struct tlb *tlb)
{
    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        /* Pages of contexts that are never used are never touched. */
        if (tlb->context[i].used) {
            empty_context(&tlb->context[i]);
            tlb->context[i].used = false;
        }
    }
    tlb->used = 0;
    tlb->clock = 0;
}

/* An unused context, or the one that was not selected for the longest time, emptied. */
static unsigned take_context(struct tlb *tlb)
{
    if (tlb->used < TLB_CONTEXTS) {
        begin_context(&tlb->context[tlb->used]);
        return tlb->used++;
    }
    unsigned oldest = 0;
    for (unsigned i = 1; i < TLB_CONTEXTS; i++) {
        if (tlb->context[i].stamp < tlb->context[oldest].stamp) {
            oldest = i;
        }
    }
    tlb->counters->contexts_replaced++;
    empty_context(&tlb->context[oldest]);
    return oldest;
}

static void set_key(struct tlb *tlb, unsigned index, u64 satp, u32 mode)
{
    tlb->key_satp[index] = satp;
    tlb->key_mode[index] = mode;
    tlb->context[index].satp = satp;
    tlb->context[index].mode = mode;
    tlb->context[index].twin = NULL;
}

struct tlb_context *tlb_select(struct tlb *tlb, u64 satp, u32 mode)
{
    tlb->counters->context_switches++;
    unsigned index = 0;
    while (index < tlb->used && (tlb->key_satp[index] != satp || tlb->key_mode[index] != mode)) {
        index++;
    }
    if (index == tlb->used) {
        index = take_context(tlb);
        set_key(tlb, index, satp, mode);
    }
    tlb->context[index].stamp = ++tlb->clock;
    return &tlb->context[index];
}

void tlb_clear(struct tlb *tlb)
{
    for (unsigned i = 0; i < tlb->used; i++) {
        empty_context(&tlb->context[i]);
    }
}

/* Drops the slices of large leaves that cover va. */
static void fence_large(struct tlb_context *context, u64 va, bool keep_global)
{
    forget_all_recent(context);
    for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
        const struct tlb_entry *entries = table_of(context, table);
        FOR_EACH_FILLED(context, table, index)
        {
            u8 info = context->info[table][index];
            unsigned level = info & TLB_INFO_LEVEL;
            if (level != 0 && !(keep_global && (info & TLB_INFO_GLOBAL)) &&
                ((entries[index].tag ^ va) & ~(pte_span(level) - 1)) == 0) {
                empty_entry(context, table, index);
            }
        }
    }
}

static void fence_address(struct tlb_context *context, u64 va, bool keep_global)
{
    for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
        unsigned index = index_of(table, va);
        if (!(context->summary[table] >> (index >> 6) & 1)) {
            continue;
        }
        const struct tlb_entry *entry = &table_of(context, table)[index];
        if (!(entry->tag & TLB_EMPTY) && ((entry->tag ^ va) & PAGE_MASK) == 0 &&
            !(keep_global && (context->info[table][index] & TLB_INFO_GLOBAL))) {
            empty_entry(context, table, index);
            forget_recent(context, table, index);
        }
    }
    if (va >= context->large_low && va <= context->large_high) {
        fence_large(context, va, keep_global);
    }
}

static void fence_not_global(struct tlb_context *context)
{
    forget_all_recent(context);
    for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
        FOR_EACH_FILLED(context, table, index)
        {
            if (!(context->info[table][index] & TLB_INFO_GLOBAL)) {
                empty_entry(context, table, index);
            }
        }
    }
}

void tlb_fence(struct tlb *tlb, bool by_address, u64 va, bool by_asid, u64 asid)
{
    *(by_address ? &tlb->counters->fences_of_pages : &tlb->counters->fences_all) += 1;
    for (unsigned i = 0; i < tlb->used; i++) {
        u64 satp = tlb->key_satp[i];
        if (satp == 0 || (by_asid && (satp & SATP_ASID) >> SATP_ASID_SHIFT != (asid & 0xffff))) {
            continue;
        }
        struct tlb_context *context = &tlb->context[i];
        if (by_address) {
            fence_address(context, va, by_asid);
        } else if (by_asid) {
            fence_not_global(context);
        } else {
            empty_context(context);
        }
    }
}

void tlb_fill(struct tlb_context *context, enum tlb_table table, u64 va, u64 pa, const u8 *host,
              u32 flags, unsigned level, bool global)
{
    unsigned index = index_of(table, va);
    u64 page = va & PAGE_MASK;
    u64 target = host ? (u64)(uintptr_t)host : pa & PAGE_MASK;
    forget_recent(context, table, index);
    table_of(context, table)[index] = (struct tlb_entry){page | flags, target - page};
    context->info[table][index] = (u8)(level | (global ? TLB_INFO_GLOBAL : 0));
    context->filled[table][index >> 6] |= (u64)1 << (index & 63);
    context->summary[table] |= (u64)1 << (index >> 6);
    if (level != 0) {
        u64 low = va & ~(pte_span(level) - 1);
        u64 high = low + (pte_span(level) - 1);
        context->large_low = low < context->large_low ? low : context->large_low;
        context->large_high = high > context->large_high ? high : context->large_high;
    }
}

void tlb_mark_code(struct tlb *tlb, const u8 *host)
{
    for (unsigned i = 0; i < tlb->used; i++) {
        struct tlb_context *context = &tlb->context[i];
        FOR_EACH_FILLED(context, TLB_STORE, index)
        {
            struct tlb_entry *entry = &context->store[index];
            if (!(entry->tag & TLB_MMIO) &&
                (entry->tag & PAGE_MASK) + entry->addend == (u64)(uintptr_t)host) {
                entry->tag |= TLB_CODE;
                forget_recent(context, TLB_STORE, index);
            }
        }
    }
}

/* A saved entry: index, tag, physical address of the page, info. */
struct saved_entry {
    u8 bytes[2 + 8 + 8 + 1];
};

static void save_table(const struct tlb_context *context, enum tlb_table table,
                       const struct ram *ram, struct serial_writer *writer)
{
    static const char *const name[TLB_TABLES] = {"load", "store", "fetch"};
    struct buffer out = {0};
    const struct tlb_entry *entries = table == TLB_LOAD    ? context->load
                                      : table == TLB_STORE ? context->store
                                                           : context->fetch;
    FOR_EACH_FILLED(context, table, index)
    {
        struct saved_entry saved;
        u64 tag = entries[index].tag & ~(u64)TLB_CODE;
        u64 target = (tag & PAGE_MASK) + entries[index].addend;
        store_u16(saved.bytes, (u16)index);
        store_u64(saved.bytes + 2, tag);
        store_u64(saved.bytes + 10,
                  tag & TLB_MMIO ? target : target - (u64)(uintptr_t)ram->host + ram->base);
        saved.bytes[18] = context->info[table][index];
        buffer_append(&out, &saved, sizeof(saved));
    }
    writer->out.failed |= out.failed;
    serial_put_bytes(writer, name[table], out.data, out.size);
    buffer_free(&out);
}

void tlb_save(const struct tlb *tlb, const struct ram *ram, struct serial_writer *writer)
{
    serial_begin(writer, "tlb", 1);
    serial_put_u64(writer, "clock", tlb->clock);
    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        const struct tlb_context *context = &tlb->context[i];
        serial_put_bool(writer, "used", context->used);
        if (!context->used) {
            break;
        }
        serial_put_u64(writer, "satp", context->satp);
        serial_put_u64(writer, "mode", context->mode);
        serial_put_u64(writer, "stamp", context->stamp);
        serial_put_u64(writer, "large_low", context->large_low);
        serial_put_u64(writer, "large_high", context->large_high);
        for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
            save_table(context, table, ram, writer);
        }
    }
    serial_end(writer);
}

static bool load_entry(struct tlb_context *context, enum tlb_table table, const u8 *bytes,
                       const struct ram *ram)
{
    u64 tag = load_u64(bytes + 2), pa = load_u64(bytes + 10);
    u8 info = bytes[18];
    u32 flags = (u32)tag & 0xfff;
    const u8 *host = flags & TLB_MMIO ? NULL : ram_pointer(ram, pa, PAGE_BYTES);
    if (load_u16(bytes) != index_of(table, tag) || (flags & ~(TLB_MMIO | TLB_CHECK)) ||
        (!(flags & TLB_MMIO) && !host) || pa % PAGE_BYTES ||
        (info & TLB_INFO_LEVEL) > LEVELS_OF_INFO || (info & ~(TLB_INFO_LEVEL | TLB_INFO_GLOBAL))) {
        return false;
    }
    if (table == TLB_STORE && host && ram_page_is_slow(ram, pa)) {
        flags |= TLB_CODE;
    }
    tlb_fill(context, table, tag & PAGE_MASK, pa, host, flags, info & TLB_INFO_LEVEL,
             (info & TLB_INFO_GLOBAL) != 0);
    return true;
}

static void load_table(struct tlb_context *context, enum tlb_table table, const struct ram *ram,
                       struct serial_reader *reader)
{
    static const char *const name[TLB_TABLES] = {"load", "store", "fetch"};
    size_t size;
    const u8 *data =
        serial_get_blob(reader, name[table], entries_of(table) * sizeof(struct saved_entry), &size);
    for (size_t at = 0; data && at < size; at += sizeof(struct saved_entry)) {
        if (size - at < sizeof(struct saved_entry) || !load_entry(context, table, data + at, ram)) {
            serial_reject(reader, "impossible TLB entry");
            return;
        }
    }
}

bool tlb_load(struct tlb *tlb, const struct ram *ram, struct serial_reader *reader,
              struct error *err)
{
    tlb_reset(tlb);
    serial_enter(reader, "tlb", 1);
    tlb->clock = serial_get_u64(reader, "clock");
    for (unsigned i = 0; i < TLB_CONTEXTS && serial_get_bool(reader, "used"); i++) {
        struct tlb_context *context = &tlb->context[i];
        begin_context(context);
        context->used = true;
        tlb->used = i + 1;
        u64 satp = serial_get_u64(reader, "satp");
        set_key(tlb, i, satp, (u32)serial_get_max(reader, "mode", TLB_MODE(3, 1, 1)));
        context->stamp = serial_get_u64(reader, "stamp");
        u64 low = serial_get_u64(reader, "large_low");
        u64 high = serial_get_u64(reader, "large_high");
        for (enum tlb_table table = TLB_LOAD; table < TLB_TABLES; table++) {
            load_table(context, table, ram, reader);
        }
        context->large_low = low;
        context->large_high = high;
    }
    serial_leave(reader);
    return serial_ok(reader, err);
}
