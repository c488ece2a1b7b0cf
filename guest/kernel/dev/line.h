/* SPDX-License-Identifier: MIT */
/*
 * line.h - the line discipline: bytes from the keyboard in, bytes for the reader, for
 * the screen, and signals out.  Pure: no locks, no sleeping, no devices; unit-tested
 * on the host.
 *
 * Input is kept in one ring.  In canonical mode, bytes up to `committed` are whole
 * lines that may be read; bytes behind it are the line being edited.  An end of file
 * (^D) is kept as a mark, so that one read returns what is before it.
 * Source: POSIX.1-2017 chapter 11; termios(3).
 */
#ifndef DEV_LINE_H
#define DEV_LINE_H

#include "abi/termios.h"
#include "lib/types.h"

#define LINE_SIZE 4096u

/* What the discipline asks for.  Called with the caller's lock held. */
struct line_output {
    void (*echo)(void *context, const u8 *bytes, size_t size); /* already processed output */
    void (*signal)(void *context, u32 signo);
    void *context;
};

struct line {
    struct abi_termios termios;
    u8 bytes[LINE_SIZE];
    u8 is_end[LINE_SIZE / 8]; /* bitmap: this byte ends a line; value LINE_EOF_BYTE = ^D */
    u32 head;                 /* next byte to be read; counts up, index = head % LINE_SIZE */
    u32 committed;            /* end of what may be read */
    u32 tail;                 /* end of what was typed */
    u32 column;               /* of the cursor, for tabs and erasing */
    u32 line_column;          /* column at which the edited line began */
    bool stopped;             /* ^S */
    bool literal;             /* ^V was typed */
};

void line_init(struct line *line); /* cooked, echo, signals: what a login shell expects */
/* One byte typed. */
void line_input(struct line *line, u8 byte, const struct line_output *output);
/* May a read return without waiting?  (raw mode: at least VMIN bytes, or one) */
bool line_readable(const struct line *line);
u32 line_available(const struct line *line); /* bytes a read could return now, FIONREAD */
/*
 * Take bytes: in canonical mode at most one line.  => bytes; 0 with *end_of_file set if ^D
 * was typed on an empty line
 */
size_t line_read(struct line *line, u8 *bytes, size_t size, bool *end_of_file);
/*
 * Process bytes for output (OPOST: NL -> CR NL...).  => bytes of `in` consumed; *out_size is
 * the room on entry and the bytes produced on return.  Each input byte needs at most 8.
 */
size_t line_process_output(struct line *line, const u8 *in, size_t size, u8 *out, size_t *out_size);
void line_flush_input(struct line *line);
/* Mode changes: a line being edited becomes readable when canonical mode is left. */
void line_set_termios(struct line *line, const struct abi_termios *termios);

#endif
