/* SPDX-License-Identifier: MIT */
/* trace_fixture.h - made-up traces for the tests of the trace room. */
#ifndef FAULTLINE_TEST_TRACE_FIXTURE_H
#define FAULTLINE_TEST_TRACE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/trace/pft.h"
#include "emu/trace/record.h"

static inline u64 next_random(u64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A path in the temporary directory that no other test uses; the caller unlinks it. */
static inline void fixture_path(char out[128], const char *name)
{
    const char *directory = getenv("TMPDIR");

    snprintf(out, 128, "%s/fl_%d_%s", directory ? directory : "/tmp", (int)getpid(), name);
}

static inline struct trace_record fixture_event(u32 pid, unsigned event, u64 a0, u64 a1, u64 a2,
                                                u64 a3)
{
    struct trace_record r = {.pid = pid, .tid = pid, .type = (u8)(RECORD_PROBE + event)};

    r.arg[0] = a0;
    r.arg[1] = a1;
    r.arg[2] = a2;
    r.arg[3] = a3;
    return r;
}

static inline u64 fixture_id(u32 pid)
{
    return (u64)pid << 32 | pid;
}

static inline struct trace_record fixture_exec(u32 pid, const char *name)
{
    char text[16] = "";
    u64 word[2];

    snprintf(text, sizeof text, "%s", name);
    memcpy(word, text, sizeof word);
    return fixture_event(pid, PROBE_EV_EXEC, fixture_id(pid), word[0], word[1], 0);
}

static inline struct trace_record fixture_fault(u32 pid, unsigned kind, unsigned access,
                                                unsigned area, u64 start, u64 page, u32 refs)
{
    struct trace_record r = {.pid = pid, .tid = pid, .type = RECORD_FAULT};

    r.fault.kind = (u8)kind;
    r.fault.access = (u8)access;
    r.fault.cause = access == PROBE_ACCESS_WRITE ? 15 : access == PROBE_ACCESS_FETCH ? 12 : 13;
    r.fault.area = (u8)area;
    r.fault.area_start = start;
    r.fault.va = start + page * 4096 + 8;
    r.fault.pc = 0x10000 + page;
    r.fault.refs = refs;
    r.fault.pte_after = 0x200000d7 + (page << 10);
    r.fault.pfn_new = 0x80000 + page;
    r.fault.cost = 400 + page;
    r.fault.elapsed = r.fault.cost;
    return r;
}

/* A random record of any known type, every field filled in within its size. */
static inline struct trace_record fixture_random(u64 *state)
{
    struct trace_record r = {0};
    size_t count;
    unsigned choice = (unsigned)(next_random(state) % 8);

    r.type = (u8)(choice < 4   ? RECORD_FAULT
                  : choice < 5 ? RECORD_INPUT
                  : choice < 6 ? RECORD_DISK
                               : RECORD_PROBE + 1 + next_random(state) % (PROBE_EVENT_COUNT - 1));
    for (int part = 0; part < 2; part++) {
        const struct record_field *f =
            part ? record_fields(r.type, &count) : record_common_fields(&count);
        for (size_t i = 0; i < count; i++) {
            u64 value = next_random(state) >> (next_random(state) % 64);
            record_set(&r, &f[i], value);
        }
    }
    r.pid %= 40;
    return r;
}

#endif
