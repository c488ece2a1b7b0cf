/* SPDX-License-Identifier: MIT */
/* glyphs.h - glyphs from GNU Unifont beside those of the main font; for font.c. */
#ifndef FAULTLINE_MAP_GLYPHS_H
#define FAULTLINE_MAP_GLYPHS_H

#include <stddef.h>
#include <stdint.h>

enum { EXTRA_ROW_BYTES = 4, EXTRA_ROWS = 32 };

struct extra_glyph {
    uint32_t code;
    int width;                                   /* pixels */
    uint8_t bits[EXTRA_ROWS * EXTRA_ROW_BYTES]; /* leftmost pixel in the top bit */
};

/* All of them, 16, 24 or 32 pixels high (scale 1, 2, 3), by code point; the caller's to free. */
struct extra_glyph *extra_glyphs_make(int scale, size_t *count);
/* NULL when there is none. */
const struct extra_glyph *extra_glyph_find(const struct extra_glyph *list, size_t count,
                                           uint32_t code);

#endif
