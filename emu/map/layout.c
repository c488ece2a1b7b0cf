/* SPDX-License-Identifier: MIT */
/* layout.c - where everything is, for drawing and for the mouse alike; see view.h. */
#include "emu/map/view.h"
#include "emu/isa/pte.h"

static const int glyph_width[] = {8, 12, 16}, glyph_height[] = {16, 24, 32};

/*
 * Large text in a small window: memory, the timeline, and one panel more (the inspector while
 * something is inspected, else the tab).  The others have no room and are not drawn.
 */
static void compact_layout(struct map_layout *l, bool inspecting, int width, int height)
{
    int gap = l->unit / 4, top = 2 * l->unit + 3 * gap, low = height * 2 / 5;
    struct rect bottom = {gap, height - low, width - 2 * gap, low - gap};
    int timeline = 4 * l->unit;
    l->top = (struct rect){gap, gap, width - 2 * gap, top - 2 * gap};
    l->frames = (struct rect){gap, top, width - 2 * gap, height - low - top - timeline - 2 * gap};
    l->timeline = (struct rect){gap, height - low - timeline - gap, width - 2 * gap, timeline};
    l->inspector = inspecting ? bottom : (struct rect){0, 0, 0, 0};
    l->tab = inspecting ? (struct rect){0, 0, 0, 0} : bottom;
}

struct map_layout view_layout(const struct map_view *view, int width, int height)
{
    /* Chinese characters fill their squares: their lines need air between them. */
    int line = glyph_height[view->scale - 1];
    struct map_layout l = {.unit = view->chinese ? line + line / 8 : line,
                           .glyph = glyph_width[view->scale - 1]};
    if (width < 90 * l.glyph || height < 29 * l.unit) {
        compact_layout(&l, view->cursor_pfn || view->cursor_va, width, height);
        return l;
    }
    int gap = l.unit / 4, top = 2 * l.unit + 3 * gap;
    int side = 46 * l.glyph;
    if (side > width * 2 / 5) {
        side = width * 2 / 5;
    }
    int left = width - side - 3 * gap;
    int timeline = 6 * l.unit, bottom = height / 4;
    int middle = height - top - timeline - bottom - 5 * gap;
    int space = middle / 4 > 6 * l.unit ? middle / 4 : 6 * l.unit;
    l.top = (struct rect){gap, gap, width - 2 * gap, top - 2 * gap};
    l.frames = (struct rect){gap, top, left, middle - space - gap};
    l.space = (struct rect){gap, top + middle - space, left, space};
    l.inspector = (struct rect){left + 2 * gap, top, side, middle};
    l.timeline = (struct rect){gap, top + middle + gap, width - 2 * gap, timeline};
    int low = top + middle + timeline + 2 * gap;
    int processes = 50 * l.glyph;
    if (processes > (width - 3 * gap) / 3) {
        processes = (width - 3 * gap) / 3;
    }
    l.processes = (struct rect){gap, low, processes, height - low - gap};
    l.tab =
        (struct rect){processes + 2 * gap, low, width - processes - 3 * gap, height - low - gap};
    return l;
}

static u64 power_of_two_below(u64 value)
{
    u64 power = 1;
    while (power * 2 <= value) {
        power *= 2;
    }
    return power;
}

/*
 * Columns and cells so that every frame is seen: of all powers of two the one that gives the cell
 * with the largest shorter side.  Not enough room for 3 x 3 pixels: several frames share a cell.
 */
static void fit_grid(struct frame_grid *grid, u64 frames)
{
    u64 w = (u64)grid->cells.w, h = (u64)grid->cells.h, best = 0;
    while (best == 0) {
        u64 cells = (frames + grid->per_cell - 1) / grid->per_cell;
        for (u64 columns = 16; columns * 3 <= w; columns *= 2) {
            u64 rows = (cells + columns - 1) / columns, cell_w = w / columns, cell_h = h / rows;
            cell_h = cell_h > 2 * cell_w ? 2 * cell_w : cell_h;
            cell_w = cell_w > 3 * cell_h ? 3 * cell_h : cell_w;
            u64 shorter = cell_w < cell_h ? cell_w : cell_h;
            u64 worth = shorter * 4 + (cell_w + cell_h) / 2;
            if (shorter >= 3 && worth > best) {
                best = worth;
                grid->columns = columns;
                grid->cell_w = (int)cell_w;
                grid->cell_h = (int)cell_h;
            }
        }
        if (best == 0) {
            grid->per_cell *= 2;
        }
    }
    grid->rows = h / (u64)grid->cell_h;
}

struct frame_grid view_grid(const struct map_view *view, const struct map_model *model,
                            const struct map_layout *layout)
{
    struct rect area = layout->frames;
    int label = 11 * layout->glyph, title = layout->unit + layout->unit / 2;
    struct frame_grid grid = {
        .cells = {area.x + label, area.y + title, area.w - label - layout->glyph,
                  area.h - title - 2 * layout->unit - 3 * layout->unit / 4},
        .per_cell = 1};
    if (grid.cells.w < 48 || grid.cells.h < 3 || model->frame_count == 0) {
        return grid;
    }
    if (view->cell) {
        grid.columns = power_of_two_below((u64)grid.cells.w / (u64)view->cell);
        grid.cell_h = view->cell;
        grid.cell_w = grid.cells.w / (int)grid.columns; /* the power of two fills the width */
        grid.cell_w = grid.cell_w > 2 * view->cell ? 2 * view->cell : grid.cell_w;
        grid.rows = (u64)grid.cells.h / (u64)view->cell;
    } else {
        fit_grid(&grid, model->frame_count);
    }
    return grid;
}

u64 view_frame_at(const struct map_view *view, const struct map_model *model,
                  const struct map_layout *layout, int x, int y)
{
    struct frame_grid grid = view_grid(view, model, layout);
    if (grid.columns == 0 || !rect_contains(grid.cells, x, y)) {
        return 0;
    }
    u64 column = (u64)((x - grid.cells.x) / grid.cell_w);
    u64 row = (u64)((y - grid.cells.y) / grid.cell_h);
    u64 index = ((view->first_row + row) * grid.columns + column) * grid.per_cell;
    if (column >= grid.columns || row >= grid.rows || index >= model->frame_count) {
        return 0;
    }
    return model->first_pfn + index;
}

struct rect view_frame_rect(const struct map_view *view, const struct map_model *model,
                            const struct frame_grid *grid, u64 pfn)
{
    struct rect none = {0, 0, 0, 0};
    if (grid->columns == 0 || pfn < model->first_pfn ||
        pfn - model->first_pfn >= model->frame_count) {
        return none;
    }
    u64 cell = (pfn - model->first_pfn) / grid->per_cell, row = cell / grid->columns;
    if (row < view->first_row || row - view->first_row >= grid->rows) {
        return none;
    }
    return (struct rect){grid->cells.x + (int)(cell % grid->columns) * grid->cell_w,
                         grid->cells.y + (int)(row - view->first_row) * grid->cell_h, grid->cell_w,
                         grid->cell_h};
}

/* Short areas get a readable least width; the rest of the room goes by the logarithm of the size.
 */
static int area_weight(const struct map_area *area)
{
    u64 pages = (area->end - area->start) >> PAGE_SHIFT;
    return 6 + (pages ? 63 - __builtin_clzll(pages) : 0) * 2;
}

struct rect view_area_rect(const struct map_model *model, const struct map_layout *layout,
                           size_t area)
{
    int gap = layout->glyph, head = layout->unit + layout->unit / 2;
    struct rect panel = layout->space;
    int weight = 0, before = 0;
    for (size_t i = 0; i < model->area_count; i++) {
        before += i < area ? area_weight(&model->area[i]) : 0;
        weight += area_weight(&model->area[i]);
    }
    int count = (int)model->area_count, room = panel.w - 2 * layout->glyph - gap * (count - 1);
    if (weight == 0 || room < count) {
        return (struct rect){0, 0, 0, 0};
    }
    int left = room * before / weight;
    int right = room * (before + area_weight(&model->area[area])) / weight;
    return (struct rect){panel.x + layout->glyph + left + gap * (int)area, panel.y + head,
                         right - left, panel.h - head - 2 * layout->unit - layout->unit / 4};
}

struct slot_grid view_slots(const struct map_view *view, const struct map_model *model,
                            const struct map_layout *layout)
{
    struct rect tab = layout->tab;
    int head = 2 * layout->unit + 3 * layout->unit / 4;
    struct slot_grid grid = {.cells = {tab.x + layout->glyph, tab.y + head,
                                       tab.w - 2 * layout->glyph,
                                       tab.h - head - layout->unit / 4},
                             .side = 10 * view->scale};
    if (grid.cells.w < 16 || grid.cells.h < 2 || model->slot_count == 0) {
        return grid;
    }
    while (grid.side > 2 && (u64)(grid.cells.w / grid.side) * (u64)(grid.cells.h / grid.side) <
                                model->slot_count) {
        grid.side--;
    }
    grid.columns = (u64)(grid.cells.w / grid.side);
    grid.rows = (u64)(grid.cells.h / grid.side);
    return grid;
}

struct rect view_bars(const struct map_layout *layout)
{
    struct rect r = layout->timeline;
    int label = 9 * layout->glyph, head = layout->unit + layout->unit / 2;
    return (struct rect){r.x + label, r.y + head, r.w - label - layout->glyph,
                         r.h - head - layout->unit / 4};
}

/* The whole width is what has happened, rounded up to a few sizes so that bars do not creep. */
static u64 shown_buckets(const struct map_model *model)
{
    u64 count = model->bucket_count ? model->bucket_count : 1, size = 32;
    while (size < count) {
        size += size / 2;
    }
    return model->past && model->alone ? count : size < MAP_BUCKETS ? size : MAP_BUCKETS;
}

u64 view_timeline_icount(const struct map_model *model, const struct map_layout *layout, int x)
{
    struct rect bars = view_bars(layout);
    u64 at = x > bars.x ? (u64)(x - bars.x) : 0;
    at = bars.w > 0 && at >= (u64)bars.w ? (u64)bars.w - 1 : at;
    u64 most = model->end_icount > model->icount ? model->end_icount : model->icount;
    u64 icount = bars.w > 0 ? (at + 1) * shown_buckets(model) * model->bucket_span / (u64)bars.w : 0;
    return icount < most ? icount : most;
}

int view_timeline_x(const struct map_model *model, const struct map_layout *layout, u64 icount)
{
    struct rect bars = view_bars(layout);
    u64 span = shown_buckets(model) * (model->bucket_span ? model->bucket_span : 1);
    u64 at = icount < span ? icount : span;
    return bars.x + (int)((double)at * (double)bars.w / (double)span);
}
