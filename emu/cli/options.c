/* SPDX-License-Identifier: MIT */
/* options.c - see options.h: finding options in the table and taking their values. */
#include "emu/cli/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"
#include "emu/cli/optionvalue.h"

enum option_id {
#define OPTION(id, name, argument, help) OPTION_##id,
#include "emu/cli/option.def"
    OPTION_UNSUPPORTED
};

struct option_row {
    const char *name;
    enum option_id id;
    bool argument;
    const char *nearest; /* of an unsupported one */
};

static const struct option_row rows[] = {
#define OPTION(id, name, argument, help) {name, OPTION_##id, (argument) != NULL, NULL},
#define ALIAS(id, name, argument) {name, OPTION_##id, (argument) != NULL, NULL},
#define UNSUPPORTED(name, argument, nearest) {name, OPTION_UNSUPPORTED, argument, nearest},
#include "emu/cli/option.def"
};

void options_help(bool run)
{
    printf(
        run ? "faultline run [OPTIONS] PROG [ARG...]   run a static riscv64 Linux program\n"
              "faultline run [OPTIONS] --list FILE     run the programs of a list, one a line\n"
            : "faultline [OPTIONS] [IMAGE]             boot the bundled guest, a disk or a kernel\n"
              "faultline run [OPTIONS] PROG [ARG...]   run a static riscv64 Linux program\n"
              "faultline run [OPTIONS] --list FILE     run the programs of a list, one a line\n"
              "faultline trace COMMAND ...             look at recorded traces, compare them\n"
              "faultline ctl SOCKET COMMAND...         one monitor command\n"
              "faultline cut LOG ...                   a disk as a power cut would have left it\n"
              "\n"
              "  faultline                             a shell in the guest; Ctrl-A h for keys\n"
              "  faultline --exec 'ps; free'\n"
              "  faultline run --trace t.pft ./a.out\n"
              "  faultline -m 16M --swap 64M --exec vmtests\n");
#define GROUP(title) printf("\n%s:\n", title);
#define OPTION(id, name, argument, help)                                            \
    {                                                                               \
        const char *value = argument;                                               \
        char left[64];                                                              \
        snprintf(left, sizeof left, "%s%s %s", sizeof(name) > 2 ? "--" : "-", name, \
                 value ? value : "");                                               \
        printf("  %-28s %s\n", left, help);                                         \
    }
#include "emu/cli/option.def"
    printf("\nOptions take one dash or two, and QEMU's names are QEMU's. Exit status: the guest's "
           "own;\n128+n for a signal, 2 usage, 124 a limit, 125 trouble of ours, 126 guest kernel "
           "panic.\n");
}

/* How many single-character edits make `a` into `b`, at most 9. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[40];
    size_t width = strlen(b);
    if (width >= ARRAY_LENGTH(row)) {
        return 9;
    }
    for (unsigned j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= width; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            unsigned other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < other ? change : other;
        }
    }
    return row[width] < 9 ? row[width] : 9;
}

static const char *nearest_name(const char *name)
{
    const char *best = NULL;
    unsigned least = 3;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        unsigned d = distance(name, rows[i].name);
        if (d < least && rows[i].id != OPTION_UNSUPPORTED && strlen(rows[i].name) > 2) {
            least = d;
            best = rows[i].name;
        }
    }
    return best;
}

static const struct option_row *find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool add_file(struct options *o, const char *value, struct error *err)
{
    if (o->files == OPTIONS_MAX_FILES) {
        return error_set(err, EINVAL, "--file can be given up to %d times", OPTIONS_MAX_FILES);
    }
    o->file[o->files++] = value;
    return true;
}

/* Options whose value is a number, a size or a list. */
static bool take_value(struct options *o, enum option_id id, const char *value, struct error *err)
{
    switch (id) {
    case OPTION_MACHINE:
        return value_machine(value, err);
    case OPTION_CPU:
        return value_cpu(&o->cpu, value, err);
    case OPTION_MEMORY:
        return value_memory(value, &o->ram_size, err);
    case OPTION_SMP:
        return value_harts(value, &o->harts, err);
    case OPTION_ENGINE:
        o->engine = value;
        return strcmp(value, "interp") == 0 || strcmp(value, "jit") == 0 ||
               error_set(err, EINVAL, "--engine %s: there are interp and jit", value);
    case OPTION_SEED:
        return value_number("--seed", value, &o->seed, err);
    case OPTION_RTC:
        return value_rtc(value, &o->rtc_epoch, err);
    case OPTION_GLOBAL:
        return strcmp(value, "virtio-mmio.force-legacy=false") == 0 ||
               error_set(err, EINVAL,
                         "-global %s: not supported; only virtio-mmio.force-legacy="
                         "false is known",
                         value);
    case OPTION_DRIVE:
        return value_drive(o, value, err);
    case OPTION_DEVICE:
        return value_device(o, value, err);
    case OPTION_SWAP:
        return options_size(value, &o->swap_size) ||
               error_set(err, EINVAL, "--swap %s: not a size (try 64M)", value);
    case OPTION_POLICY:
        o->policy = value;
        return value_policy(value, err);
    case OPTION_FILE:
        return add_file(o, value, err);
    case OPTION_SYMBOLS:
        if (o->symbol_files == OPTIONS_MAX_FILES) {
            return error_set(err, E2BIG, "--symbols: at most %d files", OPTIONS_MAX_FILES);
        }
        o->symbols[o->symbol_files++] = value;
        return true;
    case OPTION_DISPLAY:
        return strcmp(value, "none") == 0 ||
               error_set(err, EINVAL, "-display %s: not supported; there is none, and --map",
                         value);
    case OPTION_JOBS:
        return value_number("--jobs", value, &o->jobs, err);
    case OPTION_MAX_INSTR:
        return value_number("--max-instr", value, &o->max_instructions, err);
    case OPTION_TIMEOUT:
        return value_seconds(value, &o->timeout_ns, err);
    default:
        return true;
    }
}

/* Options whose value is a text to be looked at later, and plain switches. */
static bool take(struct options *o, enum option_id id, const char *value, struct error *err)
{
    const struct {
        enum option_id id;
        const char **text;
        bool *flag;
    } plain[] = {
        {OPTION_EXEC, &o->exec, NULL},
        {OPTION_LIST, &o->list, NULL},
        {OPTION_JUNIT, &o->junit, NULL},
        {OPTION_JSON, &o->json, NULL},
        {OPTION_ONE_BOOT, NULL, &o->one_boot},
        {OPTION_KERNEL, &o->kernel, NULL},
        {OPTION_BIOS, &o->bios, NULL},
        {OPTION_INITRD, &o->initrd, NULL},
        {OPTION_APPEND, &o->append, NULL},
        {OPTION_DTB, &o->dtb, NULL},
        {OPTION_SERIAL, &o->serial, NULL},
        {OPTION_MONITOR, &o->monitor, NULL},
        {OPTION_QMP, &o->qmp, NULL},
        {OPTION_SCRIPT, &o->script, NULL},
        {OPTION_TRACE, &o->trace, NULL},
        {OPTION_EXPECT, &o->expect, NULL},
        {OPTION_SHOT, &o->shot, NULL},
        {OPTION_LOOK, &o->look, NULL},
        {OPTION_DEBUG_ITEMS, &o->debug_items, NULL},
        {OPTION_DEBUG_FILE, &o->debug_file, NULL},
        {OPTION_SNAPSHOT, NULL, &o->snapshot},
        {OPTION_PERSIST, NULL, &o->persist},
        {OPTION_VERBOSE, NULL, &o->verbose},
        {OPTION_QUIET, NULL, &o->quiet},
        {OPTION_AUDIT, NULL, &o->audit},
        {OPTION_MAP, NULL, &o->map},
        {OPTION_STATS, NULL, &o->stats},
        {OPTION_STOPPED, NULL, &o->stopped},
        {OPTION_NO_REBOOT, NULL, &o->no_reboot},
        {OPTION_HELP, NULL, &o->help},
        {OPTION_VERSION, NULL, &o->version},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(plain); i++) {
        if (plain[i].id == id && plain[i].text) {
            *plain[i].text = value;
        } else if (plain[i].id == id) {
            *plain[i].flag = true;
        }
    }
    return take_value(o, id, value, err);
}

static bool unknown(const char *argument, const char *name, struct error *err)
{
    const char *nearest = nearest_name(name);
    return error_set(err, EINVAL, "there is no option %s%s%s (--help lists them)", argument,
                     nearest ? "; did you mean --" : "", nearest ? nearest : "");
}

/* Takes the option at argv[*i] and its value. */
static bool parse_one(struct options *o, int argc, char *const *argv, int *i, struct error *err)
{
    const char *argument = argv[*i];
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_row *row = find(name, length);
    if (!row) {
        return unknown(argument, name, err);
    }
    if (row->id == OPTION_UNSUPPORTED) {
        return error_set(err, EINVAL,
                         "%s is an option of QEMU that is not supported here; nearest: "
                         "%s",
                         argument, row->nearest);
    }
    const char *value = NULL;
    if (row->argument) {
        value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
        if (!value) {
            return error_set(err, EINVAL, "%s needs an argument", argument);
        }
    } else if (equals) {
        return error_set(err, EINVAL, "-%.*s takes no argument", (int)length, name);
    }
    return take(o, row->id, value, err);
}

static bool check_together(const struct options *o, struct error *err)
{
    if (o->run && o->exec) {
        return error_set(err, EINVAL, "`run PROG` and --exec exclude each other");
    }
    if (!o->run && o->list) {
        return error_set(err, EINVAL, "--list belongs to run: faultline run --list %s", o->list);
    }
    if (!o->list && (o->junit || o->json || o->one_boot || o->jobs)) {
        return error_set(err, EINVAL, "--junit, --json, --jobs and --one-boot go with --list");
    }
    if (o->run && !o->program && !o->list && !o->help && !o->version) {
        return error_set(err, EINVAL,
                         "run: which program? (faultline run [OPTIONS] PROG [ARG...])");
    }
    for (unsigned i = 0; i < o->drives; i++) {
        if (o->drive[i].order < 0) {
            return error_set(err, EINVAL,
                             "-drive id=%s has if=none and no -device "
                             "virtio-blk-device,drive=%s",
                             o->drive[i].id, o->drive[i].id);
        }
    }
    return true;
}

bool options_parse(struct options *o, int argc, char *const *argv, bool run, struct error *err)
{
    struct machine_config defaults;
    machine_config_default(&defaults);
    *o = (struct options){.run = run,
                          .cpu = defaults.cpu,
                          .ram_size = defaults.ram_size,
                          .harts = defaults.harts,
                          .engine = defaults.engine,
                          .seed = defaults.seed,
                          .rtc_epoch = defaults.rtc_epoch};
    bool only_names = false;
    for (int i = 1; i < argc; i++) {
        if (!only_names && strcmp(argv[i], "--") == 0) {
            only_names = true;
        } else if (!only_names && argv[i][0] == '-' && argv[i][1]) {
            if (!parse_one(o, argc, argv, &i, err)) {
                return false;
            }
        } else if (run) {
            o->program = &argv[i];
            break;
        } else if (o->image) {
            return error_set(err, EINVAL,
                             "two images, %s and %s: one at most (programs are run by "
                             "`faultline run PROG`)",
                             o->image, argv[i]);
        } else {
            o->image = argv[i];
        }
    }
    return value_attach_drives(o, err) && check_together(o, err);
}

void options_free(struct options *o)
{
    for (unsigned i = 0; i < o->drives; i++) {
        free(o->drive[i].file);
        free(o->drive[i].write_log);
    }
}
