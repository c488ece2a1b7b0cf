/* SPDX-License-Identifier: MIT */
/* palette.c - see palette.h. */
#include "emu/map/palette.h"
#include "emu/map/theme.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The hues are those of Okabe and Ito (Color Universal Design, 2008), made lighter or darker where
 * two of them came too near to each other for some eyes: tests/unit/test_colors.c measures.
 */
void palette_init(struct palette *palette)
{
    *palette = (struct palette){
        .part =
            {
                [PART_BACKGROUND] = 0xff101318,
                [PART_PANEL] = 0xff191d24,
                [PART_BORDER] = 0xff39414d,
                [PART_TEXT] = 0xffdbe1e8,
                [PART_DIM] = 0xff97a1af,
                [PART_STRONG] = 0xffffffff,
                [PART_ACCENT] = 0xff7cc6f2,
                [PART_SELECT] = 0xffffffff,
                [PART_PAST] = 0xff6b5413,
                [PART_WARN] = 0xffff7a45,
            },
        .class =
            {
                [CLASS_FREE] = 0xff262c35,
                [CLASS_KERNEL] = 0xff8d939c,
                [CLASS_PAGE_TABLE] = 0xfff0e442,
                [CLASS_ANON] = 0xff56b4e9,
                [CLASS_ANON_SHARED] = 0xffe08cc0,
                [CLASS_FILE] = 0xff00a276,
                [CLASS_SHM] = 0xff2f6fe0,
                [CLASS_SWAPPING] = 0xffe08a00,
                [CLASS_ZERO] = 0xffffffff,
                [CLASS_RESERVED] = 0xff515a67,
                [CLASS_USER] = 0xff56b4e9,
                [CLASS_OTHER] = 0xff343b46,
            },
        .group =
            {
                [GROUP_ZERO] = 0xff56b4e9,
                [GROUP_COW] = 0xffe08cc0,
                [GROUP_FILE] = 0xff00a276,
                [GROUP_SWAP] = 0xffe08a00,
                [GROUP_SHM] = 0xff2f6fe0,
                [GROUP_ACCESS] = 0xff757c87,
                [GROUP_SIGNAL] = 0xffe4572e,
            },
        .state =
            {
                [PAGE_ABSENT] = 0xff262c35,
                [PAGE_PRESENT] = 0xff2f7fb2,
                [PAGE_FILE] = 0xff00a276,
                [PAGE_DIRTY] = 0xff74c8f7,
                [PAGE_COW] = 0xffe08cc0,
                [PAGE_ZERO] = 0xffffffff,
                [PAGE_SWAPPED] = 0xffe08a00,
                [PAGE_MARKER] = 0xffe4572e,
            },
    };
}

static const char *const part_name[PART_COUNT] = {
    "background", "panel", "border", "text", "dim", "strong", "accent", "select", "past", "warn"};

/* The colour a name stands for, or NULL. */
static color_t *find(struct palette *p, const char *name)
{
    char full[64];
    for (unsigned i = 0; i < PART_COUNT; i++) {
        if (strcmp(part_name[i], name) == 0) {
            return &p->part[i];
        }
    }
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (strcmp(class_name((enum frame_class)i, false), name) == 0) {
            return &p->class[i];
        }
    }
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        snprintf(full, sizeof full, "faults %s", group_name((enum fault_group)i, false));
        if (strcmp(full, name) == 0) {
            return &p->group[i];
        }
    }
    for (unsigned i = 0; i < PAGE_STATES; i++) {
        snprintf(full, sizeof full, "page %s", page_state_name((enum page_state)i, false));
        if (strcmp(full, name) == 0) {
            return &p->state[i];
        }
    }
    return NULL;
}

static void trim(char *text)
{
    size_t end = strlen(text);
    while (end && strchr(" \t\r", text[end - 1])) {
        text[--end] = 0;
    }
    memmove(text, text + strspn(text, " \t"), strlen(text + strspn(text, " \t")) + 1);
}

static bool take_line(struct palette *palette, char *line, unsigned number, struct error *err)
{
    trim(line);
    if (!line[0] || line[0] == '#') {
        return true;
    }
    char *value = strchr(line, '='), *end;
    if (!value) {
        return error_set(err, EINVAL, "line %u: write NAME = #RRGGBB", number);
    }
    *value++ = 0;
    trim(line);
    trim(value);
    color_t *color = find(palette, line);
    if (!color) {
        return error_set(err, EINVAL, "line %u: there is nothing called '%s'", number, line);
    }
    unsigned long rgb = value[0] == '#' ? strtoul(value + 1, &end, 16) : 0;
    if (strlen(value) != 7 || value[0] != '#' || *end) {
        return error_set(err, EINVAL, "line %u: '%s' is not #RRGGBB", number, value);
    }
    *color = 0xff000000u | (color_t)rgb;
    return true;
}

bool palette_parse(struct palette *palette, const char *text, struct error *err)
{
    char *copy = strdup(text), *rest = copy, *line;
    bool ok = copy != NULL;
    for (unsigned number = 1; ok && (line = strsep(&rest, "\n")) != NULL; number++) {
        ok = take_line(palette, line, number, err);
    }
    free(copy);
    return ok;
}

bool palette_load(struct palette *palette, struct error *err)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char path[512], text[8192];
    if (config && config[0] == '/') {
        snprintf(path, sizeof path, "%s/faultline/palette", config);
    } else if (home) {
        snprintf(path, sizeof path, "%s/.config/faultline/palette", home);
    } else {
        return true;
    }
    FILE *file = fopen(path, "re");
    if (!file) {
        return true;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    struct error inner = {0};
    return palette_parse(palette, text, &inner) ||
           error_set(err, EINVAL, "%.120s: %.110s", path, inner.text);
}
