/* SPDX-License-Identifier: MIT */
/*
 * test_audit.c - the audit on a made-up guest: silent when the books are right, and naming the rule
 * for every kernel bug that is seeded.
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
#include "emu/machine/machine.h"
#include "emu/monitor/monitor.h"
#include "emu/observe/observe.h"
#include "probe.h"

#define BASE UINT64_C(0x80000000)
#define DIRECT UINT64_C(0xffffffc000000000)
#define LAYOUT (BASE + 0x100000)
#define WORDS (BASE + 0x101000) /* single values the layout points at */
#define PROCESS(n) (BASE + 0x102000 + 0x100 * (u64)(n))
#define MM(n) (BASE + 0x103000 + 0x100 * (u64)(n))
#define SWAP_MAP (BASE + 0x104000)
#define FRAMES (BASE + 0x110000)
#define TABLE(n, level) (BASE + 0x200000 + 0x10000 * (u64)(n) + 0x1000 * (u64)(level))
#define FRAME_SIZE 32
#define FRAME_COUNT 4096
#define SLOTS 64
#define VA UINT64_C(0x40000000)
#define PAGE(n) (BASE + 0x800000 + 0x1000 * (u64)(n)) /* pages of the two processes */

struct guest {
    struct machine *machine;
    struct observer *observer;
    struct monitor *monitor;
    u8 code[8];
};

static void *at(struct guest *g, u64 pa)
{
    void *host = ram_pointer(machine_ram(g->machine), pa, 8);

    assert_non_null(host);
    return host;
}

static void put64(struct guest *g, u64 pa, u64 value)
{
    memcpy(at(g, pa), &value, 8);
}

static void put32(struct guest *g, u64 pa, u32 value)
{
    memcpy(at(g, pa), &value, 4);
}

static void set_frame(struct guest *g, u64 pa, u32 refs, u32 maps, u8 kind)
{
    u64 entry = FRAMES + ((pa - BASE) >> PAGE_SHIFT) * FRAME_SIZE;

    put32(g, entry, refs);
    put32(g, entry + 4, maps);
    *(u8 *)at(g, entry + 8) = kind;
    put32(g, entry + 12, 0);
}

/* The leaf table of process n counts its pages together with `table`. */
static void set_twin(struct guest *g, unsigned n, u64 table)
{
    u64 entry = FRAMES + ((TABLE(n, 0) - BASE) >> PAGE_SHIFT) * FRAME_SIZE;

    put32(g, entry + 12, (u32)(table >> PAGE_SHIFT));
}

static void set_users(struct guest *g, u64 slot, u16 users)
{
    memcpy(at(g, SWAP_MAP + 2 * slot), &users, 2);
}

/* Entry of page `index` at VA in process n. */
static void set_pte(struct guest *g, unsigned n, unsigned index, u64 pte)
{
    put64(g, TABLE(n, 0) + 8 * (u64)index, pte);
}

static u64 pte_of(u64 pa, u64 flags)
{
    return pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;
}

#define READ_ONLY 0x53u /* V R U A */
#define WRITABLE 0xd7u  /* V R W U A D */

static void tell_layout(struct guest *g)
{
    struct probe_layout l = {
        .magic = PROBE_LAYOUT_MAGIC,
        .version = PROBE_LAYOUT_VERSION,
        .size = sizeof l,
        .direct_virt = DIRECT,
        .frame_table = FRAMES,
        .frame_first_pfn = BASE >> PAGE_SHIFT,
        .frame_count = FRAME_COUNT,
        .frame_size = FRAME_SIZE,
        .frame_maps = 4,
        .frame_kind = 8,
        .frame_flags = 9,
        .frame_slot = 12,
        .frame_owner = 16,
        .frame_index = 24,
        .swap_map = WORDS,
        .swap_slots = WORDS + 8,
        .process_list = WORDS + 16,
        .process_pid = 8,
        .process_parent_pid = 12,
        .process_name = 16,
        .process_state = 32,
        .process_mm = 40,
        .mm_first_area = 8,
        .free_frames = WORDS + 24,
        .shm_swapped = WORDS + 32,
        .kept_tables = WORDS + 40,
    };
    struct hart *h = machine_hart(g->machine, 0);
    const struct hook *hook = observer_hook(g->observer);

    memcpy(at(g, LAYOUT), &l, sizeof l);
    put64(g, WORDS, SWAP_MAP + DIRECT);
    put64(g, WORDS + 8, SLOTS);
    put64(g, WORDS + 16, PROCESS(0) + DIRECT);
    h->x[10] = LAYOUT;
    h->x[11] = sizeof l;
    hook->probe(hook->ctx, h, PROBE_EV_BOOT, PRIV_SUPERVISOR, 0);
    assert_true(observer_has_layout(g->observer));
}

/*
 * Parent (3) and child (5) of a fork: page 0 shared copy-on-write, page 1 the parent's alone, page
 * 2 in swap for both, page 3 the zero page.
 */
static void make_books(struct guest *g)
{
    for (u64 pa = BASE; pa < BASE + FRAME_COUNT * PAGE_BYTES; pa += PAGE_BYTES)
        set_frame(g, pa, 1, 0, FRAME_KERNEL);
    set_frame(g, PAGE(8), 0, 0, FRAME_FREE);
    put64(g, WORDS + 24, 1);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        set_users(g, slot, 0);
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned level = 0; level < 3; level++)
            set_frame(g, TABLE(n, level), 1, 0, FRAME_PGTABLE);
        put64(g, PROCESS(n), n ? 0 : PROCESS(1) + DIRECT);
        put32(g, PROCESS(n) + 8, n ? 5 : 3);
        put32(g, PROCESS(n) + 32, 1);
        put64(g, PROCESS(n) + 40, MM(n) + DIRECT);
        put64(g, MM(n), TABLE(n, 2));
        put64(g, TABLE(n, 2) + 8 * pte_index(VA, 2), pte_of(TABLE(n, 1), PTE_V));
        put64(g, TABLE(n, 1) + 8 * pte_index(VA, 1), pte_of(TABLE(n, 0), PTE_V));
        set_pte(g, n, 0, pte_of(PAGE(0), READ_ONLY | PTE_COW));
        set_pte(g, n, 2, (u64)7 << 10 | PTE_CLASS_SWAP << 1);
        set_pte(g, n, 3, pte_of(PAGE(3), READ_ONLY | PTE_SPECIAL));
    }
    set_pte(g, 0, 1, pte_of(PAGE(1), WRITABLE));
    set_frame(g, PAGE(0), 2, 2, FRAME_ANON);
    set_frame(g, PAGE(1), 1, 1, FRAME_ANON);
    set_frame(g, PAGE(3), 1, 0, FRAME_ZERO);
    set_users(g, 7, 2);
}

static int set_up(void **state)
{
    struct guest *g = calloc(1, sizeof *g);
    struct machine_config config;
    struct error err = {0};

    machine_config_default(&config);
    config.ram_size = FRAME_COUNT * PAGE_BYTES;
    config.firmware_kind = FIRMWARE_IMAGE;
    config.firmware = (struct machine_bytes){g->code, sizeof g->code, "nothing"};
    g->machine = machine_create(&config, &err);
    if (!g->machine)
        fail_msg("%s", err.text);
    g->observer = observer_create(g->machine, &err);
    g->monitor = monitor_create(g->machine, g->observer, &err);
    assert_non_null(g->monitor);
    make_books(g);
    tell_layout(g);
    machine_hart(g->machine, 0)->priv = PRIV_USER;
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct guest *g = *state;

    monitor_destroy(g->monitor);
    observer_destroy(g->observer);
    machine_destroy(g->machine);
    free(g);
    return 0;
}

/* What the audit says; to be freed. */
static char *audit(struct guest *g)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_true(monitor_execute(g->monitor, "audit", out));
    fclose(out);
    return text;
}

static void sound_books_are_silent(void **state)
{
    char *text = audit(*state);

    if (!strstr(text, "2 address spaces, 7 PTEs: 0 findings"))
        fail_msg("%s", text);
    free(text);
}

/* The leaf tables of a fork share their counts: page 0 has one mapping for both. */
static void make_twins(struct guest *g)
{
    set_twin(g, 0, TABLE(1, 0));
    set_twin(g, 1, TABLE(0, 0));
    set_frame(g, PAGE(0), 1, 1, FRAME_ANON);
}

static void twins_and_kept_tables_are_sound(void **state)
{
    struct guest *g = *state;
    char *text;

    make_twins(g);
    set_frame(g, PAGE(6), 1, 0, FRAME_PGTABLE);
    put64(g, WORDS + 40, 1);
    text = audit(g);
    if (!strstr(text, "2 address spaces, 7 PTEs: 0 findings"))
        fail_msg("%s", text);
    free(text);
}

static void joint_page_counted_twice(struct guest *g)
{
    make_twins(g);
    set_frame(g, PAGE(0), 2, 2, FRAME_ANON);
}

static void joint_page_writable(struct guest *g)
{
    make_twins(g);
    set_pte(g, 0, 0, pte_of(PAGE(0), WRITABLE));
}

static void twin_of_another(struct guest *g)
{
    make_twins(g);
    set_twin(g, 1, TABLE(1, 1));
}

static void free_frame_mapped(struct guest *g)
{
    set_pte(g, 0, 9, pte_of(PAGE(8), READ_ONLY));
}

static void mapping_not_counted(struct guest *g)
{
    set_frame(g, PAGE(0), 2, 1, FRAME_ANON);
}

static void mapping_counted_too_often(struct guest *g)
{
    set_frame(g, PAGE(1), 2, 2, FRAME_ANON);
}

static void reference_missing(struct guest *g)
{
    set_frame(g, PAGE(0), 1, 2, FRAME_ANON);
}

static void shared_page_writable(struct guest *g)
{
    set_pte(g, 1, 0, pte_of(PAGE(0), WRITABLE));
}

static void cow_and_writable(struct guest *g)
{
    set_pte(g, 0, 1, pte_of(PAGE(1), WRITABLE | PTE_COW));
}

static void zero_page_writable(struct guest *g)
{
    set_pte(g, 0, 3, pte_of(PAGE(3), WRITABLE | PTE_SPECIAL));
}

static void page_table_mapped(struct guest *g)
{
    set_pte(g, 1, 4, pte_of(TABLE(1, 0), WRITABLE));
}

static void slot_freed_too_early(struct guest *g)
{
    set_users(g, 7, 1);
}

static void slot_beyond_the_area(struct guest *g)
{
    set_pte(g, 0, 5, (u64)SLOTS << 10 | PTE_CLASS_SWAP << 1);
}

static void frame_beyond_memory(struct guest *g)
{
    set_pte(g, 0, 5, pte_of(UINT64_C(0x10000000000), READ_ONLY));
}

static void reference_too_many(struct guest *g)
{
    set_frame(g, PAGE(1), 2, 1, FRAME_ANON);
}

/* An anonymous page that nobody maps and no slot has: it is lost. */
static void frame_lost(struct guest *g)
{
    set_frame(g, PAGE(5), 1, 0, FRAME_ANON);
}

static void table_lost(struct guest *g)
{
    set_frame(g, PAGE(6), 1, 0, FRAME_PGTABLE);
}

static void slot_lost(struct guest *g)
{
    set_users(g, 9, 1);
}

static void slot_not_cached(struct guest *g)
{
    set_users(g, 7, 0x8002);
}

static void free_count_wrong(struct guest *g)
{
    put64(g, WORDS + 24, 2);
}

static void free_frame_referenced(struct guest *g)
{
    set_frame(g, PAGE(8), 1, 0, FRAME_FREE);
}

static void write_without_read(struct guest *g)
{
    set_pte(g, 0, 1, pte_of(PAGE(1), WRITABLE & ~PTE_R));
}

static void label_wrong(struct guest *g)
{
    struct hart *h = machine_hart(g->machine, 0);
    const struct hook *hook = observer_hook(g->observer);

    h->satp = observer_satp_of_root(g->observer, TABLE(0, 2));
    hook->trap_enter(hook->ctx, h, CAUSE_STORE_PAGE, VA, 0x10000, PRIV_USER, PRIV_SUPERVISOR, 0);
    h->x[10] = 0;
    h->x[11] = FAULT_ZERO_FILL | PROBE_ACCESS_WRITE << 8;
    h->x[12] = VA;
    hook->probe(hook->ctx, h, PROBE_EV_FAULT_END, PRIV_SUPERVISOR, 0);
}

static void every_seeded_bug_is_found(void **state)
{
    static const struct {
        void (*seed)(struct guest *g);
        const char *rule;
    } bug[] = {
        {free_frame_mapped, "free-not-mapped"},
        {mapping_not_counted, "maps-match"},
        {mapping_counted_too_often, "maps-match"},
        {reference_missing, "refs-cover-maps"},
        {shared_page_writable, "shared-not-writable"},
        {cow_and_writable, "cow-not-writable"},
        {zero_page_writable, "special-not-writable"},
        {page_table_mapped, "kernel-not-mapped"},
        {slot_freed_too_early, "slot-users"},
        {slot_beyond_the_area, "slot-range"},
        {frame_beyond_memory, "frame-range"},
        {reference_too_many, "refs-explained"},
        {frame_lost, "refs-explained"},
        {table_lost, "tables-reachable"},
        {slot_lost, "slots-explained"},
        {slot_not_cached, "slot-cached"},
        {free_count_wrong, "free-count"},
        {free_frame_referenced, "free-not-referenced"},
        {write_without_read, "write-means-read"},
        {joint_page_counted_twice, "maps-match"},
        {joint_page_writable, "joint-not-writable"},
        {twin_of_another, "twins-mutual"},
        {label_wrong, "labels"},
    };
    struct guest *g = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(bug); i++) {
        for (unsigned n = 0; n < 2; n++)
            memset(ram_pointer(machine_ram(g->machine), TABLE(n, 0), PAGE_BYTES), 0, PAGE_BYTES);
        make_books(g);
        bug[i].seed(g);
        char *text = audit(g);
        if (!strstr(text, bug[i].rule) || strstr(text, " 0 findings"))
            fail_msg("%s: %s", bug[i].rule, text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound_books_are_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twins_and_kept_tables_are_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_seeded_bug_is_found, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
