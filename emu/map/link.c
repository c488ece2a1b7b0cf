/* SPDX-License-Identifier: MIT */
/* link.c - see link.h. */
#include "emu/map/link.h"
#include "emu/map/collect.h"
#include "emu/map/past.h"
#include "emu/map/ring.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/mem/ram.h"
#include "emu/observe/observe.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS = 16, COST_SHARE = 100 /* one model's making in so many times its time */ };

struct asked {
    enum map_request request;
    struct filter wanted;
};

struct stop_at {
    struct filter filter;
    u64 hits;
    bool used;
};

struct map_link {
    struct machine *machine;
    struct observer *observer;
    int wake; /* eventfd: something has been asked */
    int sink;

    /* The machine thread's. */
    struct collector *collector;
    struct map_model *filling;
    enum map_request armed; /* REQUEST_NEXT_*: stop there once */
    struct filter armed_filter;
    struct stop_at stop[MAP_BREAKS]; /* stop there every time */
    bool held;                       /* stopped because the viewer wished it */
    u64 filled_at, fill_took;        /* nanoseconds of host time */
    u64 filled_icount;
    bool filled_stopped;
    struct map_view filled_view;

    /* Both threads'; under the lock. */
    pthread_mutex_t lock;
    struct map_view view;
    struct asked asked[REQUESTS];
    size_t asked_count;
    bool wanted;             /* a model is */
    struct map_model *ready; /* filled and not yet taken */
    _Atomic bool closed;

    /* Records on their way, and where they go. */
    struct ring ring;
    pthread_mutex_t past_lock;
    struct past *history; /* under past_lock */

    /* The viewer's. */
    struct map_model *shown, *past;
    bool past_fresh;
    u64 past_count;
    struct map_view past_view;
};

static u64 nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* ---- the machine's thread ---- */

/* With past_lock held. */
static void empty_ring(struct map_link *link)
{
    const struct trace_record *record;
    while ((record = ring_take(&link->ring)) != NULL) {
        past_append(link->history, record);
    }
    ring_taken(&link->ring);
}

static bool is_hit(struct map_link *link, const struct trace_record *r)
{
    switch (link->armed) {
    case REQUEST_NEXT_FAULT:
        return filter_match(&link->armed_filter, r);
    case REQUEST_NEXT_OUT:
        return r->type == RECORD_PROBE + PROBE_EV_SWAP_OUT;
    case REQUEST_NEXT_IN:
        return r->type == RECORD_FAULT && r->fault.coarse == COARSE_FROM_SWAP;
    default:
        return false;
    }
}

static void on_record(void *ctx, const struct trace_record *record)
{
    struct map_link *link = ctx;
    if (atomic_load_explicit(&link->closed, memory_order_relaxed)) {
        return;
    }
    if (!ring_put(&link->ring, record)) {
        pthread_mutex_lock(&link->past_lock);
        empty_ring(link);
        pthread_mutex_unlock(&link->past_lock);
        ring_put(&link->ring, record);
    }
    bool stop = link->armed != REQUEST_NONE && is_hit(link, record);
    link->armed = stop ? REQUEST_NONE : link->armed;
    for (size_t i = 0; i < MAP_BREAKS; i++) {
        if (link->stop[i].used && filter_match(&link->stop[i].filter, record)) {
            link->stop[i].hits++;
            stop = true;
        }
    }
    if (stop) {
        link->held = true;
        machine_stop(link->machine);
    }
}

/* The same filter a second time takes the stop away. */
static void toggle_stop(struct map_link *link, const struct filter *filter)
{
    struct stop_at *free_one = NULL;
    for (size_t i = 0; i < MAP_BREAKS; i++) {
        struct stop_at *s = &link->stop[i];
        if (s->used && s->filter.va_from == filter->va_from && s->filter.pid == filter->pid) {
            s->used = false;
            return;
        }
        free_one = s->used || free_one ? free_one : s;
    }
    if (free_one) {
        *free_one = (struct stop_at){*filter, 0, true};
    }
}

static void carry_out(struct map_link *link, const struct asked *asked)
{
    switch (asked->request) {
    case REQUEST_PAUSE:
        if (machine_is_stopped(link->machine)) {
            machine_continue(link->machine);
            link->held = false;
        } else {
            machine_stop(link->machine);
            link->held = true;
        }
        break;
    case REQUEST_STEP:
        machine_step(link->machine, machine_turn(link->machine), 1);
        break;
    case REQUEST_NEXT_FAULT:
    case REQUEST_NEXT_OUT:
    case REQUEST_NEXT_IN:
        link->armed = asked->request;
        link->armed_filter = asked->wanted;
        link->held = false;
        machine_continue(link->machine);
        break;
    case REQUEST_BREAK:
        toggle_stop(link, &asked->wanted);
        break;
    case REQUEST_RESET:
        collector_reset(link->collector);
        break;
    case REQUEST_BOOKMARK:
        collector_bookmark(link->collector);
        break;
    default:
        break;
    }
}

static void fill_stops(const struct map_link *link, struct map_model *model)
{
    model->stop_count = 0;
    for (size_t i = 0; i < MAP_BREAKS; i++) {
        if (link->stop[i].used) {
            struct map_break *b = &model->stop_at[model->stop_count++];
            char text[256];
            filter_text(&link->stop[i].filter, text, sizeof text);
            snprintf(b->text, sizeof b->text, "%.63s", text);
            b->hits = link->stop[i].hits;
        }
    }
}

static void fill(struct map_link *link, const struct map_view *view)
{
    u64 start = nanoseconds();
    bool ok = collector_fill(link->collector, view, link->filling);
    fill_stops(link, link->filling);
    link->filled_at = nanoseconds();
    link->fill_took = link->filled_at - start;
    if (ok) {
        pthread_mutex_lock(&link->lock);
        struct map_model *other = link->ready;
        link->ready = link->filling;
        link->filling = other;
        link->wanted = false;
        pthread_mutex_unlock(&link->lock);
    }
    if (!link->filling) {
        /* The viewer holds one and one is ready: a third keeps the machine from waiting. */
        link->filling = model_create();
        if (!link->filling) {
            machine_unwatch_fd(link->machine, link->wake);
        }
    }
}

/* On the machine's thread, at a moment when everything is consistent. */
static void on_wake(void *ctx, int fd)
{
    struct map_link *link = ctx;
    struct asked asked[REQUESTS];
    eventfd_t count;
    eventfd_read(fd, &count);
    if (atomic_load(&link->closed)) {
        machine_unwatch_fd(link->machine, fd);
        observer_remove_sink(link->observer, link->sink);
        link->sink = -1;
        collector_destroy(link->collector);
        link->collector = NULL;
        if (link->held && machine_is_stopped(link->machine)) {
            machine_continue(link->machine); /* nobody else could */
        }
        return;
    }
    pthread_mutex_lock(&link->lock);
    struct map_view view = link->view;
    size_t asks = link->asked_count;
    bool wanted = link->wanted;
    memcpy(asked, link->asked, sizeof asked);
    link->asked_count = 0;
    pthread_mutex_unlock(&link->lock);
    for (size_t i = 0; i < asks; i++) {
        carry_out(link, &asked[i]);
    }
    bool dear = !machine_is_stopped(link->machine) &&
                nanoseconds() - link->filled_at < COST_SHARE * link->fill_took;
    bool same = link->filled_at && view_same_model(&view, &link->filled_view) &&
                link->filled_icount == machine_instructions(link->machine) &&
                link->filled_stopped == machine_is_stopped(link->machine);
    if (wanted && ((!dear && !same) || asks)) {
        link->filled_view = view;
        link->filled_icount = machine_instructions(link->machine);
        link->filled_stopped = machine_is_stopped(link->machine);
        fill(link, &view);
    }
}

/* ---- the viewer's thread ---- */

static void keep_records(struct map_link *link)
{
    pthread_mutex_lock(&link->past_lock);
    empty_ring(link);
    pthread_mutex_unlock(&link->past_lock);
}

static void fill_past(struct map_link *link, struct map_view *view)
{
    pthread_mutex_lock(&link->past_lock);
    if (!link->history) {
        view->past = false;
    } else if (view->seeking) {
        view->moment = past_moment(link->history, view->seek_icount);
    }
    view->seeking = false;
    if (view->past && !view_same_model(view, &link->past_view)) {
        link->past_fresh = past_fill(link->history, view, link->past);
        view->past = link->past_fresh;
        link->past_view = *view;
    }
    pthread_mutex_unlock(&link->past_lock);
}

static void ask(void *ctx, struct map_view *view, enum map_request request)
{
    struct map_link *link = ctx;
    keep_records(link);
    if (view->past) {
        fill_past(link, view);
    } else {
        link->past_view.past = false;
    }
    bool wake = request > REQUEST_NONE && request <= REQUEST_BOOKMARK;
    pthread_mutex_lock(&link->lock);
    link->view = *view;
    if (wake && link->asked_count < REQUESTS) {
        link->asked[link->asked_count++] = (struct asked){request, view->wanted};
    }
    bool live = !view->past && !view->hidden;
    link->wanted |= live;
    pthread_mutex_unlock(&link->lock);
    if (wake || live) {
        eventfd_write(link->wake, 1);
    }
}

static struct map_model *take(void *ctx)
{
    struct map_link *link = ctx;
    if (link->past_view.past) {
        bool fresh = link->past_fresh;
        link->past_fresh = false;
        return fresh ? link->past : NULL;
    }
    struct map_model *old = NULL;
    pthread_mutex_lock(&link->lock);
    bool fresh = link->ready != NULL;
    if (fresh) {
        old = link->shown;
        link->shown = link->ready;
        link->ready = NULL;
    }
    pthread_mutex_unlock(&link->lock);
    model_destroy(old);
    if (fresh && link->history) {
        pthread_mutex_lock(&link->past_lock);
        past_describe(link->history, link->shown);
        pthread_mutex_unlock(&link->past_lock);
    }
    return fresh ? link->shown : NULL;
}

static bool busy(void *ctx)
{
    (void)ctx;
    return false;
}

struct feed map_link_feed(struct map_link *link)
{
    return (struct feed){link, ask, take, busy};
}

void map_link_close(struct map_link *link)
{
    atomic_store(&link->closed, true);
    eventfd_write(link->wake, 1);
}

/* ---- both ---- */

/* Room for the largest swap area a guest can announce: the blocks are made when used. */
static u64 slots_of(const struct machine *machine)
{
    const struct machine_config *config = machine_config_of(machine);
    u64 sectors = 0;
    for (unsigned i = 1; i < config->disk_count; i++) {
        u64 size = config->disk[i] ? disk_sectors(config->disk[i]) : 0;
        sectors = size > sectors ? size : sectors;
    }
    return sectors / 8;
}

struct map_link *map_link_create(struct machine *machine, struct observer *observer, char *why,
                                 size_t size)
{
    struct map_link *link = aligned_alloc(64, (sizeof *link + 63) / 64 * 64);
    if (link) {
        memset(link, 0, sizeof *link);
    } else {
        snprintf(why, size, "not enough memory for the map");
        return NULL;
    }
    const struct ram *ram = machine_ram(machine);
    link->machine = machine;
    link->observer = observer;
    link->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->collector = collector_create(machine, observer);
    link->filling = model_create();
    link->past = model_create();
    link->history = past_create(ram->base >> 12, ram->size >> 12, slots_of(machine));
    bool has_ring = ring_init(&link->ring);
    link->sink = observer_add_sink(observer, on_record, link);
    pthread_mutex_init(&link->lock, NULL);
    pthread_mutex_init(&link->past_lock, NULL);
    if (link->wake < 0 || !link->collector || !link->filling || !link->past || !link->history ||
        !has_ring || link->sink < 0) {
        snprintf(why, size, "not enough memory for the map");
        map_link_destroy(link);
        return NULL;
    }
    machine_watch_fd(machine, link->wake, on_wake, link);
    return link;
}

void map_link_destroy(struct map_link *link)
{
    if (!link) {
        return;
    }
    if (link->wake >= 0) {
        machine_unwatch_fd(link->machine, link->wake);
        close(link->wake);
    }
    if (link->sink >= 0) {
        observer_remove_sink(link->observer, link->sink);
    }
    collector_destroy(link->collector);
    model_destroy(link->filling);
    model_destroy(link->ready);
    model_destroy(link->shown);
    model_destroy(link->past);
    past_destroy(link->history);
    ring_free(&link->ring);
    pthread_mutex_destroy(&link->lock);
    pthread_mutex_destroy(&link->past_lock);
    free(link);
}
