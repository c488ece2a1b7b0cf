/* SPDX-License-Identifier: MIT */
/*
 * machine.h - one RISC-V machine: harts, memory, board, and the loop that runs them.
 *
 * A machine belongs to the thread that runs it.  Two machines in one process share nothing.
 * The accessors below are for observers and the monitor; they have no effect on the guest.
 */
#ifndef FAULTLINE_MACHINE_H
#define FAULTLINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "devices/virtio/blk.h"
#include "emu/base/error.h"
#include "emu/base/types.h"
#include "emu/hart/counters.h"
#include "emu/mem/serial.h"
#include "emu/machine/config.h"

struct machine;
struct hart;
struct hook;
struct ram;
struct bus;
struct clock;

/* Why machine_run came back. */
enum machine_result {
    MACHINE_POWEROFF,  /* the guest ended the run: `status` is its exit status */
    MACHINE_LIMIT,     /* max_instructions or timeout_ns */
    MACHINE_IDLE,      /* every hart waits, no event is pending, no input can come */
    MACHINE_TRAP_LOOP, /* a hart traps on the first instruction of its trap handler for ever */
    MACHINE_QUIT,      /* machine_quit: the user's wish */
    MACHINE_FAILED,    /* our own trouble; text says what */
};

struct machine_exit {
    enum machine_result result;
    int status;     /* exit status of the process, by house rules (124 limit, 125, 126 ...) */
    char text[200]; /* one line for the user; empty when there is nothing to say */
};

/* NULL with *err set.  Disks and chardevs of the configuration are taken over in either case. */
struct machine *machine_create(const struct machine_config *config, struct error *err);
void machine_destroy(struct machine *m);
/* Power-on state, images loaded again. */
bool machine_reset(struct machine *m, struct error *err);
/* Runs until there is a reason not to. */
void machine_run(struct machine *m, struct machine_exit *out);
/*
 * Runs at most `instructions` (of all harts) and returns true, or false with *out filled in when
 * the run has ended.  For tests and lockstep; takes no input from terminals.
 */
bool machine_run_for(struct machine *m, u64 instructions, struct machine_exit *out);

const struct machine_config *machine_config_of(const struct machine *m);
unsigned machine_hart_count(const struct machine *m);
struct hart *machine_hart(struct machine *m, unsigned index);
struct ram *machine_ram(struct machine *m);
struct bus *machine_bus(struct machine *m);
struct clock *machine_clock(struct machine *m);
/* Guest time in nanoseconds, exact at any moment (also inside a hook). */
u64 machine_time(const struct machine *m);
/* Instructions executed by all harts since power on, exact at any moment. */
u64 machine_instructions(const struct machine *m);
/* The flattened device tree as the guest got it; size in *size. */
const void *machine_device_tree(const struct machine *m, size_t *size);
/* Lists code on `out` as it is translated; false: this engine translates nothing. */
bool machine_list_code(struct machine *m, FILE *out);
/* What all harts and their engine counted (counters.h). */
void machine_counters(struct machine *m, struct counters *sum);
/* The images as given, so that symbols can be read from them. */
const struct machine_bytes *machine_kernel(const struct machine *m);

/* One observer of the harts; NULL takes it away.  Called with the context inside the hook. */
void machine_set_hook(struct machine *m, const struct hook *hook);
/* Told of every block device request when it completes.  device: 0 = vda. */
struct disk_observer {
    void (*request)(void *ctx, unsigned device, u64 sector, u32 sectors, bool write, int result);
    void *ctx;
};
void machine_set_disk_observer(struct machine *m, const struct disk_observer *observer);

/*
 * Inputs are records: told of every byte that enters the machine from outside, with the guest time
 * at which it did.  channel: see enum machine_channel.  size 0 means the input has ended.
 */
enum machine_channel {
    CHANNEL_SERIAL,
    CHANNEL_CONSOLE,
    CHANNEL_STDIO,
    CHANNEL_COUNT,
    CHANNEL_MONITOR = CHANNEL_COUNT /* a monitor command that changes the machine, as text */
};
struct input_log {
    void (*input)(void *ctx, u64 now, unsigned channel, const u8 *data, size_t size);
    void *ctx;
};
void machine_set_input_log(struct machine *m, const struct input_log *log);
/* Tells the input log of a command of the monitor that is about to change the machine. */
void machine_log_command(struct machine *m, const char *text);

/* What of disk `index` (0 = vda) can be made to fail; NULL: there is no such disk. */
struct failure *machine_disk_failure(struct machine *m, unsigned index,
                                     enum blk_operation operation);
/* The supervisor software interrupt of a hart, as an SBI call makes it. */
void machine_software_interrupt(struct machine *m, unsigned hart);

/* The whole machine, RAM and disk overlays included.  Only between runs. */
void machine_save(const struct machine *m, struct serial_writer *writer);
bool machine_load(struct machine *m, struct serial_reader *reader, struct error *err);

#endif
