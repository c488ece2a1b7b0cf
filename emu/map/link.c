/* SPDX-License-Identifier: MIT */
/* link.c - see link.h. */
#include "emu/map/link.h"
#include "emu/map/collect.h"
#include "emu/machine/control.h"
#include "emu/observe/observe.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { REQUESTS = 16 };

struct map_link {
    struct machine *machine;
    struct observer *observer;
    struct collector *collector;
    int wake; /* eventfd: something has been asked */
    int sink;

    /* The machine thread's. */
    struct map_model *filling;
    enum map_request armed; /* stop at the next fault (of a kind) */
    u8 armed_kind;

    /* Both threads'; under the lock. */
    pthread_mutex_t lock;
    struct map_view view;
    enum map_request request[REQUESTS];
    u8 request_kind[REQUESTS];
    size_t requests;
    struct map_model *ready; /* filled and not yet taken */

    /* The viewer's. */
    struct map_model *shown;
};

static void on_record(void *ctx, const struct trace_record *record)
{
    struct map_link *link = ctx;
    if (link->armed == REQUEST_NONE || record->type != RECORD_FAULT) {
        return;
    }
    bool hit = link->armed == REQUEST_NEXT_FAULT ||
               (link->armed == REQUEST_NEXT_SAME && record->fault.kind == link->armed_kind) ||
               (link->armed == REQUEST_NEXT_SWAP && record->fault.coarse == COARSE_FROM_SWAP);
    if (hit) {
        link->armed = REQUEST_NONE;
        machine_stop(link->machine);
    }
}

static void carry_out(struct map_link *link, enum map_request request, u8 kind)
{
    switch (request) {
    case REQUEST_PAUSE:
        if (machine_is_stopped(link->machine)) {
            machine_continue(link->machine);
        } else {
            machine_stop(link->machine);
        }
        break;
    case REQUEST_STEP:
        machine_step(link->machine, 0, 1);
        break;
    case REQUEST_NEXT_FAULT:
    case REQUEST_NEXT_SAME:
    case REQUEST_NEXT_SWAP:
        link->armed = request;
        link->armed_kind = kind;
        machine_continue(link->machine);
        break;
    case REQUEST_RESET:
        collector_reset(link->collector);
        break;
    case REQUEST_MARK:
        collector_bookmark(link->collector);
        break;
    default:
        break;
    }
}

/* On the machine's thread, at a moment when everything is consistent. */
static void on_wake(void *ctx, int fd)
{
    struct map_link *link = ctx;
    enum map_request request[REQUESTS];
    u8 kind[REQUESTS];
    eventfd_t count;
    eventfd_read(fd, &count);
    pthread_mutex_lock(&link->lock);
    struct map_view view = link->view;
    size_t requests = link->requests;
    for (size_t i = 0; i < requests; i++) {
        request[i] = link->request[i];
        kind[i] = link->request_kind[i];
    }
    link->requests = 0;
    pthread_mutex_unlock(&link->lock);
    for (size_t i = 0; i < requests; i++) {
        carry_out(link, request[i], kind[i]);
    }
    if (collector_fill(link->collector, &view, link->filling)) {
        pthread_mutex_lock(&link->lock);
        struct map_model *other = link->ready;
        link->ready = link->filling;
        link->filling = other;
        pthread_mutex_unlock(&link->lock);
    }
    if (!link->filling) {
        /* The viewer holds one and one is ready: a third keeps the machine from waiting. */
        link->filling = model_create();
        if (!link->filling) {
            machine_unwatch_fd(link->machine, fd);
        }
    }
}

struct map_link *map_link_create(struct machine *machine, struct observer *observer, char *why,
                                 size_t size)
{
    struct map_link *link = calloc(1, sizeof *link);
    if (!link) {
        snprintf(why, size, "not enough memory for the map");
        return NULL;
    }
    link->machine = machine;
    link->observer = observer;
    link->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->collector = collector_create(machine, observer);
    link->filling = model_create();
    link->sink = observer_add_sink(observer, on_record, link);
    pthread_mutex_init(&link->lock, NULL);
    if (link->wake < 0 || !link->collector || !link->filling || link->sink < 0) {
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
    pthread_mutex_destroy(&link->lock);
    free(link);
}

void map_link_ask(struct map_link *link, const struct map_view *view, enum map_request request)
{
    pthread_mutex_lock(&link->lock);
    link->view = *view;
    if (request != REQUEST_NONE && link->requests < REQUESTS) {
        u8 kind = 0;
        if (link->shown && view->event < link->shown->event_count) {
            const struct trace_record *record = &link->shown->event[view->event];
            kind = record->type == RECORD_FAULT ? record->fault.kind : 0;
        }
        link->request[link->requests] = request;
        link->request_kind[link->requests++] = kind;
    }
    pthread_mutex_unlock(&link->lock);
    eventfd_write(link->wake, 1);
}

struct map_model *map_link_take(struct map_link *link)
{
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
    return fresh ? link->shown : NULL;
}
