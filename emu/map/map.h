/* SPDX-License-Identifier: MIT */
/*
 * map.h - the memory map: a picture of a guest's memory, its owners and its faults.
 *
 * map_draw() is plain C on a canvas and needs neither SDL nor a display: the window, --shot and the
 * tests all call it.
 */
#ifndef FAULTLINE_MAP_MAP_H
#define FAULTLINE_MAP_MAP_H

#include "emu/base/buffer.h"
#include "emu/map/canvas.h"
#include "emu/map/model.h"
#include "emu/map/view.h"

/* The fonts of all scales, opened once. */
struct map_fonts;
struct map_fonts *map_fonts_open(void);
void map_fonts_close(struct map_fonts *fonts);

/* Smallest useful picture at scale 1, in pixels; the default is 1280 x 800. */
enum { MAP_MIN_WIDTH = 960, MAP_MIN_HEIGHT = 600, MAP_WIDTH = 1280, MAP_HEIGHT = 800 };

/* Draws the whole picture. */
void map_draw(struct canvas *canvas, const struct map_fonts *fonts, const struct map_model *model,
              const struct map_view *view);

/*
 * Appends the text of the panel at (x, y), or of the inspector, ending in a zero byte; draws that
 * panel on the way.  False when there is no memory.
 */
bool map_panel_text(struct canvas *canvas, const struct map_fonts *fonts,
                    const struct map_model *model, const struct map_view *view, int x, int y,
                    struct buffer *out);

/* Draws the model and writes it to a PNG file; false with a reason in `why`. */
bool map_save_picture(const struct map_model *model, const struct map_view *view, int width,
                      int height, const char *path, char *why, size_t size);

#endif
