/* SPDX-License-Identifier: MIT */
/*
 * panel_frames.c - physical memory, one cell a frame (or a power of two of them).
 *
 * Rows are a power of two of cells long, so that every row begins at a round address.  Hue is the
 * frame's class, brightness how recently something happened to it; marks: a dot at the lower right
 * for dirty, at the lower left for accessed, an inner box for shared, a corner for pinned.  Where
 * cells have no room for letters, page tables and pages in the swap cache wear a pattern.
 */
#include "emu/map/paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Heat: how long ago, on a scale that fits what is there.  The quickest five and the slowest five
 * per cent do not count, so that one busy frame does not leave everything else dark.
 */
struct exposure {
    int low, high; /* log2 of the age, in quarters */
};

static int age_quarters(u64 now, u64 touched)
{
    u64 age = now > touched ? now - touched : 0;
    if (age < 2) {
        return 0;
    }
    int whole = 63 - __builtin_clzll(age);
    u64 rest = whole >= 2 ? age >> (whole - 2) & 3 : 0;
    return 4 * whole + (int)rest;
}

static struct exposure expose(const struct map_model *m)
{
    u32 count[256] = {0};
    u64 all = 0, seen = 0;
    struct exposure e = {0, 0};
    for (u64 i = 0; i < m->frame_count; i++) {
        if (m->frames[i].touched) {
            count[age_quarters(m->icount, m->frames[i].touched) & 255]++;
            all++;
        }
    }
    for (int i = 0; i < 256 && all; i++) {
        u64 before = seen;
        seen += count[i];
        if (before * 20 <= all && seen * 20 > all) {
            e.low = i;
        }
        if (before * 20 <= all * 19 && seen * 20 >= all * 19) {
            e.high = i;
        }
    }
    e.high = e.high > e.low + 4 ? e.high : e.low + 4;
    return e;
}

static color_t frame_color(const struct painter *p, const struct exposure *e,
                           const struct map_frame *frame)
{
    color_t color = p->theme.class[frame->class];
    if (p->view->heat) {
        if (frame->touched == 0) {
            return p->theme.class[CLASS_FREE];
        }
        int age = age_quarters(p->model->icount, frame->touched);
        return heat_color(p->view->palette, (e->high - age) * 256 / (e->high - e->low));
    }
    if (frame->class == CLASS_FREE || frame->class == CLASS_RESERVED ||
        frame->class == CLASS_OTHER || p->theme.high_contrast) {
        return color;
    }
    return color_mix(p->theme.background, color, age_brightness(p->model->icount, frame->touched));
}

/* The frame that speaks for a cell: the one touched last. */
static const struct map_frame *cell_frame(const struct map_model *model, u64 index, u64 count)
{
    const struct map_frame *best = &model->frames[index];
    for (u64 i = 1; i < count && index + i < model->frame_count; i++) {
        const struct map_frame *frame = &model->frames[index + i];
        if (frame->touched > best->touched ||
            (best->class == CLASS_FREE && frame->class != CLASS_FREE)) {
            best = frame;
        }
    }
    return best;
}

static void paint_marks(const struct painter *p, struct rect cell, const struct map_frame *frame,
                        color_t ink)
{
    int dot = (cell.w < cell.h ? cell.w : cell.h) / 5;
    dot = dot > 1 ? dot : 1;
    if (frame->marks & MAP_MARK_DIRTY) {
        canvas_fill(p->canvas,
                    (struct rect){cell.x + cell.w - dot - 1, cell.y + cell.h - dot - 1, dot, dot},
                    ink);
    }
    if (frame->marks & MAP_MARK_ACCESSED) {
        canvas_fill(p->canvas, (struct rect){cell.x + 1, cell.y + cell.h - dot - 1, dot, dot}, ink);
    }
    if (frame->marks & MAP_MARK_PINNED) {
        canvas_fill(p->canvas, (struct rect){cell.x, cell.y, 2 * dot, dot}, p->theme.strong);
    }
    if (frame->maps > 1 && cell.w >= 8 && cell.h >= 8) {
        canvas_frame(p->canvas, (struct rect){cell.x + 1, cell.y + 1, cell.w - 2, cell.h - 2}, 1,
                     p->theme.strong);
    }
}

static void paint_pattern(const struct painter *p, struct rect cell, unsigned class, color_t ink)
{
    if (class == CLASS_SWAPPING) {
        canvas_hatch(p->canvas, cell, 4, ink);
    } else if (class == CLASS_PAGE_TABLE) {
        canvas_fill(p->canvas, (struct rect){cell.x, cell.y + cell.h / 2, cell.w, 1}, ink);
    }
}

static void paint_cell(const struct painter *p, const struct frame_grid *grid,
                       const struct exposure *exposure, u64 index, int x, int y)
{
    const struct map_frame *frame = cell_frame(p->model, index, grid->per_cell);
    int side = grid->cell_w < grid->cell_h ? grid->cell_w : grid->cell_h;
    int gap = side >= 4 ? 1 : 0;
    struct rect cell = {x, y, grid->cell_w - gap, grid->cell_h - gap};
    color_t color = frame_color(p, exposure, frame);
    color_t ink = paint_ink(p->view->heat ? color : p->theme.class[frame->class]);
    bool room = cell.w >= p->layout.glyph + 2 && cell.h >= p->layout.unit - 3;
    canvas_fill(p->canvas, cell, color);
    if (room && p->view->letters) {
        char letter[2] = {class_letter((enum frame_class)frame->class), 0};
        canvas_text(p->canvas, p->font, x + (cell.w - p->layout.glyph) / 2,
                    y + (cell.h - p->layout.unit) / 2, p->layout.glyph,
                    frame->class == CLASS_FREE ? p->theme.dim : ink, letter);
    } else if (side >= 5 && !p->view->heat) {
        paint_pattern(p, cell, frame->class, color_mix(color, ink, 90));
    }
    if (side >= 6) {
        paint_marks(p, cell, frame, ink);
    }
    if (p->view->changed_only && !(frame->marks & MAP_MARK_CHANGED)) {
        canvas_tint(p->canvas, cell, p->theme.background, 205);
    }
    if (frame->marks & MAP_MARK_OWNED) {
        canvas_frame(p->canvas, cell, side >= 12 ? 2 : 1, p->theme.select);
    }
}

/* A ring around a frame, with a number at its corner when one is given. */
static void ring(const struct painter *p, const struct frame_grid *grid, u64 pfn, color_t color,
                 int number)
{
    struct rect r = view_frame_rect(p->view, p->model, grid, pfn);
    if (r.w == 0) {
        return;
    }
    int thick = p->layout.unit / 8;
    struct rect outer = {r.x - thick, r.y - thick, r.w + 2 * thick, r.h + 2 * thick};
    canvas_frame(p->canvas, (struct rect){outer.x - 1, outer.y - 1, outer.w + 2, outer.h + 2},
                 thick + 2, p->theme.background);
    canvas_frame(p->canvas, outer, thick, color);
    if (number) {
        char text[8];
        snprintf(text, sizeof text, "%d", number);
        struct rect tag = {outer.x + outer.w, outer.y - p->layout.unit / 2,
                           p->layout.glyph + p->layout.glyph / 2, p->layout.unit};
        canvas_fill(p->canvas, tag, color);
        canvas_text(p->canvas, p->font, tag.x + p->layout.glyph / 4, tag.y, tag.w,
                    paint_ink(color), text);
    }
}

static void join(const struct painter *p, struct rect a, struct rect b, color_t color)
{
    if (a.w && b.w) {
        for (int i = 0; i <= p->layout.unit / 16; i++) {
            canvas_line(p->canvas, a.x + a.w / 2, a.y + a.h / 2 + i, b.x + b.w / 2,
                        b.y + b.h / 2 + i, color);
        }
    }
}

/* The walk: the tables' frames in order, and the page's own frame at its end. */
static void paint_walk(const struct painter *p, const struct frame_grid *grid)
{
    const struct map_focus *f = &p->model->inspect;
    color_t color = p->theme.class[CLASS_PAGE_TABLE];
    struct rect last = {0, 0, 0, 0};
    size_t lit = view_walk_lit(p->view, f->walk_steps + 1);
    for (size_t i = 0; i < lit && i < f->walk_steps; i++) {
        if (f->walk[i].address) {
            u64 pfn = f->walk[i].address >> 12;
            struct rect now = view_frame_rect(p->view, p->model, grid, pfn);
            join(p, last, now, color);
            last = now.w ? now : last;
        }
    }
    if (lit > f->walk_steps) {
        join(p, last, view_frame_rect(p->view, p->model, grid, f->pfn), p->theme.select);
    }
    for (size_t i = 0; i < lit && i < f->walk_steps; i++) {
        if (f->walk[i].address) {
            ring(p, grid, f->walk[i].address >> 12, color, (int)i + 1);
        }
    }
}

static void paint_highlights(const struct painter *p, const struct frame_grid *grid)
{
    const struct map_focus *f = &p->model->inspect;
    if (f->on) {
        paint_walk(p, grid);
        if (f->pfn) {
            ring(p, grid, f->pfn, p->theme.select, 0);
        }
    }
    if (p->view->hover_pfn) {
        ring(p, grid, p->view->hover_pfn, p->theme.accent, 0);
    }
}

/* ---- legend ---- */

static void heat_legend(const struct painter *p, struct rect r, const struct exposure *e)
{
    char slow[24], fast[24], text[96];
    int y = r.y + r.h - 2 * p->layout.unit, bar = 24 * p->layout.glyph;
    snprintf(text, sizeof text, "%s (%s)", in_words(p, "Heat: last event", "热度：最近一次事件"),
             heat_name(p->view->palette));
    canvas_text(p->canvas, p->font, r.x, y, r.w, p->theme.dim, text);
    paint_short(slow, 1ull << (e->high / 4));
    paint_short(fast, 1ull << (e->low / 4));
    snprintf(text, sizeof text, "%s ", slow);
    int x = canvas_text(p->canvas, p->font, r.x, y + p->layout.unit, r.w, p->theme.dim, text);
    for (int i = 0; i < bar; i++) {
        canvas_fill(p->canvas,
                    (struct rect){x + i, y + p->layout.unit + 2, 1, p->layout.unit - 4},
                    heat_color(p->view->palette, i * 256 / bar));
    }
    snprintf(text, sizeof text, " %s %s", fast, in_words(p, "instructions ago", "条指令之前"));
    canvas_text(p->canvas, p->font, x + bar, y + p->layout.unit, r.w, p->theme.dim, text);
}

static void class_legend(const struct painter *p, struct rect r)
{
    u64 count[CLASS_COUNT] = {0};
    int x = r.x, y = r.y + r.h - 2 * p->layout.unit;
    for (u64 i = 0; i < p->model->frame_count; i++) {
        count[p->model->frames[i].class]++;
    }
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        char number[24], text[64];
        const char *name = class == CLASS_ANON_SHARED && !p->model->has_layout
                               ? in_words(p, "mapped twice", "多次映射")
                               : class_name((enum frame_class)class, p->view->chinese);
        if (count[class] == 0) {
            continue;
        }
        snprintf(text, sizeof text, "%s %s", name, paint_short(number, count[class]));
        if (x + paint_key_width(p, text) > r.x + r.w && x > r.x) {
            x = r.x;
            y += p->layout.unit;
            if (y + p->layout.unit > r.y + r.h) {
                return;
            }
        }
        x = paint_key(p, x, y, p->theme.class[class], class_letter((enum frame_class)class), text);
    }
}

static void paint_rows(const struct painter *p, const struct frame_grid *grid, struct rect inside)
{
    struct exposure exposure = expose(p->model);
    u64 every = (u64)((p->layout.unit + grid->cell_h - 1) / grid->cell_h);
    while (every & (every - 1)) {
        every++; /* labels at round addresses */
    }
    for (u64 row = 0; row < grid->rows; row++) {
        u64 first = (p->view->first_row + row) * grid->columns * grid->per_cell;
        if (first >= p->model->frame_count) {
            break;
        }
        int y = grid->cells.y + (int)row * grid->cell_h;
        if (row % every == 0 && y + p->layout.unit <= grid->cells.y + grid->cells.h) {
            char label[24];
            snprintf(label, sizeof label, "%09llx",
                     (unsigned long long)((p->model->first_pfn + first) << 12));
            canvas_text(p->canvas, p->font, inside.x, y + (every == 1 ? (grid->cell_h - p->layout.unit) / 2 : -p->layout.unit / 8),
                        10 * p->layout.glyph, p->theme.dim, label);
        }
        for (u64 column = 0; column < grid->columns; column++) {
            u64 index = first + column * grid->per_cell;
            if (index < p->model->frame_count) {
                paint_cell(p, grid, &exposure, index,
                           grid->cells.x + (int)column * grid->cell_w, y);
            }
        }
    }
    if (p->view->heat) {
        heat_legend(p, inside, &exposure);
    } else {
        class_legend(p, inside);
    }
}

void paint_frames(const struct painter *p)
{
    char title[200], number[32], each[64] = "";
    struct frame_grid grid = view_grid(p->view, p->model, &p->layout);
    if (p->model->frame_count == 0) {
        struct rect inside = paint_panel(p, p->layout.frames,
                                         in_words(p, "PHYSICAL MEMORY", "物理内存"));
        paint_wrapped(p, inside, 0, p->theme.dim,
                      in_words(p, "Waiting for the guest to set up its memory ...",
                               "等待客户机建立内存……"));
        return;
    }
    if (grid.per_cell > 1) {
        snprintf(each, sizeof each, in_words(p, ", %llu in a cell (zoom: +)", "，每格 %llu 个（+ 放大）"),
                 (unsigned long long)grid.per_cell);
    }
    snprintf(title, sizeof title,
             in_words(p, "PHYSICAL MEMORY  %s frames of 4 KiB%s%s", "物理内存  %s 个 4 KiB 页框%s%s"),
             paint_number(number, p->model->frame_count), each,
             p->view->changed_only ? in_words(p, "  only what changed since the bookmark",
                                              "  只显示书签之后的变化")
                                   : "");
    struct rect inside = paint_panel(p, p->layout.frames, title);
    struct rect before = canvas_clip(p->canvas, p->layout.frames);
    if (grid.columns) { /* else the window is too small for a single row */
        paint_rows(p, &grid, inside);
        paint_highlights(p, &grid);
    }
    canvas_clip(p->canvas, before);
}
