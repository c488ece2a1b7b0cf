/* SPDX-License-Identifier: MIT */
/*
 * theme.h - colours in use, letters and names of the memory map.
 *
 * Every class and group has a letter besides its hue, so that nothing is said by colour alone.
 */
#ifndef FAULTLINE_MAP_THEME_H
#define FAULTLINE_MAP_THEME_H

#include "emu/map/canvas.h"
#include "emu/map/model.h"
#include "emu/map/view.h"

struct theme {
    color_t background, panel, border, text, dim, strong, accent, select, past, warn;
    color_t class[CLASS_COUNT], group[GROUP_COUNT], state[PAGE_STATES];
    bool high_contrast;
};

/* By the view's palette and its wish for contrast. */
struct theme theme_of(const struct map_view *view);

char class_letter(enum frame_class class);
const char *class_name(enum frame_class class, bool chinese);
char group_letter(enum fault_group group);
const char *group_name(enum fault_group group, bool chinese);
char page_state_letter(enum page_state state);
const char *page_state_name(enum page_state state, bool chinese);
/* "ready", "sleep", ...; state as the probe numbers it. */
const char *process_state_name(u32 state, bool chinese);

/* Heat: 0..256 on viridis (0), cividis (1) or grey (2). */
color_t heat_color(int palette, int amount);
const char *heat_name(int palette);

/*
 * Brightness of a frame by the instructions since its last event, DARKEST..256 of 256 on a
 * logarithmic scale from 10^4 to 10^9: what has just happened is bright, and what is cold can still
 * be seen.
 */
int age_brightness(u64 now, u64 touched);

#endif
