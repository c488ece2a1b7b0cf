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
    struct theme theme;
    const struct map_model *model;
    const struct map_view *view;
    struct map_layout layout;
};

/* The text in the view's language. */
static inline const char *in_words(const struct painter *p, const char *english,
                                   const char *chinese)
{
    return p->view->chinese ? chinese : english;
}

/* A panel's background, border and title; returns the room inside. */
struct rect paint_panel(const struct painter *p, struct rect r, const char *title);
/* One line of text inside `r` at line `row`; returns the x behind it. */
int paint_line(const struct painter *p, struct rect r, int row, color_t color, const char *format,
               ...) __attribute__((format(printf, 5, 6)));
/* The ground of a line that is chosen or pointed at. */
void paint_chosen(const struct painter *p, struct rect r);
/* Text that ends at `right`. */
void paint_right(const struct painter *p, int right, int y, color_t color, const char *text);
/* Text wrapped at spaces (or anywhere in Chinese) into `r` from line `row`; returns the next row.
 */
int paint_wrapped(const struct painter *p, struct rect r, int row, color_t color, const char *text);
/* A coloured square with a letter in it and a name behind it; returns the x behind. */
int paint_key(const struct painter *p, int x, int y, color_t color, char letter, const char *name);
int paint_key_width(const struct painter *p, const char *name);
/* Black or white, whichever reads better on `color`. */
color_t paint_ink(color_t color);
/* 1234567 -> "1,234,567". `buffer` has 32 bytes. */
const char *paint_number(char *buffer, u64 value);
/* 1234567 -> "1.2M". `buffer` has 24 bytes. */
const char *paint_short(char *buffer, u64 value);

/* An event in one line, or in a short one; `out` has EVENT_TEXT bytes.  Returns its colour. */
enum { EVENT_TEXT = 200 };
color_t paint_event_text(const struct painter *p, const struct trace_record *record, bool brief,
                         char *out);
/* The name of a process, "" when unknown. */
const char *paint_process_name(const struct map_model *model, u32 pid);

/* Lines about a frame or address, for the inspector and for what floats at the mouse. */
enum { FOCUS_LINES = 40, FOCUS_TEXT = 160 };
struct focus_text {
    struct {
        char text[FOCUS_TEXT];
        color_t color;
    } line[FOCUS_LINES];
    size_t count;
};
void paint_describe(const struct painter *p, const struct map_focus *focus, size_t owners,
                    struct focus_text *out);
void paint_add(struct focus_text *out, color_t color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void paint_top(const struct painter *p);
void paint_frames(const struct painter *p);
void paint_space(const struct painter *p);
void paint_inspector(const struct painter *p);
void paint_timeline(const struct painter *p);
void paint_processes(const struct painter *p);
void paint_tab(const struct painter *p);
/* What lies over the panels. */
void paint_hover(const struct painter *p);
void paint_bytes(const struct painter *p);
void paint_help(const struct painter *p);
void paint_entry(const struct painter *p);
void paint_caption(const struct painter *p);

#endif
