/* SPDX-License-Identifier: MIT */
/* canvas.c - filling, lines and text on a picture in memory; see canvas.h. */
#include "emu/map/canvas.h"
#include "emu/map/font.h"

#include <stdlib.h>

enum { LARGEST_SIDE = 16384 };

struct canvas *canvas_create(int width, int height)
{
    if (width < 1 || height < 1 || width > LARGEST_SIDE || height > LARGEST_SIDE) {
        return NULL;
    }
    struct canvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas) {
        return NULL;
    }
    canvas->pixels = calloc((size_t)width * (size_t)height, sizeof *canvas->pixels);
    if (!canvas->pixels) {
        free(canvas);
        return NULL;
    }
    canvas->width = width;
    canvas->height = height;
    canvas->clip = (struct rect){0, 0, width, height};
    canvas_fill(canvas, canvas->clip, 0xff000000u);
    return canvas;
}

void canvas_destroy(struct canvas *canvas)
{
    if (canvas) {
        free(canvas->pixels);
        free(canvas);
    }
}

struct rect rect_intersect(struct rect a, struct rect b)
{
    int left = a.x > b.x ? a.x : b.x;
    int top = a.y > b.y ? a.y : b.y;
    int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;
    return (struct rect){left, top, right > left ? right - left : 0,
                         bottom > top ? bottom - top : 0};
}

bool rect_contains(struct rect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

struct rect canvas_clip(struct canvas *canvas, struct rect clip)
{
    struct rect before = canvas->clip;
    canvas->clip = rect_intersect(clip, (struct rect){0, 0, canvas->width, canvas->height});
    return before;
}

static unsigned mix_channel(color_t from, color_t to, int amount, unsigned shift)
{
    int a = (int)((from >> shift) & 0xff), b = (int)((to >> shift) & 0xff);
    return (unsigned)(a + (b - a) * amount / 256) << shift;
}

color_t color_mix(color_t from, color_t to, int amount)
{
    amount = amount < 0 ? 0 : amount > 256 ? 256 : amount;
    return 0xff000000u | mix_channel(from, to, amount, 16) | mix_channel(from, to, amount, 8) |
           mix_channel(from, to, amount, 0);
}

static color_t *row_at(struct canvas *canvas, int y)
{
    return canvas->pixels + (size_t)y * (size_t)canvas->width;
}

void canvas_fill(struct canvas *canvas, struct rect r, color_t color)
{
    r = rect_intersect(r, canvas->clip);
    for (int y = r.y; y < r.y + r.h; y++) {
        color_t *row = row_at(canvas, y);
        for (int x = r.x; x < r.x + r.w; x++) {
            row[x] = color;
        }
    }
}

void canvas_frame(struct canvas *canvas, struct rect r, int thickness, color_t color)
{
    canvas_fill(canvas, (struct rect){r.x, r.y, r.w, thickness}, color);
    canvas_fill(canvas, (struct rect){r.x, r.y + r.h - thickness, r.w, thickness}, color);
    canvas_fill(canvas, (struct rect){r.x, r.y, thickness, r.h}, color);
    canvas_fill(canvas, (struct rect){r.x + r.w - thickness, r.y, thickness, r.h}, color);
}

void canvas_tint(struct canvas *canvas, struct rect r, color_t color, int amount)
{
    r = rect_intersect(r, canvas->clip);
    for (int y = r.y; y < r.y + r.h; y++) {
        color_t *row = row_at(canvas, y);
        for (int x = r.x; x < r.x + r.w; x++) {
            row[x] = color_mix(row[x], color, amount);
        }
    }
}

void canvas_hatch(struct canvas *canvas, struct rect r, int pitch, color_t color)
{
    struct rect inside = rect_intersect(r, canvas->clip);
    for (int y = inside.y; y < inside.y + inside.h; y++) {
        color_t *row = row_at(canvas, y);
        for (int x = inside.x; x < inside.x + inside.w; x++) {
            /* Counted from the rectangle's corner, so that a clipped part lines up with the rest.
             */
            if ((x - r.x + y - r.y) % pitch == 0) {
                row[x] = color;
            }
        }
    }
}

static void set_pixel(struct canvas *canvas, int x, int y, color_t color)
{
    if (rect_contains(canvas->clip, x, y)) {
        row_at(canvas, y)[x] = color;
    }
}

void canvas_line(struct canvas *canvas, int x0, int y0, int x1, int y1, color_t color)
{
    int dx = abs(x1 - x0), dy = -abs(y1 - y0);
    int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
    int error = dx + dy;
    for (;;) {
        set_pixel(canvas, x0, y0, color);
        if (x0 == x1 && y0 == y1) {
            return;
        }
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += step_x;
        }
        if (twice <= dx) {
            error += dx;
            y0 += step_y;
        }
    }
}

static void draw_glyph(struct canvas *canvas, const struct glyph *glyph, int x, int y,
                       color_t color)
{
    for (int row = 0; row < glyph->height; row++) {
        const uint8_t *bits = glyph->bits + (size_t)row * glyph->row_bytes;
        for (int column = 0; column < glyph->width; column++) {
            if (bits[column / 8] & (0x80u >> (column % 8))) {
                set_pixel(canvas, x + column, y + row, color);
            }
        }
    }
}

int canvas_text_width(const struct font *font, const char *text)
{
    int width = 0;
    while (*text) {
        struct glyph glyph = font_glyph(font, font_next_code(&text));
        width += glyph.width;
    }
    return width;
}

int canvas_text(struct canvas *canvas, const struct font *font, int x, int y, int max_width,
                color_t color, const char *text)
{
    const uint32_t ellipsis = 0x2026;
    int end = x + max_width;
    if (canvas->notes && rect_contains(canvas->clip, x, y)) {
        canvas->notes->take(canvas->notes->ctx, x, y, text);
    }
    bool cut = canvas_text_width(font, text) > max_width;
    int room = cut ? max_width - font_glyph(font, ellipsis).width : max_width;
    int limit = x + room;
    while (*text) {
        struct glyph glyph = font_glyph(font, font_next_code(&text));
        if (x + glyph.width > limit) {
            break;
        }
        draw_glyph(canvas, &glyph, x, y, color);
        x += glyph.width;
    }
    if (cut) {
        struct glyph glyph = font_glyph(font, ellipsis);
        if (x + glyph.width <= end) {
            draw_glyph(canvas, &glyph, x, y, color);
            x += glyph.width;
        }
    }
    return x;
}
