/* SPDX-License-Identifier: MIT */
/*
 * panel_inspector.c - one frame or address in words: what it is, who maps it, how the walk went,
 * what happened to it last.
 */
#include "emu/map/paint.h"
#include "emu/isa/pte.h"

#include <stdio.h>

static void flags_text(char *out, u64 pte)
{
    static const char letters[] = "VRWXUGAD";
    for (int i = 0; i < 8; i++) {
        out[i] = pte >> i & 1 ? letters[i] : '-';
    }
    out[8] = 0;
}

static void step_words(char *out, size_t size, const struct map_walk_step *step)
{
    u64 pte = step->pte;
    if (pte & 1) {
        bool leaf = (pte & 0xe) != 0;
        char flags[9];
        flags_text(flags, pte);
        snprintf(out, size, "%s %llx %s%s", leaf ? "leaf: frame" : "points to table",
                 (unsigned long long)PTE_PAYLOAD(pte), flags,
                 leaf && (pte & PTE_COW)       ? " COW"
                 : leaf && (pte & PTE_SPECIAL) ? " zero page"
                                               : "");
    } else if (pte == 0) {
        snprintf(out, size, "empty: nothing is here yet");
    } else if (PTE_CLASS(pte) == PTE_CLASS_SWAP) {
        snprintf(out, size, "V=0, swapped out: slot %llu", (unsigned long long)PTE_PAYLOAD(pte));
    } else if (PTE_CLASS(pte) == PTE_CLASS_AWAY) {
        snprintf(out, size, "V=0, PROT_NONE: frame %llx kept",
                 (unsigned long long)PTE_PAYLOAD(pte));
    } else {
        snprintf(out, size, "V=0, marker %llu", (unsigned long long)PTE_PAYLOAD(pte));
    }
}

static int paint_walk(const struct painter *p, struct rect r, int row)
{
    const struct map_model *m = p->model;
    paint_line(p, r, row++, p->theme->strong, "walk of %u:%llx", m->walk_pid,
               (unsigned long long)m->walk_va);
    for (size_t i = 0; i < m->walk_steps; i++) {
        char words[96];
        step_words(words, sizeof words, &m->walk[i]);
        paint_line(p, r, row++, i + 1 == m->walk_steps ? p->theme->text : p->theme->dim,
                   "L%u[%3u] %s", m->walk[i].level, m->walk[i].index, words);
    }
    return row + 1;
}

static int paint_frame(const struct painter *p, struct rect r, int row)
{
    const struct map_model *m = p->model;
    if (m->pfn < m->first_pfn || m->pfn - m->first_pfn >= m->frame_count) {
        return row;
    }
    const struct map_frame *frame = &m->frames[m->pfn - m->first_pfn];
    canvas_fill(
        p->canvas,
        (struct rect){r.x, r.y + row * p->layout.unit + 2, p->layout.glyph, p->layout.unit - 4},
        class_color(frame->class));
    struct rect text = {r.x + 2 * p->layout.glyph, r.y, r.w - 2 * p->layout.glyph, r.h};
    paint_line(p, text, row++, p->theme->strong, "frame %llx  %s", (unsigned long long)m->pfn,
               class_name(frame->class));
    paint_line(p, r, row++, p->theme->text, "refs %u  maps %u%s%s%s", frame->refs, frame->maps,
               frame->marks & MAP_MARK_DIRTY ? "  dirty" : "",
               frame->marks & MAP_MARK_ACCESSED ? "  accessed" : "",
               frame->marks & MAP_MARK_PINNED ? "  pinned" : "");
    for (size_t i = 0; i < m->owner_count; i++) {
        char flags[9];
        flags_text(flags, m->owner[i].pte);
        paint_line(p, r, row++, p->theme->text, "%s %u:%llx %s%s",
                   i ? "      " : "owner:", m->owner[i].pid, (unsigned long long)m->owner[i].va,
                   flags, m->owner[i].pte & PTE_COW ? " COW" : "");
    }
    if (m->owner_total > m->owner_count) {
        paint_line(p, r, row++, p->theme->dim, "       and %llu more",
                   (unsigned long long)(m->owner_total - m->owner_count));
    }
    return row + 1;
}

void paint_inspector(const struct painter *p)
{
    struct rect inside = paint_panel(p, p->layout.inspector, "INSPECTOR");
    const struct map_model *m = p->model;
    if (!m->inspecting) {
        paint_wrapped(p, inside, 0, p->theme->dim,
                      "Click a frame, a process or an event; arrow keys move over the frames.\n"
                      "? shows all keys.");
        return;
    }
    int row = paint_frame(p, inside, 0);
    if (m->walk_steps) {
        row = paint_walk(p, inside, row);
    }
    if (m->history_count) {
        paint_line(p, inside, row++, p->theme->strong, "what happened to it, newest first");
    }
    for (size_t i = 0; i < m->history_count; i++) {
        const struct trace_record *r = &m->history[i];
        char number[32];
        if (r->type == RECORD_FAULT) {
            paint_line(p, inside, row++, group_color(fault_group_of(r->fault.kind)), "%s p%u %s",
                       paint_number(number, r->icount), r->pid, fault_kind_name(r->fault.kind));
        } else {
            paint_line(p, inside, row++, p->theme->text, "%s p%u %s",
                       paint_number(number, r->icount), r->pid, record_type_name(r->type));
        }
    }
}
