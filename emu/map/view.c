/* SPDX-License-Identifier: MIT */
/* view.c - clicks, pointing and choices; see view.h. */
#include "emu/map/view.h"
#include "emu/isa/pte.h"

void view_init(struct map_view *view)
{
    *view = (struct map_view){
        .scale = 1, .letters = true, .filter_group = -1, .mouse_x = -1, .mouse_y = -1};
    view->filter.count = 1;
    palette_init(&view->colors);
}

bool view_same_model(const struct map_view *a, const struct map_view *b)
{
    const struct filter *f = &a->filter, *g = &b->filter;
    bool filter = f->kinds == g->kinds && f->has_pid == g->has_pid && f->pid == g->pid &&
                  f->has_va == g->has_va && f->va_from == g->va_from && f->va_to == g->va_to &&
                  f->has_area == g->has_area && f->area == g->area &&
                  f->has_result == g->has_result && f->result == g->result;
    bool pointed = a->hover_pfn == b->hover_pfn && a->hover_va == b->hover_va &&
                   a->hover_pid == b->hover_pid && a->hover_slot == b->hover_slot;
    return filter && pointed && a->past == b->past && a->moment == b->moment &&
           a->pid == b->pid && a->cursor_pfn == b->cursor_pfn && a->cursor_va == b->cursor_va &&
           a->cursor_pid == b->cursor_pid && a->filtered == b->filtered &&
           a->filter_group == b->filter_group && a->bookmark == b->bookmark &&
           a->bytes == b->bytes;
}

bool view_passes(const struct map_view *view, const struct trace_record *r)
{
    const struct filter *f = &view->filter;
    if (view->filter_group >= 0 && (r->type != RECORD_FAULT ||
                                    (int)fault_group(&r->fault) != view->filter_group)) {
        return false;
    }
    if (!view->filtered) {
        return true;
    }
    /* A filter by process alone lets the process's other events through. */
    if (r->type != RECORD_FAULT) {
        return f->has_pid && r->pid == f->pid && !f->kinds && !f->has_va && !f->has_area &&
               !f->has_result;
    }
    return filter_match(f, r);
}

size_t view_event(const struct map_view *view, const struct map_model *model)
{
    for (size_t i = 0; view->event && i < model->event_count; i++) {
        if (model->event[i].seq + 1 == view->event) {
            return i;
        }
    }
    return 0;
}

size_t view_walk_lit(const struct map_view *view, size_t steps)
{
    enum { STEP_MILLISECONDS = 350 };
    if (view->reduce_motion || view->now < view->walk_began) {
        return steps;
    }
    u64 lit = (view->now - view->walk_began) / STEP_MILLISECONDS + 1;
    return view->walk_began && lit < steps ? (size_t)lit : steps;
}

void view_scroll(struct map_view *view, const struct map_model *model, int rows)
{
    if (view->bytes) {
        int last = MAP_FRAME_BYTES / 16 - 16;
        view->bytes_row += rows;
        view->bytes_row = view->bytes_row < 0      ? 0
                          : view->bytes_row > last ? last
                                                   : view->bytes_row;
    } else if (rows < 0) {
        u64 up = (u64)-rows;
        view->first_row = view->first_row > up ? view->first_row - up : 0;
    } else if ((view->first_row + (u64)rows) * 16 < model->frame_count) {
        view->first_row += (u64)rows;
    }
}

/* ---- what is at a place ---- */

/* The page of the address space at (x, y), as an address; 0 = none. */
static u64 page_at(const struct map_model *model, const struct map_layout *layout, int x, int y,
                   u64 *pfn)
{
    for (size_t i = 0; i < model->area_count; i++) {
        const struct map_area *area = &model->area[i];
        struct rect r = view_area_rect(model, layout, i);
        if (!rect_contains(r, x, y) || area->page_count == 0) {
            continue;
        }
        u64 page = (u64)(x - r.x) * area->page_count / (u64)r.w;
        /* Several pages share a column of pixels: prefer one that is there. */
        u64 end = (u64)(x - r.x + 1) * area->page_count / (u64)r.w;
        for (u64 at = page; at < end && model->pages[area->first_page + page] == PAGE_ABSENT;
             at++) {
            page = model->pages[area->first_page + at] != PAGE_ABSENT ? at : page;
        }
        u32 frame = model->page_frame[area->first_page + page];
        *pfn = frame ? model->first_pfn + frame - 1 : 0;
        return area->start + (page << PAGE_SHIFT);
    }
    return 0;
}

static u32 process_at(const struct map_model *model, const struct map_layout *layout, int x, int y)
{
    struct rect r = layout->processes;
    int first = r.y + layout->unit + layout->unit / 2 + layout->unit;
    if (!rect_contains(r, x, y) || y < first) {
        return 0;
    }
    size_t at = (size_t)((y - first) / layout->unit);
    return at < model->process_count ? model->process[at].pid : 0;
}

/* Index of the event's line at (x, y), or the count when there is none. */
static size_t event_at(const struct map_view *view, const struct map_model *model,
                       const struct map_layout *layout, int x, int y)
{
    struct rect r = layout->tab;
    int first = r.y + layout->unit + layout->unit / 2;
    if (view->tab != TAB_EVENTS || !rect_contains(r, x, y) || y < first) {
        return model->event_count;
    }
    size_t at = (size_t)((y - first) / layout->unit);
    return at < model->event_count ? at : model->event_count;
}

static u64 slot_at(const struct map_view *view, const struct map_model *model,
                   const struct map_layout *layout, int x, int y)
{
    struct slot_grid grid = view_slots(view, model, layout);
    if (view->tab != TAB_SWAP || grid.columns == 0 || !rect_contains(grid.cells, x, y)) {
        return 0;
    }
    u64 column = (u64)((x - grid.cells.x) / grid.side), row = (u64)((y - grid.cells.y) / grid.side);
    u64 slot = row * grid.columns + column;
    return column < grid.columns && slot < model->slot_count ? slot + 1 : 0;
}

void view_point(struct map_view *view, const struct map_model *model, int x, int y, int width,
                int height)
{
    struct map_layout layout = view_layout(view, width, height);
    view->mouse_x = x;
    view->mouse_y = y;
    view->hover_va = view->hover_slot = 0;
    view->hover_pid = 0;
    view->hover_pfn = view_frame_at(view, model, &layout, x, y);
    if (!view->hover_pfn) {
        view->hover_va = page_at(model, &layout, x, y, &view->hover_pfn);
        view->hover_pid = process_at(model, &layout, x, y);
        view->hover_slot = slot_at(view, model, &layout, x, y);
    }
}

/* ---- clicks ---- */

static void click_event(struct map_view *view, const struct map_model *model, size_t at,
                        enum map_click click)
{
    view->event = model->event[at].seq + 1;
    if (click == CLICK_DOUBLE && model->event[at].seq + 1 >= model->past_first) {
        view->past = true; /* travel to the moment after it */
        view->moment = model->event[at].seq + 1;
        view->event = 0;
    }
    view_key(view, model, KEY_ENTER);
}

static void seek(struct map_view *view, const struct map_model *model,
                 const struct map_layout *layout, int x)
{
    if (model->past_count > model->past_first) {
        view->past = view->seeking = true;
        view->seek_icount = view_timeline_icount(model, layout, x);
        view->event = 0;
    }
}

static enum map_request click_page(struct map_view *view, const struct map_model *model,
                                   enum map_click click, u64 pfn, u64 va)
{
    view->cursor_pfn = pfn;
    view->cursor_va = va;
    view->cursor_pid = model->pid;
    view->walk_began = view->now;
    view->event = 0;
    if (click == CLICK_DOUBLE && pfn) {
        view->bytes = true;
        view->bytes_row = 0;
    }
    if (click != CLICK_RIGHT) {
        return REQUEST_NONE;
    }
    if (!va && model->hover.pfn == pfn) { /* a frame: its first owner's page */
        view->cursor_va = model->hover.va;
        view->cursor_pid = model->hover.pid;
    }
    return view_key(view, model, 'b');
}

enum map_request view_click(struct map_view *view, const struct map_model *model,
                            enum map_click click, int x, int y, int width, int height)
{
    struct map_layout layout = view_layout(view, width, height);
    view->message[0] = 0;
    if (view->help || view->bytes) {
        view->help = view->bytes = false;
        return REQUEST_NONE;
    }
    if (rect_contains(layout.timeline, x, y)) {
        seek(view, model, &layout, x);
        return REQUEST_NONE;
    }
    if (click == CLICK_DRAG) {
        return REQUEST_NONE;
    }
    u64 pfn = view_frame_at(view, model, &layout, x, y), va = 0;
    va = pfn ? 0 : page_at(model, &layout, x, y, &pfn);
    if (pfn || va) {
        return click_page(view, model, click, pfn, va);
    }
    u32 pid = process_at(model, &layout, x, y);
    size_t event = event_at(view, model, &layout, x, y);
    if (pid) {
        view->pid = pid;
        view->cursor_va = 0;
    } else if (event < model->event_count) {
        click_event(view, model, event, click);
    } else if (rect_contains(layout.tab, x, y) &&
               y < layout.tab.y + layout.unit + layout.unit / 2) {
        int tab = (x - layout.tab.x) / (12 * layout.glyph);
        view->tab = tab >= 0 && tab < TAB_COUNT ? (enum map_tab)tab : view->tab;
    } else if (rect_contains(layout.top, x, y) && x < layout.top.x + 14 * layout.glyph) {
        return view_key(view, model, view->past && !model->alone ? KEY_END : ' ');
    }
    return REQUEST_NONE;
}
