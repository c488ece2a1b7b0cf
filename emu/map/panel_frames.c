/* SPDX-License-Identifier: MIT */
/*
 * panel_frames.c - physical memory, one cell a frame (or a power of two of them).
 *
 * Rows are a power of two of cells long, so that every row begins at a round address.  Hue is the
 * frame's class, brightness how recently something happened to it; marks: a dot at the lower right
 * for dirty, at the lower left for accessed, an inner box for shared, a corner for pinned.
 */
#include "emu/map/paint.h"

#include <stdio.h>

static color_t frame_color(const struct painter *p, const struct map_frame *frame)
{
    if (p->view->heat) {
        int brightness = age_brightness(p->model->icount, frame->touched);
        return heat_color(p->view->palette, (brightness - 140) * 256 / 117);
    }
    color_t color = class_color(frame->class);
    if (frame->class == CLASS_FREE || frame->class == CLASS_RESERVED) {
        return color;
    }
    return color_mix(p->theme->background, color, age_brightness(p->model->icount, frame->touched));
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

static void paint_marks(const struct painter *p, struct rect cell, const struct map_frame *frame)
{
    int dot = (cell.w < cell.h ? cell.w : cell.h) / 5;
    dot = dot > 1 ? dot : 1;
    color_t ink = p->theme->background;
    if (frame->marks & MAP_MARK_DIRTY) {
        canvas_fill(p->canvas,
                    (struct rect){cell.x + cell.w - dot - 1, cell.y + cell.h - dot - 1, dot, dot},
                    ink);
    }
    if (frame->marks & MAP_MARK_ACCESSED) {
        canvas_fill(p->canvas, (struct rect){cell.x + 1, cell.y + cell.h - dot - 1, dot, dot}, ink);
    }
    if (frame->marks & MAP_MARK_PINNED) {
        canvas_fill(p->canvas, (struct rect){cell.x, cell.y, 2 * dot, dot}, p->theme->strong);
    }
    if (frame->maps > 1 && cell.w >= 8) {
        canvas_frame(p->canvas, (struct rect){cell.x + 1, cell.y + 1, cell.w - 2, cell.h - 2}, 1,
                     p->theme->strong);
    }
}

static void paint_cell(const struct painter *p, const struct frame_grid *grid, u64 index, int x,
                       int y)
{
    const struct map_frame *frame = cell_frame(p->model, index, grid->per_cell);
    int side = grid->cell_w < grid->cell_h ? grid->cell_w : grid->cell_h;
    int gap = side >= 4 ? 1 : 0;
    struct rect cell = {x, y, grid->cell_w - gap, grid->cell_h - gap};
    canvas_fill(p->canvas, cell, frame_color(p, frame));
    if (p->view->changed_only && !(frame->marks & MAP_MARK_CHANGED)) {
        canvas_tint(p->canvas, cell, p->theme->background, 200);
    }
    bool room = cell.w >= p->layout.glyph + 2 && cell.h >= p->layout.unit - 2;
    if (side >= 6) {
        paint_marks(p, cell, frame);
    }
    if (room && p->view->letters) {
        char letter[2] = {class_letter(frame->class), 0};
        canvas_text(p->canvas, p->font, x + (cell.w - p->layout.glyph) / 2,
                    y + (cell.h - p->layout.unit) / 2, p->layout.glyph,
                    frame->class == CLASS_FREE ? p->theme->dim : p->theme->background, letter);
    }
    u64 pfn = p->model->first_pfn + index;
    if (p->view->cursor_pfn >= pfn && p->view->cursor_pfn < pfn + grid->per_cell) {
        canvas_frame(p->canvas, (struct rect){x - 1, y - 1, grid->cell_w + 1, grid->cell_h + 1},
                     side >= 12 ? 2 : 1, p->theme->select);
    }
}

static void paint_legend(const struct painter *p, struct rect r)
{
    int x = r.x, y = r.y + r.h - p->layout.unit;
    if (p->view->heat) {
        char text[80];
        snprintf(text, sizeof text, "heat (%s): ", heat_name(p->view->palette));
        x = canvas_text(p->canvas, p->font, x, y, r.w, p->theme->dim, text);
        for (int i = 0; i < 128; i++) {
            canvas_fill(p->canvas,
                        (struct rect){x + i * p->layout.glyph / 8, y + 2, p->layout.glyph / 8 + 1,
                                      p->layout.unit - 4},
                        heat_color(p->view->palette, i * 2));
        }
        x += 16 * p->layout.glyph + p->layout.glyph;
        canvas_text(p->canvas, p->font, x, y, r.x + r.w - x, p->theme->dim,
                    "last event 10^9 ... 10^4 instructions ago");
        return;
    }
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        if (x < r.x + r.w - 12 * p->layout.glyph) {
            x = paint_key(p, x, y, class_color(class), class_letter(class), class_name(class));
        }
    }
}

void paint_frames(const struct painter *p)
{
    char title[160];
    struct frame_grid grid = view_grid(p->view, p->model, &p->layout);
    if (p->model->frame_count == 0) {
        struct rect inside = paint_panel(p, p->layout.frames, "FRAMES: physical memory");
        paint_line(p, inside, 0, p->theme->dim, "waiting for the guest to describe its memory");
        return;
    }
    snprintf(title, sizeof title, "FRAMES: physical memory, %llu frames of 4 KiB, %llu free%s",
             (unsigned long long)p->model->frame_count, (unsigned long long)p->model->free_frames,
             grid.per_cell > 1 ? " (several in a cell: zoom with +)" : "");
    struct rect inside = paint_panel(p, p->layout.frames, title);
    struct rect before = canvas_clip(p->canvas, p->layout.frames);
    for (u64 row = 0; row < grid.rows; row++) {
        u64 first = (p->view->first_row + row) * grid.columns * grid.per_cell;
        if (first >= p->model->frame_count) {
            break;
        }
        int y = grid.cells.y + (int)row * grid.cell_h;
        u64 every = (u64)(p->layout.unit / grid.cell_h + 1);
        if (row % every == 0) {
            char label[24];
            snprintf(label, sizeof label, "%09llx",
                     (unsigned long long)((p->model->first_pfn + first) << 12));
            canvas_text(p->canvas, p->font, inside.x, y, 10 * p->layout.glyph, p->theme->dim,
                        label);
        }
        for (u64 column = 0; column < grid.columns; column++) {
            u64 index = first + column * grid.per_cell;
            if (index < p->model->frame_count) {
                paint_cell(p, &grid, index, grid.cells.x + (int)column * grid.cell_w, y);
            }
        }
    }
    paint_legend(p, inside);
    canvas_clip(p->canvas, before);
}
