/* SPDX-License-Identifier: MIT */
/* traceview.c - see traceview.h. */
#include "emu/cli/traceview.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/map/feed.h"
#include "emu/map/map.h"
#include "emu/map/shot.h"
#include "emu/map/tour.h"
#include "emu/map/window.h"
#include "emu/trace/diff.h"

static int usage(FILE *out)
{
    fputs("usage: faultline trace shot FILE.pft [--at N | --at '#N'] [--out FILE.png] [--look LOOK]\n"
          "       faultline trace shot FILE.pft --tour TOUR --step N [--out FILE.png] [--look LOOK]\n"
          "       faultline trace map FILE.pft [--tour TOUR]\n"
          "N: instructions, #N: records (the end of the trace); FILE.png: shot.png\n"
          "LOOK: heat, contrast, explain, event, scale=2 ... (faultline --help)\n",
          out);
    return out == stdout ? 0 : DIFF_TROUBLE;
}

bool traceview_is(int argc, char *const *argv)
{
    return argc > 0 && (strcmp(argv[0], "shot") == 0 || strcmp(argv[0], "map") == 0);
}

struct wish {
    const char *file, *at, *out, *look, *tour;
    unsigned long step;
};

/* What a tour's step shows; false with *err set. */
static bool take_step(const struct wish *wish, struct map_view *view, int *width, int *height,
                      struct error *err)
{
    struct tour *tour = tour_load(wish->tour, err);
    if (!tour) {
        return false;
    }
    bool ok = wish->step >= 1 && wish->step <= tour_steps(tour);
    if (ok) {
        tour_show(tour, wish->step - 1, view, width, height);
    } else {
        error_set(err, EINVAL, "--step: the tour has steps 1 to %zu", tour_steps(tour));
    }
    tour_free(tour);
    return ok;
}

static int shot(const struct wish *wish)
{
    struct error err = {0};
    struct map_view view;
    struct map_model *model = NULL;
    char why[256];
    int width, height;
    shot_view(&view);
    if (shot_look(&view, wish->look, &width, &height, &err) &&
        (!wish->tour || take_step(wish, &view, &width, &height, &err))) {
        model = wish->tour ? trace_model(wish->file, &view, &err)
                           : trace_model_at(wish->file, wish->at, &view, &err);
    }
    if (!model) {
        log_error("%s", err.text);
        return DIFF_TROUBLE;
    }
    /* What the look points at is chosen by the first model and shown by the second. */
    if (shot_follow(&view, model, wish->look)) {
        struct map_model *again = trace_model(wish->file, &view, &err);
        if (again) {
            model_destroy(model);
            model = again;
        }
    }
    bool ok = map_save_picture(model, &view, width, height, wish->out, why, sizeof why);
    model_destroy(model);
    if (!ok) {
        log_error("%s", why);
    }
    return ok ? 0 : DIFF_TROUBLE;
}

static int window(const struct wish *wish)
{
    struct error err = {0};
    char why[256];
    struct tour *tour = wish->tour ? tour_load(wish->tour, &err) : NULL;
    if (wish->tour && !tour) {
        log_error("%s", err.text);
        return DIFF_TROUBLE;
    }
    bool ok = map_window_trace(wish->file, tour, why, sizeof why);
    tour_free(tour);
    if (!ok) {
        log_error("%s", why);
    }
    return ok ? 0 : DIFF_TROUBLE;
}

int traceview_main(int argc, char **argv)
{
    static const struct option long_options[] = {{"at", required_argument, NULL, 'a'},
                                                 {"out", required_argument, NULL, 'o'},
                                                 {"look", required_argument, NULL, 'l'},
                                                 {"tour", required_argument, NULL, 't'},
                                                 {"step", required_argument, NULL, 's'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    struct wish wish = {.out = "shot.png", .step = 1};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            wish.at = optarg;
            break;
        case 'o':
            wish.out = optarg;
            break;
        case 'l':
            wish.look = optarg;
            break;
        case 't':
            wish.tour = optarg;
            break;
        case 's':
            wish.step = strtoul(optarg, NULL, 10);
            break;
        case 'h':
            return usage(stdout);
        default:
            return usage(stderr);
        }
    }
    if (optind + 1 != argc) {
        return usage(stderr);
    }
    wish.file = argv[optind];
    return strcmp(argv[0], "shot") == 0 ? shot(&wish) : window(&wish);
}
