/* SPDX-License-Identifier: MIT */
/*
 * theme.h - colours, letters and names of the memory map.
 *
 * Hues are those of Okabe and Ito, which people with any common colour vision can tell apart; every
 * class and group has a letter besides, so that nothing is said by colour alone.
 */
#ifndef FAULTLINE_MAP_THEME_H
#define FAULTLINE_MAP_THEME_H

#include "emu/map/canvas.h"
#include "emu/map/model.h"

struct theme {
    color_t background, panel, border, text, dim, strong, accent, select, past;
    bool high_contrast;
};

const struct theme *theme_get(bool high_contrast);

color_t class_color(enum frame_class class);
char class_letter(enum frame_class class);
const char *class_name(enum frame_class class);

color_t group_color(enum fault_group group);
const char *group_name(enum fault_group group);

color_t page_state_color(enum page_state state);

/* Heat: 0..256 on viridis (0), cividis (1) or grey (2). */
color_t heat_color(int palette, int amount);
const char *heat_name(int palette);

/*
 * Brightness of a frame by the instructions since its last event, 140..256 of 256 on a logarithmic
 * scale from 10^4 to 10^9: what has just happened is bright, and what is cold can still be seen.
 */
int age_brightness(u64 now, u64 touched);

#endif
