/* SPDX-License-Identifier: MIT */
/* monitor.c - one monitor: commands executed, stops announced, sessions on sockets and terminal. */
#include "emu/monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu/hart/hart.h"
#include "emu/isa/disasm.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/session.h"
#include "emu/monitor/value.h"
#include "emu/observe/history.h"

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
    json_decref(value);
}

bool monitor_line(struct monitor *m, struct session *s, const char *line, struct buffer *out)
{
    struct error err = {0};
    const char *rest;
    char copy[EDITOR_LINE];

    snprintf(copy, sizeof copy, "%s", line);
    copy[strcspn(copy, "\r\n")] = 0;
    bool as_json = !strncmp(copy, "-j ", 3);
    const struct command *command = command_find(as_json ? copy + 3 : copy, &rest, &err);
    json_t *arguments = command ? command_arguments(command, rest, &err) : NULL;
    json_t *value = arguments ? monitor_call(m, s, command, arguments, &err) : NULL;
    if (!value && as_json) {
        value = json_object();
        value_set_text(value, "error", "%s", err.text);
        print_json(value, out);
        return false;
    }
    if (!value) {
        buffer_printf(out, "%s\n", err.text);
        return false;
    }
    if (as_json) {
        print_json(value, out);
        return true;
    }
    if (command->show)
        command->show(value, out);
    json_decref(value);
    return true;
}

bool monitor_execute(struct monitor *m, const char *line, FILE *out)
{
    struct buffer text = {0};
    bool ok = monitor_line(m, NULL, line, &text);

    fwrite(text.data ? text.data : (const u8 *)"", 1, text.size, out);
    fflush(out);
    buffer_free(&text);
    return ok;
}

bool monitor_script(struct monitor *m, const char *path, FILE *out, struct error *err)
{
    FILE *file = fopen(path, "re");
    char line[EDITOR_LINE];
    unsigned number = 0;
    bool ok = true;

    if (!file)
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    while (ok && fgets(line, sizeof line, file)) {
        number++;
        const char *at = line + strspn(line, " \t\r\n");
        if (*at && *at != '#' && !monitor_execute(m, at, out))
            ok = error_set(err, EINVAL, "%s:%u: the command failed", path, number);
    }
    fclose(file);
    return ok;
}

/* ---- stops ---- */

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
    u32 pid, tid;
    observer_current(m->observer, h->id, &pid, &tid);
    snprintf(out, size, "stopped: hart %u pid %u pc 0x%" PRIx64 " %s  %s", h->id, pid, h->pc,
             symbol, insn);
}

void monitor_announce(struct monitor *m, const char *text)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        struct session *s = m->session[i];
        if (!s || s->json || (s == m->terminal && !s->focused))
            continue;
        session_write(s, "\r\x1b[K", s->fd < 0 ? 4 : 0);
        session_write(s, text, strlen(text));
        session_write(s, "\n", 1);
        session_prompt(s);
    }
}

static void stopped(void *ctx)
{
    struct monitor *m = ctx;
    char text[1024], where[420];

    if (!m->announce)
        return;
    m->announce = false;
    where_text(m, where, sizeof where);
    snprintf(text, sizeof text, "%s%s%s", m->stop_reason, m->stop_reason[0] ? "\n" : "", where);
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (!m->session[i] || !m->session[i]->json)
            continue;
        json_t *data = json_object();
        value_set_text(data, "reason", "%s", m->stop_reason);
        value_set_text(data, "where", "%s", where);
        session_json_event(m->session[i], "stop", data);
    }
    m->stop_reason[0] = 0;
    monitor_announce(m, text);
}

static void record_happened(void *ctx, const struct trace_record *record)
{
    struct monitor *m = ctx;

    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (m->session[i] && m->session[i]->subscribed)
            session_json_record(m->session[i], record);
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
    observer_on_fault(m->observer, NULL, NULL);
    machine_unlisten(m->machine, m->stop_listener);
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
