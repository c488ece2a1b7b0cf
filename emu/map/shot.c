/* SPDX-License-Identifier: MIT */
/* shot.c - see shot.h. */
#include "emu/map/shot.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/map/collect.h"
#include "emu/map/map.h"
#include "emu/observe/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shot {
    char *path;
    const char *look; /* the caller's; NULL = as it is */
    u64 when; /* instructions; UINT64_MAX: at the end */
    struct machine *machine;
    struct collector *collector;
    unsigned listener;
    bool taken, failed;
    char why[256];
};

struct shot *shot_parse(const char *text, const char *look, char *why, size_t size)
{
    struct map_view view;
    struct error err = {0};
    int width, height;
    view_init(&view);
    if (!shot_look(&view, look, &width, &height, &err)) {
        snprintf(why, size, "%s", err.text);
        return NULL;
    }
    static const char mark[] = "@icount=";
    struct shot *shot = calloc(1, sizeof *shot);
    if (!shot || !(shot->path = strdup(text))) {
        snprintf(why, size, "not enough memory for a picture");
        free(shot);
        return NULL;
    }
    shot->when = UINT64_MAX;
    shot->look = look;
    char *at = strstr(shot->path, mark);
    if (at) {
        char *end;
        errno = 0;
        shot->when = strtoull(at + sizeof mark - 1, &end, 0);
        if (errno || *end || end == at + sizeof mark - 1) {
            snprintf(why, size, "--shot %s: N in @icount=N is a number of instructions", text);
            shot_free(shot);
            return NULL;
        }
        *at = 0;
    }
    if (!shot->path[0]) {
        snprintf(why, size, "--shot %s: give a file name: --shot FILE.png[@icount=N]", text);
        shot_free(shot);
        return NULL;
    }
    return shot;
}

void shot_view(struct map_view *view)
{
    struct error ignored = {0};
    view_init(view);
    view->chinese = explain_language() == EXPLAIN_CHINESE;
    view->reduce_motion = true;
    if (!palette_load(&view->colors, &ignored)) {
        palette_init(&view->colors);
    }
}

static bool look_word(struct map_view *view, const char *word, int *width, int *height)
{
    static const struct {
        const char *name;
        int key;
    } key[] = {{"heat", 'h'},    {"palette", 'c'}, {"contrast", 'C'}, {"letters", 'l'},
               {"help", '?'},    {"changed", 'd'}};
    static const char *const tab[TAB_COUNT] = {"events", "swap", "explain"};
    struct map_model none = {.frame_count = 0};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        if (strcmp(key[i].name, word) == 0) {
            view_key(view, &none, key[i].key);
            return true;
        }
    }
    for (int i = 0; i < TAB_COUNT; i++) {
        if (strcmp(tab[i], word) == 0) {
            view->tab = (enum map_tab)i;
            return true;
        }
    }
    int scale, w, h;
    char end;
    if (sscanf(word, "scale=%d%c", &scale, &end) == 1 && scale >= 1 && scale <= 3) {
        view->scale = scale;
        *width = *width == MAP_WIDTH ? 640 * (scale + 1) : *width;
        *height = *height == MAP_HEIGHT ? 400 * (scale + 1) : *height;
        return true;
    }
    if (sscanf(word, "%dx%d%c", &w, &h, &end) == 2 && w >= 320 && w <= 8192 && h >= 200 &&
        h <= 8192) {
        *width = w;
        *height = h;
        return true;
    }
    return strcmp(word, "event") == 0 || strncmp(word, "pid=", 4) == 0 ||
           strncmp(word, "pfn=", 4) == 0;
}

bool shot_look(struct map_view *view, const char *look, int *width, int *height, struct error *err)
{
    char *copy = strdup(look ? look : ""), *rest = copy, *word;
    bool ok = copy != NULL;
    *width = MAP_WIDTH;
    *height = MAP_HEIGHT;
    while (ok && (word = strsep(&rest, ",")) != NULL) {
        ok = !*word || look_word(view, word, width, height);
        if (!ok) {
            error_set(err, EINVAL,
                      "there is no look '%s': heat, palette, contrast, letters, changed, events, "
                      "swap, explain, event, pid=N, pfn=N, scale=1..3, WIDTHxHEIGHT",
                      word);
        } else if (strncmp(word, "pid=", 4) == 0) {
            view->pid = (u32)strtoul(word + 4, NULL, 0);
        } else if (strncmp(word, "pfn=", 4) == 0) {
            view->cursor_pfn = strtoull(word + 4, NULL, 0);
        }
    }
    free(copy);
    return ok;
}

bool shot_follow(struct map_view *view, const struct map_model *model, const char *look)
{
    const char *at = look ? strstr(look, "event") : NULL;
    while (at && at[5] == 's') {
        at = strstr(at + 5, "event");
    }
    if (at) {
        view_key(view, model, KEY_ENTER);
    }
    return at != NULL;
}

static void take(struct shot *shot)
{
    struct map_view view;
    struct map_model *model = model_create();
    struct error err = {0};
    int width, height;
    shot_view(&view);
    shot_look(&view, shot->look, &width, &height, &err);
    shot->taken = true;
    shot->failed = !model || !collector_fill(shot->collector, &view, model);
    if (!shot->failed && shot_follow(&view, model, shot->look)) {
        shot->failed = !collector_fill(shot->collector, &view, model);
    }
    if (shot->failed) {
        snprintf(shot->why, sizeof shot->why, "not enough memory for a picture");
    } else {
        shot->failed = !map_save_picture(model, &view, width, height, shot->path, shot->why,
                                         sizeof shot->why);
    }
    model_destroy(model);
}

static void on_slice(void *ctx)
{
    struct shot *shot = ctx;
    if (!shot->taken && machine_instructions(shot->machine) >= shot->when) {
        take(shot);
    }
}

bool shot_connect(struct shot *shot, struct machine *machine, struct observer *observer)
{
    shot->machine = machine;
    shot->collector = collector_create(machine, observer);
    if (!shot->collector) {
        return false;
    }
    if (shot->when != UINT64_MAX) {
        shot->listener = machine_on_slice(machine, on_slice, shot);
    }
    return true;
}

bool shot_finish(struct shot *shot, char *why, size_t size)
{
    if (!shot->taken && shot->collector) {
        take(shot);
    }
    snprintf(why, size, "%s", shot->why);
    return !shot->failed;
}

void shot_free(struct shot *shot)
{
    if (shot) {
        collector_destroy(shot->collector);
        free(shot->path);
        free(shot);
    }
}
