/* SPDX-License-Identifier: MIT */
/* monitor.c - one monitor: commands executed, stops announced, sessions on sockets and terminal. */
#include "emu/monitor/fail.h"
#include "emu/monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu/base/log.h"
#include "emu/hart/hart.h"
#include "emu/isa/disasm.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/csv.h"
#include "emu/monitor/script.h"
#include "emu/monitor/session.h"
#include "emu/monitor/value.h"
#include "emu/monitor/wrap.h"
#include "emu/observe/history.h"
#include "emu/trace/text.h"

json_t *monitor_call(struct monitor *m, struct session *s, const struct command *command,
                     json_t *arguments, struct error *err)
{
    struct call call = {.monitor = m,
                        .machine = m->machine,
                        .observer = m->observer,
                        .session = s,
                        .arguments = arguments};
    json_t *value = command->run(&call);

    if (!value)
        error_set(err, call.error.code, "%s", call.error.text[0] ? call.error.text : "it failed");
    json_decref(arguments);
    return value;
}

static void print_json(json_t *value, struct buffer *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);

    buffer_printf(out, "%s\n", text ? text : "null");
    free(text);
}

static void print_error(enum answer_form form, const struct error *err, struct buffer *out)
{
    if (form != FORM_JSON) {
        buffer_printf(out, "%s\n", err->text);
        return;
    }
    json_t *value = json_object();
    value_set_text(value, "error", "%s", err->text);
    print_json(value, out);
    json_decref(value);
}

bool monitor_line(struct monitor *m, struct session *s, const char *line, struct buffer *out,
                  const struct command **which)
{
    struct error err = {0};
    const char *rest, *at;
    char copy[EDITOR_LINE];

    snprintf(copy, sizeof copy, "%s", line);
    copy[strcspn(copy, "\r\n")] = 0;
    at = copy;
    enum answer_form form = command_form(&at);
    const struct command *command = command_find(at, &rest, &err);
    if (which)
        *which = command;
    json_t *arguments = command ? command_arguments(command, rest, &err) : NULL;
    json_t *value = arguments ? monitor_call(m, s, command, arguments, &err) : NULL;
    if (!value) {
        print_error(form, &err, out);
        return false;
    }
    if (form == FORM_JSON)
        print_json(value, out);
    else if (form == FORM_CSV)
        csv_write(value, out);
    else if (command->show)
        command->show(value, out);
    json_decref(value);
    return true;
}

bool monitor_execute(struct monitor *m, const char *line, FILE *out)
{
    struct buffer text = {0};
    bool ok = monitor_line(m, NULL, line, &text, NULL);

    fwrite(text.data ? text.data : (const u8 *)"", 1, text.size, out);
    fflush(out);
    buffer_free(&text);
    return ok;
}

/* ---- stops ---- */

static bool listening(const struct monitor *m)
{
    for (size_t i = 0; i < MAX_LISTENERS; i++)
        if (m->listener[i].fd >= 0)
            return true;
    return false;
}

static void where_text(struct monitor *m, char *out, size_t size)
{
    struct call call = {.monitor = m, .machine = m->machine, .observer = m->observer};
    const struct hart *h = address_hart(&call);
    struct address a = {.space = ADDRESS_VIRTUAL, .satp = h->satp, .value = h->pc};
    char symbol[NAME_TEXT] = "", insn[96] = "";
    u64 pa;

    if (h->priv == PRIV_MACHINE)
        a.satp = 0;
    struct place place = names_here(&call);
    names_where(&call, &place, h->pc, symbol, sizeof symbol);
    if (address_physical(&call, &a, 0, &pa)) {
        u32 word = 0;
        const void *at = ram_pointer(machine_ram(m->machine), pa, 4);
        if (at)
            memcpy(&word, at, 4);
        insn_print(insn, sizeof insn, h->pc, word, 0);
    }
    u32 pid = address_pid(&call, h);
    snprintf(out, size, "stopped: hart %u pid %u pc 0x%" PRIx64 " %s  %s", h->id, pid, h->pc,
             symbol, insn);
}

void monitor_announce(struct monitor *m, const char *text)
{
    bool heard = false;

    if (m->script.out && script_pending(m)) {
        fprintf(m->script.out, "%s\n", text);
        fflush(m->script.out);
        heard = true;
    }
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *s = m->session[i];
        if (!s || s->json || (s == m->terminal && !s->focused))
            continue;
        heard = true;
        session_write(s, "\r\x1b[K", s->fd < 0 ? 4 : 0);
        struct buffer wrapped = {0};
        wrap_text(text, strlen(text), s->fd < 0 ? wrap_width(STDOUT_FILENO) : 0, &wrapped);
        session_write(s, (const char *)wrapped.data, wrapped.size);
        buffer_free(&wrapped);
        session_write(s, "\n", 1);
        session_prompt(s);
    }
    if (!heard && !m->terminal && !listening(m))
        fprintf(stderr, "%s\n", text);
}

void monitor_stop_because(struct monitor *m, const char *format, ...)
{
    char text[1600];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    buffer_printf(&m->reason, "%s%s", m->reason.size ? "\n" : "", text);
    m->announce = true;
    machine_stop(m->machine);
}

static void tell_json(struct monitor *m, const char *reason, const char *where)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (!m->session[i] || !m->session[i]->json)
            continue;
        json_t *data = json_object();
        value_set_text(data, "reason", "%s", reason);
        value_set_text(data, "where", "%s", where);
        session_json_event(m->session[i], "stop", data);
    }
}

/* What breakpoints want to be done at the stop. */
static void execute_commands(struct monitor *m, struct buffer *out)
{
    char *list, *rest, *line;

    if (!m->commands.size)
        return;
    buffer_byte(&m->commands, 0);
    list = rest = strdup((const char *)m->commands.data);
    buffer_clear(&m->commands);
    while (list && (line = strsep(&rest, ";")) != NULL)
        if (line[strspn(line, " \t")])
            monitor_line(m, NULL, line, out, NULL);
    free(list);
}

/* Somebody may still say how to go on. */
static bool somebody_is_there(const struct monitor *m)
{
    if (m->terminal || listening(m) || script_pending(m))
        return true;
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (m->session[i])
            return true;
    return false;
}

#define SCRIPT_FAILED 2 /* exit status, as for a script that fails before the run */

static void stopped(void *ctx)
{
    struct monitor *m = ctx;
    char where[700];
    struct buffer text = {0};
    struct error err = {0};

    if (!m->announce)
        return;
    m->announce = m->has_until = false;
    points_arm(m);
    machine_stop_at(m->machine, 0);
    where_text(m, where, sizeof where);
    buffer_byte(&m->reason, 0);
    tell_json(m, (const char *)m->reason.data, where);
    buffer_printf(&text, "%s%s%s", (const char *)m->reason.data, m->reason.size > 1 ? "\n" : "",
                  where);
    buffer_clear(&m->reason);
    free(m->last_stop);
    m->last_stop = strndup((const char *)text.data, text.size);
    struct buffer more = {0};
    execute_commands(m, &more);
    while (more.size && more.data[more.size - 1] == '\n')
        more.size--;
    buffer_printf(&text, "%s%.*s", more.size ? "\n" : "", (int)more.size, (const char *)more.data);
    buffer_free(&more);
    buffer_byte(&text, 0);
    monitor_announce(m, (const char *)text.data);
    buffer_free(&text);
    if (machine_is_stopped(m->machine) && !script_go_on(m, &err)) {
        log_error("%s", err.text);
        if (!somebody_is_there(m))
            machine_quit(m->machine, SCRIPT_FAILED);
    }
    if (machine_is_stopped(m->machine) && !somebody_is_there(m))
        machine_continue(m->machine);
}

static void record_happened(void *ctx, const struct trace_record *record)
{
    struct monitor *m = ctx;
    char name[17];

    points_record(m, record);
    if (record->type == RECORD_FAULT) {
        m->area[record->fault.area < AREA_KIND_COUNT ? record->fault.area : 0]++;
        m->label[record->fault.coarse % COARSE_COUNT]++;
    }
    if (record->type == RECORD_PROBE + PROBE_EV_MARK) {
        trace_name(record->arg[0], record->arg[1], name);
        marks_set(m, name);
    }
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (m->session[i] && m->session[i]->subscribed)
            session_json_record(m->session[i], record);
}

/* Slow readers get what is left for them between slices. */
static void between_slices(void *ctx)
{
    struct monitor *m = ctx;

    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (m->session[i] && m->session[i]->output.size)
            session_flush(m->session[i]);
}

struct monitor *monitor_create(struct machine *machine, struct observer *o, struct error *err)
{
    struct monitor *m = calloc(1, sizeof *m);

    if (!m) {
        error_set(err, ENOMEM, "not enough memory for a monitor");
        return NULL;
    }
    m->machine = machine;
    m->observer = o;
    for (size_t i = 0; i < MAX_LISTENERS; i++)
        m->listener[i].fd = -1;
    m->symbols = symbols_create();
    m->history = history_create(o, HISTORY_RECORDS);
    if (!m->symbols || !m->history) {
        symbols_destroy(m->symbols);
        history_destroy(m->history);
        free(m);
        error_set(err, ENOMEM, "not enough memory for a monitor");
        return NULL;
    }
    const struct machine_bytes *kernel = machine_kernel(machine);
    if (kernel)
        symbols_add(m->symbols, NULL, kernel->data, kernel->size);
    m->sink = observer_add_sink(o, record_happened, m);
    m->stop_listener = machine_on_stop(machine, stopped, m);
    m->flush_listener = machine_on_slice(machine, between_slices, m);
    return m;
}

struct symbols *monitor_symbols(struct monitor *m)
{
    return m->symbols;
}

void monitor_destroy(struct monitor *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (m->session[i]) {
            session_flush(m->session[i]);
            session_close(m->session[i]);
        }
    }
    for (size_t i = 0; i < MAX_LISTENERS; i++) {
        struct listener *l = &m->listener[i];
        if (l->fd < 0)
            continue;
        machine_unwatch_fd(m->machine, l->fd);
        close(l->fd);
        unlink(l->path);
        free(l->path);
    }
    observer_remove_sink(m->observer, m->sink);
    script_close(m);
    marks_clear(m);
    for (size_t i = 0; i < MAX_POINTS; i++)
        points_remove(m, &m->point[i]);
    buffer_free(&m->reason);
    buffer_free(&m->commands);
    free(m->last_stop);
    machine_unlisten(m->machine, m->stop_listener);
    fail_detach(m);
    machine_unlisten(m->machine, m->flush_listener);
    history_destroy(m->history);
    symbols_destroy(m->symbols);
    free(m);
}

/* ---- sockets ---- */

static void socket_readable(void *ctx, int fd)
{
    struct session *s = ctx;
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);

    session_flush(s);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || s->closing || !buffer_append(&s->input, bytes, (size_t)n)) {
        session_close(s);
        return;
    }
    for (;;) {
        u8 *end = s->input.size ? memchr(s->input.data, '\n', s->input.size) : NULL;
        if (!end)
            break;
        *end = 0;
        size_t length = (size_t)(end - s->input.data) + 1;
        session_line(s, (const char *)s->input.data);
        buffer_consume(&s->input, length);
    }
    if (s->input.size > SESSION_MAX_LINE)
        session_close(s);
}

static void accept_client(void *ctx, int fd)
{
    struct monitor *m = ctx;
    bool json = false;

    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return;
    for (size_t i = 0; i < MAX_LISTENERS; i++)
        if (m->listener[i].fd == fd)
            json = m->listener[i].json;
    struct session *s = session_open(m, client, json);
    if (!s) {
        close(client);
        return;
    }
    machine_watch_fd(m->machine, client, socket_readable, s);
    if (json)
        session_json_hello(s);
    else
        session_prompt(s);
}

bool monitor_listen(struct monitor *m, const char *path, bool json, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct listener *l = NULL;
    struct stat status;

    for (size_t i = 0; i < MAX_LISTENERS && !l; i++)
        if (m->listener[i].fd < 0)
            l = &m->listener[i];
    if (!l)
        return error_set(err, EINVAL, "at most %d monitor sockets", MAX_LISTENERS);
    if (!path[0] || strlen(path) >= sizeof address.sun_path)
        return error_set(err, ENAMETOOLONG, "the socket's path '%.40s...' is too long (107 bytes)",
                         path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    /* An old socket of ours is in the way; anything else is not ours to remove. */
    if (!lstat(path, &status)) {
        if (!S_ISSOCK(status.st_mode))
            return error_set(err, EEXIST, "%s is there and is no socket", path);
        unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool ok = fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof address) && !listen(fd, 8);
    int saved = errno;
    umask(mask);
    if (!ok) {
        if (fd >= 0)
            close(fd);
        return error_set(err, saved, "cannot listen on %s: %s", path, strerror(saved));
    }
    l->fd = fd;
    l->json = json;
    l->path = strdup(path);
    machine_watch_fd(m->machine, fd, accept_client, m);
    return true;
}

/* ---- the terminal ---- */

static void terminal_input(void *ctx, const u8 *data, size_t size)
{
    struct monitor *m = ctx;
    struct session *s = m->terminal;
    struct buffer out = {0};

    for (size_t i = 0; s && i < size; i++) {
        editor_byte(&s->editor, data[i], command_complete, &out);
        if (!s->editor.ready)
            continue;
        session_write(s, (const char *)out.data, out.size);
        buffer_clear(&out);
        char line[EDITOR_LINE];
        memcpy(line, s->editor.line, sizeof line);
        editor_next(&s->editor);
        session_line(s, line);
    }
    if (s && out.size)
        session_write(s, (const char *)out.data, out.size);
    buffer_free(&out);
}

static void terminal_focus(void *ctx, bool gained)
{
    struct monitor *m = ctx;

    if (!m->terminal)
        return;
    m->terminal->focused = gained;
    if (gained) {
        static const char hello[] = "\nfaultline monitor: help lists the commands, Ctrl-A c goes "
                                    "back to the guest\n";
        session_write(m->terminal, hello, sizeof hello - 1);
        session_prompt(m->terminal);
    }
}

void monitor_attach_terminal(struct monitor *m)
{
    m->terminal = session_open(m, -1, false);
    if (!m->terminal)
        return;
    machine_attach_monitor(m->machine,
                           &(struct terminal_monitor){terminal_input, terminal_focus, m});
}
