/* SPDX-License-Identifier: MIT */
/* shot.c - see shot.h. */
#include "emu/map/shot.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/map/collect.h"
#include "emu/map/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shot {
    char *path;
    u64 when; /* instructions; UINT64_MAX: at the end */
    struct machine *machine;
    struct collector *collector;
    unsigned listener;
    bool taken, failed;
    char why[256];
};

struct shot *shot_parse(const char *text, char *why, size_t size)
{
    static const char mark[] = "@icount=";
    struct shot *shot = calloc(1, sizeof *shot);
    if (!shot || !(shot->path = strdup(text))) {
        snprintf(why, size, "not enough memory for a picture");
        free(shot);
        return NULL;
    }
    shot->when = UINT64_MAX;
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

static void take(struct shot *shot)
{
    struct map_view view;
    struct map_model *model = model_create();
    view_init(&view);
    shot->taken = true;
    shot->failed = !model || !collector_fill(shot->collector, &view, model);
    if (shot->failed) {
        snprintf(shot->why, sizeof shot->why, "not enough memory for a picture");
    } else {
        shot->failed = !map_save_picture(model, &view, MAP_WIDTH, MAP_HEIGHT, shot->path, shot->why,
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
