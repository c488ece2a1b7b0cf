/* SPDX-License-Identifier: MIT */
/*
 * view.h - what the person at the map has chosen to see: selection, zoom, filters, tab.
 *
 * Keys and mouse change a view (view_key, view_mouse) and may ask something of the machine
 * (enum map_request); neither touches the guest.
 */
#ifndef FAULTLINE_MAP_VIEW_H
#define FAULTLINE_MAP_VIEW_H

#include "emu/map/canvas.h"
#include "emu/map/model.h"

enum map_tab { TAB_EVENTS, TAB_SWAP, TAB_EXPLAIN, TAB_COUNT };

/* What a key or a click asks of the machine. */
enum map_request {
    REQUEST_NONE,
    REQUEST_PAUSE,      /* stop, or go on */
    REQUEST_STEP,       /* one instruction */
    REQUEST_NEXT_FAULT, /* go on to the next fault */
    REQUEST_NEXT_SAME,  /* ... of the selected event's kind */
    REQUEST_NEXT_SWAP,  /* ... that reads from swap */
    REQUEST_RESET,      /* counters to zero */
    REQUEST_MARK,       /* bookmark: "changed" starts here */
    REQUEST_PICTURE,    /* write a PNG */
    REQUEST_CLOSE
};

struct map_view {
    int scale; /* 1, 2, 3: size of text and cells */
    bool high_contrast, letters, heat, changed_only, help;
    bool chinese; /* explanations in Chinese; the bundled fonts have no glyphs for them yet */
    int palette;      /* of the heat view */
    int cell;         /* pixels of a frame's side; 0 = as fits */
    u64 first_row;    /* of the frame map */
    u32 pid;          /* whose address space is shown; 0 = the newest */
    u32 filter_pid;   /* 0 = all */
    int filter_group; /* enum fault_group, -1 = all */
    enum map_tab tab;
    size_t event;         /* selected in the list, 0 = newest */
    u64 cursor_pfn;       /* 0 = none */
    u64 cursor_va;        /* looked at in pid; 0 = none */
    int mouse_x, mouse_y; /* -1 = outside */
};

/* Where the panels are, for a canvas of this size and scale. */
struct map_layout {
    struct rect top, frames, space, inspector, timeline, processes, tab;
    int unit;  /* height of a line of text */
    int glyph; /* width of a letter */
};

void view_init(struct map_view *view);
struct map_layout view_layout(const struct map_view *view, int width, int height);

/* Keys as characters; these besides. */
enum map_key {
    KEY_UP = 0x100,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_ENTER,
    KEY_TAB,
    KEY_F11,
    KEY_F12
};

enum map_request view_key(struct map_view *view, const struct map_model *model, int key);
/* A click at (x, y) of a picture of this size; a move only changes mouse_x and mouse_y. */
enum map_request view_click(struct map_view *view, const struct map_model *model, int x, int y,
                            int width, int height);
/* Wheel over the frame map: scroll by rows. */
void view_scroll(struct map_view *view, const struct map_model *model, int rows);

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

#endif
