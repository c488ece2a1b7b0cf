/* SPDX-License-Identifier: MIT */
/* panel_bars.c - the top bar and the timeline of faults by kind and swap traffic. */
#include "emu/map/paint.h"

#include <stdio.h>

void paint_top(const struct painter *p)
{
    const struct map_model *m = p->model;
    struct rect r = p->layout.top;
    int pad = p->layout.glyph;
    canvas_fill(p->canvas, r, p->theme->panel);
    canvas_frame(p->canvas, r, 1, p->theme->border);
    struct rect inside = {r.x + pad, r.y + p->layout.unit / 8, r.w - 2 * pad, r.h};
    char icount[32], rate[48] = "";
    if (m->host_rate && !m->stopped && !m->past) {
        snprintf(rate, sizeof rate, "  %llu MIPS", (unsigned long long)(m->host_rate / 1000000));
    }
    const char *state = m->past ? "VIEWING PAST" : m->stopped ? "PAUSED" : "RUNNING";
    color_t color = m->past || m->stopped ? 0xfff0e442 : 0xff009e73;
    int x = paint_line(p, inside, 0, color, "%s", state);
    struct rect rest = {x + 2 * pad, inside.y, inside.x + inside.w - x - 2 * pad, inside.h};
    char filter[96] = "";
    if (p->view->filter_pid || p->view->filter_group >= 0) {
        snprintf(filter, sizeof filter, "   filter:%s%.0u %s", p->view->filter_pid ? " pid " : "",
                 p->view->filter_pid,
                 p->view->filter_group >= 0 ? group_name((enum fault_group)p->view->filter_group)
                                            : "");
    }
    paint_line(p, rest, 0, p->theme->text, "instruction %s%s   free %llu%%   swap %llu/%llu%s%s",
               paint_number(icount, m->icount), rate,
               (unsigned long long)(m->frame_count ? m->free_frames * 100 / m->frame_count : 0),
               (unsigned long long)m->swap_used, (unsigned long long)m->swap_slots, filter,
               m->mismatches ? "   LABEL MISMATCH" : "");
    x = inside.x;
    int y = inside.y + p->layout.unit;
    x = canvas_text(p->canvas, p->font, x, y, r.w, p->theme->dim, "faults: ");
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        char number[32], text[64];
        snprintf(text, sizeof text, "%s %s", group_name(group),
                 paint_number(number, m->group_count[group]));
        x = paint_key(p, x, y, group_color(group), "ZCFSHA!"[group], text);
    }
    char out[32], in[32];
    struct rect tail = {x + pad, y, r.x + r.w - x - 2 * pad, p->layout.unit};
    paint_line(p, tail, 0, p->theme->dim, "pages to swap %s, from swap %s",
               paint_number(out, m->swap_out), paint_number(in, m->swap_in));
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
                         struct rect column, int axis, u64 most)
{
    int y = axis, up = axis - column.y, down = column.y + column.h - axis;
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        int h = (int)((u64)bucket->group[group] * (u64)up / most);
        h = bucket->group[group] && h == 0 ? 1 : h;
        canvas_fill(p->canvas, (struct rect){column.x, y - h, column.w, h}, group_color(group));
        y -= h;
    }
    int h = (int)((u64)bucket->swap_out * (u64)down / most);
    h = bucket->swap_out && h == 0 ? 1 : h > down ? down : h;
    canvas_fill(p->canvas, (struct rect){column.x, axis + 1, column.w, h}, 0xffe69f00);
}

void paint_timeline(const struct painter *p)
{
    const struct map_model *m = p->model;
    char title[160], span[32];
    snprintf(
        title, sizeof title,
        "TIMELINE: faults by kind (up), pages written to swap (down); a bar is %s instructions",
        paint_number(span, m->bucket_span));
    struct rect inside = paint_panel(p, p->layout.timeline, title);
    u64 most = 1;
    for (size_t i = 0; i < m->bucket_count; i++) {
        u64 faults = bucket_faults(&m->bucket[i]);
        most = faults > most ? faults : most;
        most = m->bucket[i].swap_out > most ? m->bucket[i].swap_out : most;
    }
    int label = 8 * p->layout.glyph, axis = inside.y + inside.h * 2 / 3;
    struct rect before = canvas_clip(p->canvas, inside);
    for (size_t i = 0; i < m->bucket_count; i++) {
        int from = label + (int)(i * (size_t)(inside.w - label) / MAP_BUCKETS);
        int to = label + (int)((i + 1) * (size_t)(inside.w - label) / MAP_BUCKETS);
        struct rect column = {inside.x + from, inside.y, to > from ? to - from : 1, inside.h};
        paint_bucket(p, &m->bucket[i], column, axis, most);
    }
    canvas_fill(p->canvas, (struct rect){inside.x, axis, inside.w, 1}, p->theme->dim);
    char number[32];
    paint_line(p, inside, 0, p->theme->dim, "%s", paint_number(number, most));
    canvas_text(p->canvas, p->font, inside.x, axis - p->layout.unit, label, p->theme->dim, "0");
    canvas_clip(p->canvas, before);
}
