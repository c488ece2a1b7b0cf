/* SPDX-License-Identifier: MIT */
/* predict.h - what an access would do, told before it happens, and why. */
#ifndef FAULTLINE_MONITOR_PREDICT_H
#define FAULTLINE_MONITOR_PREDICT_H

#include "emu/monitor/command.h"
#include "emu/hart/walk.h"

/*
 * One sentence: "no fault", or "page fault 15: cow-copy: ...".  p, area, frame may be NULL when
 * not known.  store: a store, else a load.
 */
void predict_access(const struct peek *peek, const struct area_view *area,
                    const struct frame_view *frame, unsigned slot_users, bool kernel_known,
                    bool store, char *out, size_t size);

#endif
