/* SPDX-License-Identifier: MIT */
/* keys.c - what every key does, by key.def; see view.h. */
#include "emu/map/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum action {
    ACTION_NONE,
    ACTION_PAUSE,
    ACTION_STEP,
    ACTION_NEXT_FAULT,
    ACTION_NEXT_SAME,
    ACTION_NEXT_PROCESS_FAULT,
    ACTION_NEXT_OUT,
    ACTION_NEXT_IN,
    ACTION_BREAK_HERE,
    ACTION_EARLIER,
    ACTION_LATER,
    ACTION_MUCH_EARLIER,
    ACTION_MUCH_LATER,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_CURSOR_LEFT,
    ACTION_CURSOR_RIGHT,
    ACTION_CURSOR_UP,
    ACTION_CURSOR_DOWN,
    ACTION_INSPECT,
    ACTION_WALK,
    ACTION_BYTES,
    ACTION_GOTO,
    ACTION_NEXT_PROCESS,
    ACTION_TAB,
    ACTION_FILTER,
    ACTION_ONLY_PROCESS,
    ACTION_ONLY_GROUP,
    ACTION_BOOKMARK,
    ACTION_CHANGED,
    ACTION_RESET,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_ZOOM_ALL,
    ACTION_HEAT,
    ACTION_PALETTE,
    ACTION_LETTERS,
    ACTION_CONTRAST,
    ACTION_TEXT_SIZE,
    ACTION_LANGUAGE,
    ACTION_MOTION,
    ACTION_FULL_SCREEN,
    ACTION_COPY,
    ACTION_PICTURE,
    ACTION_HELP,
    ACTION_LEAVE,
    ACTION_CLOSE
};

struct key_row {
    enum action action;
    int key;
    const char *name, *english, *chinese;
};

static const struct key_row row[] = {
#define KEY_GROUP(english, chinese) {ACTION_NONE, 0, NULL, english, chinese},
#define KEY(action, key, name, english, chinese) {ACTION_##action, key, name, english, chinese},
#include "emu/map/key.def"
};
enum { ROWS = sizeof row / sizeof *row };

bool view_key_help(size_t index, bool chinese, struct key_help *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (row[i].english && index-- == 0) {
            *out = (struct key_help){row[i].name, chinese ? row[i].chinese : row[i].english};
            return true;
        }
    }
    return false;
}

static void say(struct map_view *view, const char *english, const char *chinese)
{
    snprintf(view->message, sizeof view->message, "%s", view->chinese ? chinese : english);
}

static void next_process(struct map_view *view, const struct map_model *model)
{
    size_t at = 0;
    u32 now = view->pid ? view->pid : model->pid;
    for (size_t i = 0; i < model->process_count; i++) {
        if (model->process[i].pid == now) {
            at = i + 1;
        }
    }
    view->pid = model->process_count ? model->process[at % model->process_count].pid : 0;
    view->cursor_va = 0;
}

static void move_cursor(struct map_view *view, const struct map_model *model, i64 by)
{
    if (model->frame_count == 0) {
        return;
    }
    u64 last = model->first_pfn + model->frame_count - 1;
    u64 at = view->cursor_pfn ? view->cursor_pfn + (u64)by : model->first_pfn;
    view->cursor_pfn = at < model->first_pfn || at > last ? view->cursor_pfn : at;
    view->cursor_va = 0;
    view->walk_began = view->now;
}

static i64 grid_columns(const struct map_view *view, const struct map_model *model)
{
    struct map_layout layout = view_layout(view, 1280, 800);
    struct frame_grid grid = view_grid(view, model, &layout);
    return (i64)(grid.columns * grid.per_cell);
}

static void zoom(struct map_view *view, const struct map_model *model, int by)
{
    struct map_layout layout = view_layout(view, 1280, 800);
    int side = view->cell ? view->cell : view_grid(view, model, &layout).cell_w;
    side = side * (by > 0 ? 5 : 4) / (by > 0 ? 4 : 5) + by;
    view->cell = side < 3 ? 3 : side > 64 ? 64 : side;
}

/* ---- travelling in time ---- */

static void travel(struct map_view *view, const struct map_model *model, u64 moment)
{
    if (model->past_count == model->past_first) {
        say(view, "nothing has been recorded yet", "还没有记录");
        return;
    }
    moment = moment < model->past_first ? model->past_first : moment;
    if (moment >= model->past_count && !model->alone) {
        view->past = false;
        return;
    }
    view->past = true;
    view->moment = moment < model->past_count ? moment : model->past_count;
    view->event = 0;
}

static u64 moment_of(const struct map_view *view, const struct map_model *model)
{
    return model->past ? model->past_at : view->past ? view->moment : model->past_count;
}

/* The moment just after the event before the one that is newest now. */
static u64 one_earlier(const struct map_view *view, const struct map_model *model)
{
    if (model->past && model->event_count > 1 && model->event[0].seq + 1 >= model->past_at) {
        return model->event[1].seq + 1;
    }
    if (model->past && model->event_count > 0) {
        return model->event[0].seq + 1 < model->past_at ? model->event[0].seq + 1
                                                        : model->event[0].seq;
    }
    u64 now = moment_of(view, model);
    return now ? now - 1 : 0;
}

static u64 one_later(const struct map_model *model)
{
    return model->next_event == UINT64_MAX ? model->past_count : model->next_event + 1;
}

static bool travel_action(struct map_view *view, const struct map_model *model, enum action action)
{
    u64 now = moment_of(view, model);
    switch (action) {
    case ACTION_EARLIER:
        travel(view, model, one_earlier(view, model));
        return true;
    case ACTION_LATER:
        if (model->past) {
            travel(view, model, one_later(model));
        }
        return true;
    case ACTION_MUCH_EARLIER:
        travel(view, model, now > 1000 ? now - 1000 : 0);
        return true;
    case ACTION_MUCH_LATER:
        if (model->past) {
            travel(view, model, now + 1000);
        }
        return true;
    case ACTION_FIRST:
        travel(view, model, model->past_first);
        return true;
    case ACTION_LAST:
        travel(view, model, UINT64_MAX);
        return true;
    default:
        return false;
    }
}

/* ---- what is looked at ---- */

/* Inspect what the selected event was about. */
static void inspect_event(struct map_view *view, const struct map_model *model)
{
    size_t at = view_event(view, model);
    if (at >= model->event_count) {
        return;
    }
    const struct trace_record *record = &model->event[at];
    view->walk_began = view->now;
    view->event = record->seq + 1;
    view->cursor_va = 0;
    if (record->type == RECORD_FAULT) {
        view->cursor_va = record->fault.va;
        view->cursor_pid = record->pid;
        view->cursor_pfn = record->fault.pfn_new;
        view->pid = record->pid;
    } else if (record->type == RECORD_PROBE + PROBE_EV_EVICT) {
        view->cursor_pfn = record->arg[0];
    } else if (record->type == RECORD_PROBE + PROBE_EV_SWAP_OUT ||
               record->type == RECORD_PROBE + PROBE_EV_SWAP_IN) {
        view->cursor_pfn = record->arg[1];
    }
}

/* The page that is looked at, as a filter.  False when there is none. */
static bool page_filter(const struct map_view *view, const struct map_model *model,
                        struct filter *out)
{
    u64 va = view->cursor_va ? view->cursor_va : model->inspect.va;
    u32 pid = view->cursor_va ? view->cursor_pid : model->inspect.pid;
    if (!va) {
        return false;
    }
    *out = (struct filter){.count = 1,
                           .has_pid = pid != 0,
                           .pid = pid,
                           .has_va = true,
                           .va_from = va & ~(u64)4095,
                           .va_to = (va & ~(u64)4095) + 4096};
    return true;
}

static enum map_request break_here(struct map_view *view, const struct map_model *model)
{
    if (!page_filter(view, model, &view->wanted)) {
        say(view, "first click a page that somebody maps", "请先点选一个已映射的页");
        return REQUEST_NONE;
    }
    return REQUEST_BREAK;
}

static void look_action(struct map_view *view, const struct map_model *model, enum action action)
{
    switch (action) {
    case ACTION_CURSOR_LEFT:
        move_cursor(view, model, -1);
        break;
    case ACTION_CURSOR_RIGHT:
        move_cursor(view, model, 1);
        break;
    case ACTION_CURSOR_UP:
        move_cursor(view, model, -grid_columns(view, model));
        break;
    case ACTION_CURSOR_DOWN:
        move_cursor(view, model, grid_columns(view, model));
        break;
    case ACTION_INSPECT:
        inspect_event(view, model);
        break;
    case ACTION_WALK:
        view->walk_began = view->now;
        break;
    case ACTION_BYTES:
        view->bytes = !view->bytes && view->cursor_pfn;
        view->bytes_row = 0;
        break;
    case ACTION_NEXT_PROCESS:
        next_process(view, model);
        break;
    case ACTION_TAB:
        view->tab = (view->tab + 1) % TAB_COUNT;
        break;
    case ACTION_GOTO:
    case ACTION_FILTER:
        view->entry = action == ACTION_GOTO ? ENTRY_GOTO : ENTRY_FILTER;
        view->typed_length = 0;
        view->typed[0] = 0;
        break;
    default:
        break;
    }
}

/* ---- appearance and filters ---- */

static void only_process(struct map_view *view, const struct map_model *model)
{
    if (view->filtered && view->filter.has_pid) {
        view->filter.has_pid = false;
    } else {
        view->filter.has_pid = true;
        view->filter.pid = view->pid ? view->pid : model->pid;
    }
    view->filter.count = 1;
    const struct filter *f = &view->filter;
    view->filtered = f->has_pid || f->kinds || f->has_va || f->has_area || f->has_result;
}

static void appearance_action(struct map_view *view, const struct map_model *model,
                              enum action action)
{
    switch (action) {
    case ACTION_ONLY_PROCESS:
        only_process(view, model);
        break;
    case ACTION_ONLY_GROUP:
        view->filter_group = view->filter_group + 1 < GROUP_COUNT ? view->filter_group + 1 : -1;
        break;
    case ACTION_CHANGED:
        view->changed_only = !view->changed_only;
        break;
    case ACTION_ZOOM_IN:
        zoom(view, model, 1);
        break;
    case ACTION_ZOOM_OUT:
        zoom(view, model, -1);
        break;
    case ACTION_ZOOM_ALL:
        view->cell = 0;
        view->first_row = 0;
        break;
    case ACTION_HEAT:
        view->heat = !view->heat;
        break;
    case ACTION_PALETTE:
        view->palette = (view->palette + 1) % 3;
        break;
    case ACTION_LETTERS:
        view->letters = !view->letters;
        break;
    case ACTION_CONTRAST:
        view->high_contrast = !view->high_contrast;
        break;
    case ACTION_TEXT_SIZE:
        view->scale = view->scale % 3 + 1;
        break;
    case ACTION_LANGUAGE:
        view->chinese = !view->chinese;
        break;
    case ACTION_MOTION:
        view->reduce_motion = !view->reduce_motion;
        break;
    case ACTION_HELP:
        view->help = !view->help;
        break;
    default:
        look_action(view, model, action);
        break;
    }
}

/* Esc: the topmost thing that is open goes. */
static void leave(struct map_view *view, const struct map_model *model)
{
    if (view->help) {
        view->help = false;
    } else if (view->bytes) {
        view->bytes = false;
    } else if (view->past && !model->alone) {
        view->past = false;
    } else {
        view->cursor_pfn = view->cursor_va = view->event = 0;
    }
}

/* ---- typing ---- */

static void take_goto(struct map_view *view)
{
    char *end, *colon = strchr(view->typed, ':');
    bool frame = strncmp(view->typed, "pfn:", 4) == 0, bytes = strncmp(view->typed, "pa:", 3) == 0;
    const char *number = colon ? colon + 1 : view->typed;
    u64 value = strtoull(number, &end, 0);
    if (*end || end == number) {
        say(view, "write PID:ADDRESS, ADDRESS, pfn:N or pa:ADDRESS",
            "请写 PID:地址、地址、pfn:N 或 pa:地址");
        return;
    }
    view->cursor_pfn = frame ? value : bytes ? value >> 12 : 0;
    view->cursor_va = frame || bytes ? 0 : value;
    if (!frame && !bytes) {
        view->pid = colon ? (u32)strtoul(view->typed, NULL, 0) : view->pid;
        view->cursor_pid = view->pid;
    }
    view->walk_began = view->now;
}

static void take_filter(struct map_view *view)
{
    struct error err = {0};
    struct filter filter;
    if (!filter_parse(view->typed, &filter, &err)) {
        snprintf(view->message, sizeof view->message, "%.119s", err.text);
        return;
    }
    view->filter = filter;
    view->filtered = view->typed[strspn(view->typed, " ")] != 0;
    view->filter_group = -1;
}

static void type_key(struct map_view *view, int key)
{
    if (key == KEY_ENTER) {
        enum map_entry entry = view->entry;
        view->entry = ENTRY_NONE;
        if (entry == ENTRY_GOTO) {
            take_goto(view);
        } else {
            take_filter(view);
        }
    } else if (key == KEY_ESCAPE) {
        view->entry = ENTRY_NONE;
    } else if (key == KEY_BACKSPACE && view->typed_length) {
        view->typed[--view->typed_length] = 0;
    } else if (key >= ' ' && key < 127 && view->typed_length + 1 < sizeof view->typed) {
        view->typed[view->typed_length++] = (char)key;
        view->typed[view->typed_length] = 0;
    }
}

/* ---- everything ---- */

/* "Next fault" is of what the filters let through. */
static void want_filtered(struct map_view *view)
{
    view->wanted = view->filtered ? view->filter : (struct filter){.count = 1};
    if (view->filter_group >= 0) {
        u32 kinds = fault_group_kinds((enum fault_group)view->filter_group);
        view->wanted.kinds = view->wanted.kinds ? view->wanted.kinds & kinds : kinds;
    }
}

static enum map_request ask(struct map_view *view, const struct map_model *model,
                            enum action action)
{
    size_t at = view_event(view, model);
    const struct trace_record *event = at < model->event_count ? &model->event[at] : NULL;
    want_filtered(view);
    switch (action) {
    case ACTION_PAUSE:
        return REQUEST_PAUSE;
    case ACTION_STEP:
        return REQUEST_STEP;
    case ACTION_NEXT_SAME:
        if (event && event->type == RECORD_FAULT && event->fault.kind) {
            view->wanted.kinds = 1u << event->fault.kind;
        }
        return REQUEST_NEXT_FAULT;
    case ACTION_NEXT_PROCESS_FAULT:
        view->wanted.has_pid = true;
        view->wanted.pid = view->pid ? view->pid : model->pid;
        return REQUEST_NEXT_FAULT;
    case ACTION_NEXT_FAULT:
        return REQUEST_NEXT_FAULT;
    case ACTION_NEXT_OUT:
        return REQUEST_NEXT_OUT;
    case ACTION_NEXT_IN:
        return REQUEST_NEXT_IN;
    case ACTION_BREAK_HERE:
        return break_here(view, model);
    case ACTION_BOOKMARK:
        view->bookmark = model->icount;
        return REQUEST_BOOKMARK;
    case ACTION_RESET:
        return REQUEST_RESET;
    case ACTION_COPY:
        return REQUEST_COPY;
    case ACTION_PICTURE:
        return REQUEST_PICTURE;
    case ACTION_FULL_SCREEN:
        return REQUEST_FULL_SCREEN;
    case ACTION_CLOSE:
        return REQUEST_CLOSE;
    default:
        return REQUEST_NONE;
    }
}

static bool runs_the_guest(enum map_request request)
{
    return request >= REQUEST_PAUSE && request <= REQUEST_BREAK;
}

enum map_request view_key(struct map_view *view, const struct map_model *model, int key)
{
    view->message[0] = 0;
    if (view->entry != ENTRY_NONE) {
        type_key(view, key);
        return REQUEST_NONE;
    }
    if (view->steps && (key == ' ' || key == KEY_BACKSPACE)) {
        return key == ' ' ? REQUEST_TOUR_NEXT : REQUEST_TOUR_BACK;
    }
    enum action action = ACTION_NONE;
    for (size_t i = 0; i < ROWS; i++) {
        action = row[i].key == key && key ? row[i].action : action;
    }
    if (action == ACTION_LEAVE) {
        leave(view, model);
    } else if (action != ACTION_NONE && !travel_action(view, model, action)) {
        enum map_request request = ask(view, model, action);
        if (model->alone && runs_the_guest(request)) {
            say(view, "this is a trace: there is no guest to run", "这是记录文件，没有客户机可运行");
            return REQUEST_NONE;
        }
        if (request == REQUEST_NONE && action != ACTION_BREAK_HERE) {
            appearance_action(view, model, action);
        }
        return request;
    }
    return REQUEST_NONE;
}
