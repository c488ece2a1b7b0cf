/* SPDX-License-Identifier: MIT */
/* focus.c - see focus.h. */
#include "emu/map/focus.h"

#include <string.h>

void focus_prepare(const struct map_view *view, struct map_model *model)
{
    memset(&model->inspect, 0, sizeof model->inspect);
    memset(&model->hover, 0, sizeof model->hover);
    model->inspect.on = view->cursor_pfn || view->cursor_va;
    model->inspect.pfn = view->cursor_pfn;
    model->inspect.va = view->cursor_va;
    model->inspect.pid = view->cursor_pid;
    model->hover.on = view->hover_pfn || view->hover_va;
    model->hover.pfn = view->hover_pfn;
    model->hover.va = view->hover_va;
    model->hover.pid = view->hover_va ? view->pid : 0;
    model->hover_slot = view->hover_slot;
}

static bool about_frame(const struct trace_record *r, u64 pfn)
{
    switch (r->type) {
    case RECORD_FAULT:
        return r->fault.pfn_new == pfn || r->fault.pfn_old == pfn;
    case RECORD_PROBE + PROBE_EV_EVICT:
        return r->arg[0] == pfn;
    case RECORD_PROBE + PROBE_EV_SWAP_OUT:
    case RECORD_PROBE + PROBE_EV_SWAP_IN:
        return r->arg[1] == pfn;
    case RECORD_PROBE + PROBE_EV_WRITEBACK:
        return r->arg[2] == pfn;
    default:
        return false;
    }
}

static void take_history(struct map_focus *focus, const struct trace_record *r)
{
    if (focus->pfn && focus->history_count < MAP_HISTORY && about_frame(r, focus->pfn)) {
        focus->history[focus->history_count++] = *r;
    }
}

void focus_events(const struct map_view *view, struct map_model *model,
                  const struct trace_record *ring, size_t size, u64 written, u64 kept)
{
    model->event_count = 0;
    for (u64 i = 1; i <= kept; i++) {
        const struct trace_record *r = &ring[(written - i) % size];
        if (model->event_count < MAP_EVENTS && view_passes(view, r)) {
            model->event[model->event_count++] = *r;
        }
        take_history(&model->inspect, r);
        take_history(&model->hover, r);
    }
}
