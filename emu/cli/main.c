/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program: which subcommand, and the exit status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/base/log.h"
#include "emu/cli/cut.h"
#include "emu/cli/describe.h"
#include "emu/cli/list.h"
#include "emu/cli/session.h"
#include "emu/cli/traceview.h"
#include "emu/cli/why.h"
#include "emu/monitor/monitor.h"
#include "emu/trace/diff.h"

/* A program started without standard streams must not take a disk image for its stdout. */
static void have_standard_streams(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

static int start(int argc, char **argv, bool run)
{
    struct options options;
    struct session session;
    struct error err = {0};
    int status = EXIT_USAGE;
    if (!options_parse(&options, argc, argv, run, &err)) {
        log_error("%s", err.text);
    } else if (options.help) {
        options_help(run);
        status = 0;
    } else if (options.version) {
        printf("faultline %s\n", FAULTLINE_VERSION);
        status = 0;
    } else if (options.list) {
        status = list_main(&options, argc, argv);
    } else if (!session_prepare(&session, &options, &err)) {
        log_error("%s", err.text);
    } else {
        status = session_run(&session, argc, argv);
        session_free(&session);
    }
    options_free(&options);
    return status;
}

int main(int argc, char **argv)
{
    have_standard_streams();
    if (argc > 1 && strcmp(argv[1], "run") == 0) {
        return start(argc - 1, argv + 1, true);
    }
    if (argc > 2 && strcmp(argv[1], "trace") == 0 && strcmp(argv[2], "why") == 0) {
        return why_main(argc - 3, argv + 3);
    }
    if (argc > 1 && strcmp(argv[1], "trace") == 0) {
        return traceview_is(argc - 2, argv + 2) ? traceview_main(argc - 2, argv + 2)
                                                : trace_main(argc - 2, argv + 2);
    }
    if (argc > 1 && strcmp(argv[1], "ctl") == 0) {
        return ctl_main(argc - 2, argv + 2);
    }
    if (argc > 1 && strcmp(argv[1], "describe") == 0) {
        return describe_main(argc - 2, argv + 2);
    }
    if (argc > 1 && strcmp(argv[1], "cut") == 0) {
        return cut_main(argc - 1, argv + 1);
    }
    return start(argc, argv, false);
}
