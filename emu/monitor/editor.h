/* SPDX-License-Identifier: MIT */
/*
 * editor.h - editing one line on a raw terminal, fed byte by byte.
 *
 * Left, right, Home, End, Backspace, Delete, Ctrl-A E B F U K W L, history with up and down, Tab
 * completes.  It has no terminal of its own: bytes come in, bytes to be shown go out.
 */
#ifndef FAULTLINE_MONITOR_EDITOR_H
#define FAULTLINE_MONITOR_EDITOR_H

#include "emu/base/buffer.h"

#define EDITOR_LINE 1024
#define EDITOR_HISTORY 100

struct editor {
    char line[EDITOR_LINE];
    size_t length, cursor;
    unsigned escape; /* 0 none, 1 after ESC, 2 after ESC [, 3 after ESC [ digit */
    char digit;
    char *history[EDITOR_HISTORY];
    size_t histories, place; /* place == histories: the line being typed */
    const char *prompt;
    bool ready; /* a line is complete: line[] holds it */
};

void editor_free(struct editor *e);
/* Shows the prompt and the line so far. */
void editor_show(const struct editor *e, struct buffer *out);
/*
 * Takes a byte.  When e->ready becomes true the line is complete; editor_next begins a new one.
 * complete: names that begin with the line, one to a line (may be NULL).
 */
void editor_byte(struct editor *e, unsigned char byte,
                 void (*complete)(const char *line, struct buffer *out), struct buffer *out);
void editor_next(struct editor *e);

#endif
