/* SPDX-License-Identifier: MIT */
/* model.c - room for a model; see model.h. */
#include "emu/map/model.h"

#include <stdlib.h>

/* 4 TiB of guest memory: beyond that a map of frames makes no sense. */
#define MOST_FRAMES (1ull << 30)

struct map_model *model_create(void)
{
    struct map_model *model = calloc(1, sizeof *model);
    if (model) {
        model->pages = calloc(MAP_PAGES, 1);
        if (!model->pages) {
            free(model);
            return NULL;
        }
    }
    return model;
}

void model_destroy(struct map_model *model)
{
    if (model) {
        free(model->frames);
        free(model->pages);
        free(model->slots);
        free(model);
    }
}

bool model_set_frames(struct map_model *model, u64 count)
{
    if (count != model->frame_count) {
        free(model->frames);
        model->frames = count && count <= MOST_FRAMES ? calloc(count, sizeof *model->frames) : NULL;
        model->frame_count = model->frames ? count : 0;
    }
    return model->frame_count == count;
}

bool model_set_slots(struct map_model *model, u64 count)
{
    if (count != model->slot_count) {
        free(model->slots);
        model->slots = count && count <= MOST_FRAMES ? calloc(count, 1) : NULL;
        model->slot_count = model->slots ? count : 0;
    }
    return model->slot_count == count;
}

enum fault_group fault_group_of(unsigned kind)
{
    switch (kind) {
    case FAULT_ZERO_MAP:
    case FAULT_ZERO_FILL:
    case FAULT_ZERO_COPY:
        return GROUP_ZERO;
    case FAULT_COW_REUSE:
    case FAULT_COW_COPY:
        return GROUP_COW;
    case FAULT_COW_FILE:
    case FAULT_FILE_MAP:
    case FAULT_FILE_READ:
    case FAULT_FILE_WAIT:
    case FAULT_FILE_COW:
    case FAULT_FILE_WRITE:
    case FAULT_MKWRITE:
        return GROUP_FILE;
    case FAULT_SWAP_MAP:
    case FAULT_SWAP_READ:
    case FAULT_SWAP_COW:
    case FAULT_SHM_SWAPIN:
        return GROUP_SWAP;
    case FAULT_SHM_FILL:
    case FAULT_SHM_MAP:
        return GROUP_SHM;
    case FAULT_ACCESS:
    case FAULT_SPURIOUS:
    case FAULT_RACED:
        return GROUP_ACCESS;
    default:
        return GROUP_SIGNAL;
    }
}
