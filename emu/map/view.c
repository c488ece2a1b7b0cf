/* SPDX-License-Identifier: MIT */
/* view.c - layout, keys and clicks; see view.h. */
#include "emu/map/view.h"

static const int glyph_width[] = {8, 12, 16}, glyph_height[] = {16, 24, 32};

void view_init(struct map_view *view)
{
    *view = (struct map_view){
        .scale = 1, .letters = true, .filter_group = -1, .mouse_x = -1, .mouse_y = -1};
}

struct map_layout view_layout(const struct map_view *view, int width, int height)
{
    struct map_layout l = {.unit = glyph_height[view->scale - 1],
                           .glyph = glyph_width[view->scale - 1]};
    int gap = l.unit / 4, top = 2 * l.unit + 3 * gap;
    int side = 44 * l.glyph;
    if (side > width * 2 / 5) {
        side = width * 2 / 5;
    }
    int left = width - side - 3 * gap;
    int timeline = 6 * l.unit, bottom = height / 4;
    int middle = height - top - timeline - bottom - 5 * gap;
    int space = middle / 4 > 5 * l.unit ? middle / 4 : 5 * l.unit;
    l.top = (struct rect){gap, gap, width - 2 * gap, top - 2 * gap};
    l.frames = (struct rect){gap, top, left, middle - space - gap};
    l.space = (struct rect){gap, top + middle - space, left, space};
    l.inspector = (struct rect){left + 2 * gap, top, side, middle};
    l.timeline = (struct rect){gap, top + middle + gap, width - 2 * gap, timeline};
    int low = top + middle + timeline + 2 * gap;
    int processes = (width - 3 * gap) / 3;
    l.processes = (struct rect){gap, low, processes, height - low - gap};
    l.tab =
        (struct rect){processes + 2 * gap, low, width - processes - 3 * gap, height - low - gap};
    return l;
}

static u64 power_of_two_below(u64 value)
{
    u64 power = 1;
    while (power * 2 <= value) {
        power *= 2;
    }
    return power;
}

struct frame_grid view_grid(const struct map_view *view, const struct map_model *model,
                            const struct map_layout *layout)
{
    struct rect area = layout->frames;
    int label = 11 * layout->glyph, title = layout->unit + layout->unit / 2;
    struct frame_grid grid = {.cells = {area.x + label, area.y + title,
                                        area.w - label - layout->glyph,
                                        area.h - title - 2 * layout->unit - layout->unit / 2},
                              .per_cell = 1};
    if (grid.cells.w < 8 || grid.cells.h < 8 || model->frame_count == 0) {
        return grid;
    }
    /*
     * The fewest columns with which every frame has a cell of at least 3 x 3 pixels: cells are then
     * as large as they can be.  Not enough room: several frames share a cell.
     */
    u64 w = (u64)grid.cells.w, h = (u64)grid.cells.h, least = 3;
    if (view->cell) {
        grid.columns = power_of_two_below(w / (u64)view->cell);
        grid.cell_w = grid.cell_h = view->cell;
        grid.rows = h / (u64)view->cell;
        return grid;
    }
    grid.columns = 16;
    while (grid.columns * 2 * least <= w &&
           (h / least * grid.columns < model->frame_count ||
            w / grid.columns > 2 * (u64)layout->unit ||
            h / (w / grid.columns) * grid.columns * 2 < model->frame_count)) {
        grid.columns *= 2;
    }
    while (grid.columns * (h / least) * grid.per_cell < model->frame_count) {
        grid.per_cell *= 2;
    }
    u64 needed = (model->frame_count / grid.per_cell + grid.columns - 1) / grid.columns;
    u64 cell_w = w / grid.columns, cell_h = h / (needed ? needed : 1);
    cell_h = cell_h > 2 * cell_w ? 2 * cell_w : cell_h < least ? least : cell_h;
    grid.cell_w = (int)cell_w;
    grid.cell_h = (int)cell_h;
    grid.rows = h / cell_h;
    return grid;
}

u64 view_frame_at(const struct map_view *view, const struct map_model *model,
                  const struct map_layout *layout, int x, int y)
{
    struct frame_grid grid = view_grid(view, model, layout);
    if (grid.columns == 0 || !rect_contains(grid.cells, x, y)) {
        return 0;
    }
    u64 column = (u64)((x - grid.cells.x) / grid.cell_w);
    u64 row = (u64)((y - grid.cells.y) / grid.cell_h);
    u64 index = ((view->first_row + row) * grid.columns + column) * grid.per_cell;
    if (column >= grid.columns || row >= grid.rows || index >= model->frame_count) {
        return 0;
    }
    return model->first_pfn + index;
}

void view_scroll(struct map_view *view, const struct map_model *model, int rows)
{
    if (rows < 0) {
        u64 up = (u64)-rows;
        view->first_row = view->first_row > up ? view->first_row - up : 0;
    } else if ((view->first_row + (u64)rows) * 16 < model->frame_count) {
        view->first_row += (u64)rows;
    }
}

static void next_process(struct map_view *view, const struct map_model *model)
{
    size_t at = 0;
    for (size_t i = 0; i < model->process_count; i++) {
        if (model->process[i].pid == view->pid) {
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
}

static void select_event(struct map_view *view, const struct map_model *model, i64 by)
{
    i64 at = (i64)view->event + by;
    if (at >= 0 && (size_t)at < model->event_count) {
        view->event = (size_t)at;
    }
}

static void zoom(struct map_view *view, const struct map_model *model, int by)
{
    struct map_layout layout = view_layout(view, 1280, 800);
    int side = view->cell ? view->cell : view_grid(view, model, &layout).cell_w;
    side += by;
    view->cell = side < 3 ? 3 : side > 64 ? 64 : side;
}

/* Keys that only change what is seen.  True when `key` was one. */
static bool look_key(struct map_view *view, const struct map_model *model, int key)
{
    switch (key) {
    case 'h':
        view->heat = !view->heat;
        return true;
    case 'l':
        view->letters = !view->letters;
        return true;
    case 'c':
        view->palette = (view->palette + 1) % 3;
        return true;
    case 'C':
        view->high_contrast = !view->high_contrast;
        return true;
    case 'T':
        view->scale = view->scale % 3 + 1;
        return true;
    case 'd':
        view->changed_only = !view->changed_only;
        return true;
    case '?':
        view->help = !view->help;
        return true;
    case 'p':
        next_process(view, model);
        return true;
    case 'P':
        view->filter_pid = view->filter_pid ? 0 : view->pid;
        return true;
    case 'k':
        view->filter_group = view->filter_group + 1 < GROUP_COUNT ? view->filter_group + 1 : -1;
        return true;
    case '+':
    case '=':
        zoom(view, model, 1);
        return true;
    case '-':
        zoom(view, model, -1);
        return true;
    case '0':
        view->cell = 0;
        view->first_row = 0;
        return true;
    case KEY_TAB:
        view->tab = (view->tab + 1) % TAB_COUNT;
        return true;
    default:
        return false;
    }
}

static bool move_key(struct map_view *view, const struct map_model *model, int key)
{
    struct map_layout layout = view_layout(view, 1280, 800);
    i64 row = (i64)view_grid(view, model, &layout).columns;
    switch (key) {
    case KEY_LEFT:
        move_cursor(view, model, -1);
        return true;
    case KEY_RIGHT:
        move_cursor(view, model, 1);
        return true;
    case KEY_UP:
        move_cursor(view, model, -row);
        return true;
    case KEY_DOWN:
        move_cursor(view, model, row);
        return true;
    case '[':
        select_event(view, model, 1);
        return true;
    case ']':
        select_event(view, model, -1);
        return true;
    case KEY_HOME:
        view->event = 0;
        return true;
    case KEY_END:
        view->event = model->event_count ? model->event_count - 1 : 0;
        return true;
    default:
        return false;
    }
}

/* Inspect what the selected event was about. */
static void inspect_event(struct map_view *view, const struct map_model *model)
{
    if (view->event < model->event_count) {
        const struct trace_record *record = &model->event[view->event];
        if (record->type == RECORD_FAULT) {
            view->cursor_va = record->fault.va;
            view->cursor_pfn = record->fault.pfn_new;
            view->pid = record->pid;
        }
        view->tab = TAB_EXPLAIN;
    }
}

enum map_request view_key(struct map_view *view, const struct map_model *model, int key)
{
    if (look_key(view, model, key) || move_key(view, model, key)) {
        return REQUEST_NONE;
    }
    switch (key) {
    case KEY_ENTER:
        inspect_event(view, model);
        return REQUEST_NONE;
    case ' ':
        return REQUEST_PAUSE;
    case 's':
        return REQUEST_STEP;
    case 'f':
        return REQUEST_NEXT_FAULT;
    case 'F':
        return REQUEST_NEXT_SAME;
    case 'n':
        return REQUEST_NEXT_SWAP;
    case 'r':
        return REQUEST_RESET;
    case 'm':
        return REQUEST_MARK;
    case KEY_F12:
        return REQUEST_PICTURE;
    case 'q':
        return REQUEST_CLOSE;
    default:
        return REQUEST_NONE;
    }
}

static void click_tab(struct map_view *view, const struct map_model *model,
                      const struct map_layout *layout, int x, int y)
{
    int row = (y - layout->tab.y) / layout->unit;
    if (row == 0) {
        int tab = (x - layout->tab.x) / (12 * layout->glyph);
        if (tab >= 0 && tab < TAB_COUNT) {
            view->tab = (enum map_tab)tab;
        }
        return;
    }
    size_t event = (size_t)row - 1;
    if (view->tab == TAB_EVENTS && event < model->event_count) {
        view->event = event;
        inspect_event(view, model);
    }
}

enum map_request view_click(struct map_view *view, const struct map_model *model, int x, int y,
                            int width, int height)
{
    struct map_layout layout = view_layout(view, width, height);
    u64 pfn = view_frame_at(view, model, &layout, x, y);
    if (pfn) {
        view->cursor_pfn = pfn;
        view->cursor_va = 0;
    } else if (rect_contains(layout.processes, x, y)) {
        size_t row = (size_t)((y - layout.processes.y) / layout.unit);
        if (row >= 2 && row - 2 < model->process_count) {
            view->pid = model->process[row - 2].pid;
            view->cursor_va = 0;
        }
    } else if (rect_contains(layout.tab, x, y)) {
        click_tab(view, model, &layout, x, y);
    } else if (rect_contains(layout.top, x, y) && x < layout.top.x + 12 * layout.glyph) {
        return REQUEST_PAUSE;
    }
    return REQUEST_NONE;
}
