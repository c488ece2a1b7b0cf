/* SPDX-License-Identifier: MIT */
/*
 * panel_space.c - the address space of one process: every area a strip, gaps between them
 * collapsed, every page of the area a stripe by its state.
 */
#include "emu/map/paint.h"

#include <stdio.h>

const char *paint_process_name(const struct map_model *model, u32 pid)
{
    for (size_t i = 0; i < model->process_count; i++) {
        if (model->process[i].pid == pid) {
            return model->process[i].name;
        }
    }
    return "";
}

static const char *area_words(const struct painter *p, const struct map_area *area)
{
    bool chinese = p->view->chinese;
    if (!p->model->has_layout) {
        return chinese ? "页面" : "pages";
    }
    switch (area->kind) {
    case AREA_ANON:
        return chinese ? "匿名" : "anon";
    case AREA_HEAP:
        return chinese ? "堆" : "heap";
    case AREA_STACK:
        return chinese ? "栈" : "stack";
    case AREA_FILE_PRIVATE:
        return area->prot & 4 ? chinese ? "代码" : "code" : chinese ? "数据" : "data";
    case AREA_FILE_SHARED:
        return chinese ? "共享文件" : "shared file";
    case AREA_SHM:
        return chinese ? "共享内存" : "shm";
    case AREA_SPECIAL:
        return chinese ? "特殊" : "special";
    default:
        return "?";
    }
}

static void paint_pages(const struct painter *p, struct rect r, const struct map_area *area)
{
    if (area->page_count == 0 || r.w < 1) {
        canvas_fill(p->canvas, r, p->theme.state[PAGE_ABSENT]);
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
        canvas_fill(p->canvas, (struct rect){r.x + x, r.y, 1, r.h}, p->theme.state[state]);
        /* Few pages: a line between two of them. */
        u64 next = ((u64)x + 1) * area->page_count / (u64)r.w;
        if ((u64)r.w > 6 * (u64)area->page_count && next != from && x + 1 < r.w) {
            canvas_fill(p->canvas, (struct rect){r.x + x, r.y, 1, r.h}, p->theme.panel);
        }
    }
}

static void mark_page(const struct painter *p, struct rect strip, const struct map_area *area,
                      u64 va, color_t color)
{
    if (va < area->start || va >= area->end) {
        return;
    }
    u64 page = (va - area->start) >> 12, pages = (area->end - area->start) >> 12;
    int from = (int)(page * (u64)strip.w / pages), to = (int)((page + 1) * (u64)strip.w / pages);
    int least = p->layout.unit / 8;
    canvas_frame(p->canvas,
                 (struct rect){strip.x + from - 1, strip.y - 3,
                               to - from + 1 > least ? to - from + 1 : least, strip.h + 6},
                 p->layout.unit / 8, color);
}

static void paint_area(const struct painter *p, struct rect strip, const struct map_area *area)
{
    char name[96], room[64] = "";
    paint_pages(p, strip, area);
    canvas_frame(p->canvas, (struct rect){strip.x - 1, strip.y - 1, strip.w + 2, strip.h + 2}, 1,
                 p->theme.border);
    if (p->view->cursor_va && p->view->cursor_pid == p->model->pid) {
        mark_page(p, strip, area, p->view->cursor_va, p->theme.select);
    }
    if (p->view->hover_va) {
        mark_page(p, strip, area, p->view->hover_va, p->theme.accent);
    }
    int y = strip.y + strip.h + p->layout.unit / 16, max = strip.w + p->layout.glyph / 2;
    snprintf(name, sizeof name, "%s %c%c%c", area_words(p, area), area->prot & 1 ? 'r' : '-',
             area->prot & 2 ? 'w' : '-', area->prot & 4 ? 'x' : '-');
    canvas_text(p->canvas, p->font, strip.x, y, max, p->theme.text, name);
    if (strip.w > 22 * p->layout.glyph) {
        char pages[24], there[24];
        snprintf(room, sizeof room, in_words(p, "  %s of %s pages", "  %s/%s 页"),
                 paint_short(there, area->present),
                 paint_short(pages, (area->end - area->start) >> 12));
    }
    snprintf(name, sizeof name, "%llx%s", (unsigned long long)area->start, room);
    canvas_text(p->canvas, p->font, strip.x, y + p->layout.unit, max, p->theme.dim, name);
}

/* The key, right-aligned at `right`; what does not fit behind `left` is left out. */
static void paint_states(const struct painter *p, int left, int right, int y)
{
    static const enum page_state order[] = {PAGE_ABSENT, PAGE_ZERO, PAGE_FILE,   PAGE_PRESENT,
                                            PAGE_DIRTY,  PAGE_COW,  PAGE_SWAPPED};
    int x = right, count = sizeof order / sizeof *order;
    for (int i = 0; i < count; i++) {
        x -= paint_key_width(p, page_state_name(order[i], p->view->chinese));
    }
    if (x < left) {
        return;
    }
    for (int i = 0; i < count; i++) {
        x = paint_key(p, x, y, p->theme.state[order[i]], page_state_letter(order[i]),
                      page_state_name(order[i], p->view->chinese));
    }
}

void paint_space(const struct painter *p)
{
    char title[128];
    const struct map_model *m = p->model;
    if (m->pid) {
        snprintf(title, sizeof title, in_words(p, "ADDRESS SPACE of %u %s", "地址空间：%u %s"), m->pid,
                 paint_process_name(m, m->pid));
    } else {
        snprintf(title, sizeof title, "%s", in_words(p, "ADDRESS SPACE", "地址空间"));
    }
    struct rect inside = paint_panel(p, p->layout.space, title);
    if (m->area_count == 0) {
        paint_line(p, inside, 0, p->theme.dim, "%s",
                   in_words(p, "No process has memory of its own yet.", "还没有进程拥有内存。"));
        return;
    }
    paint_states(p,
                 inside.x + canvas_text_width(p->font, title) + 2 * p->layout.glyph,
                 inside.x + inside.w, p->layout.space.y + p->layout.unit / 4);
    struct rect before = canvas_clip(p->canvas, p->layout.space);
    for (size_t i = 0; i < m->area_count; i++) {
        struct rect strip = view_area_rect(m, &p->layout, i);
        if (strip.w > 0) {
            paint_area(p, strip, &m->area[i]);
        }
    }
    canvas_clip(p->canvas, before);
}
