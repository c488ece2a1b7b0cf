/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line as values. Texts point into argv.
 */
#ifndef FAULTLINE_CLI_OPTIONS_H
#define FAULTLINE_CLI_OPTIONS_H

#include <stdbool.h>

#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/machine/config.h"

#define OPTIONS_MAX_FILES 64
#define OPTIONS_MAX_DRIVES 8

struct drive_option {
    char *file; /* allocated */
    char *write_log; /* allocated, or NULL */
    char id[64];
    bool direct; /* attached without -device */
    bool read_only, snapshot;
    int order; /* position among attached disks, -1: not attached */
};

struct options {
    bool run; /* `faultline run`: program and arguments are set */
    bool help, version;
    char *const *program; /* run: program, arguments, NULL */
    const char *image;    /* the positional argument */

    const char *exec, *kernel, *bios, *initrd, *append, *dtb;
    struct cpu_config cpu;
    u64 ram_size;
    unsigned harts;
    const char *engine;
    u64 seed, rtc_epoch;

    struct drive_option drive[OPTIONS_MAX_DRIVES];
    unsigned drives;
    char device[OPTIONS_MAX_DRIVES][64]; /* drive= of the -device options, in order */
    unsigned devices;
    int attached;
    bool snapshot, persist;
    u64 swap_size;
    const char *policy;
    const char *file[OPTIONS_MAX_FILES];
    unsigned files;
    const char *symbols[OPTIONS_MAX_FILES]; /* FILE or NAME=FILE */
    unsigned symbol_files;

    const char *const *guest_programs; /* host programs that a list needs, under /host */
    unsigned guest_program_count;

    const char *list, *junit, *json; /* run --list */
    bool one_boot;
    u64 jobs;

    const char *serial, *monitor, *qmp, *script;
    bool verbose, quiet;

    const char *trace, *expect, *shot, *look, *debug_items, *debug_file;
    bool map, stats, audit;

    u64 max_instructions, timeout_ns;
    bool stopped, no_reboot;
};

/* argv[0] is skipped.  run: options end at the first argument that is none. */
bool options_parse(struct options *o, int argc, char *const *argv, bool run, struct error *err);
void options_free(struct options *o);
void options_help(bool run);

/* "64M", "1G", "4096K"; a bare number counts in MiB as QEMU's -m does.  False: not a size. */
bool options_size(const char *text, u64 *bytes);

#endif
