/* SPDX-License-Identifier: MIT */
/*
 * The memory map's pictures, pixel by pixel against goldens (tests/golden/map): ten scenes at three
 * scales, from a made-up guest.  On a difference the picture as it is now is left beside the build.
 *
 * MAP_GOLDEN_WRITE=1 writes the goldens anew: look at every picture before committing it.
 */
#include "emu/map/map.h"
#include "emu/map/png.h"
#include "emu/map/theme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST_PFN = 0x80000, FRAMES = 4096, NOW = 1203441002 };

static u32 noise;

static u32 rnd(void)
{
    noise = noise * 1103515245u + 12345u;
    return noise >> 16;
}

static enum frame_class class_at(u64 i)
{
    return i < 200    ? CLASS_KERNEL
           : i < 240  ? CLASS_PAGE_TABLE
           : i == 250 ? CLASS_ZERO
           : i < 900  ? CLASS_FILE
           : i < 2400 ? (rnd() % 5 ? CLASS_ANON : CLASS_ANON_SHARED)
           : i < 2500 ? CLASS_SWAPPING
           : i < 2600 ? CLASS_SHM
                      : CLASS_FREE;
}

static void make_frames(struct map_model *m)
{
    m->first_pfn = FIRST_PFN;
    assert_true(model_set_frames(m, FRAMES));
    for (u64 i = 0; i < FRAMES; i++) {
        struct map_frame *f = &m->frames[i];
        f->class = (u8)class_at(i);
        f->maps = f->class == CLASS_ANON_SHARED ? 2 : 1;
        f->refs = f->maps;
        f->marks = (u8)(rnd() & 0xb);
        f->touched = f->class == CLASS_FREE ? 0 : NOW - (1ull << (10 + rnd() % 20));
        m->free_frames += f->class == CLASS_FREE;
    }
}

static void make_processes(struct map_model *m)
{
    static const char *const name[] = {"init", "sh", "faultlab", "cow-copy"};
    for (u32 i = 0; i < 4; i++) {
        struct map_process *p = &m->process[m->process_count++];
        *p = (struct map_process){.pid = i + 1,
                                  .parent = i,
                                  .depth = i,
                                  .state = 3 - (i == 3),
                                  .rss = 30 + i * 100,
                                  .swap = i * 3,
                                  .faults = i * 100};
        strcpy(p->name, name[i]);
    }
    static const struct map_area area[] = {
        {.start = 0x10000, .end = 0x60000, .kind = AREA_FILE_PRIVATE, .prot = 5},
        {.start = 0x60000, .end = 0x6a000, .kind = AREA_FILE_PRIVATE, .prot = 3},
        {.start = 0x6a000, .end = 0x20a000, .kind = AREA_HEAP, .prot = 3},
        {.start = 0x3f00000000, .end = 0x3f00200000, .kind = AREA_ANON, .prot = 3},
        {.start = 0x3fffe00000, .end = 0x3ffff00000, .kind = AREA_STACK, .prot = 3},
    };
    u32 at = 0;
    m->pid = 4;
    for (size_t i = 0; i < sizeof area / sizeof *area; i++) {
        struct map_area *a = &m->area[m->area_count++];
        *a = area[i];
        a->first_page = at;
        a->page_count = (u32)((a->end - a->start) >> 12);
        for (u32 k = 0; k < a->page_count; k++) {
            m->pages[at + k] = (u8)(rnd() % 7 < 3           ? rnd() % PAGE_MARKER
                                    : k < a->page_count / 2 ? PAGE_DIRTY
                                                            : PAGE_ABSENT);
        }
        at += a->page_count;
    }
}

static void make_events(struct map_model *m)
{
    for (u32 i = 0; i < 40; i++) {
        struct trace_record *r = &m->event[m->event_count++];
        *r = (struct trace_record){.type = RECORD_FAULT, .icount = NOW - i * 5003, .pid = 4};
        r->fault = (struct trace_fault){.kind = (u8)(1 + (i * 5 + 3) % 27),
                                        .area = AREA_HEAP,
                                        .area_start = 0x6a000,
                                        .va = 0x6b000 + i * 4096ull,
                                        .cost = 312 + i * 7,
                                        .access = PROBE_ACCESS_WRITE,
                                        .pte_before = 0x20107153,
                                        .pte_after = 0x20140dd7,
                                        .coarse = COARSE_COPY};
    }
    for (u32 i = 0; i < 300; i++) {
        struct map_bucket *b = &m->bucket[m->bucket_count++];
        for (unsigned g = 0; g < GROUP_COUNT; g++) {
            b->group[g] = rnd() % (g < 4 ? 200 : 10);
        }
        b->swap_out = i > 200 ? rnd() % 150 : 0;
    }
    m->bucket_span = 4000000;
    for (unsigned g = 0; g < GROUP_COUNT; g++) {
        m->group_count[g] = g * 1234 + 17;
    }
    m->swap_out = 4123;
    m->swap_in = 900;
}

static struct map_model *make_model(void)
{
    struct map_model *m = model_create();
    assert_non_null(m);
    noise = 1;
    m->icount = NOW;
    m->host_rate = 312000000;
    m->has_layout = true;
    make_frames(m);
    make_processes(m);
    make_events(m);
    assert_true(model_set_slots(m, 4096));
    m->swap_slots = 4096;
    for (u32 i = 0; i < 1500; i++) {
        m->slots[i] = i % 9 == 0 ? 2 : 1;
        m->swap_used++;
    }
    return m;
}

static void inspect(struct map_model *m, struct map_view *v)
{
    m->inspecting = true;
    v->cursor_pfn = m->pfn = FIRST_PFN + 1000;
    v->cursor_va = m->walk_va = 0x6b000;
    m->owner_count = 2;
    m->owner_total = 5;
    m->owner[0] = (struct map_owner){3, 0x6b000, 0x20107153};
    m->owner[1] = (struct map_owner){4, 0x6b000, 0x20107153};
    m->walk_pid = 4;
    m->walk_steps = 3;
    m->walk[0] = (struct map_walk_step){0x80410008, 0x20104401, 0, 2};
    m->walk[1] = (struct map_walk_step){0x80411000, 0x20104801, 0, 1};
    m->walk[2] = (struct map_walk_step){0x80412358, 0x20107153, 107, 0};
    memcpy(m->history, m->event, 5 * sizeof *m->history);
    m->history_count = 5;
}

/* A scene is a name and the keys that lead to it ('\t' for the next tab). */
static const struct scene {
    const char *name, *keys;
    bool inspecting, past, empty;
} scenes[] = {
    {"plain", "", false, false, false},    {"inspector", "", true, false, false},
    {"heat", "h", false, false, false},    {"heat-grey", "hcc", false, false, false},
    {"changed", "d", false, false, false}, {"contrast", "C", true, false, false},
    {"swap", "\t", false, false, false},   {"explain", "\t\t", true, false, false},
    {"help", "?", false, false, false},    {"past", "", false, true, false},
    {"empty", "", false, false, true},
};

static void compare(const struct canvas *canvas, const char *name, int scale)
{
    char path[256], now[256], why[256];
    snprintf(path, sizeof path, "%s/tests/golden/map/%s-%d.png", SOURCE_DIR, name, scale);
    if (getenv("MAP_GOLDEN_WRITE")) {
        assert_true(png_save(canvas, path, why, sizeof why));
        return;
    }
    struct canvas *golden = png_load(path, why, sizeof why);
    if (!golden) {
        fail_msg("no golden: %s", why);
    }
    size_t different = 0, pixels = (size_t)canvas->width * (size_t)canvas->height;
    assert_int_equal(golden->width, canvas->width);
    assert_int_equal(golden->height, canvas->height);
    for (size_t i = 0; i < pixels; i++) {
        different += golden->pixels[i] != canvas->pixels[i];
    }
    if (different) {
        snprintf(now, sizeof now, "map-%s-%d.png", name, scale);
        png_save(canvas, now, why, sizeof why);
        fail_msg("%s at scale %d: %zu pixels differ; as it is now: %s", name, scale, different,
                 now);
    }
    canvas_destroy(golden);
}

static void pictures_are_as_they_were(void **state)
{
    (void)state;
    struct map_fonts *fonts = map_fonts_open();
    assert_non_null(fonts);
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        for (int scale = 1; scale <= 3; scale++) {
            struct map_model *m = scenes[i].empty ? model_create() : make_model();
            struct map_view view;
            view_init(&view);
            view.scale = scale;
            m->past = scenes[i].past;
            for (const char *key = scenes[i].keys; *key; key++) {
                view_key(&view, m, *key == '\t' ? KEY_TAB : *key);
            }
            if (scenes[i].inspecting) {
                inspect(m, &view);
            }
            struct canvas *canvas = canvas_create(640 * (scale + 1), 400 * (scale + 1));
            map_draw(canvas, fonts, m, &view);
            compare(canvas, scenes[i].name, scale);
            canvas_destroy(canvas);
            model_destroy(m);
        }
    }
    map_fonts_close(fonts);
}

static void every_key_and_click_is_survived(void **state)
{
    (void)state;
    struct map_model *m = make_model(), *empty = model_create();
    struct map_view view;
    view_init(&view);
    noise = 7;
    for (int i = 0; i < 20000; i++) {
        const struct map_model *shown = rnd() % 4 ? m : empty;
        view_key(&view, shown, rnd() % 3 ? (int)(rnd() % 128) : KEY_UP + (int)(rnd() % 10));
        view_click(&view, shown, (int)(rnd() % 1400) - 50, (int)(rnd() % 900) - 50, 1280, 800);
        view_scroll(&view, shown, (int)(rnd() % 40) - 20);
        assert_in_range(view.scale, 1, 3);
    }
    model_destroy(m);
    model_destroy(empty);
}

static void a_click_finds_the_frame_that_is_drawn_there(void **state)
{
    (void)state;
    struct map_model *m = make_model();
    struct map_view view;
    view_init(&view);
    struct map_layout layout = view_layout(&view, 1280, 800);
    struct frame_grid grid = view_grid(&view, m, &layout);
    assert_true(grid.columns * grid.rows * grid.per_cell >= FRAMES);
    int x = grid.cells.x + 5 * grid.cell_w + 1, y = grid.cells.y + 3 * grid.cell_h + 1;
    view_click(&view, m, x, y, 1280, 800);
    assert_int_equal(view.cursor_pfn, FIRST_PFN + (3 * grid.columns + 5) * grid.per_cell);
    model_destroy(m);
}

static void classes_can_be_told_apart(void **state)
{
    (void)state;
    for (unsigned a = 0; a < CLASS_COUNT; a++) {
        for (unsigned b = a + 1; b < CLASS_COUNT; b++) {
            assert_int_not_equal(class_letter((enum frame_class)a),
                                 class_letter((enum frame_class)b));
            assert_int_not_equal(class_color((enum frame_class)a),
                                 class_color((enum frame_class)b));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_as_they_were),
        cmocka_unit_test(every_key_and_click_is_survived),
        cmocka_unit_test(a_click_finds_the_frame_that_is_drawn_there),
        cmocka_unit_test(classes_can_be_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
