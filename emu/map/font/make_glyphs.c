/* SPDX-License-Identifier: MIT */
/*
 * make_glyphs.c - built and run at build time: takes from a PCF bitmap font (GNU Unifont) the glyphs
 * of every character that the given source texts use and ASCII does not have.
 *
 *   make_glyphs FONT.pcf OUT TEXT...
 *
 * OUT, little-endian: u32 count; then for each glyph, in ascending order of code point, u32 code,
 * u32 width (8 or 16) and 32 bytes: 16 rows of 16 pixels, the leftmost in the top bit of the first
 * byte.  PCF: the X Window System's "portable compiled format" (x.org, bdftopcf's pcf.h): a table
 * of contents and, of its tables, metrics (4), bitmaps (8) and encodings (32).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS = 4, BITMAPS = 8, ENCODINGS = 32, MOST_CODES = 0x10000 };
enum { FORMAT_BIG = 4, FORMAT_BIG_BITS = 8, FORMAT_COMPRESSED = 0x100 };

struct bytes {
    uint8_t *data;
    size_t size;
};

struct table {
    const uint8_t *data;
    size_t size;
    uint32_t format;
};

static void fail(const char *why, const char *what)
{
    fprintf(stderr, "make_glyphs: %s: %s\n", what, why);
    exit(1);
}

static struct bytes load(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct bytes b = {NULL, 0};
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fail("cannot be read", path);
    }
    long size = ftell(file);
    rewind(file);
    b.size = size > 0 ? (size_t)size : 0;
    b.data = malloc(b.size + 1);
    if (!b.data || fread(b.data, 1, b.size, file) != b.size) {
        fail("cannot be read", path);
    }
    b.data[b.size] = 0;
    fclose(file);
    return b;
}

static uint32_t number(const struct table *t, size_t at, unsigned bytes, bool big)
{
    uint32_t value = 0;
    if (at + bytes > t->size) {
        fail("the font is cut off", "PCF");
    }
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint32_t)t->data[at + i] << 8 * (big ? bytes - 1 - i : i);
    }
    return value;
}

static struct table find(const struct bytes *font, uint32_t type)
{
    struct table all = {font->data, font->size, 0};
    uint32_t count = number(&all, 4, 4, false);
    for (uint32_t i = 0; i < count; i++) {
        size_t row = 8 + 16 * (size_t)i;
        if (number(&all, row, 4, false) == type) {
            uint32_t size = number(&all, row + 8, 4, false), at = number(&all, row + 12, 4, false);
            if (at > font->size || size > font->size - at) {
                fail("the font is cut off", "PCF");
            }
            return (struct table){font->data + at, size, number(&all, row + 4, 4, false)};
        }
    }
    fail("a table is missing", "PCF");
    return all;
}

/* Number of the glyph of a code point; -1: none. */
static int glyph_of(const struct table *t, uint32_t code)
{
    bool big = t->format & FORMAT_BIG;
    uint32_t first = number(t, 4, 2, big), last = number(t, 6, 2, big);
    uint32_t row_first = number(t, 8, 2, big), row_last = number(t, 10, 2, big);
    uint32_t low = code & 0xff, high = code >> 8;
    if (low < first || low > last || high < row_first || high > row_last) {
        return -1;
    }
    size_t at = 14 + 2 * (size_t)((high - row_first) * (last - first + 1) + low - first);
    uint32_t glyph = number(t, at, 2, big);
    return glyph == 0xffff ? -1 : (int)glyph;
}

struct metrics {
    int left, width, ascent, descent, advance;
};

static struct metrics metrics_of(const struct table *t, int glyph)
{
    bool big = t->format & FORMAT_BIG;
    struct metrics m;
    if (t->format & FORMAT_COMPRESSED) {
        size_t at = 6 + 5 * (size_t)glyph;
        int v[5];
        for (int i = 0; i < 5; i++) {
            v[i] = (int)number(t, at + (size_t)i, 1, big) - 0x80;
        }
        m = (struct metrics){v[0], v[1] - v[0], v[3], v[4], v[2]};
    } else {
        size_t at = 8 + 12 * (size_t)glyph;
        int v[5];
        for (int i = 0; i < 5; i++) {
            v[i] = (int16_t)number(t, at + 2 * (size_t)i, 2, big);
        }
        m = (struct metrics){v[0], v[1] - v[0], v[3], v[4], v[2]};
    }
    return m;
}

/* Baseline two pixels above the bottom of a 16 pixel line, as Unifont has it. */
static void draw(const struct table *t, int glyph, const struct metrics *m, uint8_t out[32])
{
    bool big = t->format & FORMAT_BIG, msb = t->format & FORMAT_BIG_BITS;
    uint32_t count = number(t, 4, 4, big);
    size_t pad = (size_t)1 << (t->format & 3), bits = 8 + 4 * (size_t)count + 16;
    size_t start = bits + number(t, 8 + 4 * (size_t)glyph, 4, big);
    size_t stride = ((size_t)(m->width + 7) / 8 + pad - 1) / pad * pad;
    memset(out, 0, 32);
    for (int row = 0; row < m->ascent + m->descent; row++) {
        int y = 14 - m->ascent + row;
        for (int column = 0; column < m->width; column++) {
            uint32_t byte = number(t, start + (size_t)row * stride + (size_t)column / 8, 1, big);
            int x = m->left + column, bit = msb ? 7 - column % 8 : column % 8;
            if ((byte >> bit & 1) && x >= 0 && x < 16 && y >= 0 && y < 16) {
                out[2 * y + x / 8] |= (uint8_t)(0x80 >> x % 8);
            }
        }
    }
}

/* Marks the code points of a text. */
static void collect(const struct bytes *text, bool *used)
{
    for (size_t i = 0; i < text->size; i++) {
        uint8_t c = text->data[i];
        unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
        uint32_t code = more == 3 ? c & 7u : more == 2 ? c & 15u : more == 1 ? c & 31u : 0;
        for (unsigned k = 1; k <= more && i + k < text->size; k++) {
            code = code << 6 | (text->data[i + k] & 0x3fu);
        }
        i += more;
        if (code >= 0x80 && code < MOST_CODES) {
            used[code] = true;
        }
    }
}

static void put_u32(FILE *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        putc((int)(value >> 8 * i & 0xff), out);
    }
}

int main(int argc, char **argv)
{
    static bool used[MOST_CODES];
    uint32_t count = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: make_glyphs FONT.pcf OUT TEXT...\n");
        return 2;
    }
    struct bytes font = load(argv[1]);
    if (font.size < 8 || memcmp(font.data, "\1fcp", 4) != 0) {
        fail("not a PCF font", argv[1]);
    }
    struct table encodings = find(&font, ENCODINGS), metrics = find(&font, METRICS);
    struct table bitmaps = find(&font, BITMAPS);
    for (int i = 3; i < argc; i++) {
        struct bytes text = load(argv[i]);
        collect(&text, used);
        free(text.data);
    }
    for (uint32_t code = 0; code < MOST_CODES; code++) {
        used[code] = used[code] && glyph_of(&encodings, code) >= 0;
        count += used[code];
    }
    FILE *out = fopen(argv[2], "wb");
    if (!out) {
        fail("cannot be written", argv[2]);
    }
    put_u32(out, count);
    for (uint32_t code = 0; code < MOST_CODES; code++) {
        if (used[code]) {
            int glyph = glyph_of(&encodings, code);
            struct metrics m = metrics_of(&metrics, glyph);
            uint8_t rows[32];
            draw(&bitmaps, glyph, &m, rows);
            put_u32(out, code);
            put_u32(out, m.advance > 8 ? 16 : 8);
            fwrite(rows, 1, sizeof rows, out);
        }
    }
    free(font.data);
    return fclose(out) == 0 ? 0 : 1;
}
