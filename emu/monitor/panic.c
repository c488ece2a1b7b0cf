/* SPDX-License-Identifier: MIT */
/*
 * panic.c - after the bundled kernel has given up: who called whom, by name, and the life of the
 * page it had to do with.
 *
 * The kernel itself prints message, registers and the area.  What only the emulator has is added:
 * symbols, and the history of the page.  scause, stval and sepc still are those of the last trap
 * into the kernel, for it takes no interrupts and no page faults of its own.
 */
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/isa/pte.h"
#include "emu/machine/machine.h"
#include "emu/monitor/monitor.h"
#include "emu/monitor/names.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"

#define MOST_CALLERS 24
#define MOST_EVENTS 20
#define STACK_BYTES 16384u /* of the kernel's stacks, which are aligned to it */
#define USER_BITS 38

void show_why(const json_t *value, struct buffer *out);

/* The hart that gave up; without an observer the one that is in the kernel. */
static struct hart *panicked(struct monitor *m)
{
    unsigned number;

    if (observer_panic_hart(m->observer, &number) && number < machine_hart_count(m->machine))
        return machine_hart(m->machine, number);
    for (unsigned i = 0; i < machine_hart_count(m->machine); i++) {
        struct hart *h = machine_hart(m->machine, i);
        if (h->priv == PRIV_SUPERVISOR && !h->waiting)
            return h;
    }
    return machine_hart(m->machine, 0);
}

static bool read_kernel(struct monitor *m, const struct hart *h, u64 va, void *out, size_t size)
{
    struct peek peek;

    observer_walk(m->observer, h->satp, va, &peek);
    return peek.result == PEEK_LEAF && observer_read(m->observer, peek.pa, out, size);
}

/* "jal ra", "jalr ra" or "c.jalr" just before the address: somebody is to return here. */
static bool follows_call(struct monitor *m, const struct hart *h, u64 address)
{
    u16 half[2];

    return address % 2 == 0 && read_kernel(m, h, address - 4, half, sizeof half) &&
           ((half[0] & 0xfff) == 0x0ef || (half[0] & 0x7fff) == 0x00e7 ||
            ((half[1] & 0xf07f) == 0x9002 && (half[1] & 0x0f80)));
}

/* The last trap into the kernel. */
static void show_entry(struct call *call, const struct hart *h, u32 pid, struct buffer *out)
{
    struct place place = names_of_process(h->sepc >> USER_BITS ? 0 : pid);
    char name[NAME_TEXT];

    buffer_printf(out,
                  "the last trap into the kernel: cause %" PRIu64 ", address 0x%" PRIx64
                  ", at 0x%" PRIx64,
                  h->scause, h->stval, h->sepc);
    if (names_where(call, &place, h->sepc, name, sizeof name))
        buffer_printf(out, " %s", name);
    buffer_text(out, "\n");
}

static void show_callers(struct call *call, const struct hart *h, struct buffer *out)
{
    const struct place kernel = {.kernel = true};
    u64 sp = h->x[2], end = (sp | (STACK_BYTES - 1)) + 1, word;
    char name[NAME_TEXT];
    unsigned count = 0;

    buffer_text(out, "called from (some may be left over from calls that are done):\n");
    for (u64 at = sp & ~UINT64_C(7); at < end && count < MOST_CALLERS; at += 8) {
        if (!read_kernel(call->monitor, h, at, &word, sizeof word))
            break;
        if (!follows_call(call->monitor, h, word) ||
            !names_where(call, &kernel, word - 2, name, sizeof name))
            continue;
        buffer_printf(out, "  0x%016" PRIx64 "  %s\n", word, name);
        count++;
    }
}

static void show_area(struct call *call, u32 pid, u64 va, struct buffer *out)
{
    struct process_view process;
    struct area_view area;

    if (!observer_process(call->observer, pid, &process) ||
        !observer_area_at(call->observer, &process, va, &area)) {
        buffer_printf(out, "no area of process %u at 0x%" PRIx64 "\n", pid, va);
        return;
    }
    buffer_printf(out, "area 0x%" PRIx64 "-0x%" PRIx64 " %c%c%c %s", area.start, area.end,
                  area.prot & 1 ? 'r' : '-', area.prot & 2 ? 'w' : '-', area.prot & 4 ? 'x' : '-',
                  area_kind_name(area.kind));
    if (area.inode)
        buffer_printf(out, " inode %" PRIu64 " from page %" PRIu64, area.inode, area.pgoff);
    buffer_text(out, "\n");
}

/* What `why` says, shortened to the last events. */
static void show_life(struct call *call, u32 pid, u64 va, struct buffer *out)
{
    struct error err = {0};
    json_t *arguments = json_object();

    value_set_text(arguments, "address", "%u:0x%" PRIx64, pid, va);
    json_t *value = monitor_call(call->monitor, NULL, command_by_name("why"), arguments, &err);
    if (!value)
        return;
    json_t *events = json_object_get(value, "events");
    while (json_array_size(events) > MOST_EVENTS)
        json_array_remove(events, 0);
    show_why(value, out);
    json_decref(value);
}

void monitor_panic(struct monitor *m, FILE *out)
{
    struct call call = {.monitor = m, .machine = m->machine, .observer = m->observer};
    const struct hart *h = panicked(m);
    struct buffer text = {0};
    u32 pid = 0, tid;

    observer_current(m->observer, h->id, &pid, &tid);
    show_entry(&call, h, pid, &text);
    show_callers(&call, h, &text);
    if (observer_has_layout(m->observer) && pid && h->stval && h->stval >> USER_BITS == 0) {
        show_area(&call, pid, h->stval, &text);
        show_life(&call, pid, h->stval, &text);
    }
    fwrite(text.data ? text.data : (const u8 *)"", 1, text.size, out);
    buffer_free(&text);
}
