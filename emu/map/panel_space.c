/* SPDX-License-Identifier: MIT */
/*
 * panel_space.c - the address space of one process: every area a strip, gaps between them
 * collapsed, every page of the area a stripe by its state.
 */
#include "emu/map/paint.h"

#include <stdio.h>

static const char *process_name(const struct map_model *model)
{
    for (size_t i = 0; i < model->process_count; i++) {
        if (model->process[i].pid == model->pid) {
            return model->process[i].name;
        }
    }
    return "";
}

/* Short areas get a readable least width; the rest of the room goes by the logarithm of the size.
 */
static int area_weight(const struct map_area *area)
{
    u64 pages = (area->end - area->start) >> 12;
    return 6 + (pages ? 63 - __builtin_clzll(pages) : 0) * 2;
}

static void paint_pages(const struct painter *p, struct rect r, const struct map_area *area)
{
    if (area->page_count == 0 || r.w < 1) {
        canvas_fill(p->canvas, r, page_state_color(PAGE_ABSENT));
        return;
    }
    const u8 *pages = p->model->pages + area->first_page;
    for (int x = 0; x < r.w; x++) {
        u64 from = (u64)x * area->page_count / (u64)r.w;
        u64 to = ((u64)x + 1) * area->page_count / (u64)r.w;
        u8 state = pages[from];
        for (u64 i = from + 1; i < to; i++) {
            state = pages[i] > state ? pages[i] : state;
        }
        canvas_fill(p->canvas, (struct rect){r.x + x, r.y, 1, r.h}, page_state_color(state));
    }
}

static void paint_area(const struct painter *p, struct rect r, const struct map_area *area)
{
    struct rect strip = {r.x, r.y, r.w, r.h - 2 * p->layout.unit};
    paint_pages(p, strip, area);
    canvas_frame(p->canvas, strip, 1, p->theme->border);
    if (p->view->cursor_va >= area->start && p->view->cursor_va < area->end) {
        u64 at = (p->view->cursor_va - area->start) * (u64)strip.w / (area->end - area->start);
        canvas_fill(p->canvas, (struct rect){strip.x + (int)at, strip.y - 3, 2, strip.h + 6},
                    p->theme->select);
    }
    char name[64];
    snprintf(name, sizeof name, "%s %c%c%c", area_kind_name(area->kind), area->prot & 1 ? 'r' : '-',
             area->prot & 2 ? 'w' : '-', area->prot & 4 ? 'x' : '-');
    int y = strip.y + strip.h;
    canvas_text(p->canvas, p->font, r.x, y, r.w - 2, p->theme->text, name);
    snprintf(name, sizeof name, "%llx", (unsigned long long)area->start);
    canvas_text(p->canvas, p->font, r.x, y + p->layout.unit, r.w - 2, p->theme->dim, name);
}

/* The key, right-aligned at `right` if it fits behind `left`. */
static void paint_states(const struct painter *p, int left, int right, int y)
{
    static const struct {
        enum page_state state;
        char letter;
        const char *name;
    } key[] = {{PAGE_ABSENT, '.', "not there"}, {PAGE_ZERO, 'Z', "zero page"},
               {PAGE_PRESENT, 'P', "present"},  {PAGE_DIRTY, 'D', "dirty"},
               {PAGE_COW, 'C', "COW"},          {PAGE_SWAPPED, 'S', "swapped"}};
    int x = right;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        x -= p->layout.unit * 3 / 4 + p->layout.glyph * 7 / 2 +
             canvas_text_width(p->font, key[i].name);
    }
    if (x < left) {
        return;
    }
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        x = paint_key(p, x, y, page_state_color(key[i].state), key[i].letter, key[i].name);
    }
}

void paint_space(const struct painter *p)
{
    char title[128];
    snprintf(title, sizeof title, "ADDRESS SPACE of %u %s", p->model->pid, process_name(p->model));
    struct rect inside = paint_panel(p, p->layout.space, title);
    if (p->model->area_count == 0) {
        paint_line(p, inside, 0, p->theme->dim, "no process (p chooses one)");
        return;
    }
    paint_states(p, inside.x + 34 * p->layout.glyph, inside.x + inside.w,
                 p->layout.space.y + p->layout.unit / 4);
    int weight = 0, gap = p->layout.glyph / 2;
    for (size_t i = 0; i < p->model->area_count; i++) {
        weight += area_weight(&p->model->area[i]);
    }
    int room = inside.w - gap * (int)p->model->area_count, x = inside.x;
    for (size_t i = 0; i < p->model->area_count && weight > 0; i++) {
        int w = room * area_weight(&p->model->area[i]) / weight;
        paint_area(p, (struct rect){x, inside.y, w, inside.h}, &p->model->area[i]);
        x += w + gap;
    }
}
