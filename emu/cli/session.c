/* SPDX-License-Identifier: MIT */
/* session.c - see session.h: the run itself, what goes with it, and what is said about it. */
#include "emu/cli/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "devices/backend/disklog.h"
#include "emu/base/log.h"
#include "emu/cli/debuglog.h"
#include "emu/cli/recording.h"
#include "emu/cli/symbolfiles.h"
#include "emu/cli/terminal.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/map/shot.h"
#include "emu/map/window.h"
#include "emu/monitor/monitor.h"
#include "emu/observe/observe.h"
#include "emu/time/clock.h"

static double host_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say_hello(const struct session *s, const struct machine *m)
{
    if (s->options->quiet || s->command) {
        return;
    }
    if (s->throw_away) {
        log_note("what the guest writes to its disk is thrown away at the end%s",
                 s->options->image ? " (--persist keeps it)" : "");
    }
    if (s->options->serial && strcmp(s->options->serial, "pty") == 0) {
        log_note("the serial line is %s", chardev_name(s->config.serial));
    }
    if (machine_has_terminal(m)) {
        log_note("Ctrl-A h for help, Ctrl-A x to leave");
    }
}

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How often something could have been made to fail, by the monitor's `fail`. */
static void print_disk_stats(struct machine *m)
{
    static const char *const names[] = {"reads", "writes", "flushes"};
    for (unsigned i = 0; i < machine_config_of(m)->disk_count; i++) {
        for (unsigned operation = 0; operation < BLK_OPERATIONS; operation++) {
            const struct failure *f =
                machine_disk_failure(m, i, (enum blk_operation)operation);
            fprintf(stderr, "vd%c %-10s %" PRIu64, 'a' + (int)i, names[operation], f->seen);
            fprintf(stderr, f->failed ? " (%" PRIu64 " failed)\n" : "\n", f->failed);
        }
    }
}

static void print_stats(struct machine *m, double seconds, double cpu_seconds)
{
    double instructions = (double)machine_instructions(m);
    fprintf(stderr, "instructions   %" PRIu64 "\n", machine_instructions(m));
    fprintf(stderr, "guest time     %.6f s\n", (double)machine_time(m) / 1e9);
    fprintf(stderr, "host time      %.3f s\n", seconds);
    fprintf(stderr, "processor time %.3f s of the thread that ran the machine\n", cpu_seconds);
    fprintf(stderr, "speed          %.1f million instructions a second\n",
            seconds > 0 ? instructions / seconds / 1e6 : 0.0);
    struct counters counters;
    machine_counters(m, &counters);
    for (unsigned i = 0; counter_info(i); i++) {
        fprintf(stderr, "%-25s%" PRIu64 "\n", counter_info(i)->name, counter_value(&counters, i));
    }
    print_disk_stats(m);
}

/* A status beyond a byte must not look like success. */
static int process_status(const struct machine_exit *e)
{
    return e->status < 0 || e->status > 255 ? 255 : e->status;
}

/* What the kernel said from its panic on, NULL when the console was seen or there was none. */
static const char *panic_text(const struct session *s, size_t *size)
{
    static const char mark[] = "kernel panic";
    if (!s->command || s->options->verbose || s->options->serial) {
        return NULL;
    }
    const char *text = (const char *)chardev_output(s->config.serial, size);
    const char *panic = text ? memmem(text, *size, mark, sizeof mark - 1) : NULL;
    if (!panic) {
        return NULL;
    }
    while (panic > text && panic[-1] != '\n') {
        panic--;
    }
    *size -= (size_t)(panic - text);
    return panic;
}

static void say_why(const struct session *s, const struct machine_exit *e)
{
    size_t size = 0;
    if (e->text[0]) {
        log_error("%s", e->text);
    }
    if (e->result != MACHINE_POWEROFF || e->status != EXIT_PANIC) {
        return;
    }
    /* A program may end with this status as well; then the console is silent. */
    const char *panic = panic_text(s, &size);
    if (panic) {
        log_error("guest kernel panic; it said:");
        fwrite(panic, 1, size, stderr);
    }
}

struct run {
    struct machine *machine;
    struct machine_exit *exit;
    double cpu_seconds; /* of the thread that runs the machine */
};

static void run_to_the_end(void *ctx)
{
    struct run *run = ctx;
    double start = thread_seconds();
    machine_run(run->machine, run->exit);
    run->cpu_seconds = thread_seconds() - start;
}

/* False with *err set when there is no window to show the map in. */
static bool run_machine(struct session *s, struct machine *m, struct observer *observer,
                        struct machine_exit *e, double *cpu_seconds, struct error *err)
{
    struct run run = {m, e, 0};
    bool ok = true;
    terminal_catch_signals(m);
    terminal_enter(!s->command);
    if (s->options->map) {
        char why[200];
        ok = map_window_run(m, observer, run_to_the_end, &run, why, sizeof why) ||
             error_set(err, ENOTSUP, "%s", why);
    } else {
        run_to_the_end(&run);
    }
    terminal_catch_signals(NULL);
    terminal_leave();
    *cpu_seconds = run.cpu_seconds;
    return ok;
}

/* What goes with a machine: observer, trace, logs. */
struct company {
    struct recording recording;
    struct observer *observer;
    struct monitor *monitor;
    struct debuglog *debuglog;
    struct shot *shot;
};

/* Opened before the machine is made, so that a bad name costs no time. */
static bool open_company(struct company *c, const struct session *s, int argc, char *const *argv,
                         struct error *err)
{
    const struct options *o = s->options;
    if (o->debug_items) {
        c->debuglog = debuglog_open(o->debug_items, o->debug_file, err);
        if (!c->debuglog) {
            return false;
        }
    }
    if (o->shot) {
        char why[200];
        c->shot = shot_parse(o->shot, o->look, why, sizeof why);
        if (!c->shot) {
            return error_set(err, EINVAL, "%s", why);
        }
    }
    return recording_open(&c->recording, s, argc, argv, err);
}

static const char *after(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text && strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

/* "unix:PATH", with QEMU's ",server,nowait" behind it taken as said. */
static bool listen_at(struct monitor *m, const char *where, const char *option, bool json,
                      struct error *err)
{
    const char *path = after(where, "unix:");
    char copy[128];
    if (!path) {
        return error_set(err, EINVAL, "%s %s: say unix:PATH%s", option, where,
                         json ? "" : ", stdio or none");
    }
    size_t length = strcspn(path, ",");
    if (length >= sizeof copy) {
        return error_set(err, ENAMETOOLONG, "%s: the path is too long", option);
    }
    snprintf(copy, sizeof copy, "%.*s", (int)length, path);
    return monitor_listen(m, copy, json, err);
}

static bool wants_monitor(const struct session *s, const struct machine *m)
{
    const struct options *o = s->options;
    bool none = o->monitor && strcmp(o->monitor, "none") == 0;
    return (o->monitor && !none) || o->qmp || o->script || o->audit ||
           (!none && !s->command && machine_has_terminal(m));
}

static bool connect_monitor(struct company *c, const struct session *s, struct machine *m,
                            struct error *err)
{
    const struct options *o = s->options;
    c->monitor = monitor_create(m, c->observer, err);
    if (!c->monitor) {
        return false;
    }
    if (!symbolfiles_add(monitor_symbols(c->monitor), o, err)) {
        return false;
    }
    bool none = o->monitor && strcmp(o->monitor, "none") == 0;
    bool stdio = o->monitor && strcmp(o->monitor, "stdio") == 0;
    if (machine_has_terminal(m) && !none) {
        monitor_attach_terminal(c->monitor);
        if (stdio) {
            machine_monitor_enter(m);
        }
    }
    if (o->monitor && !none && !stdio &&
        !listen_at(c->monitor, o->monitor, "-monitor", false, err)) {
        return false;
    }
    if (o->qmp && !listen_at(c->monitor, o->qmp, "-qmp", true, err)) {
        return false;
    }
    return !o->script || monitor_script(c->monitor, o->script, stdout, err);
}

static bool wants_write_log(const struct session *s)
{
    for (unsigned i = 0; i < s->config.disk_count; i++) {
        if (disk_log_of(s->config.disk[i])) {
            return true;
        }
    }
    return false;
}

/* What the guest marks stands between the writes in the logs of the disks. */
static void mark_write_logs(void *ctx, const struct trace_record *record)
{
    const struct session *s = ctx;
    char name[17] = "";
    if (record->type != RECORD_PROBE + PROBE_EV_MARK) {
        return;
    }
    memcpy(name, record->arg, sizeof name - 1);
    for (unsigned i = 0; i < s->config.disk_count; i++) {
        struct disk_log *log = disk_log_of(s->config.disk[i]);
        if (log) {
            disk_log_mark(log, name);
        }
    }
}

static bool connect_company(struct company *c, struct session *s, struct machine *m,
                            struct error *err)
{
    bool monitor = wants_monitor(s, m);
    bool marks = wants_write_log(s);
    if (monitor || recording_wanted(&c->recording) || s->options->map || c->shot || marks ||
        s->options->audit) {
        c->observer = observer_create(m, err);
        if (!c->observer) {
            return false;
        }
    }
    if (recording_wanted(&c->recording)) {
        recording_connect(&c->recording, c->observer);
    }
    if (marks && observer_add_sink(c->observer, mark_write_logs, s) < 0) {
        return error_set(err, ENOMEM, "too many listeners");
    }
    if (c->shot && !shot_connect(c->shot, m, c->observer)) {
        return error_set(err, ENOMEM, "not enough memory for a picture");
    }
    if (monitor && !connect_monitor(c, s, m, err)) {
        return false;
    }
    if (c->debuglog) {
        debuglog_connect(c->debuglog, m, c->observer ? observer_hook(c->observer) : NULL);
    }
    return true;
}

static int close_company(struct company *c, int status)
{
    char why[300];
    status = recording_close(&c->recording, c->observer, status);
    if (c->shot && !shot_finish(c->shot, why, sizeof why)) {
        log_error("%s", why);
        status = EXIT_TROUBLE;
    }
    shot_free(c->shot);
    monitor_destroy(c->monitor);
    observer_destroy(c->observer);
    debuglog_close(c->debuglog);
    return status;
}

/* After a panic.  Without a monitor there is no history, but names there are. */
static void explain_panic(struct company *c, const struct session *s, struct machine *m)
{
    struct error err = {0};
    bool seen = c->monitor != NULL;
    size_t size;
    if (!panic_text(s, &size) && !(c->observer && observer_panic(c->observer))) {
        return; /* a program that ended with this status */
    }
    if (!c->observer) {
        c->observer = observer_create(m, &err);
    }
    if (!c->monitor && c->observer) {
        c->monitor = monitor_create(m, c->observer, &err);
        if (c->monitor && !symbolfiles_add(monitor_symbols(c->monitor), s->options, &err)) {
            log_warn("%s", err.text);
        }
    }
    if (c->monitor) {
        monitor_panic(c->monitor, stderr);
    }
    if (!seen) {
        log_note("the life of the page is remembered with --audit; a run repeats exactly");
    }
}

/* After the guest has switched itself off.  => the status, 1 when its books are wrong. */
static int audit(const struct company *c, struct machine *m, const struct machine_exit *e,
                 int status)
{
    if (e->result != MACHINE_POWEROFF || e->status == EXIT_PANIC ||
        monitor_audit(m, c->observer, stderr)) {
        return status;
    }
    log_error("the audit found the kernel's books wrong");
    return status ? status : 1;
}

int session_run(struct session *s, int argc, char *const *argv)
{
    struct error err = {0};
    struct company company = {0};
    struct machine *m = NULL;
    int status = EXIT_USAGE;
    s->config.terminal_raw = s->command ? terminal_set_raw : NULL;
    bool opened = open_company(&company, s, argc, argv, &err);
    m = machine_create(&s->config, &err);
    if (opened && m && connect_company(&company, s, m, &err)) {
        struct machine_exit e = {0};
        double start = host_seconds();
        say_hello(s, m);
        if (s->watch) {
            s->watch->begins(s->watch->ctx, m);
        }
        double cpu_seconds;
        if (run_machine(s, m, company.observer, &e, &cpu_seconds, &err)) {
            status = process_status(&e);
        } else {
            log_error("%s", err.text);
        }
        if (s->options->stats) {
            print_stats(m, host_seconds() - start, cpu_seconds);
        }
        say_why(s, &e);
        if (e.result == MACHINE_POWEROFF && e.status == EXIT_PANIC) {
            explain_panic(&company, s, m);
        }
        if (s->options->audit) {
            status = audit(&company, m, &e, status);
        }
        if (s->watch) {
            s->watch->ends(s->watch->ctx, &e);
        }
    } else {
        log_error("%s", err.text);
    }
    status = close_company(&company, status);
    machine_destroy(m);
    return status;
}
