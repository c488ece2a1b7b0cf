/* SPDX-License-Identifier: MIT */
/* paint.c - what the panels share, and the whole picture; see paint.h and map.h. */
#include "emu/map/paint.h"
#include "emu/map/map.h"
#include "emu/map/png.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct map_fonts {
    struct font *scale[3];
};

struct map_fonts *map_fonts_open(void)
{
    struct map_fonts *fonts = calloc(1, sizeof *fonts);
    for (int i = 0; fonts && i < 3; i++) {
        fonts->scale[i] = font_open(i + 1);
        if (!fonts->scale[i]) {
            map_fonts_close(fonts);
            return NULL;
        }
    }
    return fonts;
}

void map_fonts_close(struct map_fonts *fonts)
{
    if (fonts) {
        for (int i = 0; i < 3; i++) {
            font_close(fonts->scale[i]);
        }
        free(fonts);
    }
}

struct rect paint_panel(const struct painter *p, struct rect r, const char *title)
{
    int pad = p->layout.glyph;
    canvas_fill(p->canvas, r, p->theme->panel);
    canvas_frame(p->canvas, r, 1, p->theme->border);
    canvas_text(p->canvas, p->font, r.x + pad, r.y + p->layout.unit / 4, r.w - 2 * pad,
                p->theme->accent, title);
    int head = p->layout.unit + p->layout.unit / 2;
    return (struct rect){r.x + pad, r.y + head, r.w - 2 * pad, r.h - head - p->layout.unit / 4};
}

int paint_line(const struct painter *p, struct rect r, int row, color_t color, const char *format,
               ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int y = r.y + row * p->layout.unit;
    if (y + p->layout.unit > r.y + r.h) {
        return r.x;
    }
    return canvas_text(p->canvas, p->font, r.x, y, r.w, color, text);
}

/* How many bytes of `text` make the next line of at most `columns` letters. */
static size_t line_length(const struct font *font, const char *text, int width)
{
    const char *at = text, *space = NULL;
    int used = 0;
    while (*at && *at != '\n') {
        const char *before = at;
        uint32_t code = font_next_code(&at);
        used += font_glyph(font, code).width;
        if (used > width) {
            /* Break behind the last space; a language without spaces breaks anywhere. */
            return (size_t)((space && space > text ? space : before) - text);
        }
        if (code == ' ') {
            space = at;
        }
    }
    return (size_t)(at - text);
}

int paint_wrapped(const struct painter *p, struct rect r, int row, color_t color, const char *text)
{
    while (*text) {
        char line[512];
        size_t length = line_length(p->font, text, r.w);
        if (length == 0 && *text != '\n') {
            return row;
        }
        size_t copy = length < sizeof line - 1 ? length : sizeof line - 1;
        memcpy(line, text, copy);
        line[copy] = 0;
        paint_line(p, r, row++, color, "%s", line);
        text += length;
        if (*text == '\n') {
            text++;
        }
    }
    return row;
}

int paint_key(const struct painter *p, int x, int y, color_t color, char letter, const char *name)
{
    int side = p->layout.unit * 3 / 4;
    canvas_fill(p->canvas, (struct rect){x, y + p->layout.unit / 8, side, side}, color);
    x += side + p->layout.glyph / 2;
    char text[64];
    snprintf(text, sizeof text, "%c %s", letter, name);
    return canvas_text(p->canvas, p->font, x, y, p->canvas->width - x, p->theme->dim, text) +
           p->layout.glyph;
}

const char *paint_number(char *buffer, u64 value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value), out = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            buffer[out++] = ',';
        }
        buffer[out++] = digits[i];
    }
    buffer[out] = 0;
    return buffer;
}

void map_draw(struct canvas *canvas, const struct map_fonts *fonts, const struct map_model *model,
              const struct map_view *view)
{
    struct painter p = {
        .canvas = canvas,
        .font = fonts->scale[view->scale - 1],
        .theme = theme_get(view->high_contrast),
        .model = model,
        .view = view,
        .layout = view_layout(view, canvas->width, canvas->height),
    };
    canvas_clip(canvas, (struct rect){0, 0, canvas->width, canvas->height});
    canvas_fill(canvas, canvas->clip, p.theme->background);
    paint_top(&p);
    paint_frames(&p);
    paint_space(&p);
    paint_inspector(&p);
    paint_timeline(&p);
    paint_processes(&p);
    paint_tab(&p);
    if (model->past) {
        canvas_tint(canvas, canvas->clip, p.theme->past, 60);
    }
    if (view->help) {
        paint_help(&p);
    }
}

bool map_save_picture(const struct map_model *model, const struct map_view *view, int width,
                      int height, const char *path, char *why, size_t size)
{
    struct map_fonts *fonts = map_fonts_open();
    struct canvas *canvas = canvas_create(width, height);
    bool ok = false;
    if (fonts && canvas) {
        map_draw(canvas, fonts, model, view);
        ok = png_save(canvas, path, why, size);
    } else {
        snprintf(why, size, "not enough memory for a picture of %d x %d pixels", width, height);
    }
    canvas_destroy(canvas);
    map_fonts_close(fonts);
    return ok;
}
