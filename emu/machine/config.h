/* SPDX-License-Identifier: MIT */
/*
 * config.h - everything that decides what a machine is, filled in by the command line or a test.
 *
 * Byte arrays are borrowed and must live as long as the machine (a reset loads them again).
 * Disks and chardevs are taken over by machine_create in any case.
 */
#ifndef FAULTLINE_MACHINE_CONFIG_H
#define FAULTLINE_MACHINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "devices/backend/chardev.h"
#include "devices/backend/disk.h"
#include "emu/base/types.h"

#define MACHINE_MAX_HARTS 8
#define MACHINE_MAX_DISKS 6

struct machine_bytes {
    const u8 *data; /* NULL: none */
    size_t size;
    const char *name; /* for messages */
};

enum firmware_kind {
    FIRMWARE_BUILT_IN, /* the machine itself answers SBI calls; the kernel starts in S-mode */
    FIRMWARE_NONE,     /* the kernel (ELF) starts in M-mode at its entry */
    FIRMWARE_IMAGE,    /* `firmware` is loaded at the start of RAM and started in M-mode */
};

/* Optional parts of the hart, all on by default (machine_config_default). */
struct cpu_config {
    bool svadu, sstc, svvptc, zicboz, zba, zbb, zbs, zicond;
    bool sv48; /* off by default: mmu-type stays Sv39 */
};

struct machine_config {
    u64 ram_size;       /* bytes, multiple of 4096 */
    unsigned harts;     /* 1 .. MACHINE_MAX_HARTS */
    u64 seed;           /* of the random number device and of the slices of several harts */
    u64 rtc_epoch;      /* seconds since 1970 at instruction 0 */
    const char *engine; /* "jit" or "interp" */
    struct cpu_config cpu;

    enum firmware_kind firmware_kind;
    struct machine_bytes firmware, kernel, initrd, device_tree;
    const char *append; /* kernel command line, NULL: none */

    struct disk *disk[MACHINE_MAX_DISKS]; /* in the order vda, vdb, ... */
    unsigned disk_count;

    struct chardev *serial;      /* the UART; NULL: nothing is connected */
    struct chardev *console;     /* virtio-console port 0; NULL: nothing */
    struct chardev *port_stdio;  /* port 1 "stdio"; NULL with port_stderr NULL: no such ports */
    struct chardev *port_stderr; /* port 2 "stderr" */
    bool escape_keys;            /* Ctrl-A is an escape on the terminal channel */
    bool serial_end_byte;        /* the end of a piped input is typed as Ctrl-D on the UART */
    /* Puts the host's terminal into raw or line mode; NULL when it is always raw. */
    void (*terminal_raw)(bool raw);

    bool no_reboot;       /* a reset asked for by the guest ends the run */
    bool start_stopped;   /* -S */
    u64 max_instructions; /* 0: no limit */
    u64 timeout_ns;       /* host time, 0: no limit */
};

/* 128 MiB, one hart, seed 1, 2026-01-01, built-in firmware, nothing connected; the translator where
 * this host can run it, else the interpreter. */
void machine_config_default(struct machine_config *config);

#endif
