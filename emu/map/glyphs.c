/* SPDX-License-Identifier: MIT */
/*
 * glyphs.c - 16-pixel glyphs made larger by the rules of Scale2x and Scale3x (Andrea Mazzoleni,
 * www.scale2x.it), which round off diagonal strokes: twice as large for 32 pixels, three times and
 * then half for 24.
 */
#include "emu/map/glyphs.h"

#include <stdbool.h>
#include <stdlib.h>

/* Linked in by font_data.S; made by font/make_glyphs.c. */
extern const uint8_t map_font_extra[], map_font_extra_end[];

enum { SIDE = 16, RECORD = 40 };

static uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool pixel(const uint8_t *rows, int x, int y)
{
    return x >= 0 && x < SIDE && y >= 0 && y < SIDE && (rows[2 * y + x / 8] & 0x80 >> x % 8);
}

/* The pixel at (x, y) of the glyph `times` (2 or 3) as large. */
static bool larger(const uint8_t *rows, int times, int x, int y)
{
    int cx = x / times, cy = y / times, right = x % times, down = y % times, last = times - 1;
    bool centre = pixel(rows, cx, cy);
    bool up = pixel(rows, cx, cy - 1), low = pixel(rows, cx, cy + 1);
    bool west = pixel(rows, cx - 1, cy), east = pixel(rows, cx + 1, cy);
    if ((right != 0 && right != last) || (down != 0 && down != last) || up == low ||
        west == east) {
        return centre;
    }
    bool beside = right == 0 ? west : east, above = down == 0 ? up : low;
    return beside == above ? beside : centre;
}

static void set(struct extra_glyph *g, int x, int y)
{
    g->bits[y * EXTRA_ROW_BYTES + x / 8] |= (uint8_t)(0x80 >> x % 8);
}

static void make_one(struct extra_glyph *g, const uint8_t *rows, int width, int scale)
{
    g->width = width * (scale + 1) / 2;
    for (int y = 0; y < SIDE * (scale + 1) / 2; y++) {
        for (int x = 0; x < g->width; x++) {
            if (scale == 1) {
                if (pixel(rows, x, y)) {
                    set(g, x, y);
                }
            } else if (scale == 3) {
                if (larger(rows, 2, x, y)) {
                    set(g, x, y);
                }
            } else {
                int dark = larger(rows, 3, 2 * x, 2 * y) + larger(rows, 3, 2 * x + 1, 2 * y) +
                           larger(rows, 3, 2 * x, 2 * y + 1) +
                           larger(rows, 3, 2 * x + 1, 2 * y + 1);
                if (dark >= 2) {
                    set(g, x, y);
                }
            }
        }
    }
}

struct extra_glyph *extra_glyphs_make(int scale, size_t *count)
{
    size_t bytes = (size_t)(map_font_extra_end - map_font_extra);
    *count = bytes >= 4 ? load_u32(map_font_extra) : 0;
    *count = *count <= (bytes - 4) / RECORD ? *count : 0;
    struct extra_glyph *list = calloc(*count + 1, sizeof *list);
    for (size_t i = 0; list && i < *count; i++) {
        const uint8_t *record = map_font_extra + 4 + i * RECORD;
        list[i].code = load_u32(record);
        make_one(&list[i], record + 8, (int)load_u32(record + 4), scale);
    }
    return list;
}

const struct extra_glyph *extra_glyph_find(const struct extra_glyph *list, size_t count,
                                           uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list[middle].code < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && list[low].code == code ? &list[low] : NULL;
}
