/* SPDX-License-Identifier: MIT */
/*
 * font.h - the bitmap fonts of the memory map: Spleen in 8x16, 12x24 and 16x32 pixels, taken from
 * Debian's fonts-spleen at build time (PSF files of version 1 and 2: the kbd project's psf(5)).
 *
 * What Spleen does not have (Chinese, arrows) comes from GNU Unifont, 16 pixels high, made larger
 * for the other sizes.
 *
 * A font is read-only after font_open() and may be shared by threads.
 */
#ifndef FAULTLINE_MAP_FONT_H
#define FAULTLINE_MAP_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct font;

struct glyph {
    const uint8_t *bits; /* height rows of row_bytes bytes, leftmost pixel in the top bit */
    size_t row_bytes;
    int width, height; /* pixels */
};

/* `scale` 1, 2 or 3 gives 8x16, 12x24 or 16x32.  NULL when there is no memory. */
struct font *font_open(int scale);
void font_close(struct font *font);

int font_width(const struct font *font);  /* of a Latin letter, pixels */
int font_height(const struct font *font); /* of a line, pixels */

/* The glyph of a Unicode code point; '?' in its place when the font has none. */
struct glyph font_glyph(const struct font *font, uint32_t code);

/* Whether the font has a glyph for it. */
bool font_has(const struct font *font, uint32_t code);

/* Takes the next code point from UTF-8 text and moves *text behind it; a broken byte gives U+FFFD.
 */
uint32_t font_next_code(const char **text);

/*
 * Reads a PSF file from memory; for font_open() and its tests.  `data` must live as long as the
 * font. NULL when it is not a whole PSF file.
 */
struct font *font_from_psf(const uint8_t *data, size_t size);

#endif
