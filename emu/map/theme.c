/* SPDX-License-Identifier: MIT */
/* theme.c - see theme.h. */
#include "emu/map/theme.h"

const struct theme *theme_get(bool high_contrast)
{
    static const struct theme normal = {
        .background = 0xff14171c,
        .panel = 0xff1c2128,
        .border = 0xff3a424e,
        .text = 0xffd8dee6,
        .dim = 0xff8b95a3,
        .strong = 0xffffffff,
        .accent = 0xff56b4e9,
        .select = 0xffffffff,
        .past = 0xff5a4a1e,
        .high_contrast = false,
    };
    static const struct theme contrast = {
        .background = 0xff000000,
        .panel = 0xff000000,
        .border = 0xffffffff,
        .text = 0xffffffff,
        .dim = 0xffe0e0e0,
        .strong = 0xfffff200,
        .accent = 0xff56b4e9,
        .select = 0xfffff200,
        .past = 0xff604000,
        .high_contrast = true,
    };
    return high_contrast ? &contrast : &normal;
}

struct look {
    color_t color;
    char letter;
    const char *name;
};

static const struct look class_look[CLASS_COUNT] = {
    [CLASS_FREE] = {0xff262c35, '.', "free"},
    [CLASS_KERNEL] = {0xff999999, 'K', "kernel"},
    [CLASS_PAGE_TABLE] = {0xfff0e442, 'T', "page table"},
    [CLASS_ANON] = {0xff56b4e9, 'A', "anonymous"},
    [CLASS_ANON_SHARED] = {0xffcc79a7, 'C', "shared by COW"},
    [CLASS_FILE] = {0xff009e73, 'F', "file page"},
    [CLASS_SHM] = {0xff0072b2, 'H', "shared memory"},
    [CLASS_SWAPPING] = {0xffe69f00, 'S', "swap cache"},
    [CLASS_ZERO] = {0xffffffff, 'Z', "zero page"},
    [CLASS_RESERVED] = {0xff4b5563, 'R', "reserved"},
};

color_t class_color(enum frame_class class)
{
    return class_look[class].color;
}

char class_letter(enum frame_class class)
{
    return class_look[class].letter;
}

const char *class_name(enum frame_class class)
{
    return class_look[class].name;
}

static const struct look group_look[GROUP_COUNT] = {
    [GROUP_ZERO] = {0xff56b4e9, 'Z', "zero"},     [GROUP_COW] = {0xffcc79a7, 'C', "cow"},
    [GROUP_FILE] = {0xff009e73, 'F', "file"},     [GROUP_SWAP] = {0xffe69f00, 'S', "swap"},
    [GROUP_SHM] = {0xff0072b2, 'H', "shm"},       [GROUP_ACCESS] = {0xff999999, 'A', "access"},
    [GROUP_SIGNAL] = {0xffd55e00, '!', "signal"},
};

color_t group_color(enum fault_group group)
{
    return group_look[group].color;
}

const char *group_name(enum fault_group group)
{
    return group_look[group].name;
}

color_t page_state_color(enum page_state state)
{
    static const color_t color[] = {
        [PAGE_ABSENT] = 0xff262c35, [PAGE_PRESENT] = 0xff2f80b0, [PAGE_DIRTY] = 0xff56b4e9,
        [PAGE_COW] = 0xffcc79a7,    [PAGE_ZERO] = 0xffd8dee6,    [PAGE_SWAPPED] = 0xffe69f00,
        [PAGE_MARKER] = 0xffd55e00,
    };
    return color[state];
}

color_t heat_color(int palette, int amount)
{
    /* Nine equally spaced samples of each map, dark to bright. */
    static const color_t map[3][9] = {
        {0xff440154, 0xff472d7b, 0xff3b528b, 0xff2c728e, 0xff21918c, 0xff28ae80, 0xff5ec962,
         0xffaddc30, 0xfffde725},
        {0xff00224e, 0xff123570, 0xff3b496c, 0xff575d6d, 0xff707173, 0xff8a8678, 0xffa59c74,
         0xffc3b369, 0xfffee838},
        {0xff202020, 0xff3a3a3a, 0xff545454, 0xff6e6e6e, 0xff888888, 0xffa2a2a2, 0xffbcbcbc,
         0xffd6d6d6, 0xfff0f0f0},
    };
    amount = amount < 0 ? 0 : amount > 255 ? 255 : amount;
    const color_t *stop = map[palette];
    return color_mix(stop[amount / 32], stop[amount / 32 + 1], amount % 32 * 8);
}

const char *heat_name(int palette)
{
    static const char *const name[] = {"viridis", "cividis", "grey"};
    return name[palette];
}

int age_brightness(u64 now, u64 touched)
{
    enum { DARKEST = 140, BRIGHTEST = 256 };
    if (touched == 0) {
        return DARKEST;
    }
    u64 age = now > touched ? now - touched : 0;
    /* log2(10^4) = 13.3 and log2(10^9) = 29.9: sixteen doublings from bright to dark. */
    int doublings = age < 2 ? 0 : 63 - __builtin_clzll(age);
    int steps = doublings <= 13 ? 0 : doublings >= 30 ? 17 : doublings - 13;
    return BRIGHTEST - (BRIGHTEST - DARKEST) * steps / 17;
}
