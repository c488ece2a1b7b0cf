/* SPDX-License-Identifier: MIT */
/*
 * test_observe.c - the observer on a made-up guest: page tables, lists and probe events written by
 * hand, a hart that only has the state a hook call shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/hart/hook.h"
#include "emu/observe/observe.h"
#include "emu/observe/observer.h"
#include "probe.h"

#define BASE UINT64_C(0x80000000)
#define SIZE (UINT64_C(1) << 20)
#define DIRECT UINT64_C(0xffffffc000000000) /* kernel virtual address of physical 0 */
#define ROOT (BASE + 0x10000)
#define MIDDLE (BASE + 0x11000)
#define LEAF (BASE + 0x12000)
#define VA UINT64_C(0x40000000)
#define LAYOUT (BASE + 0x100)
#define ID(pid, tid) ((u64)(pid) << 32 | (tid))

struct guest {
    struct ram ram;
    struct hart *hart;
    struct observer *observer;
    struct trace_record last[64];
    size_t count;
};

static void put64(struct guest *g, u64 pa, u64 value)
{
    memcpy(ram_pointer(&g->ram, pa, 8), &value, 8);
}

static void put32(struct guest *g, u64 pa, u32 value)
{
    memcpy(ram_pointer(&g->ram, pa, 4), &value, 4);
}

static u64 pte_to(u64 pa, u64 flags)
{
    return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

static void keep(void *ctx, const struct trace_record *r)
{
    struct guest *g = ctx;

    if (g->count < ARRAY_LENGTH(g->last))
        g->last[g->count++] = *r;
}

static u64 now(void *ctx)
{
    struct guest *g = ctx;
    return hart_executed(g->hart);
}

static int set_up_harts(void **state, unsigned harts)
{
    struct guest *g = calloc(1, sizeof *g);
    struct error err = {0};

    assert_true(ram_init(&g->ram, BASE, SIZE, &err));
    g->hart = calloc(1, sizeof *g->hart);
    g->hart->ram = &g->ram;
    g->hart->satp = (u64)SATP_SV39 << SATP_MODE_SHIFT | ROOT >> PAGE_SHIFT;
    g->observer = observer_create_on(&g->ram, harts, now, g, &err);
    assert_non_null(g->observer);
    assert_int_equal(observer_add_sink(g->observer, keep, g), 0);
    put64(g, ROOT + 8 * pte_index(VA, 2), pte_to(MIDDLE, PTE_V));
    put64(g, MIDDLE + 8 * pte_index(VA, 1), pte_to(LEAF, PTE_V));
    *state = g;
    return 0;
}

static int set_up(void **state)
{
    return set_up_harts(state, 1);
}

static int set_up_two_harts(void **state)
{
    return set_up_harts(state, 2);
}

static int tear_down(void **state)
{
    struct guest *g = *state;

    observer_destroy(g->observer);
    ram_destroy(&g->ram);
    free(g->hart);
    free(g);
    return 0;
}

static void set_pte(struct guest *g, u64 va, u64 pte)
{
    put64(g, LEAF + 8 * pte_index(va, 0), pte);
}

static void run(struct guest *g, u64 instructions)
{
    g->hart->executed += instructions;
}

static void probe(struct guest *g, unsigned event, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    const struct hook *hook = observer_hook(g->observer);
    u64 a[6] = {a0, a1, a2, a3, a4, a5};

    memcpy(&g->hart->x[10], a, sizeof a);
    hook->probe(hook->ctx, g->hart, event, PRIV_SUPERVISOR, 0);
}

static void trap(struct guest *g, u64 cause, u64 va, u64 pc, unsigned from)
{
    const struct hook *hook = observer_hook(g->observer);

    hook->trap_enter(hook->ctx, g->hart, cause, va, pc, from, PRIV_SUPERVISOR, 0);
}

static void returns(struct guest *g, u64 pc)
{
    const struct hook *hook = observer_hook(g->observer);

    hook->trap_return(hook->ctx, g->hart, RETURN_SRET, PRIV_USER, pc);
}

#define PROCESS (BASE + 0x2000) /* two of 0x100 bytes */
#define MM (BASE + 0x3000)
#define AREA (BASE + 0x4000)
#define FRAMES (BASE + 0x20000)
#define SWAP (BASE + 0x5000)

static void boot(struct guest *g)
{
    struct probe_layout l = {
        .magic = PROBE_LAYOUT_MAGIC,
        .version = PROBE_LAYOUT_VERSION,
        .size = sizeof l,
        .direct_virt = DIRECT,
        .frame_table = FRAMES,
        .frame_first_pfn = BASE >> PAGE_SHIFT,
        .frame_count = SIZE >> PAGE_SHIFT,
        .frame_size = 48,
        .frame_refs = 0,
        .frame_maps = 4,
        .frame_kind = 8,
        .frame_flags = 9,
        .frame_slot = 12,
        .frame_owner = 16,
        .frame_index = 24,
        .swap_map = BASE + 0x40,
        .swap_slots = BASE + 0x48,
        .clock_hand = BASE + 0x50,
        .process_list = BASE + 0x58,
        .process_next = 0,
        .process_pid = 8,
        .process_parent_pid = 12,
        .process_name = 16,
        .process_state = 32,
        .process_mm = 40,
        .mm_root = 0,
        .mm_first_area = 8,
        .mm_brk_start = 16,
        .mm_brk = 24,
        .mm_rss_anon = 32,
        .mm_rss_file = 40,
        .mm_rss_shm = 48,
        .mm_swap = 56,
        .area_next = 0,
        .area_start = 8,
        .area_end = 16,
        .area_prot = 24,
        .area_kind = 25,
        .area_inode = 32,
        .area_pgoff = 40,
        .free_frames = BASE + 0x60,
    };

    memcpy(ram_pointer(&g->ram, LAYOUT, sizeof l), &l, sizeof l);
    put64(g, BASE + 0x40, SWAP + DIRECT);
    put64(g, BASE + 0x48, 100);
    put64(g, BASE + 0x58, PROCESS + DIRECT);
    put64(g, BASE + 0x60, 77);
    for (unsigned i = 0; i < 2; i++) {
        u64 at = PROCESS + 0x100 * i, mm = MM + 0x100 * i;
        put64(g, at, i ? 0 : at + 0x100 + DIRECT);
        put32(g, at + 8, i ? 5 : 3);
        put32(g, at + 12, i ? 3 : 1);
        memcpy(ram_pointer(&g->ram, at + 16, 16), i ? "child" : "parent", 6);
        put32(g, at + 32, 1);
        put64(g, at + 40, mm + DIRECT);
        put64(g, mm, ROOT); /* both look at the same tables: enough for this test */
        put64(g, mm + 8, AREA + DIRECT);
        put64(g, mm + 32, 9);
    }
    put64(g, AREA + 8, VA);
    put64(g, AREA + 16, VA + 0x10000);
    *(u8 *)ram_pointer(&g->ram, AREA + 24, 1) = 3;
    *(u8 *)ram_pointer(&g->ram, AREA + 25, 1) = AREA_HEAP;
    probe(g, PROBE_EV_BOOT, LAYOUT, sizeof l, 0, 0, 0, 0);
    assert_true(observer_has_layout(g->observer));
    g->count = 0;
}

static u64 end_word(unsigned kind, unsigned access, unsigned area)
{
    return kind | access << 8 | area << 16;
}

static void a_fault_is_joined_from_both_sides(void **state)
{
    struct guest *g = *state;

    boot(g);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    run(g, 1000);
    trap(g, CAUSE_STORE_PAGE, VA + 0x1008, 0x10100, PRIV_USER);
    run(g, 400);
    set_pte(g, VA + 0x1000, pte_to(BASE + 0x50000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_ZERO_FILL, 1, AREA_HEAP), VA + 0x1008, VA,
          0, (BASE + 0x50000) >> PAGE_SHIFT);
    assert_int_equal(g->count, 2); /* the switch and the fault */
    const struct trace_record *r = &g->last[1];
    assert_int_equal(r->type, RECORD_FAULT);
    assert_int_equal(r->pid, 3);
    assert_int_equal(r->icount, 1000);
    assert_int_equal(r->fault.cause, 15);
    assert_int_equal(r->fault.va, VA + 0x1008);
    assert_int_equal(r->fault.pc, 0x10100);
    assert_int_equal(r->fault.kind, FAULT_ZERO_FILL);
    assert_int_equal(r->fault.coarse, COARSE_NEW);
    assert_int_equal(r->fault.cost, 400);
    assert_int_equal(r->fault.pte_before, 0);
    assert_int_equal(r->fault.pte_after, pte_to(BASE + 0x50000, 0xd7));
    assert_int_equal(r->fault.area_start, VA);
    assert_int_equal(r->fault.notes, 0);
    assert_int_equal(observer_label_mismatches(g->observer), 0);
    assert_int_equal(observer_open_faults(g->observer), 0);
}

static void a_lying_kernel_is_found_out(void **state)
{
    struct guest *g = *state;

    boot(g);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    trap(g, CAUSE_STORE_PAGE, VA, 0x10100, PRIV_USER);
    set_pte(g, VA, pte_to(BASE + 0x50000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_COW_COPY, 1, AREA_HEAP), VA, VA, 0, 1);
    const struct trace_record *r = &g->last[g->count - 1];
    assert_int_equal(r->fault.notes, FAULT_NOTE_MISMATCH | FAULT_NOTE_DISAGREE);
    assert_int_equal(observer_label_mismatches(g->observer), 1);
}

static void sleeping_threads_are_not_charged(void **state)
{
    struct guest *g = *state;

    boot(g);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    trap(g, CAUSE_LOAD_PAGE, VA, 0x10100, PRIV_USER);
    run(g, 100);
    probe(g, PROBE_EV_SWITCH, ID(5, 5), 0, 0, 0, 0, 0);
    run(g, 10000);
    /* The other one faults meanwhile, at the same address. */
    trap(g, CAUSE_STORE_PAGE, VA + 0x2000, 0x20200, PRIV_USER);
    run(g, 30);
    set_pte(g, VA + 0x2000, pte_to(BASE + 0x51000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(5, 5), end_word(FAULT_ZERO_FILL, 1, AREA_HEAP), VA + 0x2000, VA,
          0, 0);
    assert_int_equal(g->last[g->count - 1].fault.cost, 30);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    run(g, 50);
    set_pte(g, VA, pte_to(BASE + 0x52000, 0x53));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_FILE_READ, 0, AREA_FILE_PRIVATE), VA, VA,
          0, 0);
    const struct trace_record *r = &g->last[g->count - 1];
    assert_int_equal(r->fault.cost, 150);
    assert_int_equal(r->fault.elapsed, 10180);
    assert_int_equal(r->fault.notes, FAULT_NOTE_SLEPT);
    assert_int_equal(r->fault.coarse, COARSE_NEW_READ_ONLY);
}

/* Another hart moves the page out between the trap and the handler, and has told nothing yet. */
static void another_hart_may_be_faster(void **state)
{
    struct guest *g = *state;

    boot(g);
    set_pte(g, VA, pte_to(BASE + 0x50000, PTE_V | PTE_R | PTE_U | PTE_A | PTE_COW));
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    trap(g, CAUSE_STORE_PAGE, VA, 0x10100, PRIV_USER);
    set_pte(g, VA, pte_to(BASE + 0x51000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_SWAP_COW, 1, AREA_HEAP), VA, VA, 44, 0);
    assert_int_equal(g->last[g->count - 1].fault.coarse, COARSE_FROM_SWAP);
    assert_int_equal(g->last[g->count - 1].fault.notes, FAULT_NOTE_OVERTAKEN);
    assert_int_equal(observer_label_mismatches(g->observer), 0);
    /* Nothing was there before: nobody can have moved it out. */
    set_pte(g, VA + 0x1000, 0);
    trap(g, CAUSE_STORE_PAGE, VA + 0x1000, 0x10100, PRIV_USER);
    set_pte(g, VA + 0x1000, pte_to(BASE + 0x52000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_SWAP_READ, 1, AREA_HEAP), VA + 0x1000, VA,
          44, 0);
    assert_int_equal(observer_label_mismatches(g->observer), 1);
}

static void somebody_else_may_be_faster(void **state)
{
    struct guest *g = *state;

    boot(g);
    set_pte(g, VA, pte_to(BASE + 0x50000, PTE_V | PTE_R | PTE_U | PTE_A | PTE_COW));
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    trap(g, CAUSE_STORE_PAGE, VA, 0x10100, PRIV_USER);
    /* The page is evicted while this one waits for memory; it comes back from swap. */
    set_pte(g, VA, (u64)44 << 10 | 1 << 1);
    probe(g, PROBE_EV_SWITCH, ID(9, 9), 0, 0, 0, 0, 0);
    probe(g, PROBE_EV_EVICT, (BASE + 0x50000) >> 12, 44, 1, 0, 0, 0);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    set_pte(g, VA, pte_to(BASE + 0x51000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_SWAP_READ, 1, AREA_HEAP), VA, VA, 44, 0);
    const struct trace_record *r = &g->last[g->count - 1];
    assert_int_equal(r->fault.coarse, COARSE_FROM_SWAP);
    assert_int_equal(r->fault.notes, FAULT_NOTE_OVERTAKEN | FAULT_NOTE_SLEPT);
    /* Another thread of the process fills the page first: then it is spurious here. */
    set_pte(g, VA + 0x1000, 0);
    trap(g, CAUSE_STORE_PAGE, VA + 0x1000, 0x10100, PRIV_USER);
    probe(g, PROBE_EV_SWITCH, ID(3, 4), 0, 0, 0, 0, 0);
    trap(g, CAUSE_STORE_PAGE, VA + 0x1000, 0x10100, PRIV_USER);
    set_pte(g, VA + 0x1000, pte_to(BASE + 0x52000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 4), end_word(FAULT_ZERO_FILL, 1, AREA_HEAP), VA + 0x1000, VA,
          0, 0);
    assert_int_equal(g->last[g->count - 1].fault.notes, 0);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_SPURIOUS, 1, AREA_HEAP), VA + 0x1000, VA,
          0, 0);
    assert_int_equal(g->last[g->count - 1].fault.coarse, COARSE_SPURIOUS);
    assert_int_equal(observer_label_mismatches(g->observer), 0);
    /* But nobody was there: a kernel that calls a fill spurious is wrong. */
    trap(g, CAUSE_STORE_PAGE, VA + 0x2000, 0x10100, PRIV_USER);
    set_pte(g, VA + 0x2000, pte_to(BASE + 0x53000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_SPURIOUS, 1, AREA_HEAP), VA + 0x2000, VA,
          0, 0);
    assert_int_equal(observer_label_mismatches(g->observer), 1);
}

static void a_fault_inside_a_fault_keeps_its_own_end(void **state)
{
    struct guest *g = *state;

    boot(g);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    trap(g, CAUSE_STORE_PAGE, VA, 0x10100, PRIV_USER);
    trap(g, CAUSE_STORE_PAGE, VA + 0x3000, DIRECT + 0x100, PRIV_SUPERVISOR);
    assert_int_equal(observer_open_faults(g->observer), 2);
    set_pte(g, VA + 0x3000, pte_to(BASE + 0x53000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_ZERO_FILL, 1, AREA_HEAP), VA + 0x3000, VA,
          0, 0);
    set_pte(g, VA, pte_to(BASE + 0x54000, 0xd7));
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_ZERO_FILL, 1, AREA_HEAP), VA, VA, 0, 0);
    assert_int_equal(g->last[g->count - 2].privilege, PRIV_SUPERVISOR);
    assert_int_equal(g->last[g->count - 1].privilege, PRIV_USER);
    assert_int_equal(observer_open_faults(g->observer), 0);
}

static void a_page_the_kernel_fetches_itself_has_no_trap(void **state)
{
    struct guest *g = *state;

    boot(g);
    probe(g, PROBE_EV_FAULT_END, ID(3, 3), end_word(FAULT_ZERO_FILL, 1, AREA_HEAP), VA, VA, 0, 0);
    assert_int_equal(g->last[0].fault.notes, FAULT_NOTE_NO_TRAP);
    assert_int_equal(observer_label_mismatches(g->observer), 0);
}

static void a_fault_that_never_ends_is_told_at_exit(void **state)
{
    struct guest *g = *state;

    boot(g);
    probe(g, PROBE_EV_SWITCH, ID(3, 3), 0, 0, 0, 0, 0);
    trap(g, CAUSE_LOAD_PAGE, VA + 0x8000, 0x10100, PRIV_USER);
    probe(g, PROBE_EV_EXIT, ID(3, 3), 9, 0, 0, 0, 0);
    assert_int_equal(g->last[g->count - 2].fault.notes, FAULT_NOTE_UNMATCHED);
    assert_int_equal(g->last[g->count - 1].type, RECORD_PROBE + PROBE_EV_EXIT);
    probe(g, PROBE_EV_SWITCH, 0, 0, 0, 0, 0, 0);
    trap(g, CAUSE_LOAD_PAGE, VA + 0x8000, 0x10100, PRIV_SUPERVISOR);
    observer_finish(g->observer);
    assert_int_equal(observer_counts(g->observer)->unmatched, 2);
}

static void without_a_probe_the_return_ends_it(void **state)
{
    struct guest *g = *state;
    const struct hook *hook = observer_hook(g->observer);

    hook->satp_write(hook->ctx, g->hart, 0, g->hart->satp);
    assert_int_equal(g->count, 1);
    assert_int_equal(g->last[0].type, RECORD_SPACE);
    set_pte(g, VA, pte_to(BASE + 0x50000, PTE_V | PTE_R | PTE_U | PTE_A));
    trap(g, CAUSE_STORE_PAGE, VA + 4, 0x1000, PRIV_USER);
    run(g, 70);
    returns(g, 0x2000); /* somebody else */
    assert_int_equal(g->count, 1);
    set_pte(g, VA, pte_to(BASE + 0x51000, 0xd7));
    returns(g, 0x1000);
    assert_int_equal(g->count, 2);
    const struct trace_record *r = &g->last[1];
    assert_int_equal(r->fault.coarse, COARSE_COPY);
    assert_int_equal(r->fault.kind, 0);
    assert_int_equal(r->fault.cost, 70);
    assert_int_equal(r->pid, 1);
    assert_int_equal(r->fault.notes, FAULT_NOTE_NO_PROBE);
    /* Kernel events before the boot event, and any from user mode but mark, do not count. */
    probe(g, PROBE_EV_FORK, ID(1, 1), ID(2, 2), 0, 0, 0, 0);
    hook->probe(hook->ctx, g->hart, PROBE_EV_EXIT, PRIV_USER, 0);
    assert_int_equal(g->count, 2);
    hook->probe(hook->ctx, g->hart, PROBE_EV_MARK, PRIV_USER, 0);
    assert_int_equal(g->count, 3);
}

static bool copy_process(void *ctx, const struct process_view *p)
{
    struct process_view *out = ctx;
    out[p->pid == 5] = *p;
    return true;
}

static bool copy_owner(void *ctx, const struct owner_view *w)
{
    struct owner_view *out = ctx;
    out[w->pid == 5] = *w;
    return true;
}

static void tables_of_the_kernel_are_read(void **state)
{
    struct guest *g = *state;
    struct process_view p[2];
    struct area_view area;
    struct owner_view owner[2];
    struct frame_view frame;

    boot(g);
    assert_int_equal(observer_processes(g->observer, copy_process, p), 2);
    assert_string_equal(p[0].name, "parent");
    assert_int_equal(p[1].parent, 3);
    assert_int_equal(p[0].rss_anon, 9);
    assert_true(observer_area_at(g->observer, &p[0], VA + 0x5000, &area));
    assert_int_equal(area.kind, AREA_HEAP);
    assert_false(observer_area_at(g->observer, &p[0], VA + 0x10000, &area));
    set_pte(g, VA + 0x7000, pte_to(BASE + 0x57000, PTE_V | PTE_R | PTE_U));
    set_pte(g, VA + 0x8000, (u64)44 << 10 | 1 << 1);
    assert_int_equal(observer_owners(g->observer, (BASE + 0x57000) >> 12, copy_owner, owner), 2);
    assert_int_equal(owner[0].va, VA + 0x7000);
    assert_int_equal(observer_slot_owners(g->observer, 44, copy_owner, owner), 2);
    assert_int_equal(owner[1].va, VA + 0x8000);
    assert_int_equal(observer_free_frames(g->observer), 77);
    put32(g, FRAMES + 48 * 3, 12);
    assert_true(observer_frame(g->observer, (BASE >> 12) + 3, &frame));
    assert_int_equal(frame.refs, 12);
    assert_false(observer_frame(g->observer, (BASE >> 12) + 256, &frame));
    *(u16 *)ram_pointer(&g->ram, SWAP + 88, 2) = 2;
    assert_int_equal(observer_swap_users(g->observer, 44), 2);
    assert_int_equal(observer_swap_users(g->observer, 100), 0);
}

static bool count_pte(void *ctx, const struct pte_view *p)
{
    (void)p;
    ++*(size_t *)ctx;
    return true;
}

/* Whatever a guest writes into its tables: no crash, no endless loop. */
static void hostile_tables_end(void **state)
{
    struct guest *g = *state;
    struct process_view p[2];
    struct area_view area;
    size_t n = 0;

    boot(g);
    /* Lists that loop, and lead outside. */
    put64(g, PROCESS + 0x100, PROCESS + DIRECT);
    assert_true(observer_processes(g->observer, copy_process, p) <= 65536);
    put64(g, AREA, AREA + DIRECT);
    assert_false(observer_area_at(g->observer, &p[0], 1, &area));
    put64(g, PROCESS + 0x100, UINT64_MAX - 3);
    assert_int_equal(observer_processes(g->observer, copy_process, p), 2);
    put64(g, PROCESS + 40, UINT64_MAX);
    observer_processes(g->observer, copy_process, p);
    /* A root table all of whose entries point at itself. */
    for (unsigned i = 0; i < 512; i++)
        put64(g, ROOT + 8 * i, pte_to(ROOT, PTE_V));
    observer_ptes(g->observer, g->hart->satp, 0, UINT64_MAX, count_pte, &n);
    /* Layouts that are not what they say. */
    probe(g, PROBE_EV_BOOT, UINT64_MAX - 8, 512, 0, 0, 0, 0);
    probe(g, PROBE_EV_BOOT, LAYOUT, UINT64_MAX, 0, 0, 0, 0);
    put64(g, LAYOUT + offsetof(struct probe_layout, frame_count), UINT64_MAX / 2);
    put64(g, LAYOUT + offsetof(struct probe_layout, frame_size), UINT64_MAX / 2);
    probe(g, PROBE_EV_BOOT, LAYOUT, sizeof(struct probe_layout), 0, 0, 0, 0);
    struct frame_view frame;
    assert_false(observer_frame(g->observer, (BASE >> 12) + 3, &frame));
    probe(g, PROBE_EV_PANIC, UINT64_MAX - 2, 0, 0, 0, 0, 0);
    assert_non_null(observer_panic(g->observer));
}

static void labels_follow_the_pte(void **state)
{
    const u64 rw = pte_to(BASE, 0xd7), ro = pte_to(BASE, 0x53), other = pte_to(BASE + 4096, 0xd7);
    const u64 swap = (u64)44 << 10 | 1 << 1;

    (void)state;
    assert_int_equal(observer_label(0, 0, ACCESS_LOAD, PRIV_USER), COARSE_NONE);
    assert_int_equal(observer_label(0, rw, ACCESS_STORE, PRIV_USER), COARSE_NEW);
    assert_int_equal(observer_label(0, ro, ACCESS_LOAD, PRIV_USER), COARSE_NEW_READ_ONLY);
    assert_int_equal(observer_label(ro, rw, ACCESS_STORE, PRIV_USER), COARSE_REUSE);
    assert_int_equal(observer_label(ro, other, ACCESS_STORE, PRIV_USER), COARSE_COPY);
    assert_int_equal(observer_label(swap, rw, ACCESS_STORE, PRIV_USER), COARSE_FROM_SWAP);
    assert_int_equal(observer_label(swap, swap, ACCESS_STORE, PRIV_USER), COARSE_NONE);
    assert_int_equal(observer_label(rw, rw, ACCESS_STORE, PRIV_USER), COARSE_SPURIOUS);
    assert_int_equal(observer_label(ro, ro, ACCESS_STORE, PRIV_USER), COARSE_NONE);
    assert_int_equal(observer_label(rw & ~PTE_D, rw, ACCESS_STORE, PRIV_USER), COARSE_ACCESS_BITS);
    assert_int_equal(observer_label(ro & ~PTE_A, ro, ACCESS_LOAD, PRIV_USER), COARSE_ACCESS_BITS);
    /* A user who touches a page of the kernel's is not permitted; the kernel itself is. */
    assert_int_equal(observer_label(rw & ~PTE_U, rw & ~PTE_U, ACCESS_LOAD, PRIV_USER), COARSE_NONE);
    assert_int_equal(observer_label(rw & ~PTE_U, rw & ~PTE_U, ACCESS_LOAD, PRIV_SUPERVISOR),
                     COARSE_SPURIOUS);
    assert_int_equal(observer_label(rw, rw, ACCESS_LOAD, PRIV_SUPERVISOR), COARSE_SPURIOUS);
}

static void percentiles_are_near(void **state)
{
    struct guest *g = *state;

    for (u64 cost = 1; cost <= 10000; cost++) {
        struct trace_record r = {.type = RECORD_FAULT, .pid = 1};
        r.fault.kind = FAULT_COW_COPY;
        r.fault.cost = cost;
        observer_count(g->observer, &r);
    }
    const struct fault_count *c = observer_kind_count(g->observer, FAULT_COW_COPY);
    assert_int_equal(c->count, 10000);
    assert_in_range(observer_cost_percentile(c, 50), 5000, 6250);
    assert_in_range(observer_cost_percentile(c, 95), 9500, 10000);
    assert_int_equal(observer_pid_kind(g->observer, 0, FAULT_COW_COPY), 10000);
    observer_reset_counts(g->observer);
    assert_int_equal(observer_counted_pids(g->observer), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_fault_is_joined_from_both_sides),
        CASE(a_lying_kernel_is_found_out),
        CASE(sleeping_threads_are_not_charged),
        CASE(somebody_else_may_be_faster),
        cmocka_unit_test_setup_teardown(another_hart_may_be_faster, set_up_two_harts, tear_down),
        CASE(a_fault_inside_a_fault_keeps_its_own_end),
        CASE(a_page_the_kernel_fetches_itself_has_no_trap),
        CASE(a_fault_that_never_ends_is_told_at_exit),
        CASE(without_a_probe_the_return_ends_it),
        CASE(tables_of_the_kernel_are_read),
        CASE(hostile_tables_end),
        CASE(labels_follow_the_pte),
        CASE(percentiles_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
