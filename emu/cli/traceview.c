/* SPDX-License-Identifier: MIT */
/* traceview.c - see traceview.h. */
#include "emu/cli/traceview.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/map/feed.h"
#include "emu/map/map.h"
#include "emu/map/shot.h"
#include "emu/map/window.h"
#include "emu/trace/diff.h"

static int usage(FILE *out)
{
    fputs("usage: faultline trace shot FILE.pft [--at N | --at '#N'] [--out FILE.png] [--look LOOK]\n"
          "       faultline trace map FILE.pft\n"
          "N: instructions, #N: records (the end of the trace); FILE.png: shot.png\n"
          "LOOK: heat, contrast, explain, event, scale=2 ... (faultline --help)\n",
          out);
    return out == stdout ? 0 : DIFF_TROUBLE;
}

bool traceview_is(int argc, char *const *argv)
{
    return argc > 0 && (strcmp(argv[0], "shot") == 0 || strcmp(argv[0], "map") == 0);
}

static int shot(const char *file, const char *at, const char *out, const char *look)
{
    struct error err = {0};
    struct map_view view;
    char why[256];
    int width, height;
    shot_view(&view);
    if (!shot_look(&view, look, &width, &height, &err)) {
        log_error("%s", err.text);
        return DIFF_TROUBLE;
    }
    struct map_model *model = trace_model_at(file, at, &view, &err);
    if (!model) {
        log_error("%s", err.text);
        return DIFF_TROUBLE;
    }
    /* What the look points at is chosen by the first model and shown by the second. */
    if (shot_follow(&view, model, look)) {
        struct map_model *again = trace_model_at(file, at, &view, &err);
        if (again) {
            model_destroy(model);
            model = again;
        }
    }
    bool ok = map_save_picture(model, &view, width, height, out, why, sizeof why);
    model_destroy(model);
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
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    const char *at = NULL, *out = "shot.png", *look = NULL;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            at = optarg;
            break;
        case 'o':
            out = optarg;
            break;
        case 'l':
            look = optarg;
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
    if (strcmp(argv[0], "shot") == 0) {
        return shot(argv[optind], at, out, look);
    }
    char why[256];
    if (!map_window_trace(argv[optind], why, sizeof why)) {
        log_error("%s", why);
        return DIFF_TROUBLE;
    }
    return 0;
}
