/* SPDX-License-Identifier: MIT */
/* png.h - pictures to and from PNG files (libpng). */
#ifndef FAULTLINE_MAP_PNG_H
#define FAULTLINE_MAP_PNG_H

#include "emu/map/canvas.h"

/* Writes the canvas to `path`.  False with a reason in `why` (`size` bytes) when it cannot. */
bool png_save(const struct canvas *canvas, const char *path, char *why, size_t size);

/* Reads a PNG file of at most 16384 x 16384 pixels; NULL with a reason in `why`. */
struct canvas *png_load(const char *path, char *why, size_t size);

#endif
