/* SPDX-License-Identifier: MIT */
/* wrap.h - lines broken at words, for people in front of a terminal. */
#ifndef FAULTLINE_MONITOR_WRAP_H
#define FAULTLINE_MONITOR_WRAP_H

#include "emu/base/buffer.h"

/*
 * Appends text (UTF-8) with lines longer than `width` columns broken at spaces, or between Chinese
 * characters; what follows is indented by two.  width 0: as it is.
 */
void wrap_text(const char *text, size_t size, unsigned width, struct buffer *out);
/* Columns of the terminal behind fd: 80 when it does not tell, 0 when it is no terminal. */
unsigned wrap_width(int fd);
/* Rows likewise. */
unsigned wrap_rows(int fd);

#endif
