/* SPDX-License-Identifier: MIT */
/* panel_lists.c - the process tree, the events, the swap slots, and the help. */
#include "emu/map/paint.h"

#include <stdio.h>

#include "emu/base/buffer.h"
#include "emu/observe/explain.h"

static const char *state_name(u32 state)
{
    static const char *const name[] = {"-", "ready", "run", "sleep", "zombie", "stopped"};
    return state < sizeof name / sizeof *name ? name[state] : "?";
}

void paint_processes(const struct painter *p)
{
    struct rect inside = paint_panel(p, p->layout.processes, "PROCESSES");
    paint_line(p, inside, 0, p->theme->dim, "%-20s %-7s %6s %6s %7s", "pid name", "state", "pages",
               "swap", "faults");
    for (size_t i = 0; i < p->model->process_count; i++) {
        const struct map_process *process = &p->model->process[i];
        char name[64];
        snprintf(name, sizeof name, "%*s%u %s", (int)(process->depth * 2), "", process->pid,
                 process->name);
        bool chosen = process->pid == p->model->pid;
        paint_line(p, inside, (int)i + 1, chosen ? p->theme->strong : p->theme->text,
                   "%-20.20s %-7s %6llu %6llu %7llu%s", name, state_name(process->state),
                   (unsigned long long)process->rss, (unsigned long long)process->swap,
                   (unsigned long long)process->faults, chosen ? " <" : "");
    }
}

static void event_text(char *out, size_t size, const struct trace_record *r)
{
    char number[32];
    paint_number(number, r->icount);
    if (r->type == RECORD_FAULT) {
        const struct trace_fault *f = &r->fault;
        snprintf(out, size, "%13s p%-3u %-10s %c %s+%llx  %llu instructions%s", number, r->pid,
                 fault_kind_name(f->kind), fault_access_letter(f->access), area_kind_name(f->area),
                 (unsigned long long)(f->va - f->area_start), (unsigned long long)f->cost,
                 f->result == RESULT_OK ? "" : " !");
    } else {
        snprintf(out, size, "%13s p%-3u %-10s %llx %llx %llx", number, r->pid,
                 record_type_name(r->type), (unsigned long long)r->arg[0],
                 (unsigned long long)r->arg[1], (unsigned long long)r->arg[2]);
    }
}

static void paint_events(const struct painter *p, struct rect inside)
{
    for (size_t i = 0; i < p->model->event_count; i++) {
        const struct trace_record *r = &p->model->event[i];
        char text[256];
        event_text(text, sizeof text, r);
        color_t color =
            r->type == RECORD_FAULT ? group_color(fault_group_of(r->fault.kind)) : p->theme->dim;
        if (i == p->view->event) {
            canvas_fill(p->canvas,
                        (struct rect){inside.x, inside.y + (int)i * p->layout.unit, inside.w,
                                      p->layout.unit},
                        p->theme->border);
        }
        paint_line(p, inside, (int)i, color, "%s", text);
    }
}

static void paint_swap(const struct painter *p, struct rect inside)
{
    const struct map_model *m = p->model;
    if (m->swap_slots == 0) {
        paint_line(p, inside, 0, p->theme->dim, "no swap (start with --swap 64M)");
        return;
    }
    paint_line(p, inside, 0, p->theme->text, "%llu of %llu slots in use",
               (unsigned long long)m->swap_used, (unsigned long long)m->swap_slots);
    struct rect grid = {inside.x, inside.y + p->layout.unit + 4, inside.w,
                        inside.h - p->layout.unit - 4};
    int side = 10 * p->view->scale;
    while (side > 2 && (u64)(grid.w / side) * (u64)(grid.h / side) < m->slot_count) {
        side--;
    }
    int columns = grid.w / side;
    for (u64 slot = 0; slot < m->slot_count; slot++) {
        int x = grid.x + (int)(slot % (u64)columns) * side, row = (int)(slot / (u64)columns);
        if ((row + 1) * side > grid.h) {
            break;
        }
        color_t color = m->slots[slot] == 0   ? page_state_color(PAGE_ABSENT)
                        : m->slots[slot] == 1 ? page_state_color(PAGE_SWAPPED)
                                              : class_color(CLASS_ANON_SHARED);
        canvas_fill(p->canvas,
                    (struct rect){x, grid.y + row * side, side > 3 ? side - 1 : side,
                                  side > 3 ? side - 1 : side},
                    color);
    }
}

static void paint_explain(const struct painter *p, struct rect inside)
{
    if (p->view->event >= p->model->event_count) {
        paint_line(p, inside, 0, p->theme->dim, "no event yet");
        return;
    }
    const struct trace_record *r = &p->model->event[p->view->event];
    char text[256];
    struct buffer words = {0};
    event_text(text, sizeof text, r);
    paint_line(p, inside, 0, p->theme->strong, "%s", text);
    explain_record(r, NULL, p->view->chinese ? EXPLAIN_CHINESE : EXPLAIN_ENGLISH, &words);
    if (buffer_byte(&words, 0)) {
        paint_wrapped(p, inside, 2, p->theme->text, (const char *)words.data);
    }
    buffer_free(&words);
}

void paint_tab(const struct painter *p)
{
    static const char *const name[TAB_COUNT] = {"EVENTS", "SWAP", "EXPLAIN"};
    struct rect inside = paint_panel(p, p->layout.tab, "");
    for (int tab = 0; tab < TAB_COUNT; tab++) {
        int x = p->layout.tab.x + p->layout.glyph + tab * 12 * p->layout.glyph;
        canvas_text(p->canvas, p->font, x, p->layout.tab.y + p->layout.unit / 4,
                    11 * p->layout.glyph,
                    tab == (int)p->view->tab ? p->theme->accent : p->theme->dim, name[tab]);
        if (tab == (int)p->view->tab) {
            canvas_fill(p->canvas,
                        (struct rect){x, p->layout.tab.y + p->layout.unit + p->layout.unit / 4,
                                      (int)(7 * p->layout.glyph), 2},
                        p->theme->accent);
        }
    }
    switch (p->view->tab) {
    case TAB_SWAP:
        paint_swap(p, inside);
        break;
    case TAB_EXPLAIN:
        paint_explain(p, inside);
        break;
    default:
        paint_events(p, inside);
        break;
    }
}

void paint_help(const struct painter *p)
{
    static const char *const line[] = {
        "Space  pause, go on          f  run to the next fault",
        "s      one instruction       F  ... of the same kind",
        "p      next process          n  ... that reads swap",
        "P      only this process     k  only one group of faults",
        "arrows frame cursor          [ ]  older, newer event",
        "Enter  inspect the event     Home End  newest, oldest",
        "+ - 0  zoom                  h  heat    c  its palette",
        "l      letters               d  changed since bookmark",
        "m      bookmark              r  reset the counters",
        "Tab    events, swap, explain T  text size",
        "C      high contrast",
        "F11    full screen           F12  save a picture",
        "?      this help             q  close (the guest runs on)",
    };
    int lines = (int)(sizeof line / sizeof *line);
    int w = 60 * p->layout.glyph, h = (lines + 3) * p->layout.unit;
    struct rect r = {(p->canvas->width - w) / 2, (p->canvas->height - h) / 2, w, h};
    canvas_tint(p->canvas, (struct rect){0, 0, p->canvas->width, p->canvas->height}, 0xff000000,
                120);
    struct rect inside = paint_panel(p, r, "KEYS");
    for (int i = 0; i < lines; i++) {
        paint_line(p, inside, i, p->theme->text, "%s", line[i]);
    }
}
