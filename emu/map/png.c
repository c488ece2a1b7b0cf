/* SPDX-License-Identifier: MIT */
/* png.c - PNG through libpng's simplified interface; see png.h. */
#include "emu/map/png.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

bool png_save(const struct canvas *canvas, const char *path, char *why, size_t size)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)canvas->width;
    image.height = (png_uint_32)canvas->height;
    image.format = PNG_FORMAT_BGRA; /* 0xAARRGGBB on a little-endian host */
    if (!png_image_write_to_file(&image, path, 0, canvas->pixels, 0, NULL)) {
        snprintf(why, size, "cannot write %s: %s", path, image.message);
        return false;
    }
    return true;
}

struct canvas *png_load(const char *path, char *why, size_t size)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, path)) {
        snprintf(why, size, "cannot read %s: %s", path, image.message);
        return NULL;
    }
    image.format = PNG_FORMAT_BGRA;
    struct canvas *canvas = NULL;
    if (image.width <= 16384 && image.height <= 16384) {
        canvas = canvas_create((int)image.width, (int)image.height);
    }
    if (!canvas) {
        snprintf(why, size, "cannot read %s: %u x %u pixels are too many", path, image.width,
                 image.height);
        png_image_free(&image);
        return NULL;
    }
    if (!png_image_finish_read(&image, NULL, canvas->pixels, 0, NULL)) {
        snprintf(why, size, "cannot read %s: %s", path, image.message);
        canvas_destroy(canvas);
        return NULL;
    }
    return canvas;
}
