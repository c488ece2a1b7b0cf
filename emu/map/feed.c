/* SPDX-License-Identifier: MIT */
/* feed.c - a trace file alone, as something to look at; see feed.h. */
#include "emu/map/feed.h"
#include "emu/map/past.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct trace_feed {
    struct past *history;
    struct map_model *model;
    struct map_view view; /* that the model was filled for */
    u64 count;            /* records that were known then */
    bool fresh, filled;
};

static u64 milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

static void ask(void *ctx, struct map_view *view, enum map_request request)
{
    struct trace_feed *f = ctx;
    /* A few milliseconds of reading ahead, so that the window stays quick. */
    for (u64 until = milliseconds() + 10; past_build(f->history, 4096);) {
        if (milliseconds() >= until) {
            break;
        }
    }
    if (!view->past && !view->seeking) {
        view->moment = past_count(f->history);
    }
    if (view->seeking) {
        view->moment = past_moment(f->history, view->seek_icount);
        view->seeking = false;
    }
    view->past = true;
    if (request == REQUEST_RESET) {
        view->bookmark = 0;
    }
    bool same = f->filled && f->count == past_count(f->history) &&
                view_same_model(&f->view, view);
    if (!same && past_fill(f->history, view, f->model)) {
        f->model->alone = true;
        f->view = *view;
        f->count = past_count(f->history);
        f->fresh = f->filled = true;
    }
}

static struct map_model *take(void *ctx)
{
    struct trace_feed *f = ctx;
    bool fresh = f->fresh;
    f->fresh = false;
    return fresh ? f->model : NULL;
}

static bool busy(void *ctx)
{
    struct trace_feed *f = ctx;
    return past_build(f->history, 0);
}

struct trace_feed *trace_feed_open(const char *path, struct error *err)
{
    struct trace_feed *f = calloc(1, sizeof *f);
    if (f) {
        f->model = model_create();
    }
    if (!f || !f->model) {
        error_set(err, ENOMEM, "%s: not enough memory", path);
    } else {
        f->history = past_open(path, err);
    }
    if (!f || !f->history) {
        trace_feed_close(f);
        return NULL;
    }
    return f;
}

void trace_feed_close(struct trace_feed *f)
{
    if (f) {
        past_destroy(f->history);
        model_destroy(f->model);
        free(f);
    }
}

struct feed trace_feed_interface(struct trace_feed *f)
{
    return (struct feed){f, ask, take, busy};
}

static bool parse_at(const char *at, bool *records, u64 *value, struct error *err)
{
    char *end;
    *records = at && at[0] == '#';
    const char *number = at ? at + *records : "";
    errno = 0;
    *value = at ? strtoull(number, &end, 0) : 0;
    return !at || (!errno && end != number && !*end && *number != '-') ||
           error_set(err, EINVAL, "--at %s: N instructions or #N records", at);
}

struct map_model *trace_model(const char *path, struct map_view *view, struct error *err)
{
    struct trace_feed *f = trace_feed_open(path, err);
    struct map_model *model = NULL;
    if (!f) {
        return NULL;
    }
    while (past_build(f->history, 65536)) {
        u64 now = view->seeking ? past_icount(f->history) : past_count(f->history);
        if (now > (view->seeking ? view->seek_icount : view->moment)) {
            break;
        }
    }
    const char *damage = past_error(f->history);
    if (view->seeking) {
        view->moment = past_moment(f->history, view->seek_icount);
        view->seeking = false;
    }
    if (damage && view->moment >= past_count(f->history)) {
        error_set(err, EINVAL, "%s", damage);
    } else if (!past_fill(f->history, view, f->model)) {
        error_set(err, EINVAL, "%s: cannot make the picture of that moment", path);
    } else {
        model = f->model;
        model->alone = true;
        f->model = NULL;
    }
    trace_feed_close(f);
    return model;
}

struct map_model *trace_model_at(const char *path, const char *at, struct map_view *view,
                                 struct error *err)
{
    bool records;
    u64 value;
    if (!parse_at(at, &records, &value, err)) {
        return NULL;
    }
    view->past = true;
    view->seeking = at && !records;
    view->seek_icount = value;
    view->moment = at ? value : UINT64_MAX;
    return trace_model(path, view, err);
}
