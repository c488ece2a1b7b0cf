/* SPDX-License-Identifier: MIT */
/* keys.c - see keys.h. */
#include "emu/machine/keys.h"

#include <string.h>

#include "emu/machine/state.h"

#define ESCAPE 1 /* Ctrl-A */

static const char help_text[] = "\n"
                                "Ctrl-A h   this help\n"
                                "Ctrl-A x   leave faultline\n"
                                "Ctrl-A c   to the monitor, and back to the guest\n"
                                "Ctrl-A b   send a break\n"
                                "Ctrl-A t   guest time before each line, on and off\n"
                                "Ctrl-A s   say where the disks' changes are kept\n"
                                "Ctrl-A Ctrl-A   send Ctrl-A to the guest\n";

static void print(struct machine *m, const char *text)
{
    machine_monitor_print(m, text, strlen(text));
    input_flush(m);
}

static void say_where_disks_are(struct machine *m)
{
    if (m->config.disk_count == 0) {
        print(m, "\nThere is no disk.\n");
    }
    for (unsigned i = 0; i < m->config.disk_count; i++) {
        const struct disk *d = m->config.disk[i];
        print(m, "\n");
        print(m, disk_name(d));
        print(m, disk_read_only(d)    ? ": read-only"
                 : disk_throw_away(d) ? ": changes are thrown away at the end"
                                      : ": changes are written to the file at once");
    }
    print(m, "\n");
}

static void set_raw(struct machine *m, bool raw)
{
    if (m->config.terminal_raw) {
        m->config.terminal_raw(raw);
    }
}

static void set_focus(struct machine *m, bool monitor)
{
    struct input *input = &m->input;
    if (monitor && !input->has_monitor) {
        print(m, "\nThere is no monitor.\n");
        return;
    }
    if (input->monitor_focus != monitor) {
        input->monitor_focus = monitor;
        set_raw(m, monitor);
        if (input->monitor.focus) {
            input->monitor.focus(input->monitor.ctx, monitor);
        }
    }
}

static void escape_key(struct machine *m, u8 key)
{
    struct input *input = &m->input;
    set_raw(m, input->monitor_focus);
    switch (key) {
    case 'h':
    case '?':
        print(m, help_text);
        break;
    case 'x':
        machine_quit(m, 0);
        break;
    case 'c':
        set_focus(m, !input->monitor_focus);
        break;
    case 'b':
        if (input->terminal->id == CHANNEL_SERIAL) {
            uart_break(m->uart);
        }
        break;
    case 't':
        input->timestamps = !input->timestamps;
        break;
    case 's':
        say_where_disks_are(m);
        break;
    case ESCAPE:
        buffer_byte(&input->terminal->typed, ESCAPE);
        break;
    default:
        break; /* as QEMU: an unknown key after Ctrl-A is swallowed */
    }
}

void keys_typed(struct machine *m, const u8 *bytes, size_t n)
{
    struct input *input = &m->input;
    size_t i = 0;
    while (i < n) {
        if (input->escape) {
            input->escape = false;
            escape_key(m, bytes[i++]);
            continue;
        }
        const u8 *escape = memchr(bytes + i, ESCAPE, n - i);
        size_t part = escape ? (size_t)(escape - bytes) - i : n - i;
        if (part > 0 && input->monitor_focus) {
            input->monitor.input(input->monitor.ctx, bytes + i, part);
        } else if (part > 0) {
            buffer_append(&input->terminal->typed, bytes + i, part);
        }
        i += part;
        if (escape) {
            input->escape = true;
            set_raw(m, true);
            i++;
        }
    }
}

void machine_attach_monitor(struct machine *m, const struct terminal_monitor *monitor)
{
    m->input.has_monitor = monitor != NULL;
    m->input.monitor = monitor ? *monitor : (struct terminal_monitor){0};
    if (!monitor) {
        m->input.monitor_focus = false;
    }
}

void machine_monitor_print(struct machine *m, const char *text, size_t size)
{
    struct channel *c = m->input.terminal;
    if (!c) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') {
            chardev_write(c->backend, "\r", 1);
        }
        chardev_write(c->backend, text + i, 1);
    }
    chardev_flush(c->backend);
}

void machine_monitor_leave(struct machine *m)
{
    set_focus(m, false);
}

void machine_monitor_enter(struct machine *m)
{
    set_focus(m, true);
}

bool machine_has_terminal(const struct machine *m)
{
    return m->input.terminal != NULL;
}
