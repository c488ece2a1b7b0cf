/* SPDX-License-Identifier: MIT */
/*
 * failure.h - operations that are made to fail on purpose: every Nth, or those after the Nth.
 *
 * Counting goes on whether anything is to fail or not, so that a run without failures tells how
 * many places there are for one.
 */
#ifndef FAULTLINE_FAILURE_H
#define FAULTLINE_FAILURE_H

#include <stdbool.h>

#include "emu/base/types.h"
#include "emu/mem/serial.h"

struct failure {
    u64 every;  /* each Nth fails; 0: by `after` */
    u64 after;  /* the first that fails is the one behind so many */
    u64 left;   /* how many may still fail; 0: none is to fail */
    u64 from;   /* `seen` when it was armed */
    u64 seen;   /* operations since power on */
    u64 failed; /* of them */
};

static inline void failure_arm(struct failure *f, u64 every, u64 after, u64 count)
{
    f->every = every;
    f->after = after;
    f->left = count;
    f->from = f->seen;
}

/* One more operation; true when it has to fail. */
static inline bool failure_strikes(struct failure *f)
{
    u64 n = ++f->seen - f->from;
    if (!f->left || (f->every ? n % f->every != 0 : n <= f->after)) {
        return false;
    }
    f->left--;
    f->failed++;
    return true;
}

static inline void failure_save(const struct failure *f, struct serial_writer *writer)
{
    serial_put_u64(writer, "fail-every", f->every);
    serial_put_u64(writer, "fail-after", f->after);
    serial_put_u64(writer, "fail-left", f->left);
    serial_put_u64(writer, "fail-from", f->from);
    serial_put_u64(writer, "fail-seen", f->seen);
    serial_put_u64(writer, "fail-failed", f->failed);
}

static inline void failure_load(struct failure *f, struct serial_reader *reader)
{
    f->every = serial_get_u64(reader, "fail-every");
    f->after = serial_get_u64(reader, "fail-after");
    f->left = serial_get_u64(reader, "fail-left");
    f->from = serial_get_u64(reader, "fail-from");
    f->seen = serial_get_u64(reader, "fail-seen");
    f->failed = serial_get_u64(reader, "fail-failed");
}

#endif
