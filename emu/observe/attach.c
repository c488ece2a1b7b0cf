/* SPDX-License-Identifier: MIT */
/* attach.c - the observer on a machine: hook, disk requests and inputs. */
#include <string.h>

#include "emu/machine/machine.h"
#include "emu/observe/observer.h"

static u64 machine_now(void *ctx)
{
    return machine_instructions(ctx);
}

static void disk_request(void *ctx, unsigned device, u64 sector, u32 sectors, bool write,
                         int result)
{
    struct observer *o = ctx;
    struct trace_record r = {.type = RECORD_DISK, .privilege = PRIV_MACHINE};

    r.icount = o->now(o->now_ctx);
    r.disk.device = (u8)device;
    r.disk.sector = sector;
    r.disk.sectors = sectors;
    r.disk.write = write;
    r.disk.failed = result != 0;
    observer_emit(o, &r);
}

/* Law "inputs are records": every byte with the time at which it entered. */
static void input(void *ctx, u64 now, unsigned channel, const u8 *data, size_t size)
{
    struct observer *o = ctx;
    size_t at = 0;

    do {
        struct trace_record r = {.type = RECORD_INPUT, .privilege = PRIV_MACHINE};
        size_t part = size - at < TRACE_INPUT_BYTES ? size - at : TRACE_INPUT_BYTES;
        r.icount = o->now(o->now_ctx);
        r.input.time = now;
        r.input.channel = (u8)channel;
        r.input.size = (u8)part;
        if (part)
            memcpy(r.input.word, data + at, part);
        observer_emit(o, &r);
        at += part;
    } while (at < size);
}

static void detach(struct observer *o)
{
    machine_set_hook(o->machine, NULL);
    machine_set_disk_observer(o->machine, NULL);
    machine_set_input_log(o->machine, NULL);
}

struct observer *observer_create(struct machine *m, struct error *err)
{
    struct observer *o =
        observer_create_on(machine_ram(m), machine_hart_count(m), machine_now, m, err);

    if (!o)
        return NULL;
    o->machine = m;
    o->detach = detach;
    machine_set_hook(m, &o->hook);
    machine_set_disk_observer(m, &(struct disk_observer){disk_request, o});
    machine_set_input_log(m, &(struct input_log){input, o});
    return o;
}
