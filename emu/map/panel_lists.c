/* SPDX-License-Identifier: MIT */
/* panel_lists.c - the process tree, the events, the swap slots, the explanation. */
#include "emu/map/paint.h"
#include "emu/observe/explain.h"

#include <stdio.h>
#include <string.h>

/* One column of the process list: right-aligned numbers. */
static void cell(const struct painter *p, struct rect r, int row, int column, color_t color,
                 const char *text)
{
    paint_right(p, r.x + column * p->layout.glyph, r.y + row * p->layout.unit, color, text);
}

void paint_processes(const struct painter *p)
{
    enum { STATE = 20, PAGES = 34, SWAP = 41, FAULTS = 48 };
    struct rect inside = paint_panel(p, p->layout.processes, in_words(p, "PROCESSES", "进程"));
    paint_line(p, inside, 0, p->theme.dim, "%s", in_words(p, "pid name", "pid 名称"));
    canvas_text(p->canvas, p->font, inside.x + STATE * p->layout.glyph, inside.y,
                8 * p->layout.glyph, p->theme.dim, in_words(p, "state", "状态"));
    cell(p, inside, 0, PAGES, p->theme.dim, in_words(p, "pages", "页"));
    cell(p, inside, 0, SWAP, p->theme.dim, in_words(p, "swap", "换出"));
    cell(p, inside, 0, FAULTS, p->theme.dim, in_words(p, "faults", "缺页"));
    for (size_t i = 0; i < p->model->process_count; i++) {
        const struct map_process *process = &p->model->process[i];
        int row = (int)i + 1, y = inside.y + row * p->layout.unit;
        if (y + p->layout.unit > inside.y + inside.h) {
            break;
        }
        bool chosen = process->pid == p->model->pid;
        if (chosen || process->pid == p->view->hover_pid) {
            paint_chosen(p, (struct rect){inside.x, y, inside.w, p->layout.unit});
        }
        color_t color = chosen ? p->theme.strong : p->theme.text;
        char text[64];
        snprintf(text, sizeof text, "%*s%u %s", (int)(process->depth * 2), "", process->pid,
                 process->name);
        canvas_text(p->canvas, p->font, inside.x, y, (STATE - 1) * p->layout.glyph, color, text);
        canvas_text(p->canvas, p->font, inside.x + STATE * p->layout.glyph, y,
                    8 * p->layout.glyph, p->theme.dim,
                    process_state_name(process->state, p->view->chinese));
        const u64 number[] = {process->rss, process->swap, process->faults};
        const int column[] = {PAGES, SWAP, FAULTS};
        for (int k = 0; k < 3; k++) {
            char short_number[24];
            if (number[k] < 100000) {
                snprintf(text, sizeof text, "%llu", (unsigned long long)number[k]);
            } else {
                snprintf(text, sizeof text, "%s", paint_short(short_number, number[k]));
            }
            cell(p, inside, row, column[k], color, text);
        }
    }
}

static void fault_text(const struct painter *p, char *out, size_t size,
                       const struct trace_record *r, bool brief)
{
    const struct trace_fault *f = &r->fault;
    char cost[24];
    const char *kind = f->kind ? fault_kind_name(f->kind) : coarse_label_name(f->coarse);
    size_t n = 0;
    n += (size_t)snprintf(out, size, "%-10s %c ", kind, fault_access_letter(f->access));
    if (brief) {
        n += (size_t)snprintf(out + n, size - n, "%u:%llx", r->pid, (unsigned long long)f->va);
        return;
    }
    if (f->area) {
        n += (size_t)snprintf(out + n, size - n, "%s+%llx", area_kind_name(f->area),
                              (unsigned long long)(f->va - f->area_start));
    } else {
        n += (size_t)snprintf(out + n, size - n, "%llx", (unsigned long long)f->va);
    }
    if (f->pfn_old && f->pfn_new && f->pfn_old != f->pfn_new) {
        n += (size_t)snprintf(out + n, size - n, "  %s %llx → %llx", in_words(p, "frame", "页框"),
                              (unsigned long long)f->pfn_old, (unsigned long long)f->pfn_new);
    } else if (f->pfn_new) {
        n += (size_t)snprintf(out + n, size - n, "  %s %llx", in_words(p, "frame", "页框"),
                              (unsigned long long)f->pfn_new);
    }
    if (f->result != RESULT_OK) {
        n += (size_t)snprintf(out + n, size - n, "  %s", fault_result_name(f->result));
    } else if (f->cost) {
        snprintf(out + n, size - n, "  %s %s", paint_short(cost, f->cost),
                 in_words(p, "instr.", "条指令"));
    }
}

/* What happened to a frame, for the frame's own list: the other end only. */
static void brief_text(const struct painter *p, char *out, size_t size,
                       const struct trace_record *r)
{
    const u64 *a = r->arg;
    const char *slot = in_words(p, "slot", "槽");
    unsigned long long number = a[0];
    if (r->type == RECORD_PROBE + PROBE_EV_EVICT) {
        number = a[1];
        slot = (a[2] & 0xff) == 2 ? in_words(p, "file page", "文件页") : slot;
    }
    snprintf(out, size, "%-10s %s %llu", record_type_name(r->type), slot, number);
}

static void other_text(const struct painter *p, char *out, size_t size,
                       const struct trace_record *r)
{
    const u64 *a = r->arg;
    unsigned long long a0 = a[0], a1 = a[1];
    char name[17] = "";
    switch (r->type - RECORD_PROBE) {
    case PROBE_EV_FORK:
        snprintf(out, size, in_words(p, "fork       child %llu, %llu entries shared", "fork       子进程 %llu，共享 %llu 项"),
                 a1 >> 32, (unsigned long long)a[2]);
        break;
    case PROBE_EV_EXEC:
    case PROBE_EV_MARK:
        memcpy(name, r->type == RECORD_PROBE + PROBE_EV_MARK ? &a[0] : &a[1], 16);
        snprintf(out, size, "%-10s %s", record_type_name(r->type), name);
        break;
    case PROBE_EV_EXIT:
        snprintf(out, size, in_words(p, "exit       status %llu", "exit       状态 %llu"), a1);
        break;
    case PROBE_EV_EVICT:
        if ((a[2] & 0xff) == 2) {
            snprintf(out, size, in_words(p, "evict      frame %llx, page %llu of a file%s", "evict      页框 %llx，文件第 %llu 页%s"), a0, a1,
                     a[2] >> 8 & 1 ? in_words(p, ", dirty", "，脏") : "");
        } else {
            snprintf(out, size, in_words(p, "evict      frame %llx → swap slot %llu%s", "evict      页框 %llx → 交换槽 %llu%s"), a0, a1,
                     a[2] >> 8 & 1 ? in_words(p, ", dirty", "，脏") : "");
        }
        break;
    case PROBE_EV_SWAP_OUT:
        snprintf(out, size, in_words(p, "swap-out   frame %llx → slot %llu", "swap-out   页框 %llx → 槽 %llu"), a1, a0);
        break;
    case PROBE_EV_SWAP_IN:
        snprintf(out, size, in_words(p, "swap-in    slot %llu → frame %llx", "swap-in    槽 %llu → 页框 %llx"), a0, a1);
        break;
    case PROBE_EV_WRITEBACK:
        snprintf(out, size, in_words(p, "writeback  frame %llx, page %llu of inode %llu", "writeback  页框 %llx，第 %llu 页，inode %llu"),
                 (unsigned long long)a[2], a1, a0);
        break;
    default:
        snprintf(out, size, "%-10s %llx %llx", record_type_name(r->type), a0, a1);
        break;
    }
}

color_t paint_event_text(const struct painter *p, const struct trace_record *r, bool brief,
                         char *out)
{
    char number[32], text[EVENT_TEXT];
    if (r->type == RECORD_FAULT) {
        fault_text(p, text, sizeof text, r, brief);
    } else if (brief) {
        brief_text(p, text, sizeof text, r);
    } else {
        other_text(p, text, sizeof text, r);
    }
    char pid[16] = "";
    if (!brief) {
        snprintf(pid, sizeof pid, " %2u", r->pid);
    }
    snprintf(out, EVENT_TEXT, "%13s%s %.160s", paint_number(number, r->icount), pid, text);
    return r->type == RECORD_FAULT ? p->theme.group[fault_group(&r->fault)]
           : r->type == RECORD_PROBE + PROBE_EV_EVICT ||
                   r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT ||
                   r->type == RECORD_PROBE + PROBE_EV_SWAP_IN
               ? color_mix(p->theme.dim, p->theme.group[GROUP_SWAP], 120)
               : p->theme.dim;
}

static void paint_events(const struct painter *p, struct rect inside)
{
    size_t chosen = view_event(p->view, p->model);
    for (size_t i = 0; i < p->model->event_count; i++) {
        char text[EVENT_TEXT];
        int y = inside.y + (int)i * p->layout.unit;
        if (y + p->layout.unit > inside.y + inside.h) {
            break;
        }
        color_t color = paint_event_text(p, &p->model->event[i], false, text);
        if (i == chosen) {
            paint_chosen(p, (struct rect){inside.x, y, inside.w, p->layout.unit});
        }
        paint_line(p, inside, (int)i, color, "%s", text);
    }
    if (p->model->event_count == 0) {
        paint_line(p, inside, 0, p->theme.dim, "%s",
                   p->view->filtered || p->view->filter_group >= 0
                       ? in_words(p, "No event passes the filter.", "没有事件符合过滤条件。")
                       : in_words(p, "Nothing has happened yet.", "还没有发生任何事。"));
    }
}

static void paint_swap(const struct painter *p, struct rect inside)
{
    const struct map_model *m = p->model;
    if (m->swap_slots == 0) {
        paint_wrapped(p, inside, 0, p->theme.dim,
                      in_words(p, "The guest has no swap (start with --swap 64M).", "客户机没有交换区（启动时加 --swap 64M）。"));
        return;
    }
    char used[32], all[32];
    int x = paint_line(p, inside, 0, p->theme.text, in_words(p, "%s of %s slots in use   ", "使用中 %s / %s 槽   "),
                       paint_number(used, m->swap_used), paint_number(all, m->swap_slots));
    x = paint_key(p, x, inside.y, p->theme.state[PAGE_ABSENT], '.', in_words(p, "free", "空闲"));
    x = paint_key(p, x, inside.y, p->theme.state[PAGE_SWAPPED], 'S',
                  in_words(p, "one owner", "一个拥有者"));
    paint_key(p, x, inside.y, p->theme.class[CLASS_ANON_SHARED], 'C',
              in_words(p, "shared", "共享"));
    struct slot_grid grid = view_slots(p->view, m, &p->layout);
    for (u64 slot = 0; slot < m->slot_count && slot < grid.columns * grid.rows; slot++) {
        struct rect r = {grid.cells.x + (int)(slot % grid.columns) * grid.side,
                         grid.cells.y + (int)(slot / grid.columns) * grid.side, grid.side,
                         grid.side};
        color_t color = m->slots[slot] == 0   ? p->theme.state[PAGE_ABSENT]
                        : m->slots[slot] == 1 ? p->theme.state[PAGE_SWAPPED]
                                              : p->theme.class[CLASS_ANON_SHARED];
        int gap = grid.side > 3 ? 1 : 0;
        canvas_fill(p->canvas, (struct rect){r.x, r.y, r.w - gap, r.h - gap}, color);
        if (p->view->hover_slot == slot + 1) {
            canvas_frame(p->canvas, (struct rect){r.x - 2, r.y - 2, r.w + 3, r.h + 3}, 2,
                         p->theme.select);
        }
    }
}

static void paint_explain(const struct painter *p, struct rect inside)
{
    size_t at = view_event(p->view, p->model);
    if (at >= p->model->event_count) {
        paint_line(p, inside, 0, p->theme.dim, "%s",
                   in_words(p, "Nothing has happened yet.", "还没有发生任何事。"));
        return;
    }
    const struct trace_record *r = &p->model->event[at];
    char text[EVENT_TEXT];
    const char *name = paint_process_name(p->model, r->pid);
    struct explain_facts facts = {.program = name[0] ? name : NULL};
    struct buffer words = {0};
    color_t color = paint_event_text(p, r, false, text);
    paint_line(p, inside, 0, color, "%s", text);
    explain_record(r, &facts, p->view->chinese ? EXPLAIN_CHINESE : EXPLAIN_ENGLISH, &words);
    buffer_byte(&words, 0);
    struct rect below = {inside.x, inside.y + p->layout.unit + p->layout.unit / 2, inside.w,
                         inside.h - p->layout.unit - p->layout.unit / 2};
    if (!words.failed) {
        paint_wrapped(p, below, 0, p->theme.text, (const char *)words.data);
    }
    buffer_free(&words);
}

void paint_tab(const struct painter *p)
{
    const char *const name[TAB_COUNT] = {in_words(p, "EVENTS", "事件"),
                                         in_words(p, "SWAP", "交换区"),
                                         in_words(p, "EXPLAIN", "为什么")};
    struct rect inside = paint_panel(p, p->layout.tab, "");
    for (int tab = 0; tab < TAB_COUNT; tab++) {
        bool chosen = tab == (int)p->view->tab;
        int x = p->layout.tab.x + p->layout.glyph + tab * 12 * p->layout.glyph;
        int y = p->layout.tab.y + p->layout.unit / 4;
        int end = canvas_text(p->canvas, p->font, x, y, 11 * p->layout.glyph,
                              chosen ? p->theme.accent : p->theme.dim, name[tab]);
        if (chosen) {
            canvas_fill(p->canvas, (struct rect){x, y + p->layout.unit, end - x, 2},
                        p->theme.accent);
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
