/* SPDX-License-Identifier: MIT */
/*
 * view.h - what the person at the map has chosen to see: selection, zoom, filters, tab, moment.
 *
 * Keys and mouse change a view (view_key, view_click, view_point) and may ask something of the
 * machine (enum map_request); neither touches the guest.  A view is a plain value.
 */
#ifndef FAULTLINE_MAP_VIEW_H
#define FAULTLINE_MAP_VIEW_H

#include "emu/map/canvas.h"
#include "emu/map/model.h"
#include "emu/map/palette.h"
#include "emu/observe/filter.h"

enum map_tab { TAB_EVENTS, TAB_SWAP, TAB_EXPLAIN, TAB_COUNT };

/* What a key or a click asks of the machine, or of the window. */
enum map_request {
    REQUEST_NONE,
    REQUEST_PAUSE,      /* stop, or go on */
    REQUEST_STEP,       /* one instruction */
    REQUEST_NEXT_FAULT, /* go on to the next fault that matches view->wanted */
    REQUEST_NEXT_OUT,   /* ... until a page is written to swap */
    REQUEST_NEXT_IN,    /* ... until one is read */
    REQUEST_BREAK,      /* stop at faults that match view->wanted; the same again: no longer */
    REQUEST_RESET,      /* counters to zero */
    REQUEST_BOOKMARK,   /* "changed" starts here */
    REQUEST_COPY,       /* the panel under the mouse as text */
    REQUEST_PICTURE,    /* write a PNG */
    REQUEST_FULL_SCREEN,
    REQUEST_TOUR_NEXT,
    REQUEST_TOUR_BACK,
    REQUEST_CLOSE
};

/* A line that is being typed at the bottom. */
enum map_entry { ENTRY_NONE, ENTRY_FILTER, ENTRY_GOTO };
enum { MAP_ENTRY_BYTES = 100, MAP_CAPTION_BYTES = 900 };

struct map_view {
    int scale; /* 1, 2, 3: size of text and cells */
    bool high_contrast, letters, heat, changed_only, help, chinese;
    bool reduce_motion; /* nothing moves, nothing flashes */
    bool bytes;         /* the bytes of the frame are shown */
    bool hidden;        /* nobody can see the picture */
    int bytes_row;
    int palette;  /* of the heat view */
    int cell;     /* pixels of a frame's side; 0 = as fits */
    u64 first_row; /* of the frame map */
    struct palette colors;

    u32 pid;              /* whose address space is shown; 0 = the newest */
    struct filter filter; /* of the list of events, and of "next fault" */
    bool filtered;
    int filter_group; /* enum fault_group besides, -1 = all */

    enum map_tab tab;
    u64 event;            /* selected: its number + 1; 0 = the newest */
    u64 cursor_pfn;       /* 0 = none */
    u64 cursor_va;        /* looked at in cursor_pid; 0 = none */
    u32 cursor_pid;
    int mouse_x, mouse_y; /* -1 = outside */

    /* What the mouse points at, by the model drawn last. */
    u64 hover_pfn, hover_va, hover_slot; /* slot + 1 */
    u32 hover_pid;

    bool past;
    u64 moment;      /* records that have happened, when past */
    bool seeking;    /* moment is to be found for seek_icount */
    u64 seek_icount;
    u64 bookmark;    /* in a trace without a guest; instruction count */

    u64 now, walk_began; /* milliseconds of host time; the walk lights up level by level */
    struct filter wanted; /* for REQUEST_NEXT_FAULT and REQUEST_BREAK */

    enum map_entry entry;
    char typed[MAP_ENTRY_BYTES];
    size_t typed_length;
    char message[120]; /* shown until the next key */

    char caption[MAP_CAPTION_BYTES]; /* of a guided tour (tour.h) */
    size_t step, steps;              /* 0 = no tour */
};

/* Where the panels are, for a canvas of this size and scale. */
struct map_layout {
    struct rect top, frames, space, inspector, timeline, processes, tab;
    int unit;  /* height of a line of text */
    int glyph; /* width of a letter */
};

void view_init(struct map_view *view);
struct map_layout view_layout(const struct map_view *view, int width, int height);

/* Keys are characters; these besides. */
enum map_key {
    KEY_UP = 0x110000,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_ENTER,
    KEY_TAB,
    KEY_ESCAPE,
    KEY_BACKSPACE,
    KEY_COPY,
    KEY_F11,
    KEY_F12
};

enum map_request view_key(struct map_view *view, const struct map_model *model, int key);

/* The help: one row of key.def that has a text, or a heading (name NULL).  False behind the last. */
struct key_help {
    const char *name, *text;
};
bool view_key_help(size_t index, bool chinese, struct key_help *out);

/* A click at (x, y) of a picture of this size. */
enum map_click { CLICK_LEFT, CLICK_DOUBLE, CLICK_RIGHT, CLICK_DRAG };
enum map_request view_click(struct map_view *view, const struct map_model *model,
                            enum map_click click, int x, int y, int width, int height);
/* The mouse is at (x, y) now. */
void view_point(struct map_view *view, const struct map_model *model, int x, int y, int width,
                int height);
/* Wheel: scrolls the frame map, or the bytes, by rows. */
void view_scroll(struct map_view *view, const struct map_model *model, int rows);

/* Both views need the same model: they differ in appearance only, or not at all. */
bool view_same_model(const struct map_view *a, const struct map_view *b);
/* An event passes the filters. */
bool view_passes(const struct map_view *view, const struct trace_record *record);
/* Index of the selected event in the model's list; 0 when it is not there. */
size_t view_event(const struct map_view *view, const struct map_model *model);
/* How many steps of the walk are lit at this moment: all of them when nothing may move. */
size_t view_walk_lit(const struct map_view *view, size_t steps);

/* The frame map's grid: size of a cell, columns (a power of two), rows that fit. */
struct frame_grid {
    struct rect cells; /* where cells are; left of it stand the addresses */
    int cell_w, cell_h;
    u64 columns, rows, per_cell; /* frames in one cell */
};
struct frame_grid view_grid(const struct map_view *view, const struct map_model *model,
                            const struct map_layout *layout);
/* The frame at (x, y), or 0. */
u64 view_frame_at(const struct map_view *view, const struct map_model *model,
                  const struct map_layout *layout, int x, int y);
/* Where the frame's cell is; width 0 when it is not in sight. */
struct rect view_frame_rect(const struct map_view *view, const struct map_model *model,
                            const struct frame_grid *grid, u64 pfn);

/* The strip of an area of the address space, for drawing and pointing. */
struct rect view_area_rect(const struct map_model *model, const struct map_layout *layout,
                           size_t area);
/* The swap panel's grid. */
struct slot_grid {
    struct rect cells;
    int side;
    u64 columns, rows;
};
struct slot_grid view_slots(const struct map_view *view, const struct map_model *model,
                            const struct map_layout *layout);
/* The timeline's room for bars, and the instruction count at x. */
struct rect view_bars(const struct map_layout *layout);
u64 view_timeline_icount(const struct map_model *model, const struct map_layout *layout, int x);
int view_timeline_x(const struct map_model *model, const struct map_layout *layout, u64 icount);

#endif
