/* SPDX-License-Identifier: MIT */
/* tour.c - see tour.h. */
#include "emu/map/tour.h"
#include "emu/map/map.h"
#include "emu/map/shot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 200, LOOK_BYTES = 120 };

struct step {
    bool by_icount, used;
    u64 moment, frame, va, selected;
    u32 pid;
    char look[LOOK_BYTES];
    char english[MAP_CAPTION_BYTES], chinese[MAP_CAPTION_BYTES];
};

struct tour {
    struct step step[MOST_STEPS];
    size_t count;
};

static void join(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? " " : "", more);
}

static bool take_number(const char *text, u64 *out, const char **end)
{
    char *stop;
    errno = 0;
    *out = strtoull(text, &stop, 0);
    *end = stop;
    return stop != text && !errno && *text != '-';
}

static bool take_at(struct step *s, const char *text)
{
    const char *end;
    s->by_icount = text[0] != '#';
    return take_number(text + !s->by_icount, &s->moment, &end) && !*end;
}

static bool take_page(struct step *s, const char *text)
{
    const char *end;
    u64 pid;
    if (!take_number(text, &pid, &end) || *end != ':' || pid > UINT32_MAX) {
        return false;
    }
    s->pid = (u32)pid;
    return take_number(end + 1, &s->va, &end) && !*end;
}

static bool take_look(struct step *s, const char *text, struct error *err)
{
    struct map_view view;
    int width, height;
    view_init(&view);
    snprintf(s->look, sizeof s->look, "%s", text);
    return shot_look(&view, s->look, &width, &height, err);
}

static bool take_line(struct step *s, const char *line, unsigned number, struct error *err)
{
    const char *space = strchr(line, ' '), *end;
    const char *rest = space ? space + 1 : "";
    size_t n = space ? (size_t)(space - line) : strlen(line);
    bool ok = false;
    s->used = true;
    if (n == 2 && !strncmp(line, "at", n)) {
        ok = take_at(s, rest);
    } else if (n == 4 && !strncmp(line, "look", n)) {
        ok = take_look(s, rest, err);
    } else if (n == 4 && !strncmp(line, "page", n)) {
        ok = take_page(s, rest);
    } else if (n == 5 && !strncmp(line, "frame", n)) {
        ok = take_number(rest, &s->frame, &end) && !*end;
    } else if (n == 6 && !strncmp(line, "select", n)) {
        ok = rest[0] == '#' && take_number(rest + 1, &s->selected, &end) && !*end;
        s->selected += ok;
    } else if (n == 3 && !strncmp(line, "say", n)) {
        join(s->english, sizeof s->english, rest);
        ok = true;
    } else if (n == 2 && !strncmp(line, "zh", n)) {
        join(s->chinese, sizeof s->chinese, rest);
        ok = true;
    }
    return ok || error_set(err, EINVAL, "line %u of the tour is not understood: %.60s", number, line);
}

struct tour *tour_load(const char *path, struct error *err)
{
    char line[1024];
    FILE *file = fopen(path, "re");
    struct tour *tour = calloc(1, sizeof *tour);
    if (!file || !tour) {
        error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
        free(tour);
        if (file) {
            fclose(file);
        }
        return NULL;
    }
    bool ok = true;
    for (unsigned number = 1; ok && fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\r\n")] = 0;
        if (!line[0]) {
            tour->count += tour->step[tour->count].used && tour->count + 1 < MOST_STEPS;
        } else if (line[0] != '#') {
            ok = take_line(&tour->step[tour->count], line, number, err);
        }
    }
    fclose(file);
    tour->count += tour->step[tour->count].used;
    if (ok && tour->count == 0) {
        ok = error_set(err, EINVAL, "%s: no steps", path);
    }
    if (!ok) {
        tour_free(tour);
        return NULL;
    }
    return tour;
}

void tour_free(struct tour *tour)
{
    free(tour);
}

size_t tour_steps(const struct tour *tour)
{
    return tour->count;
}

void tour_show(const struct tour *tour, size_t index, struct map_view *view, int *width,
               int *height)
{
    const struct step *s = &tour->step[index < tour->count ? index : tour->count - 1];
    struct error ignored = {0};
    int w, h;
    view->past = true;
    view->seeking = s->by_icount;
    view->seek_icount = view->moment = s->moment;
    view->cursor_pfn = s->frame;
    view->cursor_va = s->va;
    view->cursor_pid = s->pid;
    view->pid = s->pid ? s->pid : view->pid;
    view->event = s->selected;
    view->walk_began = view->now;
    view->tab = TAB_EVENTS;
    shot_look(view, s->look, &w, &h, &ignored);
    *width = w != MAP_WIDTH ? w : *width;
    *height = h != MAP_HEIGHT ? h : *height;
    snprintf(view->caption, sizeof view->caption, "%s",
             view->chinese && s->chinese[0] ? s->chinese : s->english);
    view->step = index + 1;
    view->steps = tour->count;
}
