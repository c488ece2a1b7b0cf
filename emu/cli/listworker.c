/* SPDX-License-Identifier: MIT */
/* listworker.c - see listworker.h. */
#include "emu/cli/listworker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "emu/base/log.h"
#include "emu/cli/session.h"
#include "emu/cli/shellword.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"

#define MARK "faultline-list "
#define SCRIPT_NAME "faultline-list"

struct worker {
    const struct list *list;
    const struct options *options;
    struct session *session;
    struct machine *machine;
    int pipe;

    unsigned next; /* the entry that begins next */
    bool running;  /* it has begun */
    bool limit;    /* and has reached a limit */
    u64 began_at, began_ns;
    char line[64]; /* of the guest's console, as far as it has come */
    size_t length;
};

static u64 host_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

/* ---- the script ---- */

/* eval in a subshell: whatever a command does to its shell ends with it. */
static void put_entry(struct buffer *out, const struct list_entry *e, unsigned index)
{
    buffer_printf(out, "echo '" MARK "begin %u' > /dev/console\n(eval ", index);
    shell_word(out, e->command);
    buffer_printf(out, ")\necho \"" MARK "end %u $?\" > /dev/console\n", index);
}

/* A file in memory with the script for these entries; -1: *err is set. */
static int make_script(const struct list *l, unsigned first, unsigned count, struct error *err)
{
    struct buffer text = {0};
    for (unsigned i = first; i < first + count; i++) {
        put_entry(&text, &l->entry[i], i);
    }
    int fd = text.failed ? -1 : memfd_create(SCRIPT_NAME, MFD_CLOEXEC);
    if (fd < 0 || write(fd, text.data, text.size) != (ssize_t)text.size) {
        error_set(err, errno, "cannot make the guest's script: %s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        fd = -1;
    }
    buffer_free(&text);
    return fd;
}

/* ---- what the guest says ---- */

static void report(struct worker *w, int status)
{
    struct list_message message = {
        .index = w->next,
        .status = status,
        .limit = w->limit,
        .instructions = w->running ? machine_instructions(w->machine) - w->began_at : 0,
        .seconds_ns = w->running ? host_ns() - w->began_ns : 0,
    };
    chardev_flush(w->session->config.port_stdio);
    chardev_flush(w->session->config.port_stderr);
    fflush(NULL);
    message.output_end = (u64)lseek(STDOUT_FILENO, 0, SEEK_CUR);
    if (write(w->pipe, &message, sizeof message) != (ssize_t)sizeof message) {
        _exit(EXIT_TROUBLE);
    }
    w->running = w->limit = false;
    w->next++;
}

static void take_line(struct worker *w)
{
    unsigned index;
    int status;
    const char *text = strstr(w->line, MARK);
    if (!text) {
        return;
    }
    text += strlen(MARK);
    if (sscanf(text, "begin %u", &index) == 1 && index == w->next && !w->running) {
        w->running = true;
        w->began_at = machine_instructions(w->machine);
        w->began_ns = host_ns();
    } else if (sscanf(text, "end %u %d", &index, &status) == 2 && index == w->next && w->running) {
        report(w, status);
    }
}

static void console_output(void *ctx, const void *data, size_t size)
{
    struct worker *w = ctx;
    for (size_t i = 0; i < size; i++) {
        char c = ((const char *)data)[i];
        if (c == '\n') {
            w->line[w->length] = 0;
            take_line(w);
            w->length = 0;
        } else if (w->length + 1 < sizeof w->line) {
            w->line[w->length++] = c;
        }
    }
}

/* ---- limits ---- */

static u64 either(u64 own, u64 general)
{
    return own ? own : general;
}

static void look_at_limits(void *ctx)
{
    struct worker *w = ctx;
    if (!w->running || w->limit) {
        return;
    }
    const struct list_entry *e = &w->list->entry[w->next];
    u64 instructions = either(e->max_instructions, w->options->max_instructions);
    u64 time = either(e->timeout_ns, w->options->timeout_ns);
    bool many = instructions && machine_instructions(w->machine) - w->began_at > instructions;
    if (many || (time && host_ns() - w->began_ns > time)) {
        w->limit = true;
        log_error("%s: %s", e->name,
                  many ? "more instructions than it may have" : "not done in time");
        machine_quit(w->machine, EXIT_LIMIT);
    }
}

static void machine_begins(void *ctx, struct machine *m)
{
    struct worker *w = ctx;
    w->machine = m;
    chardev_listen(w->session->config.serial, console_output, w);
    machine_on_slice(m, look_at_limits, w);
}

/* The machine is at its end before its script is: that entry has done it. */
static void machine_ends(void *ctx, const struct machine_exit *e)
{
    struct worker *w = ctx;
    if (w->running) {
        w->limit = w->limit || e->status == EXIT_LIMIT;
        report(w, e->status);
    }
}

int list_worker(const struct list *l, unsigned first, unsigned count, const struct options *o,
                int pipe, int argc, char *const *argv)
{
    struct error err = {0};
    struct session session;
    struct options own = *o;
    struct worker w = {.list = l, .options = o, .session = &session, .pipe = pipe, .next = first};
    struct session_watch watch = {machine_begins, machine_ends, &w};
    const char **programs = calloc(count, sizeof *programs);
    char script[64];
    int status = EXIT_TROUBLE, fd = make_script(l, first, count, &err);
    snprintf(script, sizeof script, "/proc/self/fd/%d:" SCRIPT_NAME, fd);
    own.run = false;
    own.exec = "exec sh /host/" SCRIPT_NAME;
    own.max_instructions = own.timeout_ns = 0;
    if (fd >= 0 && programs && own.files < OPTIONS_MAX_FILES) {
        own.file[own.files++] = script;
        own.guest_programs = programs;
        for (unsigned i = first; i < first + count; i++) {
            const char *program = l->entry[i].program;
            bool known = !program;
            for (unsigned j = 0; !known && j < own.guest_program_count; j++) {
                known = strcmp(programs[j], program) == 0;
            }
            if (!known) {
                programs[own.guest_program_count++] = program;
            }
        }
        if (session_prepare(&session, &own, &err)) {
            session.watch = &watch;
            status = session_run(&session, argc, argv);
            session_free(&session);
        }
    }
    if (err.text[0]) {
        log_error("%s", err.text);
    }
    free(programs);
    if (fd >= 0) {
        close(fd);
    }
    return status;
}
