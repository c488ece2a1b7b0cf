/* SPDX-License-Identifier: MIT */
/* line.c - the line discipline.  See line.h. */
#include "dev/line.h"
#include "abi/signal.h"
#include "lib/string.h"

#define CONTROL(letter) ((u8)((letter)&0x1f))
#define DISABLED 0 /* _POSIX_VDISABLE */
#define TAB_WIDTH 8u

void line_init(struct line *line)
{
    static const u8 control[TERMIOS_CC_COUNT] = {
        [VINTR] = CONTROL('C'),    [VQUIT] = 0x1c,
        [VERASE] = 0x7f,           [VKILL] = CONTROL('U'),
        [VEOF] = CONTROL('D'),     [VMIN] = 1,
        [VSTART] = CONTROL('Q'),   [VSTOP] = CONTROL('S'),
        [VSUSP] = CONTROL('Z'),    [VREPRINT] = CONTROL('R'),
        [VDISCARD] = CONTROL('O'), [VWERASE] = CONTROL('W'),
        [VLNEXT] = CONTROL('V'),
    };

    memset(line, 0, sizeof(*line));
    line->termios.iflag = ICRNL | IXON;
    line->termios.oflag = OPOST | ONLCR;
    line->termios.cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
    line->termios.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    memcpy(line->termios.cc, control, sizeof(control));
}

/* --- the ring ---------------------------------------------------------------------------- */

static bool is_end(const struct line *line, u32 position)
{
    u32 index = position % LINE_SIZE;

    return (line->is_end[index / 8] >> (index % 8)) & 1;
}

static void append(struct line *line, u8 byte, bool end)
{
    u32 index = line->tail % LINE_SIZE;

    line->bytes[index] = byte;
    line->is_end[index / 8] = (u8)(line->is_end[index / 8] & ~(1u << (index % 8)));
    if (end) {
        line->is_end[index / 8] = (u8)(line->is_end[index / 8] | 1u << (index % 8));
    }
    line->tail++;
}

static u32 room(const struct line *line)
{
    return LINE_SIZE - (line->tail - line->head);
}

/* --- output ------------------------------------------------------------------------------ */

/* One byte of output as the terminal must get it.  => bytes produced, at most 8 */
static size_t output_byte(struct line *line, u8 byte, u8 *out)
{
    u32 flags = line->termios.oflag;

    if (!(flags & OPOST)) {
        out[0] = byte;
        return 1;
    }
    switch (byte) {
    case '\n':
        if (flags & (ONLCR | ONLRET)) {
            line->column = 0;
        }
        out[0] = '\r';
        out[1] = '\n';
        if (flags & ONLCR) {
            return 2;
        }
        out[0] = '\n';
        return 1;
    case '\r':
        if ((flags & ONOCR) && line->column == 0) {
            return 0;
        }
        out[0] = flags & OCRNL ? '\n' : '\r';
        line->column = 0;
        return 1;
    case '\t':
        line->column = (line->column | (TAB_WIDTH - 1)) + 1;
        break;
    case '\b':
        line->column -= line->column > 0;
        break;
    default:
        /* Continuation bytes of UTF-8 take no column. */
        line->column += byte >= ' ' && (byte & 0xc0) != 0x80;
        break;
    }
    out[0] = byte;
    return 1;
}

size_t line_process_output(struct line *line, const u8 *in, size_t size, u8 *out, size_t *out_size)
{
    size_t used = 0;
    size_t made = 0;

    while (used < size && *out_size - made >= 8) {
        made += output_byte(line, in[used++], out + made);
    }
    *out_size = made;
    return used;
}

static void echo_bytes(struct line *line, const u8 *bytes, size_t size,
                       const struct line_output *output)
{
    u8 out[64];

    while (size > 0) {
        size_t made = sizeof(out);
        size_t used = line_process_output(line, bytes, size, out, &made);

        output->echo(output->context, out, made);
        bytes += used;
        size -= used;
    }
}

static bool is_control(u8 byte)
{
    return (byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7f;
}

/* Show a typed byte: control characters as ^X. */
static void echo_typed(struct line *line, u8 byte, const struct line_output *output)
{
    if ((line->termios.lflag & ECHOCTL) && is_control(byte)) {
        u8 shown[2] = {'^', (u8)(byte ^ 0x40)};

        echo_bytes(line, shown, 2, output);
    } else {
        echo_bytes(line, &byte, 1, output);
    }
}

/* --- editing ----------------------------------------------------------------------------- */

/* The column that the cursor has after the edited line is shown from its start. */
static u32 column_of_edited(const struct line *line)
{
    u32 column = line->line_column;

    for (u32 i = line->committed; i != line->tail; i++) {
        u8 byte = line->bytes[i % LINE_SIZE];

        if (byte == '\t') {
            column = (column | (TAB_WIDTH - 1)) + 1;
        } else if (is_control(byte)) {
            column += line->termios.lflag & ECHOCTL ? 2 : 0;
        } else {
            column += (byte & 0xc0) != 0x80;
        }
    }
    return column;
}

/* Rub out the last character (all bytes of it). */
static void erase_one(struct line *line, const struct line_output *output)
{
    static const u8 rub[3] = {'\b', ' ', '\b'};
    u32 target;

    do {
        line->tail--;
    } while (line->tail != line->committed && (line->termios.iflag & IUTF8) &&
             (line->bytes[line->tail % LINE_SIZE] & 0xc0) == 0x80);
    if (!(line->termios.lflag & ECHO)) {
        return;
    }
    if (!(line->termios.lflag & ECHOE)) {
        echo_typed(line, line->termios.cc[VERASE], output);
        return;
    }
    target = column_of_edited(line);
    while (line->column > target) {
        echo_bytes(line, rub, sizeof(rub), output);
    }
}

static void erase_word(struct line *line, const struct line_output *output)
{
    bool in_word = false;

    while (line->tail != line->committed) {
        u8 byte = line->bytes[(line->tail - 1) % LINE_SIZE];
        bool space = byte == ' ' || byte == '\t';

        if (space && in_word) {
            break;
        }
        in_word = in_word || !space;
        erase_one(line, output);
    }
}

static void erase_line(struct line *line, const struct line_output *output)
{
    while (line->tail != line->committed) {
        erase_one(line, output);
    }
}

/* The edited line is complete; `last` ends it. */
static void commit(struct line *line, u8 last)
{
    append(line, last, true);
    line->committed = line->tail;
    line->line_column = line->column;
}

/* A byte in canonical mode.  => false: it is an ordinary character */
static bool edit(struct line *line, u8 byte, const struct line_output *output)
{
    const u8 *cc = line->termios.cc;
    bool extended = (line->termios.lflag & IEXTEN) != 0;

    if (byte == DISABLED) {
        return false;
    }
    if (byte == cc[VERASE] || byte == '\b') {
        if (line->tail != line->committed) {
            erase_one(line, output);
        }
    } else if (byte == cc[VKILL]) {
        erase_line(line, output);
    } else if (extended && byte == cc[VWERASE]) {
        erase_word(line, output);
    } else if (extended && byte == cc[VREPRINT]) {
        echo_bytes(line, (const u8 *)"\n", 1, output);
        line->line_column = 0;
        for (u32 i = line->committed; i != line->tail; i++) {
            echo_typed(line, line->bytes[i % LINE_SIZE], output);
        }
    } else if (extended && byte == cc[VLNEXT]) {
        line->literal = true;
    } else if (byte == cc[VEOF]) {
        if (room(line) > 0) {
            commit(line, byte);
        }
    } else {
        return false;
    }
    return true;
}

/* Signals and flow control.  => true: the byte is used up */
static bool special(struct line *line, u8 byte, const struct line_output *output)
{
    const u8 *cc = line->termios.cc;
    u32 signo = 0;

    if (byte == DISABLED) {
        return false;
    }
    if ((line->termios.iflag & IXON) && (byte == cc[VSTOP] || byte == cc[VSTART])) {
        line->stopped = byte == cc[VSTOP];
        return true;
    }
    if (line->termios.lflag & ISIG) {
        signo = byte == cc[VINTR]   ? SIGINT
                : byte == cc[VQUIT] ? SIGQUIT
                : byte == cc[VSUSP] ? SIGTSTP
                                    : 0;
    }
    if (signo == 0) {
        return false;
    }
    line->stopped = false;
    if (!(line->termios.lflag & NOFLSH)) {
        line_flush_input(line);
    }
    if (line->termios.lflag & ECHO) {
        echo_typed(line, byte, output);
    }
    output->signal(output->context, signo);
    return true;
}

/* Input translation.  => false: the byte is dropped */
static bool translate(const struct line *line, u8 *byte)
{
    u32 flags = line->termios.iflag;

    if (flags & ISTRIP) {
        *byte &= 0x7f;
    }
    if (*byte == '\r') {
        if (flags & IGNCR) {
            return false;
        }
        if (flags & ICRNL) {
            *byte = '\n';
        }
    } else if (*byte == '\n' && (flags & INLCR)) {
        *byte = '\r';
    }
    return true;
}

/* An ordinary character. */
static void store(struct line *line, u8 byte, bool literal, const struct line_output *output)
{
    const u8 *cc = line->termios.cc;
    bool canonical = (line->termios.lflag & ICANON) != 0;
    bool ends = canonical && !literal &&
                (byte == '\n' || (byte != DISABLED && (byte == cc[VEOL] || byte == cc[VEOL2])));

    /* The last place is for the end of the line: a full line can still be finished. */
    if (room(line) <= (ends || !canonical ? 0u : 1u)) {
        return;
    }
    if (canonical && line->tail == line->committed) {
        line->line_column = line->column;
    }
    if ((line->termios.lflag & ECHO) || (byte == '\n' && (line->termios.lflag & ECHONL))) {
        echo_typed(line, byte, output);
    }
    if (ends) {
        commit(line, byte);
    } else {
        append(line, byte, false);
        if (!canonical) {
            line->committed = line->tail;
        }
    }
}

void line_input(struct line *line, u8 byte, const struct line_output *output)
{
    bool literal = line->literal;

    line->literal = false;
    if (!literal) {
        if (!translate(line, &byte) || special(line, byte, output)) {
            return;
        }
        if (line->stopped && (line->termios.iflag & IXANY)) {
            line->stopped = false;
        }
        if ((line->termios.lflag & ICANON) && edit(line, byte, output)) {
            return;
        }
    }
    store(line, byte, literal, output);
}

/* --- reading ----------------------------------------------------------------------------- */

u32 line_available(const struct line *line)
{
    return line->committed - line->head;
}

bool line_readable(const struct line *line)
{
    u32 least = 1;

    if (!(line->termios.lflag & ICANON) && line->termios.cc[VTIME] == 0 &&
        line->termios.cc[VMIN] > 1) {
        least = line->termios.cc[VMIN];
    }
    return line_available(line) >= least;
}

size_t line_read(struct line *line, u8 *bytes, size_t size, bool *end_of_file)
{
    bool canonical = (line->termios.lflag & ICANON) != 0;
    size_t count = 0;

    *end_of_file = false;
    while (line->head != line->committed && count < size) {
        u32 position = line->head++;
        u8 byte = line->bytes[position % LINE_SIZE];
        bool end = is_end(line, position);

        if (end && canonical && byte == line->termios.cc[VEOF]) {
            *end_of_file = count == 0;
            return count;
        }
        bytes[count++] = byte;
        if (end && canonical) {
            return count;
        }
    }
    /* A full buffer just before ^D: the mark belongs to this read, not to the next. */
    if (canonical && count > 0 && line->head != line->committed && is_end(line, line->head) &&
        line->bytes[line->head % LINE_SIZE] == line->termios.cc[VEOF]) {
        line->head++;
    }
    return count;
}

void line_flush_input(struct line *line)
{
    line->head = line->tail;
    line->committed = line->tail;
}

void line_set_termios(struct line *line, const struct abi_termios *termios)
{
    if ((line->termios.lflag & ICANON) && !(termios->lflag & ICANON)) {
        line->committed = line->tail;
    }
    line->termios = *termios;
    if (!(termios->iflag & IXON)) {
        line->stopped = false;
    }
}
