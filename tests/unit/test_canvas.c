/* SPDX-License-Identifier: MIT */
/* Drawing stays inside the clip, text is cut with an ellipsis, PNG files come back as they went. */
#include "emu/map/canvas.h"
#include "emu/map/font.h"
#include "emu/map/png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static size_t count_pixels(const struct canvas *canvas, color_t color)
{
    size_t count = 0;
    for (size_t i = 0; i < (size_t)canvas->width * (size_t)canvas->height; i++) {
        count += canvas->pixels[i] == color;
    }
    return count;
}

static void fill_is_clipped(void **state)
{
    (void)state;
    struct canvas *canvas = canvas_create(20, 10);
    assert_non_null(canvas);
    canvas_fill(canvas, (struct rect){-5, -5, 8, 8}, 0xffff0000u);
    assert_int_equal(count_pixels(canvas, 0xffff0000u), 9);
    canvas_clip(canvas, (struct rect){10, 0, 100, 2});
    canvas_fill(canvas, (struct rect){0, 0, 1000, 1000}, 0xff00ff00u);
    assert_int_equal(count_pixels(canvas, 0xff00ff00u), 20);
    canvas_line(canvas, -50, -50, 60, 60, 0xff0000ffu);
    assert_int_equal(count_pixels(canvas, 0xff0000ffu), 0);
    canvas_destroy(canvas);
}

static void sizes_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_null(canvas_create(0, 5));
    assert_null(canvas_create(5, 16385));
}

static void mixing_reaches_both_ends(void **state)
{
    (void)state;
    assert_int_equal(color_mix(0xff102030u, 0xfff0e0d0u, 0), 0xff102030u);
    assert_int_equal(color_mix(0xff102030u, 0xfff0e0d0u, 256), 0xfff0e0d0u);
    assert_int_equal(color_mix(0xff000000u, 0xff808080u, 128), 0xff404040u);
}

static void utf8_is_read_and_broken_bytes_are_survived(void **state)
{
    (void)state;
    const char *text = "a\xc3\xa9\xe2\x80\xa6\xff\xc3";
    assert_int_equal(font_next_code(&text), 'a');
    assert_int_equal(font_next_code(&text), 0xe9);
    assert_int_equal(font_next_code(&text), 0x2026);
    assert_int_equal(font_next_code(&text), 0xfffd);
    assert_int_equal(font_next_code(&text), 0xfffd);
    assert_int_equal(*text, 0);
}

static void each_scale_has_its_size_and_letters(void **state)
{
    (void)state;
    static const int width[] = {8, 12, 16}, height[] = {16, 24, 32};
    for (int scale = 1; scale <= 3; scale++) {
        struct font *font = font_open(scale);
        assert_non_null(font);
        assert_int_equal(font_width(font), width[scale - 1]);
        assert_int_equal(font_height(font), height[scale - 1]);
        struct glyph a = font_glyph(font, 'A'), b = font_glyph(font, 'B');
        assert_int_not_equal(memcmp(a.bits, b.bits, a.row_bytes * (size_t)a.height), 0);
        assert_ptr_equal(font_glyph(font, 0x10ffff).bits, font_glyph(font, '?').bits);
        font_close(font);
    }
}

static void long_text_is_cut(void **state)
{
    (void)state;
    struct font *font = font_open(1);
    struct canvas *canvas = canvas_create(200, 20);
    assert_int_equal(canvas_text(canvas, font, 0, 0, 200, 0xffffffffu, "short"), 40);
    int end = canvas_text(canvas, font, 0, 0, 50, 0xffffffffu, "much too long for that");
    assert_in_range(end, 40, 50);
    canvas_destroy(canvas);
    font_close(font);
}

static void hostile_fonts_are_refused(void **state)
{
    (void)state;
    uint8_t data[64] = {0x72, 0xb5, 0x4a, 0x86};
    assert_null(font_from_psf(data, sizeof data));
    memset(data + 8, 0xff, 24);
    assert_null(font_from_psf(data, sizeof data));
    uint8_t old[4] = {0x36, 0x04, 3, 16};
    assert_null(font_from_psf(old, sizeof old));
    assert_null(font_from_psf(old, 2));
}

static void png_round_trip(void **state)
{
    (void)state;
    char path[] = "/tmp/canvas-XXXXXX", why[128];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct canvas *canvas = canvas_create(33, 17);
    canvas_hatch(canvas, canvas->clip, 5, 0xff123456u);
    assert_true(png_save(canvas, path, why, sizeof why));
    struct canvas *back = png_load(path, why, sizeof why);
    assert_non_null(back);
    assert_int_equal(back->width, 33);
    assert_memory_equal(back->pixels, canvas->pixels, 33 * 17 * sizeof(color_t));
    canvas_destroy(back);
    assert_int_equal(truncate(path, 20), 0);
    assert_null(png_load(path, why, sizeof why));
    assert_non_null(strstr(why, path));
    unlink(path);
    canvas_destroy(canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_is_clipped),
        cmocka_unit_test(sizes_out_of_range_are_refused),
        cmocka_unit_test(mixing_reaches_both_ends),
        cmocka_unit_test(utf8_is_read_and_broken_bytes_are_survived),
        cmocka_unit_test(each_scale_has_its_size_and_letters),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(hostile_fonts_are_refused),
        cmocka_unit_test(png_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
