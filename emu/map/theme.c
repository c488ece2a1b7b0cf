/* SPDX-License-Identifier: MIT */
/* theme.c - see theme.h. */
#include "emu/map/theme.h"

#include <string.h>

struct theme theme_of(const struct map_view *view)
{
    const struct palette *p = &view->colors;
    struct theme t = {
        .background = p->part[PART_BACKGROUND],
        .panel = p->part[PART_PANEL],
        .border = p->part[PART_BORDER],
        .text = p->part[PART_TEXT],
        .dim = p->part[PART_DIM],
        .strong = p->part[PART_STRONG],
        .accent = p->part[PART_ACCENT],
        .select = p->part[PART_SELECT],
        .past = p->part[PART_PAST],
        .warn = p->part[PART_WARN],
        .high_contrast = view->high_contrast,
    };
    memcpy(t.class, p->class, sizeof t.class);
    memcpy(t.group, p->group, sizeof t.group);
    memcpy(t.state, p->state, sizeof t.state);
    if (view->high_contrast) {
        t.background = t.panel = 0xff000000;
        t.border = t.text = t.dim = 0xffffffff;
        t.strong = t.select = t.accent = 0xfffff200;
        t.class[CLASS_FREE] = t.class[CLASS_OTHER] = t.state[PAGE_ABSENT] = 0xff1c1c1c;
    }
    return t;
}

struct look {
    char letter;
    const char *english, *chinese;
};

static const struct look class_look[CLASS_COUNT] = {
    [CLASS_FREE] = {'.', "free", "空闲"},
    [CLASS_KERNEL] = {'K', "kernel", "内核"},
    [CLASS_PAGE_TABLE] = {'T', "page table", "页表"},
    [CLASS_ANON] = {'A', "anonymous", "匿名页"},
    [CLASS_ANON_SHARED] = {'C', "shared by COW", "写时复制共享"},
    [CLASS_FILE] = {'F', "file page", "文件页"},
    [CLASS_SHM] = {'H', "shared memory", "共享内存"},
    [CLASS_SWAPPING] = {'S', "swap cache", "交换缓存"},
    [CLASS_ZERO] = {'Z', "zero page", "零页"},
    [CLASS_RESERVED] = {'R', "reserved", "保留"},
    [CLASS_USER] = {'U', "user page", "用户页"},
    [CLASS_OTHER] = {'-', "kernel or free", "内核或空闲"},
};

char class_letter(enum frame_class class)
{
    return class_look[class].letter;
}

const char *class_name(enum frame_class class, bool chinese)
{
    return chinese ? class_look[class].chinese : class_look[class].english;
}

static const struct look group_look[GROUP_COUNT] = {
    [GROUP_ZERO] = {'Z', "zero", "清零"},     [GROUP_COW] = {'C', "cow", "写时复制"},
    [GROUP_FILE] = {'F', "file", "文件"},     [GROUP_SWAP] = {'S', "swap", "交换"},
    [GROUP_SHM] = {'H', "shm", "共享"},       [GROUP_ACCESS] = {'A', "access", "访问位"},
    [GROUP_SIGNAL] = {'!', "signal", "信号"},
};

char group_letter(enum fault_group group)
{
    return group_look[group].letter;
}

const char *group_name(enum fault_group group, bool chinese)
{
    return chinese ? group_look[group].chinese : group_look[group].english;
}

static const struct look state_look[PAGE_STATES] = {
    [PAGE_ABSENT] = {'.', "not there", "不在"},   [PAGE_PRESENT] = {'P', "present", "在内存"},
    [PAGE_FILE] = {'F', "file", "文件"},          [PAGE_DIRTY] = {'D', "dirty", "已写"},
    [PAGE_COW] = {'C', "COW", "写时复制"},
    [PAGE_ZERO] = {'Z', "zero page", "零页"},     [PAGE_SWAPPED] = {'S', "swapped", "已换出"},
    [PAGE_MARKER] = {'!', "guard", "保护"},
};

char page_state_letter(enum page_state state)
{
    return state_look[state].letter;
}

const char *page_state_name(enum page_state state, bool chinese)
{
    return chinese ? state_look[state].chinese : state_look[state].english;
}

const char *process_state_name(u32 state, bool chinese)
{
    static const char *const english[] = {"-", "ready", "run", "sleep", "zombie", "stopped"};
    static const char *const simplified[] = {"-", "就绪", "运行", "睡眠", "僵尸", "停止"};
    return state >= sizeof english / sizeof *english ? "?"
           : chinese                                 ? simplified[state]
                                                     : english[state];
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
    enum { DARKEST = 160, BRIGHTEST = 256 };
    if (touched == 0) {
        return DARKEST;
    }
    u64 age = now > touched ? now - touched : 0;
    /* log2(10^4) = 13.3 and log2(10^9) = 29.9: sixteen doublings from bright to dark. */
    int doublings = age < 2 ? 0 : 63 - __builtin_clzll(age);
    int steps = doublings <= 13 ? 0 : doublings >= 30 ? 17 : doublings - 13;
    return BRIGHTEST - (BRIGHTEST - DARKEST) * steps / 17;
}
