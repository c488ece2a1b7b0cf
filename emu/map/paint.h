/* SPDX-License-Identifier: MIT */
/* paint.h - inside the map only: what every panel draws with, and the panels. */
#ifndef FAULTLINE_MAP_PAINT_H
#define FAULTLINE_MAP_PAINT_H

#include "emu/map/canvas.h"
#include "emu/map/font.h"
#include "emu/map/theme.h"
#include "emu/map/view.h"

struct painter {
    struct canvas *canvas;
    const struct font *font;
    const struct theme *theme;
    const struct map_model *model;
    const struct map_view *view;
    struct map_layout layout;
};

/* A panel's background, border and title; returns the room inside. */
struct rect paint_panel(const struct painter *p, struct rect r, const char *title);
/* One line of text inside `r` at line `row`; returns the x behind it. */
int paint_line(const struct painter *p, struct rect r, int row, color_t color, const char *format,
               ...) __attribute__((format(printf, 5, 6)));
/* Text wrapped at spaces (or anywhere in Chinese) into `r` from line `row`; returns the next row.
 */
int paint_wrapped(const struct painter *p, struct rect r, int row, color_t color, const char *text);
/* A coloured square with a name behind it; returns the x behind. */
int paint_key(const struct painter *p, int x, int y, color_t color, char letter, const char *name);
/* 1234567 -> "1,234,567". `buffer` has 32 bytes. */
const char *paint_number(char *buffer, u64 value);

void paint_top(const struct painter *p);
void paint_frames(const struct painter *p);
void paint_space(const struct painter *p);
void paint_inspector(const struct painter *p);
void paint_timeline(const struct painter *p);
void paint_processes(const struct painter *p);
void paint_tab(const struct painter *p);
void paint_help(const struct painter *p);

#endif
