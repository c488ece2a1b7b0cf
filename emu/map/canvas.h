/* SPDX-License-Identifier: MIT */
/*
 * canvas.h - a picture in memory that the memory map draws into.
 *
 * Plain C, no window system: the same pixels go to a window, to a PNG file and to the tests.
 * A pixel is 0xAARRGGBB in host order (SDL's ARGB8888); alpha is always 0xff in the picture itself.
 * All drawing is clipped to the canvas and to the current clip rectangle; coordinates outside are
 * allowed and harmless.
 */
#ifndef FAULTLINE_MAP_CANVAS_H
#define FAULTLINE_MAP_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t color_t;

struct rect {
    int x, y, w, h;
};

struct font; /* font.h */

/* Takes down text as it is drawn, so that a panel can be copied as text. */
struct canvas_notes {
    void (*take)(void *ctx, int x, int y, const char *text);
    void *ctx;
};

struct canvas {
    color_t *pixels; /* width * height, row after row; owned */
    int width, height;
    struct rect clip;
    const struct canvas_notes *notes; /* NULL: nobody takes notes */
};

/* Returns a canvas of width x height pixels (1..16384 each), black; NULL when there is no memory.
 */
struct canvas *canvas_create(int width, int height);
void canvas_destroy(struct canvas *canvas);

/* Restricts drawing to `clip`; returns the rectangle that held before, to be put back. */
struct rect canvas_clip(struct canvas *canvas, struct rect clip);

/* The part of `a` that is also in `b`; width and height are 0 when there is none. */
struct rect rect_intersect(struct rect a, struct rect b);
bool rect_contains(struct rect r, int x, int y);

/* `amount` 0..256: 0 gives `from`, 256 gives `to`. */
color_t color_mix(color_t from, color_t to, int amount);

void canvas_fill(struct canvas *canvas, struct rect r, color_t color);
/* The outline of `r`, `thickness` pixels inwards. */
void canvas_frame(struct canvas *canvas, struct rect r, int thickness, color_t color);
/* A translucent layer: every pixel of `r` goes `amount`/256 of the way to `color`. */
void canvas_tint(struct canvas *canvas, struct rect r, color_t color, int amount);
/* Diagonal lines, one in `pitch` pixels. */
void canvas_hatch(struct canvas *canvas, struct rect r, int pitch, color_t color);
void canvas_line(struct canvas *canvas, int x0, int y0, int x1, int y1, color_t color);

/*
 * Draws UTF-8 `text` with its top left corner at (x, y), at most `max_width` pixels wide (what does
 * not fit is left out behind an ellipsis).  Returns the x behind the last glyph.
 */
int canvas_text(struct canvas *canvas, const struct font *font, int x, int y, int max_width,
                color_t color, const char *text);
/* The width of `text` in pixels. */
int canvas_text_width(const struct font *font, const char *text);

#endif
