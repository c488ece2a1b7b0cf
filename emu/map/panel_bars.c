/* SPDX-License-Identifier: MIT */
/* panel_bars.c - the top bar and the timeline of faults by kind and swap traffic. */
#include "emu/map/paint.h"

#include <stdio.h>

/* Whether the guest runs, as a coloured chip; returns the x behind it. */
static int paint_state(const struct painter *p, int x, int y)
{
    const struct map_model *m = p->model;
    const char *text = m->past ? in_words(p, " VIEWING PAST ", " 正在看过去 ")
                       : m->stopped ? in_words(p, " PAUSED ", " 已暂停 ")
                                    : in_words(p, " RUNNING ", " 运行中 ");
    color_t color = m->past ? p->theme.class[CLASS_SWAPPING]
                    : m->stopped ? p->theme.class[CLASS_PAGE_TABLE]
                                 : p->theme.class[CLASS_FILE];
    int w = canvas_text_width(p->font, text);
    canvas_fill(p->canvas, (struct rect){x, y, w, p->layout.unit}, color);
    canvas_text(p->canvas, p->font, x, y, w, paint_ink(color), text);
    return x + w + 2 * p->layout.glyph;
}

static void paint_facts(const struct painter *p, int x, int y, int right)
{
    const struct map_model *m = p->model;
    char icount[32], text[256], rate[48] = "", trace[64] = "", number[32];
    if (m->host_rate && !m->stopped && !m->past) {
        snprintf(rate, sizeof rate, "  %llu MIPS", (unsigned long long)(m->host_rate / 1000000));
    }
    if (m->past) {
        snprintf(trace, sizeof trace, in_words(p, "  record %s", "  记录 %s"),
                 paint_number(number, m->past_at));
    }
    snprintf(text, sizeof text, "icount %s%s%s", paint_number(icount, m->icount), trace, rate);
    x = canvas_text(p->canvas, p->font, x, y, right - x, p->theme.strong, text);
    x += 3 * p->layout.glyph;
    u64 free = m->frame_count ? m->free_frames * 100 / m->frame_count : 0;
    bool knows_free = m->has_layout && m->frame_count;
    if (knows_free) {
        snprintf(text, sizeof text, in_words(p, "%s %llu%% free", "%s空闲 %llu%%"),
                 in_words(p, "memory", "内存"), (unsigned long long)free);
        x = canvas_text(p->canvas, p->font, x, y, right - x, p->theme.text, text);
        x += 3 * p->layout.glyph;
    }
    if (m->swap_slots) {
        snprintf(text, sizeof text, in_words(p, "swap %llu of %llu pages", "交换区 %llu/%llu 页"),
                 (unsigned long long)m->swap_used, (unsigned long long)m->swap_slots);
        x = canvas_text(p->canvas, p->font, x, y, right - x, p->theme.text, text);
        x += 3 * p->layout.glyph;
    }
    if (m->built < 100 && m->alone) {
        snprintf(text, sizeof text, in_words(p, "reading the trace: %u%%", "读取记录：%u%%"), m->built);
        x = canvas_text(p->canvas, p->font, x, y, right - x, p->theme.accent, text);
        x += 3 * p->layout.glyph;
    }
    if (m->mismatches) {
        snprintf(text, sizeof text, in_words(p, "! %llu label mismatches", "! %llu 次标签不符"),
                 (unsigned long long)m->mismatches);
        canvas_text(p->canvas, p->font, x, y, right - x, p->theme.warn, text);
    }
}

static void filter_words(const struct painter *p, char *out, size_t size)
{
    const struct map_view *v = p->view;
    out[0] = 0;
    if (v->filtered) {
        char text[160];
        filter_text(&v->filter, text, sizeof text);
        snprintf(out, size, "%s%s", in_words(p, "only ", "只看 "), text);
    }
    if (v->filter_group >= 0) {
        size_t at = 0;
        while (at < size && out[at]) {
            at++;
        }
        snprintf(out + at, size - at, " %s%s", at ? "" : in_words(p, "only ", "只看 "),
                 group_name((enum fault_group)v->filter_group, v->chinese));
    }
}

void paint_top(const struct painter *p)
{
    const struct map_model *m = p->model;
    struct rect r = p->layout.top;
    int pad = p->layout.glyph, y = r.y + p->layout.unit / 8, right = r.x + r.w - pad;
    char text[256], number[32], other[32];
    canvas_fill(p->canvas, r, p->theme.panel);
    canvas_frame(p->canvas, r, 1, p->theme.border);
    const char *help = in_words(p, "? help", "? 帮助");
    paint_right(p, right, y, p->theme.dim, help);
    paint_facts(p, paint_state(p, r.x + pad, y), y, right - 8 * pad);
    y += p->layout.unit;
    int x = canvas_text(p->canvas, p->font, r.x + pad, y, r.w, p->theme.text,
                        in_words(p, "Page faults: ", "缺页："));
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        if (m->group_count[group] == 0 && group != GROUP_ZERO && group != GROUP_COW) {
            continue;
        }
        const char *name = group == GROUP_ZERO && !m->has_layout
                               ? in_words(p, "new page", "新页")
                               : group_name((enum fault_group)group, p->view->chinese);
        snprintf(text, sizeof text, "%s %s", name, paint_number(number, m->group_count[group]));
        if (x + paint_key_width(p, text) < right) {
            x = paint_key(p, x, y, p->theme.group[group], group_letter((enum fault_group)group),
                          text);
        }
    }
    if (m->swap_slots) {
        snprintf(text, sizeof text,
                 in_words(p, "pages to swap %s, from swap %s", "换出 %s 页，换入 %s 页"),
                 paint_number(number, m->swap_out), paint_number(other, m->swap_in));
        x = canvas_text(p->canvas, p->font, x, y, right - x, p->theme.dim, text) + 2 * pad;
    }
    filter_words(p, text, sizeof text);
    if (text[0] && x < right) {
        canvas_text(p->canvas, p->font, x, y, right - x, p->theme.accent, text);
    }
}

static u64 bucket_faults(const struct map_bucket *bucket)
{
    u64 sum = 0;
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        sum += bucket->group[group];
    }
    return sum;
}

/* Faults stand up from the axis, one colour a group; pages written to swap hang down from it. */
static void paint_bucket(const struct painter *p, const struct map_bucket *bucket,
                         struct rect column, int axis, u64 most_up, u64 most_down)
{
    int y = axis, up = axis - column.y, down = column.y + column.h - axis - 1;
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        int h = (int)((u64)bucket->group[group] * (u64)up / most_up);
        h = bucket->group[group] && h == 0 ? 1 : h;
        canvas_fill(p->canvas, (struct rect){column.x, y - h, column.w, h},
                    p->theme.group[group]);
        y -= h;
    }
    int h = (int)((u64)bucket->swap_out * (u64)down / most_down);
    h = bucket->swap_out && h == 0 ? 1 : h > down ? down : h;
    canvas_fill(p->canvas, (struct rect){column.x, axis + 1, column.w, h},
                color_mix(p->theme.panel, p->theme.group[GROUP_SWAP], 170));
}

static void paint_moment(const struct painter *p, u64 icount, color_t color, const char *name)
{
    struct rect bars = view_bars(&p->layout);
    int x = view_timeline_x(p->model, &p->layout, icount);
    canvas_fill(p->canvas,
                (struct rect){x, bars.y - p->layout.unit / 4, p->layout.unit / 8,
                              bars.h + p->layout.unit / 4},
                color);
    int w = canvas_text_width(p->font, name);
    int left = x + w + p->layout.glyph > bars.x + bars.w ? x - w - p->layout.glyph / 2
                                                         : x + p->layout.glyph / 2;
    canvas_tint(p->canvas, (struct rect){left, bars.y, w, p->layout.unit}, p->theme.panel, 170);
    canvas_text(p->canvas, p->font, left, bars.y, w, color, name);
}

static void paint_bars(const struct painter *p, struct rect bars, int axis, u64 up, u64 down)
{
    const struct map_model *m = p->model;
    for (size_t i = 0; i < m->bucket_count; i++) {
        int from = view_timeline_x(m, &p->layout, i * m->bucket_span);
        int to = view_timeline_x(m, &p->layout, (i + 1) * m->bucket_span);
        int gap = to - from > 3 ? 1 : 0;
        struct rect column = {from, bars.y, to - from > gap ? to - from - gap : 1, bars.h};
        paint_bucket(p, &m->bucket[i], column, axis, up, down);
    }
}

void paint_timeline(const struct painter *p)
{
    const struct map_model *m = p->model;
    char title[240], span[24];
    snprintf(title, sizeof title,
             in_words(p,
                      "TIMELINE  up: faults by kind, down: pages written to swap; a bar is %s "
                      "instructions%s",
                      "时间线  向上：各类缺页，向下：写到交换区的页；一条为 %s 条指令%s"),
             paint_short(span, m->bucket_span),
             m->past_count > m->past_first ? in_words(p, "; click to see the past", "；点击可看过去")
                                           : "");
    struct rect inside = paint_panel(p, p->layout.timeline, title);
    struct rect bars = view_bars(&p->layout);
    u64 up = 1, down = 1;
    for (size_t i = 0; i < m->bucket_count; i++) {
        u64 faults = bucket_faults(&m->bucket[i]);
        up = faults > up ? faults : up;
        down = m->bucket[i].swap_out > down ? m->bucket[i].swap_out : down;
    }
    int axis = down > 1 ? bars.y + bars.h * 2 / 3 : bars.y + bars.h - 2;
    struct rect before = canvas_clip(p->canvas, p->layout.timeline);
    paint_bars(p, bars, axis, up, down);
    canvas_fill(p->canvas, (struct rect){bars.x, axis, bars.w, 1}, p->theme.dim);
    char number[24];
    int right = bars.x - p->layout.glyph;
    paint_right(p, right, inside.y, p->theme.dim, paint_short(number, up));
    paint_right(p, right, axis - p->layout.unit / 2, p->theme.dim, "0");
    if (down > 1 && inside.y + inside.h - axis > p->layout.unit) {
        paint_right(p, right, inside.y + inside.h - p->layout.unit, p->theme.dim,
                    paint_short(number, down));
    }
    if (m->bookmark) {
        paint_moment(p, m->bookmark, p->theme.accent, in_words(p, "bookmark", "书签"));
    }
    if (m->past) {
        paint_moment(p, m->icount, p->theme.strong, in_words(p, "here", "此刻"));
    }
    canvas_clip(p->canvas, before);
}
