/* SPDX-License-Identifier: MIT */
/*
 * The map's colours, measured: how far apart two of them are (CIEDE2000) for common colour vision,
 * for deuteranopia and protanopia (Viénot, Brettel and Mollon 1999: "Digital video colourmaps for
 * checking the legibility of displays by dichromats"), and how different their lightness is on a
 * grey print.  CIEDE2000: Sharma, Wu and Dalal 2005, whose test data the first test uses.
 *
 * Thresholds: common vision 15, dichromats 6 (2.3 is a just noticeable difference, and cells touch
 * each other).  Grey cannot tell a dozen hues apart: there every pair that stands side by side must
 * differ in letter and in pattern, and lightness must differ from the background's by 12.
 */
#include "emu/map/palette.h"
#include "emu/map/theme.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct lab {
    double l, a, b;
};

struct rgb {
    double r, g, b; /* linear, 0..1 */
};

static double linear(unsigned byte)
{
    double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static struct rgb rgb_of(color_t color)
{
    return (struct rgb){linear(color >> 16 & 255), linear(color >> 8 & 255), linear(color & 255)};
}

static double lab_step(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static struct lab lab_of(struct rgb c)
{
    double x = 0.4124564 * c.r + 0.3575761 * c.g + 0.1804375 * c.b;
    double y = 0.2126729 * c.r + 0.7151522 * c.g + 0.0721750 * c.b;
    double z = 0.0193339 * c.r + 0.1191920 * c.g + 0.9503041 * c.b;
    double fx = lab_step(x / 0.95047), fy = lab_step(y), fz = lab_step(z / 1.08883);
    return (struct lab){116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

static double degrees(double radians)
{
    double d = radians * 180 / M_PI;
    return d < 0 ? d + 360 : d;
}

static double radians(double degrees_)
{
    return degrees_ * M_PI / 180;
}

static double ciede2000(struct lab p, struct lab q)
{
    double c1 = hypot(p.a, p.b), c2 = hypot(q.a, q.b), mean = pow((c1 + c2) / 2, 7);
    double g = 0.5 * (1 - sqrt(mean / (mean + pow(25, 7))));
    double a1 = (1 + g) * p.a, a2 = (1 + g) * q.a;
    c1 = hypot(a1, p.b);
    c2 = hypot(a2, q.b);
    double h1 = c1 > 0 ? degrees(atan2(p.b, a1)) : 0, h2 = c2 > 0 ? degrees(atan2(q.b, a2)) : 0;
    double dl = q.l - p.l, dc = c2 - c1, turn = h2 - h1;
    if (c1 * c2 == 0) {
        turn = 0;
    } else if (turn > 180) {
        turn -= 360;
    } else if (turn < -180) {
        turn += 360;
    }
    double dh = 2 * sqrt(c1 * c2) * sin(radians(turn / 2));
    double l = (p.l + q.l) / 2, c = (c1 + c2) / 2, h = h1 + h2;
    if (c1 * c2 > 0) {
        h = fabs(h1 - h2) <= 180 ? h / 2 : h < 360 ? (h + 360) / 2 : (h - 360) / 2;
    }
    double t = 1 - 0.17 * cos(radians(h - 30)) + 0.24 * cos(radians(2 * h)) +
               0.32 * cos(radians(3 * h + 6)) - 0.20 * cos(radians(4 * h - 63));
    double sl = 1 + 0.015 * pow(l - 50, 2) / sqrt(20 + pow(l - 50, 2));
    double sc = 1 + 0.045 * c, sh = 1 + 0.015 * c * t, c7 = pow(c, 7);
    double rc = 2 * sqrt(c7 / (c7 + pow(25, 7)));
    double rt = -rc * sin(radians(60 * exp(-pow((h - 275) / 25, 2))));
    return sqrt(pow(dl / sl, 2) + pow(dc / sc, 2) + pow(dh / sh, 2) + rt * dc / sc * dh / sh);
}

static void the_formula_is_right(void **state)
{
    (void)state;
    static const struct {
        struct lab a, b;
        double difference;
    } known[] = {
        {{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
        {{50, -1.3802, -84.2814}, {50, 0, -82.7485}, 1.0000},
        {{50, 2.5, 0}, {50, 0, -2.5}, 4.3065},
        {{50, 2.5, 0}, {73, 25, -18}, 27.1492},
        {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
        {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
        {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double d = ciede2000(known[i].a, known[i].b);
        assert_true(fabs(d - known[i].difference) < 0.0001);
    }
}

enum vision { COMMON, DEUTERANOPIA, PROTANOPIA, VISIONS };
static const char *const vision_name[VISIONS] = {"common vision", "deuteranopia", "protanopia"};

static struct rgb seen_by(struct rgb c, enum vision vision)
{
    if (vision == COMMON) {
        return c;
    }
    double l = 17.8824 * c.r + 43.5161 * c.g + 4.11935 * c.b;
    double m = 3.45565 * c.r + 27.1554 * c.g + 3.86714 * c.b;
    double s = 0.0299566 * c.r + 0.184309 * c.g + 1.46709 * c.b;
    if (vision == DEUTERANOPIA) {
        m = 0.494207 * l + 1.24827 * s;
    } else {
        l = 2.02344 * m - 2.52581 * s;
    }
    struct rgb out = {0.080944 * l - 0.130504 * m + 0.116721 * s,
                      -0.0102485 * l + 0.0540194 * m - 0.113615 * s,
                      -0.000365294 * l - 0.00412163 * m + 0.693513 * s};
    out.r = fmin(fmax(out.r, 0), 1);
    out.g = fmin(fmax(out.g, 0), 1);
    out.b = fmin(fmax(out.b, 0), 1);
    return out;
}

static struct lab look(color_t color, enum vision vision)
{
    return lab_of(seen_by(rgb_of(color), vision));
}

struct hue {
    const char *name;
    color_t color;
};

static void apart(const char *what, const struct hue *list, size_t count)
{
    static const double least[VISIONS] = {15, 6, 6};
    for (int v = 0; v < VISIONS; v++) {
        double nearest = 1000;
        for (size_t i = 0; i < count; i++) {
            for (size_t k = i + 1; k < count; k++) {
                double d = ciede2000(look(list[i].color, (enum vision)v),
                                     look(list[k].color, (enum vision)v));
                nearest = d < nearest ? d : nearest;
                if (d < least[v]) {
                    fail_msg("%s: %s and %s are %.1f apart for %s", what, list[i].name,
                             list[k].name, d, vision_name[v]);
                }
            }
        }
        print_message("%s, %s: at least %.1f apart\n", what, vision_name[v], nearest);
    }
}

static void frames_can_be_told_apart(void **state)
{
    (void)state;
    struct map_view view;
    view_init(&view);
    for (int contrast = 0; contrast < 2; contrast++) {
        view.high_contrast = contrast;
        struct theme t = theme_of(&view);
        struct hue list[CLASS_COUNT];
        size_t n = 0;
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            /* Never in one picture: a user page is what an anonymous one is elsewhere; reserved,
             * free and unknown are all "nothing to see here". */
            if (i != CLASS_USER && i != CLASS_OTHER && i != CLASS_RESERVED) {
                list[n++] = (struct hue){class_name((enum frame_class)i, false), t.class[i]};
            }
        }
        apart("frames", list, n);
    }
}

static void groups_and_pages_can_be_told_apart(void **state)
{
    (void)state;
    struct map_view view;
    view_init(&view);
    struct theme t = theme_of(&view);
    struct hue list[16];
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        list[i] = (struct hue){group_name((enum fault_group)i, false), t.group[i]};
    }
    apart("faults", list, GROUP_COUNT);
    for (unsigned i = 0; i < PAGE_STATES; i++) {
        list[i] = (struct hue){page_state_name((enum page_state)i, false), t.state[i]};
    }
    apart("pages", list, PAGE_STATES);
}

/* Text is read on its background: WCAG's contrast of 4.5, and 7 where contrast was asked for. */
static void text_can_be_read(void **state)
{
    (void)state;
    struct map_view view;
    view_init(&view);
    for (int contrast = 0; contrast < 2; contrast++) {
        view.high_contrast = contrast;
        struct theme t = theme_of(&view);
        const color_t text[] = {t.text, t.dim, t.strong, t.accent, t.warn};
        struct rgb p = rgb_of(t.panel);
        double below = 0.2126 * p.r + 0.7152 * p.g + 0.0722 * p.b + 0.05;
        for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
            struct rgb c = rgb_of(text[i]);
            double ratio = (0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b + 0.05) / below;
            assert_true(ratio >= (contrast ? 7 : 4.5));
        }
    }
}

/* On a grey screen: every class stands out from the ground, and says what it is by its letter. */
static void grey_is_enough_with_letters(void **state)
{
    (void)state;
    struct map_view view;
    view_init(&view);
    struct theme t = theme_of(&view);
    double ground = look(t.background, COMMON).l;
    for (unsigned a = 0; a < CLASS_COUNT; a++) {
        if (a != CLASS_FREE && a != CLASS_OTHER) {
            assert_true(look(t.class[a], COMMON).l - ground > 12);
        }
        for (unsigned b = a + 1; b < CLASS_COUNT; b++) {
            assert_int_not_equal(class_letter((enum frame_class)a),
                                 class_letter((enum frame_class)b));
        }
    }
    /* The heat maps grow lighter all the way, so they can be read in grey, too. */
    for (int palette = 0; palette < 3; palette++) {
        for (int i = 8; i <= 255; i += 8) {
            assert_true(look(heat_color(palette, i), COMMON).l >
                        look(heat_color(palette, i - 8), COMMON).l);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formula_is_right),
        cmocka_unit_test(frames_can_be_told_apart),
        cmocka_unit_test(groups_and_pages_can_be_told_apart),
        cmocka_unit_test(text_can_be_read),
        cmocka_unit_test(grey_is_enough_with_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
