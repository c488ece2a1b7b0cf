/* SPDX-License-Identifier: MIT */
/*
 * palette.h - the colours of the map, and a person's own.
 *
 * $XDG_CONFIG_HOME/faultline/palette (else ~/.config/faultline/palette) has lines
 *     anonymous = #56b4e9
 * with the names of frame classes, of fault groups ("faults zero"), of page states ("page dirty")
 * and of parts of the picture ("background", "text" ...); '#' at the start of a line is a comment.
 */
#ifndef FAULTLINE_MAP_PALETTE_H
#define FAULTLINE_MAP_PALETTE_H

#include "emu/base/error.h"
#include "emu/map/canvas.h"
#include "emu/map/model.h"

enum palette_part {
    PART_BACKGROUND,
    PART_PANEL,
    PART_BORDER,
    PART_TEXT,
    PART_DIM,
    PART_STRONG,
    PART_ACCENT,
    PART_SELECT,
    PART_PAST,
    PART_WARN,
    PART_COUNT
};

struct palette {
    color_t part[PART_COUNT];
    color_t class[CLASS_COUNT];
    color_t group[GROUP_COUNT];
    color_t state[PAGE_STATES];
};

void palette_init(struct palette *palette);
/* Changes what the text names.  False with *err set and the line's number in it. */
bool palette_parse(struct palette *palette, const char *text, struct error *err);
/* Reads the person's file if there is one.  False with *err set when it cannot be understood. */
bool palette_load(struct palette *palette, struct error *err);

#endif
