/* SPDX-License-Identifier: MIT */
#include "policy_rig.h"

#include "lib/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frame {
    u64 page;
    bool used, accessed, dirty;
};

static struct frame frames[RIG_FRAMES];
static struct page_note notes[RIG_FRAMES];
static struct frame *resident[RIG_PAGES];
static u64 left_at[RIG_PAGES]; /* evictions when the page left, 0 = never */
static bool ever_written[RIG_PAGES];
static u64 frame_total;
static u32 random_state;

u64 page_count(void)
{
    return frame_total;
}

struct frame *page_of_number(u64 number)
{
    return &frames[number];
}

u64 page_number(const struct frame *frame)
{
    return (u64)(frame - frames);
}

struct page_note *page_note(struct frame *frame)
{
    return &notes[frame - frames];
}

u32 policy_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 3;
}

void panic(const char *format, ...)
{
    fprintf(stderr, "panic: %s\n", format);
    abort();
}

void rig_start(struct rig *rig, const struct policy *policy, u64 count, u64 batch)
{
    for (u64 i = 0; i < frame_total; i++) { /* leave the policy's queues empty */
        if (frames[i].used && notes[i].queue != 0)
            rig->policy->page_removed(&frames[i]);
    }
    memset(frames, 0, sizeof frames);
    memset(notes, 0, sizeof notes);
    memset(resident, 0, sizeof resident);
    memset(left_at, 0, sizeof left_at);
    memset(ever_written, 0, sizeof ever_written);
    random_state = 1;
    frame_total = count;
    *rig = (struct rig){.policy = policy, .frames = count, .batch = batch};
}

static void evict(struct rig *rig, struct frame *frame)
{
    rig->writes += frame->dirty;
    ever_written[frame->page] |= frame->dirty;
    if (rig->evictions < RIG_PAGES)
        rig->victims[rig->evictions] = frame->page;
    left_at[frame->page] = ++rig->evictions;
    resident[frame->page] = NULL;
    if (notes[frame - frames].queue != 0)
        rig->policy->page_removed(frame);
    *frame = (struct frame){0};
}

static void reclaim(struct rig *rig)
{
    for (u64 freed = 0, looked = 0; freed < rig->batch; looked++) {
        struct frame *frame = rig->policy->next();
        struct frame_age age = {1, false, false, false};
        enum verdict verdict;

        if (frame == NULL || looked > 8 * rig->frames)
            panic("no victim");
        if (!frame->used)
            continue;
        age.accessed = frame->accessed;
        age.dirty = frame->dirty;
        if (rig->policy->clears_as_it_looks)
            frame->accessed = false;
        verdict = rig->policy->judge(frame, &age);
        if (verdict == VERDICT_SPARE)
            frame->accessed = false;
        if (verdict == VERDICT_EVICT) {
            evict(rig, frame);
            freed++;
        }
    }
}

static struct frame *free_frame(struct rig *rig)
{
    for (int round = 0; round < 2; round++) {
        for (u64 i = 0; i < rig->frames; i++) {
            if (!frames[i].used)
                return &frames[i];
        }
        reclaim(rig);
    }
    panic("no frame");
}

void rig_touch(struct rig *rig, u64 page, bool store)
{
    struct frame *frame = resident[page];

    if (frame == NULL) {
        frame = free_frame(rig);
        *frame = (struct frame){page, true, false, !ever_written[page]};
        resident[page] = frame;
        rig->faults++;
        if (rig->policy->page_added != NULL)
            rig->policy->page_added(frame);
        if (left_at[page] != 0 && rig->policy->refaulted != NULL)
            rig->policy->refaulted(frame, rig->evictions - left_at[page]);
    }
    frame->accessed = true;
    frame->dirty |= store;
}

static u64 state;

void rig_string_restart(void)
{
    state = 88172645463325252ull;
}

static u64 next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 8;
}

u64 rig_string(const char *name, u64 pages, u64 step)
{
    if (strcmp(name, "loop") == 0)
        return step % pages;
    if (strcmp(name, "scan") == 0) {
        u64 hot = pages / 8;

        return step % 4 == 3 ? hot + step / 4 % (pages - hot) : next_random() % hot;
    }
    u64 total = 0, sum = 0, rank = 0;
    for (u64 i = 1; i <= pages; i++)
        total += (1ull << 32) / i;
    for (u64 wanted = next_random() % total; rank < pages; rank++) {
        sum += (1ull << 32) / (rank + 1);
        if (sum > wanted)
            break;
    }
    return rank * 7919 % pages;
}
