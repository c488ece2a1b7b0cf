/* SPDX-License-Identifier: MIT */
/* overlay.c - what lies over the panels: what floats at the mouse, bytes, help, the typed line. */
#include "emu/map/paint.h"

#include <stdio.h>
#include <string.h>

/* A box of lines beside the mouse, inside the picture. */
static void float_at_mouse(const struct painter *p, const struct focus_text *text)
{
    int w = 0, pad = p->layout.glyph, h = (int)text->count * p->layout.unit + pad;
    for (size_t i = 0; i < text->count; i++) {
        int line = canvas_text_width(p->font, text->line[i].text);
        w = line > w ? line : w;
    }
    w += 2 * pad;
    int x = p->view->mouse_x + 2 * pad, y = p->view->mouse_y + p->layout.unit;
    x = x + w > p->canvas->width ? p->view->mouse_x - w - pad : x;
    y = y + h > p->canvas->height ? p->view->mouse_y - h - pad : y;
    struct rect r = {x < 0 ? 0 : x, y < 0 ? 0 : y, w, h};
    canvas_tint(p->canvas, (struct rect){r.x + 4, r.y + 4, r.w, r.h}, 0xff000000, 150);
    canvas_fill(p->canvas, r, p->theme.panel);
    canvas_frame(p->canvas, r, 1, p->theme.accent);
    struct rect inside = {r.x + pad, r.y + pad / 2, r.w - 2 * pad, r.h - pad};
    for (size_t i = 0; i < text->count; i++) {
        paint_line(p, inside, (int)i, text->line[i].color, "%s", text->line[i].text);
    }
}

static const struct map_process *process_of(const struct map_model *m, u32 pid)
{
    for (size_t i = 0; i < m->process_count; i++) {
        if (m->process[i].pid == pid) {
            return &m->process[i];
        }
    }
    return NULL;
}

static void describe_page(const struct painter *p, struct focus_text *text)
{
    const struct map_model *m = p->model;
    u64 va = p->view->hover_va;
    for (size_t i = 0; i < m->area_count; i++) {
        const struct map_area *a = &m->area[i];
        u64 page = (va - a->start) >> 12;
        if (va < a->start || va >= a->end || page >= a->page_count) {
            continue;
        }
        paint_add(text, p->theme.strong, in_words(p, "Page %u:%llx  %s", "页 %u:%llx  %s"), m->pid,
                  (unsigned long long)va,
                  page_state_name((enum page_state)m->pages[a->first_page + page],
                                  p->view->chinese));
    }
}

void paint_hover(const struct painter *p)
{
    const struct map_model *m = p->model;
    const struct map_view *v = p->view;
    struct focus_text text = {.count = 0};
    const struct map_process *process = v->hover_pid ? process_of(m, v->hover_pid) : NULL;
    if (v->mouse_x < 0) {
        return;
    }
    if (v->hover_slot) {
        paint_add(&text, p->theme.strong, in_words(p, "Swap slot %llu", "交换槽 %llu"),
                  (unsigned long long)(v->hover_slot - 1));
        if (m->hover_slot == v->hover_slot) {
            paint_describe(p, &m->hover, 6, &text);
        }
        if (text.count == 1) {
            paint_add(&text, p->theme.dim, "%s", in_words(p, "free", "空闲"));
        }
    } else if (process) {
        paint_add(&text, p->theme.strong, "%u %s", process->pid, process->name);
        paint_add(&text, p->theme.text, in_words(p, "its %llu frames are outlined above", "它的 %llu 个页框已在上方圈出"),
                  (unsigned long long)process->rss);
    } else if (v->hover_va || v->hover_pfn) {
        if (v->hover_va) {
            describe_page(p, &text);
        }
        if (m->hover.on && m->hover.pfn == v->hover_pfn) {
            paint_describe(p, &m->hover, 6, &text);
        }
    }
    if (text.count) {
        float_at_mouse(p, &text);
    }
}

static struct rect middle_box(const struct painter *p, int columns, int lines, const char *title)
{
    int w = columns * p->layout.glyph, h = lines * p->layout.unit + 2 * p->layout.unit;
    w = w > p->canvas->width ? p->canvas->width : w;
    h = h > p->canvas->height ? p->canvas->height : h;
    struct rect r = {(p->canvas->width - w) / 2, (p->canvas->height - h) / 2, w, h};
    canvas_tint(p->canvas, (struct rect){0, 0, p->canvas->width, p->canvas->height}, 0xff000000,
                140);
    return paint_panel(p, r, title);
}

void paint_bytes(const struct painter *p)
{
    enum { ROWS = 16, PER_ROW = 16 };
    const struct map_model *m = p->model;
    char title[96];
    snprintf(title, sizeof title, in_words(p, "BYTES of frame %llx (wheel scrolls, Esc closes)", "页框 %llx 的内容（滚轮滚动，Esc 关闭）"),
             (unsigned long long)m->inspect.pfn);
    struct rect inside = middle_box(p, 80, ROWS, title);
    if (!m->has_bytes) {
        paint_wrapped(p, inside, 0, p->theme.dim,
                      m->past ? in_words(p, "A record of events does not hold what was in memory.", "事件记录里没有内存的内容。")
                              : in_words(p, "Click a frame first.", "请先点选一个页框。"));
        return;
    }
    for (int row = 0; row < ROWS; row++) {
        int at = (p->view->bytes_row + row) * PER_ROW;
        char line[128];
        int n = snprintf(line, sizeof line, "%010llx  ",
                         (unsigned long long)((m->inspect.pfn << 12) + (u64)at));
        for (int i = 0; i < PER_ROW; i++) {
            n += snprintf(line + n, sizeof line - (size_t)n, "%02x%s", m->bytes[at + i],
                          i % 8 == 7 ? "  " : " ");
        }
        for (int i = 0; i < PER_ROW; i++) {
            u8 byte = m->bytes[at + i];
            line[n++] = byte >= ' ' && byte < 127 ? (char)byte : '.';
        }
        line[n] = 0;
        paint_line(p, inside, row, p->theme.text, "%s", line);
    }
}

void paint_help(const struct painter *p)
{
    struct key_help help;
    int rows = 0, name_width = 8;
    while (view_key_help((size_t)rows, p->view->chinese, &help)) {
        rows++;
    }
    /* Two columns; a heading never stands alone at the foot of the first. */
    int half = (rows + 1) / 2;
    while (view_key_help((size_t)half, p->view->chinese, &help) && help.name) {
        half++;
    }
    int columns = p->canvas->width / p->layout.glyph - 2;
    columns = columns > 116 ? 116 : columns;
    struct rect inside = middle_box(p, columns, half + 1, in_words(p, "KEYS", "按键"));
    int width = inside.w / 2;
    for (int i = 0; i < rows; i++) {
        view_key_help((size_t)i, p->view->chinese, &help);
        struct rect column = {inside.x + (i >= half) * (width + p->layout.glyph), inside.y,
                              width - p->layout.glyph, inside.h};
        int row = i >= half ? i - half : i;
        if (!help.name) {
            paint_line(p, column, row, p->theme.accent, "%s", help.text);
            continue;
        }
        paint_line(p, column, row, p->theme.strong, " %s", help.name);
        column.x += name_width * p->layout.glyph;
        column.w -= name_width * p->layout.glyph;
        paint_line(p, column, row, p->theme.text, "%s", help.text);
    }
}

void paint_entry(const struct painter *p)
{
    const struct map_view *v = p->view;
    char text[2 * MAP_ENTRY_BYTES + 64];
    if (v->entry != ENTRY_NONE) {
        snprintf(text, sizeof text, "%s%s_",
                 v->entry == ENTRY_GOTO ? in_words(p, "go to (2:ADDRESS, pfn:N, pa:N): ", "转到（2:地址、pfn:N、pa:N）：")
                                        : in_words(p, "filter (kind=cow pid=3 va=A..B): ", "过滤（kind=cow pid=3 va=A..B）："),
                 v->typed);
    } else if (v->message[0]) {
        snprintf(text, sizeof text, "%s", v->message);
    } else {
        return;
    }
    int w = canvas_text_width(p->font, text) + 2 * p->layout.glyph;
    int h = p->layout.unit + p->layout.unit / 2;
    struct rect r = {(p->canvas->width - w) / 2, p->layout.timeline.y - h / 2, w, h};
    r.x = r.x < 0 ? 0 : r.x;
    canvas_fill(p->canvas, r, p->theme.border);
    canvas_frame(p->canvas, r, 1, p->theme.accent);
    canvas_text(p->canvas, p->font, r.x + p->layout.glyph, r.y + p->layout.unit / 4,
                p->canvas->width - 2 * p->layout.glyph, p->theme.strong, text);
}

/* A tour's words, where the processes are otherwise. */
void paint_caption(const struct painter *p)
{
    const struct map_view *v = p->view;
    char title[96];
    struct rect r = p->layout.processes.w ? p->layout.processes : p->layout.timeline;
    snprintf(title, sizeof title, in_words(p, "STEP %zu of %zu", "第 %zu 步，共 %zu 步"), v->step,
             v->steps);
    struct rect inside = paint_panel(p, r, title);
    canvas_frame(p->canvas, r, p->layout.unit / 8, p->theme.accent);
    paint_right(p, r.x + r.w - p->layout.glyph, r.y + p->layout.unit / 4, p->theme.dim,
                in_words(p, "Space: next  Backspace: back", "空格：下一步  退格：上一步"));
    paint_wrapped(p, inside, 0, p->theme.strong, v->caption);
}
