/* SPDX-License-Identifier: MIT */
/*
 * debuglog.h - the log of -d: traps ("int"), executed instructions ("in_asm"), translated
 * code ("jit").
 *
 * It listens in front of the observer, if there is one, and passes every call on.
 */
#ifndef FAULTLINE_CLI_DEBUGLOG_H
#define FAULTLINE_CLI_DEBUGLOG_H

#include "emu/base/error.h"

struct machine;
struct hook;
struct debuglog;

/* items: the text of -d; path: of -D or NULL for stderr.  NULL with *err set. */
struct debuglog *debuglog_open(const char *items, const char *path, struct error *err);
/* inner: the hook that is there already, or NULL. */
void debuglog_connect(struct debuglog *log, struct machine *m, const struct hook *inner);
void debuglog_close(struct debuglog *log);

#endif
