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
    canvas_fill(p->canvas, r, p->theme.panel);
    canvas_frame(p->canvas, r, 1, p->theme.border);
    canvas_text(p->canvas, p->font, r.x + pad, r.y + p->layout.unit / 4, r.w - 2 * pad,
                p->theme.accent, title);
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

/* Punctuation that must not begin a line. */
static bool is_closing(uint32_t code)
{
    return code == 0x3001 || code == 0x3002 || code == 0xff0c || code == 0xff1a ||
           code == 0xff1b || code == 0xff09 || code == 0x201d;
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
            /* Break behind the last space or Chinese character, but not before its punctuation. */
            return (size_t)((space && space > text ? space : before) - text);
        }
        const char *next = at;
        if (code == ' ' || (code >= 0x2e80 && !is_closing(*at ? font_next_code(&next) : 0))) {
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

color_t paint_ink(color_t color)
{
    unsigned red = color >> 16 & 0xff, green = color >> 8 & 0xff, blue = color & 0xff;
    return 3 * red + 6 * green + blue > 1100 ? 0xff101318 : 0xffffffff;
}

int paint_key_width(const struct painter *p, const char *name)
{
    return 3 * p->layout.glyph + p->layout.glyph / 2 + canvas_text_width(p->font, name);
}

int paint_key(const struct painter *p, int x, int y, color_t color, char letter, const char *name)
{
    int width = p->layout.glyph + p->layout.glyph / 2, pad = p->layout.unit / 16;
    char text[2] = {letter, 0};
    int height = font_height(p->font) - 2 * pad;
    canvas_fill(p->canvas, (struct rect){x, y + pad, width, height}, color);
    canvas_frame(p->canvas, (struct rect){x, y + pad, width, height}, 1,
                 color_mix(color, p->theme.text, 60));
    canvas_text(p->canvas, p->font, x + p->layout.glyph / 4, y, width, paint_ink(color), text);
    x += width + p->layout.glyph / 2;
    return canvas_text(p->canvas, p->font, x, y, p->canvas->width - x, p->theme.dim, name) +
           p->layout.glyph + p->layout.glyph / 2;
}

void paint_chosen(const struct painter *p, struct rect r)
{
    if (p->theme.high_contrast) { /* text in any colour stays readable on black */
        canvas_frame(p->canvas, (struct rect){r.x - 2, r.y, r.w + 4, r.h}, p->layout.unit / 16,
                     p->theme.select);
    } else {
        canvas_fill(p->canvas, r, p->theme.border);
    }
}

void paint_right(const struct painter *p, int right, int y, color_t color, const char *text)
{
    int width = canvas_text_width(p->font, text);
    canvas_text(p->canvas, p->font, right - width, y, width, color, text);
}

const char *paint_short(char *buffer, u64 value)
{
    static const struct {
        u64 unit;
        char letter;
    } unit[] = {{1000000000, 'G'}, {1000000, 'M'}, {1000, 'k'}};
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (value >= 10 * unit[i].unit) {
            snprintf(buffer, 24, "%llu%c", (unsigned long long)(value / unit[i].unit),
                     unit[i].letter);
            return buffer;
        }
        if (value >= unit[i].unit) {
            snprintf(buffer, 24, "%llu.%llu%c", (unsigned long long)(value / unit[i].unit),
                     (unsigned long long)(value % unit[i].unit * 10 / unit[i].unit),
                     unit[i].letter);
            return buffer;
        }
    }
    snprintf(buffer, 24, "%llu", (unsigned long long)value);
    return buffer;
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

static struct painter painter_of(struct canvas *canvas, const struct map_fonts *fonts,
                                 const struct map_model *model, const struct map_view *view)
{
    return (struct painter){
        .canvas = canvas,
        .font = fonts->scale[view->scale - 1],
        .theme = theme_of(view),
        .model = model,
        .view = view,
        .layout = view_layout(view, canvas->width, canvas->height),
    };
}

static void paint_panels(const struct painter *p)
{
    const struct map_layout *l = &p->layout;
    const struct {
        struct rect where;
        void (*paint)(const struct painter *p);
    } panel[] = {{l->top, paint_top},           {l->frames, paint_frames},
                 {l->space, paint_space},       {l->inspector, paint_inspector},
                 {l->timeline, paint_timeline}, {l->processes, paint_processes},
                 {l->tab, paint_tab}};
    for (size_t i = 0; i < sizeof panel / sizeof *panel; i++) {
        if (panel[i].where.w > 0 && panel[i].where.h > 0) { /* a small window has not all */
            panel[i].paint(p);
        }
    }
}

void map_draw(struct canvas *canvas, const struct map_fonts *fonts, const struct map_model *model,
              const struct map_view *view)
{
    struct painter p = painter_of(canvas, fonts, model, view);
    canvas_clip(canvas, (struct rect){0, 0, canvas->width, canvas->height});
    if (model->past && !view->high_contrast) { /* the past wears another colour */
        p.theme.background = color_mix(p.theme.background, p.theme.past, 110);
        p.theme.panel = color_mix(p.theme.panel, p.theme.past, 70);
        p.theme.border = color_mix(p.theme.border, p.theme.past, 160);
    }
    canvas_fill(canvas, canvas->clip, p.theme.background);
    paint_panels(&p);
    if (view->steps) {
        paint_caption(&p);
    }
    if (view->bytes) {
        paint_bytes(&p);
    } else if (!view->help) {
        paint_hover(&p);
    }
    paint_entry(&p);
    if (view->help) {
        paint_help(&p);
    }
}

/* ---- a panel as text ---- */

struct note {
    int x, y;
    char text[240];
};

struct notebook {
    struct note *note;
    size_t count, room;
};

static void take_note(void *ctx, int x, int y, const char *text)
{
    struct notebook *book = ctx;
    if (book->count == book->room) {
        size_t room = book->room ? 2 * book->room : 64;
        struct note *list = realloc(book->note, room * sizeof *list);
        if (!list) {
            return;
        }
        book->note = list;
        book->room = room;
    }
    struct note *note = &book->note[book->count++];
    note->x = x;
    note->y = y;
    snprintf(note->text, sizeof note->text, "%s", text);
}

static int by_place(const void *a, const void *b)
{
    const struct note *x = a, *y = b;
    return x->y != y->y ? x->y - y->y : x->x - y->x;
}

static void write_notes(const struct notebook *book, int glyph, struct buffer *out)
{
    int line = -1, column = 0;
    for (size_t i = 0; i < book->count; i++) {
        const struct note *note = &book->note[i];
        if (line >= 0 && note->y - line > 2) {
            buffer_text(out, "\n");
            column = 0;
        }
        line = line < 0 || note->y - line > 2 ? note->y : line;
        int at = (note->x - book->note[0].x) / glyph;
        for (; column < at; column++) {
            buffer_text(out, " ");
        }
        buffer_text(out, note->text);
        column += (int)strlen(note->text);
    }
    buffer_text(out, "\n");
    buffer_byte(out, 0);
}

bool map_panel_text(struct canvas *canvas, const struct map_fonts *fonts,
                    const struct map_model *model, const struct map_view *view, int x, int y,
                    struct buffer *out)
{
    struct painter p = painter_of(canvas, fonts, model, view);
    const struct map_layout *l = &p.layout;
    const struct {
        struct rect where;
        void (*paint)(const struct painter *p);
    } panel[] = {{l->top, paint_top},           {l->frames, paint_frames},
                 {l->space, paint_space},       {l->inspector, paint_inspector},
                 {l->timeline, paint_timeline}, {l->processes, paint_processes},
                 {l->tab, paint_tab}};
    struct notebook book = {0};
    struct canvas_notes notes = {take_note, &book};
    size_t at = l->inspector.w ? 3 : 6; /* the mouse is nowhere: the inspector */
    for (size_t i = 0; i < sizeof panel / sizeof *panel; i++) {
        at = rect_contains(panel[i].where, x, y) ? i : at;
    }
    canvas->notes = &notes;
    panel[at].paint(&p);
    canvas->notes = NULL;
    qsort(book.note, book.count, sizeof *book.note, by_place);
    write_notes(&book, l->glyph, out);
    free(book.note);
    return !out->failed;
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
