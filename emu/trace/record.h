/* SPDX-License-Identifier: MIT */
/*
 * record.h - one thing that happened, as a trace holds it.
 *
 * A record is a plain value: no pointers, copied by assignment.  All counts are 64 bits wide.
 */
#ifndef FAULTLINE_TRACE_RECORD_H
#define FAULTLINE_TRACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/types.h"
#include "probe.h"

enum record_type {
    RECORD_NONE = 0,
#define RECORD_TYPE(id, NAME, text) RECORD_##NAME = (id),
#include "record.def"
    RECORD_PROBE = 64,      /* + enum probe_event */
    RECORD_TYPE_COUNT = 128 /* types from here on are unknown */
};

/* What the emulator itself has to say about a fault (trace_fault.notes). */
#define FAULT_NOTE_MISMATCH 1u  /* the coarse label is not among those the kind allows */
#define FAULT_NOTE_NO_PROBE 2u  /* ended by the return to the faulting instruction; kind is 0 */
#define FAULT_NOTE_UNMATCHED 4u /* the end was never seen */
#define FAULT_NOTE_SLEPT 8u     /* another thread ran in between */
#define FAULT_NOTE_DISAGREE \
    16u /* address, access or frame told by the probe is not what was seen */
#define FAULT_NOTE_OVERTAKEN 64u /* the PTE changed between trap and handler */
#define FAULT_NOTE_NO_TRAP 32u   /* the kernel asked for the page itself; no PTE before is known */

struct trace_fault {
    u64 va;         /* stval: the address that faulted */
    u64 pc;         /* sepc: the instruction that did it */
    u64 pte_before; /* the deciding PTE at the trap (leaf, or the invalid entry met) */
    u64 pte_after;  /* the PTE of va when the handler was done */
    u64 area_start; /* 0: no area */
    u64 back;       /* swap slot, or inode number << 32 | page index; 0: nowhere */
    u64 pfn_old, pfn_new;
    u64 cost;    /* instructions charged to the thread, trap to end, other threads excluded */
    u64 elapsed; /* instructions of all harts, trap to end */
    u64 satp;
    u32 refs;   /* references of the old frame before the fault */
    u16 around; /* neighbouring pages mapped by the same fault */
    u8 cause;   /* scause: 12 fetch, 13 load, 15 store (1, 5, 7 access faults) */
    u8 kind;    /* enum fault_kind, by the kernel; 0 unknown */
    u8 coarse;  /* enum coarse_label, by the emulator */
    u8 access;  /* enum probe_access */
    u8 area;    /* enum area_kind */
    u8 result;  /* enum fault_result */
    u8 flags;   /* PROBE_FLAG_* */
    u8 notes;   /* FAULT_NOTE_* */
    u8 level;   /* level of the PTE in pte_before: 0 is the last */
};

#define TRACE_INPUT_BYTES 32
struct trace_input {
    u64 time;                        /* guest time, ns */
    u8 channel;                      /* enum machine_channel */
    u8 size;                         /* 0: the input has ended */
    u64 word[TRACE_INPUT_BYTES / 8]; /* the bytes, little-endian */
};

struct trace_disk {
    u64 sector;
    u32 sectors;
    u8 device; /* 0 = vda */
    u8 write;
    u8 failed;
};

struct trace_record {
    u64 seq;    /* position in the trace, from 0; given by writer and reader */
    u64 icount; /* instructions of all harts when it happened (a fault: when it trapped) */
    u32 pid, tid;
    u8 type; /* enum record_type */
    u8 hart;
    u8 privilege; /* 0 user, 1 supervisor, 3 machine; of what caused it */
    union {
        struct trace_fault fault;
        struct trace_input input;
        struct trace_disk disk;
        u64 arg[6];
    };
};

enum record_format {
    FORMAT_DEC,
    FORMAT_HEX,
    FORMAT_KIND,
    FORMAT_COARSE,
    FORMAT_ACCESS,
    FORMAT_AREA,
    FORMAT_RESULT
};
enum record_coding { CODING_PLAIN, CODING_NEAR };

struct record_field {
    const char *name;
    u16 offset; /* in struct trace_record */
    u8 size;    /* 1, 2, 4 or 8 bytes */
    u8 format;  /* enum record_format */
    u8 coding;  /* enum record_coding */
};

#define RECORD_MAX_FIELDS 32

/* The fields all records begin with. */
const struct record_field *record_common_fields(size_t *count);
/* The fields of a type after the common ones; NULL and *count 0 for an unknown type. */
const struct record_field *record_fields(unsigned type, size_t *count);
u64 record_get(const struct trace_record *record, const struct record_field *field);
void record_set(struct trace_record *record, const struct record_field *field, u64 value);
/* "fault", "fork", ...; NULL for an unknown type. */
const char *record_type_name(unsigned type);
/* Every field of both the same; seq is not looked at. */
bool record_equal(const struct trace_record *a, const struct trace_record *b);

/* Texts of the tables in event.def; "?" for ids they do not have. */
const char *fault_kind_name(unsigned kind);
const char *coarse_label_name(unsigned label);
const char *area_kind_name(unsigned kind);
const char *fault_result_name(unsigned result);
const char *writeback_reason_name(unsigned reason);
const char *fault_kind_help(unsigned kind);
const char *coarse_label_help(unsigned label);
/* "load page fault" for 13, ...; "trap" for what is no fault. */
const char *fault_cause_name(unsigned cause);
/* 'R', 'W' or 'X'. */
char fault_access_letter(unsigned access);
/* Id of a name, or 0 when there is none. */
unsigned fault_kind_by_name(const char *name, size_t length);
/* The coarse labels a kind may come with, bit n = label n. */
unsigned fault_kind_allowed(unsigned kind);
/* The kind waits for a device: what Unix counts as a major fault. */
bool fault_kind_is_major(unsigned kind);

#endif
