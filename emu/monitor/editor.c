/* SPDX-License-Identifier: MIT */
/* editor.c - the line editor of the terminal monitor. */
#include "emu/monitor/editor.h"

#include <stdlib.h>
#include <string.h>

enum key {
    KEY_CTRL_A = 1,
    KEY_CTRL_B = 2,
    KEY_CTRL_C = 3,
    KEY_CTRL_D = 4,
    KEY_CTRL_E = 5,
    KEY_CTRL_F = 6,
    KEY_BELL = 7,
    KEY_BACKSPACE = 8,
    KEY_TAB = 9,
    KEY_NEWLINE = 10,
    KEY_CTRL_K = 11,
    KEY_CTRL_L = 12,
    KEY_RETURN = 13,
    KEY_CTRL_N = 14,
    KEY_CTRL_P = 16,
    KEY_CTRL_U = 21,
    KEY_CTRL_W = 23,
    KEY_ESCAPE = 27,
    KEY_DELETE = 127
};

void editor_free(struct editor *e)
{
    for (size_t i = 0; i < e->histories; i++)
        free(e->history[i]);
    memset(e, 0, sizeof *e);
}

void editor_show(const struct editor *e, struct buffer *out)
{
    buffer_printf(out, "\r\x1b[K%s%.*s", e->prompt ? e->prompt : "", (int)e->length, e->line);
    if (e->cursor < e->length)
        buffer_printf(out, "\x1b[%zuD", e->length - e->cursor);
}

static void insert(struct editor *e, char c)
{
    if (e->length + 1 >= EDITOR_LINE)
        return;
    memmove(&e->line[e->cursor + 1], &e->line[e->cursor], e->length - e->cursor);
    e->line[e->cursor++] = c;
    e->length++;
}

static void erase(struct editor *e, size_t from, size_t to)
{
    memmove(&e->line[from], &e->line[to], e->length - to);
    e->length -= to - from;
    e->cursor = from;
}

static size_t word_start(const struct editor *e)
{
    size_t at = e->cursor;

    while (at && e->line[at - 1] == ' ')
        at--;
    while (at && e->line[at - 1] != ' ')
        at--;
    return at;
}

static void recall(struct editor *e, size_t place)
{
    if (place > e->histories)
        return;
    e->place = place;
    const char *text = place < e->histories ? e->history[place] : "";
    e->length = strlen(text);
    if (e->length >= EDITOR_LINE)
        e->length = EDITOR_LINE - 1;
    memcpy(e->line, text, e->length);
    e->cursor = e->length;
}

static void remember(struct editor *e)
{
    if (!e->length || (e->histories && !strcmp(e->history[e->histories - 1], e->line)))
        return;
    char *copy = strdup(e->line);
    if (!copy)
        return;
    if (e->histories == EDITOR_HISTORY) {
        free(e->history[0]);
        memmove(&e->history[0], &e->history[1], (EDITOR_HISTORY - 1) * sizeof e->history[0]);
        e->histories--;
    }
    e->history[e->histories++] = copy;
}

/* Completes as far as all candidates agree; shows them when that is no further. */
static void complete_line(struct editor *e, void (*complete)(const char *, struct buffer *),
                          struct buffer *out)
{
    struct buffer names = {0};

    e->line[e->length] = 0;
    complete(e->line, &names);
    buffer_byte(&names, 0);
    const char *list = (const char *)names.data;
    if (!list || !*list) {
        buffer_byte(out, KEY_BELL);
        buffer_free(&names);
        return;
    }
    size_t common = strcspn(list, "\n"), count = 0;
    for (const char *at = list; *at; at += strcspn(at, "\n") + 1) {
        size_t same = 0;
        while (same < common && at[same] == list[same])
            same++;
        common = same;
        count++;
    }
    size_t before = e->length;
    for (size_t i = e->length; i < common; i++)
        insert(e, list[i]);
    if (count == 1)
        insert(e, ' ');
    else if (e->length == before)
        buffer_printf(out, "\r\n%s", list);
    buffer_free(&names);
}

static void finish_line(struct editor *e, struct buffer *out)
{
    e->line[e->length] = 0;
    remember(e);
    e->ready = true;
    buffer_text(out, "\r\n");
}

static void escape_byte(struct editor *e, unsigned char byte)
{
    if (e->escape == 1) {
        e->escape = byte == '[' || byte == 'O' ? 2 : 0;
        return;
    }
    if (e->escape == 2 && byte >= '0' && byte <= '9') {
        e->digit = (char)byte;
        e->escape = 3;
        return;
    }
    if (e->escape == 3 && byte != '~') {
        if (byte < '0' || byte > '9')
            e->escape = byte == ';' ? 3 : 0;
        return;
    }
    char what = e->escape == 3 ? e->digit : (char)byte;
    e->escape = 0;
    switch (what) {
    case 'A':
        if (e->place)
            recall(e, e->place - 1);
        break;
    case 'B':
        recall(e, e->place + 1);
        break;
    case 'C':
        e->cursor += e->cursor < e->length;
        break;
    case 'D':
        e->cursor -= e->cursor > 0;
        break;
    case 'H':
    case '1':
    case '7':
        e->cursor = 0;
        break;
    case 'F':
    case '4':
    case '8':
        e->cursor = e->length;
        break;
    case '3':
        if (e->cursor < e->length)
            erase(e, e->cursor, e->cursor + 1);
        break;
    default:
        break;
    }
}

static void control_byte(struct editor *e, unsigned char byte, struct buffer *out)
{
    switch (byte) {
    case KEY_CTRL_A:
        e->cursor = 0;
        break;
    case KEY_CTRL_E:
        e->cursor = e->length;
        break;
    case KEY_CTRL_B:
        e->cursor -= e->cursor > 0;
        break;
    case KEY_CTRL_F:
        e->cursor += e->cursor < e->length;
        break;
    case KEY_CTRL_C:
        buffer_text(out, "^C\r\n");
        e->length = e->cursor = 0;
        break;
    case KEY_CTRL_D:
        if (e->cursor < e->length)
            erase(e, e->cursor, e->cursor + 1);
        break;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        if (e->cursor)
            erase(e, e->cursor - 1, e->cursor);
        break;
    case KEY_CTRL_K:
        e->length = e->cursor;
        break;
    case KEY_CTRL_U:
        erase(e, 0, e->cursor);
        break;
    case KEY_CTRL_W:
        erase(e, word_start(e), e->cursor);
        break;
    case KEY_CTRL_L:
        buffer_text(out, "\x1b[H\x1b[2J");
        break;
    case KEY_CTRL_P:
        if (e->place)
            recall(e, e->place - 1);
        break;
    case KEY_CTRL_N:
        recall(e, e->place + 1);
        break;
    default:
        break;
    }
}

void editor_byte(struct editor *e, unsigned char byte,
                 void (*complete)(const char *line, struct buffer *out), struct buffer *out)
{
    if (e->ready)
        return;
    if (e->escape) {
        escape_byte(e, byte);
    } else if (byte == KEY_ESCAPE) {
        e->escape = 1;
        return;
    } else if (byte == KEY_RETURN || byte == KEY_NEWLINE) {
        finish_line(e, out);
        return;
    } else if (byte == KEY_TAB) {
        if (complete)
            complete_line(e, complete, out);
    } else if (byte < ' ' || byte == KEY_DELETE) {
        control_byte(e, byte, out);
    } else {
        insert(e, (char)byte);
    }
    editor_show(e, out);
}

void editor_next(struct editor *e)
{
    e->length = e->cursor = 0;
    e->line[0] = 0;
    e->ready = false;
    e->place = e->histories;
}
