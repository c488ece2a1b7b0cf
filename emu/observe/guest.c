/* SPDX-License-Identifier: MIT */
/* guest.c - reading the guest's tables where it said they are, believing nothing. */
#include <string.h>

#include "emu/observe/observer.h"
#include "probe.h"

#define MAX_BATCHES 64u /* one a hart; the guest says how many */

#define SLOT_CACHED 0x8000u /* in the kernel's counts */

#define READER(width)                                                    \
    bool guest_u##width(const struct observer *o, u64 pa, u##width *out) \
    {                                                                    \
        const void *at = ram_pointer(o->ram, pa, width / 8);             \
        if (!at)                                                         \
            return false;                                                \
        memcpy(out, at, width / 8);                                      \
        return true;                                                     \
    }
READER(8)
READER(16)
READER(32)
READER(64)

bool guest_physical(const struct observer *o, u64 virt, u64 *pa)
{
    if (!o->has_layout || virt < o->layout.direct_virt)
        return false;
    *pa = virt - o->layout.direct_virt;
    return ram_contains(o->ram, *pa, 1);
}

bool guest_take_layout(struct observer *o, u64 pa, u64 size)
{
    struct probe_layout layout = {0};
    const void *at = size <= 65536 ? ram_pointer(o->ram, pa, size) : NULL;

    if (!at || size < offsetof(struct probe_layout, frame_table))
        return false;
    memcpy(&layout, at, size < sizeof layout ? size : sizeof layout);
    if (layout.magic != PROBE_LAYOUT_MAGIC || layout.version != PROBE_LAYOUT_VERSION)
        return false;
    /* A table that is not wholly in RAM is taken as not there. */
    u64 bytes;
    if (!checked_mul(layout.frame_count, layout.frame_size, &bytes) || !layout.frame_size ||
        !ram_contains(o->ram, layout.frame_table, bytes))
        layout.frame_count = 0;
    o->layout = layout;
    o->has_layout = true;
    return true;
}

bool observer_has_layout(const struct observer *o)
{
    return o->has_layout;
}

const struct probe_layout *observer_layout(const struct observer *o)
{
    return &o->layout;
}

const char *observer_panic(const struct observer *o)
{
    return o->panic[0] ? o->panic : NULL;
}

bool observer_panic_hart(const struct observer *o, unsigned *hart)
{
    *hart = o->panic_hart;
    return o->panic[0] != 0;
}

void observer_policy(const struct observer *o, char name[16])
{
    u8 letter = 0;

    for (unsigned i = 0; i < 15; i++) {
        if (!o->has_layout || !o->layout.policy || !guest_u8(o, o->layout.policy + i, &letter) ||
            letter < ' ' || letter > '~')
            letter = 0;
        name[i] = (char)letter;
        if (!letter)
            break;
    }
    name[15] = 0;
}

/* ---- frames ---- */

u64 observer_first_pfn(const struct observer *o)
{
    return o->has_layout ? o->layout.frame_first_pfn : o->ram->base >> PAGE_SHIFT;
}

u64 observer_frame_count(const struct observer *o)
{
    return o->has_layout ? o->layout.frame_count : o->ram->size >> PAGE_SHIFT;
}

bool observer_frame(const struct observer *o, u64 pfn, struct frame_view *out)
{
    const struct probe_layout *l = &o->layout;

    memset(out, 0, sizeof *out);
    out->pfn = pfn;
    if (!o->has_layout || pfn < l->frame_first_pfn || pfn - l->frame_first_pfn >= l->frame_count)
        return false;
    u64 at = l->frame_table + (pfn - l->frame_first_pfn) * l->frame_size;
    return guest_u32(o, at + l->frame_refs, &out->refs) &&
           guest_u32(o, at + l->frame_maps, &out->maps) &&
           guest_u8(o, at + l->frame_kind, &out->kind) &&
           guest_u8(o, at + l->frame_flags, &out->flags) &&
           guest_u32(o, at + l->frame_slot, &out->slot) &&
           guest_u64(o, at + l->frame_owner, &out->owner) &&
           guest_u64(o, at + l->frame_index, &out->index);
}

const char *observer_frame_kind_name(unsigned kind)
{
    static const char *const name[] = {"free", "kernel", "page-table", "anon",
                                       "file", "shm",    "zero",       "reserved"};
    return kind < ARRAY_LENGTH(name) ? name[kind] : "?";
}

static u64 announced(const struct observer *o, u64 pa)
{
    u64 value = 0;

    if (o->has_layout && pa)
        guest_u64(o, pa, &value);
    return value;
}

u64 observer_free_frames(const struct observer *o)
{
    u64 count = announced(o, o->layout.free_frames);

    for (u64 i = 0; i < o->layout.free_batch_count && i < MAX_BATCHES; i++) {
        u32 batch = 0;

        guest_u32(o, o->layout.free_batches + i * o->layout.free_batch_stride, &batch);
        count += batch;
    }
    return count;
}

u64 observer_clock_hand(const struct observer *o)
{
    return announced(o, o->layout.clock_hand);
}

u64 observer_swap_slots(const struct observer *o)
{
    u64 slots = announced(o, o->layout.swap_slots);

    return slots <= UINT64_C(1) << 32 ? slots : 0;
}

u64 observer_shm_swapped(const struct observer *o)
{
    return o->has_layout && o->layout.shm_swapped ? announced(o, o->layout.shm_swapped)
                                                  : UINT64_MAX;
}

u64 observer_kept_tables(const struct observer *o)
{
    return o->has_layout && o->layout.kept_tables ? announced(o, o->layout.kept_tables) : 0;
}

u64 observer_twin_table(const struct observer *o, u64 table)
{
    struct frame_view f, twin;

    if (!observer_frame(o, table >> PAGE_SHIFT, &f) || f.kind != FRAME_PGTABLE || !f.slot)
        return 0;
    if (observer_frame(o, f.slot, &twin) && (f.flags | twin.flags) & FRAME_ACTIVE)
        return 0; /* one sleeps: its words count nothing */
    return (u64)f.slot << PAGE_SHIFT;
}

static u16 swap_entry(const struct observer *o, u64 slot)
{
    u64 map, pa;
    u16 users = 0;

    if (slot < observer_swap_slots(o)) {
        map = announced(o, o->layout.swap_map);
        if (guest_physical(o, map, &pa))
            guest_u16(o, pa + 2 * slot, &users);
    }
    return users;
}

unsigned observer_swap_users(const struct observer *o, u64 slot)
{
    return swap_entry(o, slot) & ~SLOT_CACHED;
}

bool observer_swap_cached(const struct observer *o, u64 slot)
{
    return swap_entry(o, slot) & SLOT_CACHED;
}

const struct swapcheck *observer_swapcheck(const struct observer *o, u64 *count)
{
    *count = swapcheck_count(&o->swapcheck, o->now(o->now_ctx));
    return &o->swapcheck;
}

bool observer_kernel_counter(const struct observer *o, unsigned kind, u64 *out)
{
    return o->has_layout && o->layout.counters && kind < FAULT_KIND_COUNT &&
           guest_u64(o, o->layout.counters + 8 * kind, out);
}
