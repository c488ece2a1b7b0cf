/* SPDX-License-Identifier: MIT */
/*
 * state.h - struct machine, for the files of this room only.
 */
#ifndef FAULTLINE_MACHINE_STATE_H
#define FAULTLINE_MACHINE_STATE_H

#include <signal.h>

#include "devices/clint.h"
#include "devices/device.h"
#include "devices/finisher.h"
#include "devices/plic.h"
#include "devices/rtc.h"
#include "devices/uart.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/mmio.h"
#include "emu/base/buffer.h"
#include "emu/hart/engine.h"
#include "emu/hart/hart.h"
#include "emu/machine/board.h"
#include "emu/machine/control.h"
#include "emu/machine/htif.h"
#include "emu/machine/input.h"
#include "emu/machine/machine.h"
#include "emu/machine/sbi.h"

#define MACHINE_MAX_DEVICES 16
#define MACHINE_MAX_LISTENERS 8
#define MACHINE_MAX_WATCHES 32

enum listener_kind { LISTENER_NONE, LISTENER_SLICE, LISTENER_STOP };

struct listener {
    enum listener_kind kind;
    void (*fn)(void *ctx);
    void *ctx;
};

struct fd_watch {
    int fd; /* -1: free */
    void (*fn)(void *ctx, int fd);
    void *ctx;
};

/* What the run loop decides by; all of it is saved, so that a run can be cut anywhere. */
struct schedule {
    unsigned turn;  /* the hart whose slice it is */
    i64 slice_left; /* instructions left of it */
    u64 random;     /* state of the generator of slice lengths */
};

struct machine {
    struct machine_config config;
    struct ram ram;
    struct bus bus;
    struct clock clock;
    unsigned harts;
    struct hart *hart[MACHINE_MAX_HARTS];
    struct engine *engine;

    struct plic *plic;
    struct clint *clint;
    struct rtc *rtc;
    struct uart *uart;
    struct finisher finisher;
    struct virtio *slot[BOARD_VIRTIO_SLOTS]; /* NULL: nothing there */
    struct device device[MACHINE_MAX_DEVICES];
    unsigned devices;

    struct sbi sbi;
    struct htif htif;
    struct input input;
    struct buffer tree; /* the flattened device tree */

    struct schedule schedule;
    struct hart *running; /* inside the engine, else NULL */
    bool ended;           /* exit is filled in */
    bool reset_wanted;
    unsigned loop_suspicion; /* turns in a row that ended in what looks like a trap loop */
    u64 pace_until;          /* while waiting: guest time follows host time up to here */
    struct machine_exit exit;
    struct disk_observer disk_observer;

    /* control.c */
    bool stopped;
    bool stepping;
    unsigned single_step; /* how many want one instruction a turn, for listeners */
    u64 stop_at;          /* instructions of all harts at which to stop; 0: none */
    unsigned step_hart;
    u64 step_until; /* hart_executed at which the step is over */
    int wake_fd;    /* eventfd: a signal handler wants the loop to look */
    volatile sig_atomic_t signal;
    struct listener listener[MACHINE_MAX_LISTENERS];
    struct fd_watch watch[MACHINE_MAX_WATCHES];
    u64 started_ns, polled_ns; /* host time */
};

/* The run is over at the next instruction boundary; the first reason wins. */
void machine_end(struct machine *m, enum machine_result result, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The guest asks for power off (status: its exit status) or a reset. */
void machine_power_off(void *machine, int status);
void machine_request_reset(void *machine);
/* Makes the engine come back after the instruction it is in. */
void machine_break_slice(struct machine *m);
u64 machine_host_ns(void);
/*
 * Waits for input, watched descriptors or a signal, at most `timeout_ns` of host time (0: look
 * only, CLOCK_NEVER: for ever), and serves what is ready.
 */
void machine_poll(struct machine *m, u64 timeout_ns);
void machine_call_listeners(struct machine *m, enum listener_kind kind);
/* Loads firmware, kernel, initrd and device tree and sets the harts' start. */
bool machine_load_images(struct machine *m, struct error *err);

#endif
