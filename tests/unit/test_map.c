/* SPDX-License-Identifier: MIT */
/*
 * The memory map's pictures, pixel by pixel: fifteen scenes of a made-up guest at three scales, each
 * in the standard colours, in high contrast and as grey heat.  tests/golden/map/pixels.txt holds a
 * hash of each; the pictures at scale 1 in the standard colours are there as PNG, too.  On a
 * difference the picture as it is now, and where it differs, are left beside the build.
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

static void look_closely(struct map_focus *f)
{
    f->on = true;
    f->pfn = FIRST_PFN + 1000;
    f->va = 0x6b000;
    f->pid = 4;
    f->owner_count = 2;
    f->owner_total = 5;
    f->owners_known = true;
    f->owner[0] = (struct map_owner){3, 0x6b000, 0x20107153};
    f->owner[1] = (struct map_owner){4, 0x6b000, 0x20107153};
    f->slot = 44;
    f->inode = 71;
    f->page = 3;
    f->walk_steps = 3;
    f->walk[0] = (struct map_walk_step){0x80100008, 0x20104401, 0, 2};
    f->walk[1] = (struct map_walk_step){0x800d5000, 0x20104801, 0, 1};
    f->walk[2] = (struct map_walk_step){0x80aa2358, 0x20107153, 107, 0};
}

enum scene_flag {
    INSPECT = 1,
    PAST = 2,
    EMPTY = 4,
    HOVER = 8,
    BARE = 16,
    TYPE = 32,
    STOPPED = 64,
    CHINESE = 128,
    WALKING = 256,
    OWNED = 512
};

/* A scene is a name and the keys that lead to it ('\t' for the next tab). */
static const struct scene {
    const char *name, *keys;
    unsigned flags;
} scenes[] = {
    {"plain", "", 0},
    {"inspector", "", INSPECT | STOPPED},
    {"walk", "", INSPECT | STOPPED | WALKING},
    {"hover", "", HOVER},
    {"heat", "h", 0},
    {"changed", "d", STOPPED},
    {"zoomed", "++++++", INSPECT | STOPPED},
    {"swap", "\t", OWNED},
    {"explain", "\t\t", INSPECT | STOPPED},
    {"chinese", "\t\t", INSPECT | STOPPED | CHINESE},
    {"help", "?", 0},
    {"help-chinese", "?", CHINESE},
    {"past", "[", PAST | INSPECT},
    {"bytes", "v", INSPECT | STOPPED},
    {"bare", "", BARE | INSPECT},
    {"typing", "/", TYPE},
    {"empty", "", EMPTY},
};
enum { SCENES = sizeof scenes / sizeof *scenes, SCALES = 3, DRESSES = 3 };
static const char *const dress_name[DRESSES] = {"standard", "contrast", "grey"};

/* A guest that tells nothing. */
static void make_bare(struct map_model *m)
{
    m->has_layout = false;
    m->swap_slots = 0;
    model_set_slots(m, 0);
    for (u64 i = 0; i < FRAMES; i++) {
        struct map_frame *f = &m->frames[i];
        f->class = f->class == CLASS_ANON || f->class == CLASS_FILE ? CLASS_USER
                   : f->class == CLASS_ANON_SHARED || f->class == CLASS_PAGE_TABLE
                       ? f->class
                       : CLASS_OTHER;
    }
    for (size_t i = 0; i < m->process_count; i++) {
        snprintf(m->process[i].name, sizeof m->process[i].name, "satp %zx", 0x80258 + i);
        m->process[i].depth = 0;
    }
    for (size_t i = 0; i < m->event_count; i++) {
        m->event[i].fault.kind = 0;
        m->event[i].fault.area = 0;
    }
}

static void dress(struct map_view *view, const struct map_model *m, unsigned which)
{
    if (which == 1) {
        view_key(view, m, 'C');
    } else if (which == 2) {
        view->heat = true;
        view->palette = 2;
    }
}

static void set_scene(const struct scene *scene, struct map_model *m, struct map_view *view)
{
    static const char typed[] = "kind=cow pid=4";
    unsigned flags = scene->flags;
    view->chinese = flags & CHINESE;
    view->reduce_motion = true;
    m->stopped = flags & (STOPPED | PAST);
    m->past = flags & PAST;
    m->past_at = 9000;
    m->past_count = 12000;
    m->end_icount = NOW + 400000000;
    m->has_bytes = true;
    for (int i = 0; i < MAP_FRAME_BYTES; i++) {
        m->bytes[i] = (u8)(i * 7 + i / 256);
    }
    if (flags & INSPECT) {
        look_closely(&m->inspect);
        memcpy(m->inspect.history, m->event, 5 * sizeof *m->event);
        m->inspect.history_count = 5;
        view->cursor_pfn = m->inspect.pfn;
        view->cursor_va = m->inspect.va;
        view->cursor_pid = 4;
    }
    for (const char *key = scene->keys; *key; key++) {
        view_key(view, m, *key == '\t' ? KEY_TAB : *key);
    }
    if (flags & PAST) {
        view->past = true;
        m->bookmark = NOW - 300000000;
    }
    if (flags & WALKING) {
        view->reduce_motion = false;
        view->walk_began = 1000;
        view->now = 1000 + 500;
    }
    if (flags & HOVER) {
        look_closely(&m->hover);
        m->frames[1000].maps = 2; /* the tables have five: a mismatch */
        view->hover_pfn = m->hover.pfn;
        view->mouse_x = 300;
        view->mouse_y = 150;
    }
    if (flags & OWNED) {
        for (u64 i = 900; i < 1300; i += 3) {
            m->frames[i].marks |= MAP_MARK_OWNED;
        }
        view->hover_slot = m->hover_slot = 100;
        view->mouse_x = 700;
        view->mouse_y = 700;
    }
    if (flags & BARE) {
        make_bare(m);
    }
    for (const char *key = typed; (flags & TYPE) && *key; key++) {
        view_key(view, m, *key);
    }
}

static u64 pixel_hash(const struct canvas *canvas)
{
    u64 hash = 0xcbf29ce484222325u;
    size_t pixels = (size_t)canvas->width * (size_t)canvas->height;
    for (size_t i = 0; i < pixels; i++) {
        hash = (hash ^ canvas->pixels[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Writes the picture as it is, and, when there is a golden picture, what is different in red. */
static void leave_evidence(const struct canvas *canvas, const char *name)
{
    char path[256], why[256];
    snprintf(path, sizeof path, "map-%s-actual.png", name);
    png_save(canvas, path, why, sizeof why);
    snprintf(path, sizeof path, "%s/tests/golden/map/%s.png", SOURCE_DIR, name);
    struct canvas *golden = png_load(path, why, sizeof why);
    if (golden && golden->width == canvas->width && golden->height == canvas->height) {
        size_t pixels = (size_t)canvas->width * (size_t)canvas->height;
        for (size_t i = 0; i < pixels; i++) {
            golden->pixels[i] = golden->pixels[i] != canvas->pixels[i]
                                    ? 0xffff0000
                                    : color_mix(canvas->pixels[i], 0xff000000, 180);
        }
        snprintf(path, sizeof path, "map-%s-diff.png", name);
        png_save(golden, path, why, sizeof why);
    }
    canvas_destroy(golden);
}

/* One scene drawn; its line of pixels.txt in `line`. */
static struct canvas *draw_scene(const struct map_fonts *fonts, const struct scene *scene,
                                 int scale, unsigned clothes, char *line, size_t size)
{
    struct map_model *m = scene->flags & EMPTY ? model_create() : make_model();
    struct map_view view;
    view_init(&view);
    view.scale = scale;
    set_scene(scene, m, &view);
    dress(&view, m, clothes);
    struct canvas *canvas = canvas_create(640 * (scale + 1), 400 * (scale + 1));
    assert_non_null(canvas);
    map_draw(canvas, fonts, m, &view);
    snprintf(line, size, "%s-%d-%s %016llx", scene->name, scale, dress_name[clothes],
             (unsigned long long)pixel_hash(canvas));
    model_destroy(m);
    return canvas;
}

static bool has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    return at && at[strlen(line)] == '\n';
}

static void pictures_are_as_they_were(void **state)
{
    static char text[65536];
    const char *file = SOURCE_DIR "/tests/golden/map/pixels.txt";
    bool write = getenv("MAP_GOLDEN_WRITE") != NULL;
    struct map_fonts *fonts = map_fonts_open();
    FILE *golden = fopen(file, write ? "w" : "r");
    size_t different = 0;
    (void)state;
    assert_non_null(fonts);
    assert_non_null(golden);
    text[write ? 0 : fread(text, 1, sizeof text - 1, golden)] = 0;
    for (size_t i = 0; i < SCENES * SCALES * DRESSES; i++) {
        const struct scene *scene = &scenes[i / (SCALES * DRESSES)];
        int scale = 1 + (int)(i / DRESSES % SCALES);
        char line[128], name[64], path[256], why[256];
        struct canvas *canvas =
            draw_scene(fonts, scene, scale, (unsigned)(i % DRESSES), line, sizeof line);
        snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
        bool kept = scale == 1 && i % DRESSES == 0;
        if (write) {
            fprintf(golden, "%s\n", line);
        } else if (!has_line(text, line)) {
            leave_evidence(canvas, name);
            print_message("%s is not as it was: see map-%s-actual.png\n", name, name);
            different++;
        }
        if (write && kept && strcmp(getenv("MAP_GOLDEN_WRITE"), "hashes") != 0) {
            snprintf(path, sizeof path, "%s/tests/golden/map/%s.png", SOURCE_DIR, name);
            assert_true(png_save(canvas, path, why, sizeof why));
        }
        canvas_destroy(canvas);
    }
    fclose(golden);
    map_fonts_close(fonts);
    assert_int_equal(different, 0);
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
        view_key(&view, shown, rnd() % 3 ? (int)(rnd() % 128) : KEY_UP + (int)(rnd() % 13));
        int x = (int)(rnd() % 1400) - 50, y = (int)(rnd() % 900) - 50;
        view_point(&view, shown, x, y, 1280, 800);
        view_click(&view, shown, (enum map_click)(rnd() % 4), x, y, 1280, 800);
        view_scroll(&view, shown, (int)(rnd() % 40) - 20);
        assert_in_range(view.scale, 1, 3);
    }
    model_destroy(m);
    model_destroy(empty);
}

/* Whatever the size of the window and of the text, drawing does no harm. */
static void every_size_can_be_drawn(void **state)
{
    (void)state;
    static const int width[] = {1, 40, 320, 640, 960, 1280, 2000};
    static const int height[] = {1, 30, 200, 480, 600, 800, 1500};
    struct map_fonts *fonts = map_fonts_open();
    for (size_t i = 0; i < 7 * 7 * 3; i++) {
        struct map_model *m = i % 5 ? make_model() : model_create();
        struct map_view view;
        view_init(&view);
        view.scale = 1 + (int)(i % 3);
        view.chinese = i % 2;
        view.tab = (enum map_tab)(i / 3 % TAB_COUNT);
        struct canvas *canvas = canvas_create(width[i / 3 % 7], height[i / 21 % 7]);
        view_point(&view, m, canvas->width / 3, canvas->height / 4, canvas->width, canvas->height);
        view_click(&view, m, CLICK_LEFT, canvas->width / 3, canvas->height / 4, canvas->width,
                   canvas->height);
        look_closely(&m->inspect);
        look_closely(&m->hover);
        for (const char *key = "?vhlC"; *key; key++) {
            map_draw(canvas, fonts, m, &view);
            view_key(&view, m, *key);
        }
        canvas_destroy(canvas);
        model_destroy(m);
    }
    map_fonts_close(fonts);
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
    view_click(&view, m, CLICK_LEFT, x, y, 1280, 800);
    assert_int_equal(view.cursor_pfn, FIRST_PFN + (3 * grid.columns + 5) * grid.per_cell);
    model_destroy(m);
}

static void a_filter_is_typed(void **state)
{
    (void)state;
    struct map_model *m = make_model();
    struct map_view view;
    view_init(&view);
    for (const char *key = "/kind=cow-copy pid=4"; *key; key++) {
        view_key(&view, m, *key);
    }
    assert_false(view.filtered);
    view_key(&view, m, KEY_ENTER);
    assert_true(view.filtered);
    assert_true(view.filter.has_pid);
    struct trace_record r = {.type = RECORD_FAULT, .pid = 4, .fault.kind = FAULT_COW_COPY};
    assert_true(view_passes(&view, &r));
    r.fault.kind = FAULT_ZERO_FILL;
    assert_false(view_passes(&view, &r));
    for (const char *key = "/kind=cwo"; *key; key++) {
        view_key(&view, m, *key);
    }
    view_key(&view, m, KEY_ENTER);
    assert_non_null(strstr(view.message, "cwo"));
    assert_int_equal(view.filter.pid, 4);         /* and nothing else changed */
    model_destroy(m);
}

static void keys_travel_in_time(void **state)
{
    (void)state;
    struct map_model *m = make_model();
    struct map_view view;
    view_init(&view);
    for (size_t i = 0; i < m->event_count; i++) {
        m->event[i].seq = 1000 - 10 * i;
    }
    m->past_count = 1001;
    m->next_event = 1000;
    view_key(&view, m, '[');
    assert_true(view.past);
    assert_int_equal(view.moment, 1000); /* before the newest record */
    m->past = true;
    m->past_at = 1001;
    view_key(&view, m, '[');
    assert_int_equal(view.moment, 991); /* just after the event before */
    m->past_at = 500;
    m->next_event = 510;
    m->event_count = 0;
    view_key(&view, m, ']');
    assert_int_equal(view.moment, 511);
    view_key(&view, m, '}');
    assert_false(view.past); /* beyond the end: the running guest */
    view_key(&view, m, KEY_HOME);
    assert_true(view.past);
    assert_int_equal(view.moment, 0);
    view_key(&view, m, KEY_END);
    assert_false(view.past);
    model_destroy(m);
}

static void a_click_on_the_timeline_seeks(void **state)
{
    (void)state;
    struct map_model *m = make_model();
    struct map_view view;
    view_init(&view);
    m->past_count = 10;
    m->end_icount = NOW;
    struct map_layout layout = view_layout(&view, 1280, 800);
    int x = view_timeline_x(m, &layout, 600000000);
    view_click(&view, m, CLICK_LEFT, x, layout.timeline.y + 40, 1280, 800);
    assert_true(view.past && view.seeking);
    assert_in_range(view.seek_icount, 590000000, 610000000);
    model_destroy(m);
}

static void every_key_is_in_the_help_once(void **state)
{
    (void)state;
    struct key_help help, other;
    for (size_t i = 0; view_key_help(i, false, &help); i++) {
        assert_true(help.text[0] != 0);
        for (size_t k = 0; k < i && help.name; k++) {
            view_key_help(k, false, &other);
            assert_true(!other.name || strcmp(other.name, help.name) != 0);
        }
        assert_true(view_key_help(i, true, &other));
        assert_true(other.text[0] != 0);
    }
}

static void a_panel_can_be_copied_as_text(void **state)
{
    (void)state;
    struct map_model *m = make_model();
    struct map_fonts *fonts = map_fonts_open();
    struct canvas *canvas = canvas_create(1280, 800);
    struct map_view view;
    struct buffer text = {0};
    view_init(&view);
    struct map_layout layout = view_layout(&view, 1280, 800);
    assert_true(map_panel_text(canvas, fonts, m, &view, layout.processes.x + 5,
                               layout.processes.y + 5, &text));
    const char *all = (const char *)text.data;
    assert_non_null(strstr(all, "PROCESSES\n"));
    assert_non_null(strstr(all, "4 cow-copy"));
    buffer_free(&text);
    canvas_destroy(canvas);
    map_fonts_close(fonts);
    model_destroy(m);
}

static void colours_can_be_ones_own(void **state)
{
    (void)state;
    struct palette p;
    struct error err = {0};
    palette_init(&p);
    assert_true(palette_parse(&p,
                              "# mine\n\n anonymous = #102030 \nfaults cow=#405060\n"
                              "page dirty = #708090\nbackground = #0a0b0c\n",
                              &err));
    assert_int_equal(p.class[CLASS_ANON], 0xff102030);
    assert_int_equal(p.group[GROUP_COW], 0xff405060);
    assert_int_equal(p.state[PAGE_DIRTY], 0xff708090);
    assert_int_equal(p.part[PART_BACKGROUND], 0xff0a0b0c);
    assert_false(palette_parse(&p, "text = #ffffff\nsky = #0000ff\n", &err));
    assert_non_null(strstr(err.text, "line 2"));
    error_clear(&err);
    assert_false(palette_parse(&p, "text = blue\n", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_as_they_were),
        cmocka_unit_test(every_key_and_click_is_survived),
        cmocka_unit_test(every_size_can_be_drawn),
        cmocka_unit_test(a_click_finds_the_frame_that_is_drawn_there),
        cmocka_unit_test(a_filter_is_typed),
        cmocka_unit_test(keys_travel_in_time),
        cmocka_unit_test(a_click_on_the_timeline_seeks),
        cmocka_unit_test(every_key_is_in_the_help_once),
        cmocka_unit_test(a_panel_can_be_copied_as_text),
        cmocka_unit_test(colours_can_be_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
