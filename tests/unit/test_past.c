/* SPDX-License-Identifier: MIT */
/*
 * The past of the memory map: a guest's memory made again from its records, and travelling in it.
 */
#include "emu/isa/pte.h"
#include "emu/map/feed.h"
#include "emu/map/past.h"
#include "emu/map/replica.h"
#include "emu/map/tour.h"
#include "emu/trace/pft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST = 0x80000, FRAMES = 4096, SLOTS = 1024 };
#define LEAF(pfn, flags) ((u64)(pfn) << PTE_PPN_SHIFT | (flags) | PTE_V | PTE_U)
#define RW (PTE_R | PTE_W | PTE_A | PTE_D)
#define ID(pid) ((u64)(pid) << 32 | (pid))

static u64 now;

static struct trace_record probe(unsigned event, u32 pid, u64 a, u64 b, u64 c, u64 d)
{
    struct trace_record r = {
        .type = (u8)(RECORD_PROBE + event), .icount = now += 100, .pid = pid, .tid = pid};
    const u64 arg[] = {a, b, c, d};
    memcpy(r.arg, arg, sizeof arg);
    return r;
}

static struct trace_record fault(u32 pid, u64 va, unsigned kind, u64 before, u64 after)
{
    struct trace_record r = {.type = RECORD_FAULT, .icount = now += 100, .pid = pid, .tid = pid};
    r.fault = (struct trace_fault){.va = va,
                                   .kind = (u8)kind,
                                   .pte_before = before,
                                   .pte_after = after,
                                   .pfn_new = (after & PTE_PPN) >> PTE_PPN_SHIFT,
                                   .pfn_old = before & PTE_V ? (before & PTE_PPN) >> PTE_PPN_SHIFT
                                                             : 0,
                                   .area = AREA_ANON,
                                   .area_start = 0x10000,
                                   .cause = 15,
                                   .cost = 50,
                                   .elapsed = 50};
    return r;
}

static struct map_model *show(struct past *h, u64 moment)
{
    struct map_model *model = model_create();
    struct map_view view;
    view_init(&view);
    view.past = true;
    view.moment = moment;
    assert_true(past_fill(h, &view, model));
    return model;
}

static unsigned class_at(const struct map_model *m, u64 pfn)
{
    return m->frames[pfn - FIRST].class;
}

/* The story of one page: filled, shared by fork, copied, evicted, written, read back. */
static void a_page_has_a_life(void **state)
{
    (void)state;
    const u64 a = FIRST + 100, b = FIRST + 101, c = FIRST + 102, swapped = 7 << 10 | 1 << 1;
    now = 0;
    const struct trace_record story[] = {
        probe(PROBE_EV_BOOT, 0, 0, 0, 0, 0),
        probe(PROBE_EV_MAP, 1, ID(1), 0x10000, 0x20000, AREA_ANON | 3 << 8),
        probe(PROBE_EV_EXEC, 1, ID(1), 0x74696e69, 0, 0),
        fault(1, 0x11000, FAULT_ZERO_FILL, 0, LEAF(a, RW)), /* 4 */
        probe(PROBE_EV_FORK, 1, ID(1), ID(2), 1, 0),        /* 5 */
        fault(2, 0x11010, FAULT_COW_COPY, LEAF(a, PTE_R | PTE_COW), LEAF(b, RW)), /* 6 */
        probe(PROBE_EV_EVICT, 0, a, 7, 1 | 1 << 8 | 1 << 16, 0),                  /* 7 */
        probe(PROBE_EV_SWAP_OUT, 0, 7, a, 0, 0),                                  /* 8 */
        {.type = RECORD_DISK,
         .icount = now += 100,
         .disk = {.device = 1, .write = 1, .sector = 56, .sectors = 8}}, /* 9 */
        probe(PROBE_EV_SWAP_IN, 1, 7, c, 0, 0),                          /* 10 */
        fault(1, 0x11000, FAULT_SWAP_READ, swapped, LEAF(c, RW)),        /* 11 */
        probe(PROBE_EV_SWAP_FREE, 1, 7, 0, 0, 0),                        /* 12 */
        probe(PROBE_EV_EXIT, 1, ID(1), 0, 0, 0),                         /* 13 */
    };
    const size_t count = sizeof story / sizeof *story;
    struct past *h = past_create(FIRST, FRAMES, SLOTS);
    for (size_t i = 0; i < count; i++) {
        assert_true(past_append(h, &story[i]));
    }
    static const struct {
        unsigned moment, a, b, c, users, rss;
    } then[] = {
        {3, CLASS_OTHER, CLASS_OTHER, CLASS_OTHER, 0, 0},
        {4, CLASS_ANON, CLASS_OTHER, CLASS_OTHER, 0, 1},
        {5, CLASS_ANON_SHARED, CLASS_OTHER, CLASS_OTHER, 0, 1},
        {6, CLASS_ANON, CLASS_ANON, CLASS_OTHER, 0, 1},
        {8, CLASS_SWAPPING, CLASS_ANON, CLASS_OTHER, 1, 0},
        {9, CLASS_FREE, CLASS_ANON, CLASS_OTHER, 1, 0},
        {10, CLASS_FREE, CLASS_ANON, CLASS_SWAPPING, 1, 0},
        {11, CLASS_FREE, CLASS_ANON, CLASS_SWAPPING, 1, 1},
        {12, CLASS_FREE, CLASS_ANON, CLASS_ANON, 0, 1},
        {13, CLASS_FREE, CLASS_ANON, CLASS_FREE, 0, 0},
        {5, CLASS_ANON_SHARED, CLASS_OTHER, CLASS_OTHER, 0, 1}, /* and back */
    };
    for (size_t i = 0; i < sizeof then / sizeof *then; i++) {
        struct map_model *m = show(h, then[i].moment);
        assert_int_equal(class_at(m, a), then[i].a);
        assert_int_equal(class_at(m, b), then[i].b);
        assert_int_equal(class_at(m, c), then[i].c);
        assert_int_equal(m->slots[7], then[i].users);
        assert_int_equal(m->past_at, then[i].moment);
        assert_true(m->past);
        if (then[i].moment < 13) {
            assert_string_equal(m->process[0].name, "init");
            assert_int_equal(m->process[0].rss, then[i].rss);
        }
        model_destroy(m);
    }
    past_destroy(h);
}

/* exec maps the new program while the old one is still there, and tells of itself last. */
static void exec_leaves_the_old_program_behind(void **state)
{
    (void)state;
    now = 0;
    const struct trace_record story[] = {
        probe(PROBE_EV_BOOT, 0, 0, 0, 0, 0),
        probe(PROBE_EV_MAP, 1, ID(1), 0x10000, 0x20000, AREA_ANON | 3 << 8),
        fault(1, 0x11000, FAULT_ZERO_FILL, 0, LEAF(FIRST + 5, RW)),
        probe(PROBE_EV_MAP, 1, ID(1), 0x10000, 0x12000, AREA_FILE_PRIVATE | 5 << 8),
        probe(PROBE_EV_MAP, 1, ID(1), 0x40000, 0x42000, AREA_STACK | 3 << 8),
        probe(PROBE_EV_EXEC, 1, ID(1), 0x6873, 0, 0),
    };
    struct past *h = past_create(FIRST, FRAMES, 0);
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        assert_true(past_append(h, &story[i]));
    }
    struct map_model *m = show(h, 5);
    assert_int_equal(m->area_count, 1);
    assert_int_equal(m->process[0].rss, 1);
    model_destroy(m);
    m = show(h, 6);
    assert_int_equal(m->process[0].rss, 0);
    assert_string_equal(m->process[0].name, "sh");
    assert_int_equal(class_at(m, FIRST + 5), CLASS_FREE);
    model_destroy(m);
    past_destroy(h);
}

static u32 noise;

static u32 rnd(u32 below)
{
    noise = noise * 1103515245u + 12345u;
    return (noise >> 8) % below;
}

/* Something that may or may not make sense: nothing a trace says may do harm. */
static struct trace_record any_record(void)
{
    u32 pid = 1 + rnd(6);
    u64 page = 0x10000 + (u64)rnd(600) * 4096, pfn = FIRST + rnd(FRAMES + 8), slot = rnd(SLOTS + 9);
    switch (rnd(12)) {
    case 0:
        return probe(PROBE_EV_FORK, pid, ID(pid), ID(1 + rnd(8)), 0, rnd(5) == 0);
    case 1:
        return probe(PROBE_EV_EXEC, pid, ID(pid), 0x6873, 0, 0);
    case 2:
        return probe(PROBE_EV_EXIT, pid, ID(pid), 0, 0, 0);
    case 3:
        return probe(PROBE_EV_MAP, pid, ID(pid), page, page + 4096 * (1 + rnd(90)),
                     rnd(9) | rnd(8) << 8);
    case 4:
        return probe(PROBE_EV_UNMAP, pid, ID(pid), page, page + 4096 * (u64)rnd(40), 0);
    case 5:
        return probe(PROBE_EV_PROTECT, pid, ID(pid), page, page + 4096 * (u64)rnd(40), rnd(8));
    case 6:
        return probe(PROBE_EV_EVICT, 0, pfn, slot, 1 + rnd(3) + (rnd(2) << 8), 0);
    case 7:
        return probe(rnd(2) ? PROBE_EV_SWAP_OUT : PROBE_EV_SWAP_IN, 0, slot, pfn, 0, 0);
    case 8:
        return probe(PROBE_EV_SWAP_FREE, 0, slot, 0, 0, 0);
    case 9: {
        struct trace_record r = probe(0, 0, 0, 0, 0, 0);
        r.type = RECORD_DISK;
        r.disk = (struct trace_disk){.device = 1, .write = 1, .sector = slot * 8, .sectors = 64};
        return r;
    }
    default: {
        struct trace_record r = fault(pid, page, 1 + rnd(FAULT_KIND_COUNT - 1), 0, LEAF(pfn, RW));
        r.fault.around = (u16)(rnd(20) ? 0 : rnd(16));
        return r;
    }
    }
}

static void same(const struct map_model *a, const struct map_model *b)
{
    assert_int_equal(a->icount, b->icount);
    assert_int_equal(a->process_count, b->process_count);
    assert_int_equal(a->area_count, b->area_count);
    assert_int_equal(a->swap_used, b->swap_used);
    assert_int_equal(a->event_count, b->event_count);
    assert_int_equal(a->next_event, b->next_event);
    assert_memory_equal(a->frames, b->frames, a->frame_count * sizeof *a->frames);
    assert_memory_equal(a->slots, b->slots, a->slot_count);
    assert_memory_equal(a->group_count, b->group_count, sizeof a->group_count);
    if (a->event_count) {
        assert_int_equal(a->event[0].seq, b->event[0].seq);
    }
}

/* Wherever one comes from, a moment is the same. */
static void every_way_leads_to_the_same_moment(void **state)
{
    (void)state;
    enum { RECORDS = 60000, MOMENTS = 40 };
    struct past *h = past_create(FIRST, FRAMES, SLOTS);
    struct map_model *going[MOMENTS];
    noise = 3;
    now = 0;
    for (u32 i = 0; i < RECORDS; i++) {
        struct trace_record r = any_record();
        assert_true(past_append(h, &r));
        if (i % (RECORDS / MOMENTS) == 0) {
            going[i / (RECORDS / MOMENTS)] = show(h, i + 1); /* as it happened */
        }
    }
    for (u32 n = 0; n < 60; n++) {
        u32 at = rnd(MOMENTS);
        struct map_model *m = show(h, (u64)at * (RECORDS / MOMENTS) + 1);
        going[at]->next_event = m->next_event; /* then unknown */
        same(m, going[at]);
        model_destroy(m);
    }
    for (u32 i = 0; i < MOMENTS; i++) {
        model_destroy(going[i]);
    }
    past_destroy(h);
}

static double cpu_milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A trace file: the same moments, its past within a picture's time. */
static void a_file_is_travelled_quickly(void **state)
{
    (void)state;
    enum { RECORDS = 1000000, JUMPS = 30 };
    char path[] = "/tmp/test-past-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct error err = {0};
    struct pft_info info;
    pft_info_init(&info);
    info.ram_size = (u64)FRAMES << 12;
    info.harts = 1;
    pft_info_add_hash(&info, "vdb", "swap", "", (u64)SLOTS << 12);
    struct pft_writer *writer = pft_create(path, &info, &err);
    assert_non_null(writer);
    struct past *memory = past_create(FIRST, FRAMES, SLOTS);
    noise = 5;
    now = 0;
    for (u32 i = 0; i < RECORDS; i++) {
        struct trace_record r = any_record();
        pft_write(writer, &r);
        if (i < 20000) {
            assert_true(past_append(memory, &r));
        }
    }
    assert_true(pft_finish(writer, &err));
    pft_info_free(&info);

    double start = cpu_milliseconds();
    struct past *h = past_open(path, &err);
    assert_non_null(h);
    assert_true(past_build(h, 4096));
    double opened = cpu_milliseconds() - start;
    while (past_build(h, 1 << 20)) {
    }
    double built = cpu_milliseconds() - start;
    assert_null(past_error(h));
    assert_int_equal(past_count(h), RECORDS);
    double worst = 0, sum = 0;
    struct map_model *model = model_create();
    for (u32 n = 0; n < JUMPS; n++) {
        struct map_view view;
        view_init(&view);
        view.past = true;
        view.moment = rnd(RECORDS);
        start = cpu_milliseconds();
        assert_true(past_fill(h, &view, model));
        double took = cpu_milliseconds() - start;
        worst = took > worst ? took : worst;
        sum += took;
    }
    model_destroy(model);
    print_message("%d records: first picture after %.0f ms, all read after %.0f ms; a jump takes "
                  "%.1f ms, at most %.1f ms\n",
                  RECORDS, opened, built, sum / JUMPS, worst);
    assert_true(opened < 1000);
    struct map_model *a = show(h, 15000), *b = show(memory, 15000);
    same(a, b);
    model_destroy(a);
    model_destroy(b);
    past_destroy(h);
    past_destroy(memory);
    unlink(path);
}

/* A guest without a probe: processes by address space, areas made up from pages. */
static void a_guest_that_tells_nothing_has_a_past_too(void **state)
{
    (void)state;
    now = 0;
    struct trace_record space = probe(0, 3, 0x8000000000080258, 0, 0, 0);
    space.type = RECORD_SPACE;
    struct trace_record one = fault(3, 0x400000, 0, 0, LEAF(FIRST + 9, RW));
    one.fault.coarse = COARSE_NEW;
    one.fault.notes = FAULT_NOTE_NO_PROBE;
    struct trace_record two = fault(3, 0x402000, 0, 0, LEAF(FIRST + 10, PTE_R));
    struct past *h = past_create(FIRST, FRAMES, 0);
    assert_true(past_append(h, &space) && past_append(h, &one) && past_append(h, &two));
    struct map_model *m = show(h, 3);
    assert_false(m->has_layout);
    assert_int_equal(class_at(m, FIRST + 9), CLASS_USER);
    assert_int_equal(m->area_count, 1);
    assert_int_equal(m->area[0].start, 0x400000);
    assert_int_equal(m->area[0].end, 0x403000);
    assert_int_equal(m->group_count[GROUP_ZERO], 1);
    model_destroy(m);
    past_destroy(h);
}

static void a_moment_is_found_by_instructions(void **state)
{
    (void)state;
    now = 0;
    struct past *h = past_create(FIRST, FRAMES, SLOTS);
    for (u32 i = 0; i < 50000; i++) {
        struct trace_record r = probe(PROBE_EV_SWITCH, 0, ID(1), 0, 0, 0);
        assert_true(past_append(h, &r)); /* record i happens at 100 * (i + 1) */
    }
    assert_int_equal(past_moment(h, 0), 0);
    assert_int_equal(past_moment(h, 100), 1);
    assert_int_equal(past_moment(h, 3000050), 30000);
    assert_int_equal(past_moment(h, UINT64_MAX), 50000);
    past_destroy(h);
}

static void bad_files_and_moments_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct map_view view;
    view_init(&view);
    assert_null(trace_model_at("/nonexistent.pft", NULL, &view, &err));
    assert_true(err.text[0] != 0);
    error_clear(&err);
    assert_null(trace_model_at("/dev/null", "soon", &view, &err));
    assert_non_null(strstr(err.text, "--at soon"));
    error_clear(&err);
    assert_null(trace_feed_open("/dev/null", &err));
}

static void a_tour_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/test-tour-XXXXXX";
    int fd = mkstemp(path), width = 1280, height = 800;
    struct error err = {0};
    const char *text = "# a tour\n\nat #12\nlook explain,scale=2\npage 4:0x1000\nselect #11\n"
                       "say one\nsay two\nzh \u4e00\n\nat 5000\nframe 0x80001\nsay three\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    struct tour *tour = tour_load(path, &err);
    assert_non_null(tour);
    assert_int_equal(tour_steps(tour), 2);
    struct map_view view;
    view_init(&view);
    tour_show(tour, 0, &view, &width, &height);
    assert_int_equal(view.moment, 12);
    assert_false(view.seeking);
    assert_int_equal(view.cursor_va, 0x1000);
    assert_int_equal(view.event, 12);
    assert_int_equal(view.tab, TAB_EXPLAIN);
    assert_int_equal(view.scale, 2);
    assert_string_equal(view.caption, "one two");
    assert_int_equal(view_key(&view, NULL, ' '), REQUEST_TOUR_NEXT);
    tour_show(tour, 1, &view, &width, &height);
    assert_true(view.seeking);
    assert_int_equal(view.seek_icount, 5000);
    assert_int_equal(view.cursor_pfn, 0x80001);
    tour_free(tour);
    assert_int_equal(write(fd, "\nat soon\n", 9), 9);
    assert_null(tour_load(path, &err));
    assert_non_null(strstr(err.text, "line 15"));
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_a_life),
        cmocka_unit_test(exec_leaves_the_old_program_behind),
        cmocka_unit_test(every_way_leads_to_the_same_moment),
        cmocka_unit_test(a_file_is_travelled_quickly),
        cmocka_unit_test(a_guest_that_tells_nothing_has_a_past_too),
        cmocka_unit_test(a_moment_is_found_by_instructions),
        cmocka_unit_test(bad_files_and_moments_are_refused),
        cmocka_unit_test(a_tour_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
