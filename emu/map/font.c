/* SPDX-License-Identifier: MIT */
/* font.c - PSF bitmap fonts and UTF-8; see font.h. */
#include "emu/map/font.h"
#include "emu/map/glyphs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Linked in by font_data.S. */
extern const uint8_t map_font_8x16[], map_font_8x16_end[];
extern const uint8_t map_font_12x24[], map_font_12x24_end[];
extern const uint8_t map_font_16x32[], map_font_16x32_end[];

#define PSF2_MAGIC 0x864ab572u

enum {
    PSF1_512_GLYPHS = 1,
    PSF1_HAS_UNICODE = 2,
    PSF2_HAS_UNICODE = 1,
    DIRECT_CODES = 0x3000, /* code points with an entry of their own */
};

struct font {
    const uint8_t *glyphs;
    size_t glyph_count, glyph_bytes, row_bytes;
    int width, height;
    uint16_t index[DIRECT_CODES]; /* code point -> glyph + 1; 0 = none */
    struct extra_glyph *extra;    /* by code point; NULL = none */
    size_t extra_count;
};

static uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t font_next_code(const char **text)
{
    const uint8_t *p = (const uint8_t *)*text;
    uint32_t code = p[0];
    size_t more = code < 0x80             ? 0
                  : (code & 0xe0) == 0xc0 ? 1
                  : (code & 0xf0) == 0xe0 ? 2
                  : (code & 0xf8) == 0xf0 ? 3
                                          : 4;
    if (more == 4) {
        *text += 1;
        return 0xfffd;
    }
    code &= more == 0 ? 0x7fu : 0x3fu >> more;
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *text += i;
            return 0xfffd;
        }
        code = code << 6 | (p[i] & 0x3fu);
    }
    *text += more + 1;
    return code;
}

static void map_code(struct font *font, uint32_t code, size_t glyph)
{
    if (code < DIRECT_CODES) {
        font->index[code] = (uint16_t)(glyph + 1);
    }
}

/*
 * The table behind the glyphs.  Version 2: for each glyph its code points in UTF-8, ended by 0xff;
 * 0xfe starts sequences of several code points, which we do not use.
 */
static void read_utf8_table(struct font *font, const uint8_t *p, const uint8_t *end)
{
    for (size_t glyph = 0; glyph < font->glyph_count && p < end; glyph++) {
        const uint8_t *stop = memchr(p, 0xff, (size_t)(end - p));
        if (!stop) {
            return;
        }
        while (p < stop && *p != 0xfe) {
            char one[5] = {0};
            size_t room = (size_t)(stop - p) < 4 ? (size_t)(stop - p) : 4;
            memcpy(one, p, room);
            const char *next = one;
            map_code(font, font_next_code(&next), glyph);
            p += next - one;
        }
        p = stop + 1;
    }
}

/* Version 1: the same in 16-bit words, 0xffff ends a glyph and 0xfffe starts a sequence. */
static void read_utf16_table(struct font *font, const uint8_t *p, const uint8_t *end)
{
    bool sequence = false;
    for (size_t glyph = 0; glyph < font->glyph_count && end - p >= 2; p += 2) {
        uint32_t code = (uint32_t)p[0] | (uint32_t)p[1] << 8;
        if (code == 0xffff) {
            glyph++;
            sequence = false;
        } else if (code == 0xfffe) {
            sequence = true;
        } else if (!sequence) {
            map_code(font, code, glyph);
        }
    }
}

static struct font *new_font(const uint8_t *glyphs, size_t count, size_t width, size_t height)
{
    struct font *font = calloc(1, sizeof *font);
    if (font) {
        font->glyphs = glyphs;
        font->glyph_count = count;
        font->row_bytes = (width + 7) / 8;
        font->glyph_bytes = font->row_bytes * height;
        font->width = (int)width;
        font->height = (int)height;
    }
    return font;
}

static void map_codes_directly(struct font *font)
{
    for (size_t i = 0; i < font->glyph_count && i < DIRECT_CODES; i++) {
        map_code(font, (uint32_t)i, i);
    }
}

static struct font *font_from_psf1(const uint8_t *data, size_t size)
{
    size_t count = data[2] & PSF1_512_GLYPHS ? 512 : 256, height = data[3];
    if (height < 1 || size < 4 + count * height) {
        return NULL;
    }
    struct font *font = new_font(data + 4, count, 8, height);
    if (font && (data[2] & PSF1_HAS_UNICODE)) {
        read_utf16_table(font, data + 4 + count * height, data + size);
    } else if (font) {
        map_codes_directly(font);
    }
    return font;
}

static struct font *font_from_psf2(const uint8_t *data, size_t size)
{
    size_t header = load_u32(data + 8), count = load_u32(data + 16), bytes = load_u32(data + 20);
    size_t height = load_u32(data + 24), width = load_u32(data + 28);
    if (header < 32 || header > size || width < 1 || width > 64 || height < 1 || height > 64 ||
        count < 1 || count > 0xfffe || bytes != height * ((width + 7) / 8) ||
        count > (size - header) / bytes) {
        return NULL;
    }
    struct font *font = new_font(data + header, count, width, height);
    if (font && (load_u32(data + 12) & PSF2_HAS_UNICODE)) {
        read_utf8_table(font, font->glyphs + count * bytes, data + size);
    } else if (font) {
        map_codes_directly(font);
    }
    return font;
}

struct font *font_from_psf(const uint8_t *data, size_t size)
{
    if (size >= 4 && data[0] == 0x36 && data[1] == 0x04) {
        return font_from_psf1(data, size);
    }
    if (size >= 32 && load_u32(data) == PSF2_MAGIC) {
        return font_from_psf2(data, size);
    }
    return NULL;
}

struct font *font_open(int scale)
{
    struct font *font =
        scale >= 3   ? font_from_psf(map_font_16x32, (size_t)(map_font_16x32_end - map_font_16x32))
        : scale == 2 ? font_from_psf(map_font_12x24, (size_t)(map_font_12x24_end - map_font_12x24))
                     : font_from_psf(map_font_8x16, (size_t)(map_font_8x16_end - map_font_8x16));
    if (font) {
        font->extra = extra_glyphs_make(scale >= 3 ? 3 : scale == 2 ? 2 : 1, &font->extra_count);
        if (!font->extra) {
            font_close(font);
            return NULL;
        }
    }
    return font;
}

void font_close(struct font *font)
{
    if (font) {
        free(font->extra);
        free(font);
    }
}

int font_width(const struct font *font)
{
    return font->width;
}

int font_height(const struct font *font)
{
    return font->height;
}

bool font_has(const struct font *font, uint32_t code)
{
    return (code < DIRECT_CODES && font->index[code]) ||
           extra_glyph_find(font->extra, font->extra_count, code);
}

struct glyph font_glyph(const struct font *font, uint32_t code)
{
    size_t at = code < DIRECT_CODES ? font->index[code] : 0;
    if (at == 0) {
        const struct extra_glyph *extra = extra_glyph_find(font->extra, font->extra_count, code);
        if (extra) {
            return (struct glyph){extra->bits, EXTRA_ROW_BYTES, extra->width, font->height};
        }
        at = font->index['?'];
    }
    size_t number = at > 0 ? at - 1 : 0;
    return (struct glyph){font->glyphs + number * font->glyph_bytes, font->row_bytes, font->width,
                          font->height};
}
