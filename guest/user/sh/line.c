/* SPDX-License-Identifier: MIT */
/*
 * line.c - editing a line on a terminal: arrows, Home, End, history, completion
 * of file names.
 *
 * The terminal is in raw mode only while a line is typed.  On a terminal that
 * cannot be switched (or none), lines are read as they come.
 */
#include "sh.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { HISTORY = 200 };
static char *history[HISTORY];
static size_t history_count;

struct editor {
    const char *prompt;
    char text[1024];
    size_t length, cursor;
    size_t history_at;
};

void line_remember(const char *line)
{
    size_t length = strcspn(line, "\n");
    char *copy;

    if (length == 0 || line[0] == ' ')
        return;
    copy = strndup(line, length);
    if (copy == NULL)
        return;
    if (history_count > 0 && strcmp(history[history_count - 1], copy) == 0) {
        free(copy);
        return;
    }
    if (history_count == HISTORY) {
        free(history[0]);
        memmove(history, history + 1, (HISTORY - 1) * sizeof *history);
        history_count--;
    }
    history[history_count++] = copy;
}

void line_show_history(void)
{
    for (size_t i = 0; i < history_count; i++)
        printf("%4zu  %s\n", i + 1, history[i]);
}

static void out(const char *s, size_t length)
{
    while (length > 0) {
        ssize_t n = write(2, s, length);

        if (n <= 0)
            return;
        s += n;
        length -= (size_t)n;
    }
}

/* The whole line again, the cursor in its place. */
static void redraw(const struct editor *e)
{
    struct text text = {0};
    char move[24];

    text_put(&text, '\r');
    text_add(&text, e->prompt);
    text_add_bytes(&text, e->text, e->length);
    text_add(&text, "\033[K");
    if (e->cursor < e->length) {
        snprintf(move, sizeof move, "\033[%zuD", e->length - e->cursor);
        text_add(&text, move);
    }
    out(text_end(&text), text.length);
    text_free(&text);
}

static void insert(struct editor *e, const char *s, size_t length)
{
    if (e->length + length >= sizeof e->text - 1)
        return;
    memmove(e->text + e->cursor + length, e->text + e->cursor, e->length - e->cursor);
    memcpy(e->text + e->cursor, s, length);
    e->cursor += length;
    e->length += length;
    if (e->cursor == e->length)
        out(s, length);
    else
        redraw(e);
}

static void erase(struct editor *e, size_t from, size_t to)
{
    memmove(e->text + from, e->text + to, e->length - to);
    e->length -= to - from;
    e->cursor = from;
    redraw(e);
}

static void show_history(struct editor *e, size_t index)
{
    const char *line = index < history_count ? history[index] : "";

    e->history_at = index;
    e->length = strlen(line);
    if (e->length >= sizeof e->text)
        e->length = sizeof e->text - 1;
    memcpy(e->text, line, e->length);
    e->cursor = e->length;
    redraw(e);
}

/* Names in `directory` that begin with `prefix`; the common part beyond it goes to `more`. */
static size_t match_names(const char *directory, const char *prefix, struct text *more,
                          bool *is_dir)
{
    DIR *dir = opendir(directory);
    size_t length = strlen(prefix), count = 0;
    struct dirent *entry;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        const char *rest = entry->d_name + length;
        size_t same = 0;

        if (strncmp(entry->d_name, prefix, length) != 0 ||
            (entry->d_name[0] == '.' && prefix[0] != '.'))
            continue;
        if (count++ == 0) {
            text_add(more, rest);
            *is_dir = entry->d_type == DT_DIR;
            continue;
        }
        while (same < more->length && more->at[same] == rest[same])
            same++;
        more->length = same;
        *is_dir = false;
    }
    closedir(dir);
    return count;
}

static void complete(struct editor *e)
{
    size_t start = e->cursor, slash;
    struct text more = {0}, directory = {0};
    char word[sizeof e->text];
    bool is_dir = false, first;
    size_t count;

    while (start > 0 && strchr(" ;|&<>(", e->text[start - 1]) == NULL)
        start--;
    memcpy(word, e->text + start, e->cursor - start);
    word[e->cursor - start] = '\0';
    slash = strlen(word);
    while (slash > 0 && word[slash - 1] != '/')
        slash--;
    first = start == 0 && slash == 0;
    if (slash > 0)
        text_add_bytes(&directory, word, slash);
    else
        text_add(&directory, first ? "/bin" : ".");
    count = match_names(text_end(&directory), word + slash, &more, &is_dir);
    if (count == 1)
        text_put(&more, is_dir ? '/' : ' ');
    if (count > 0 && more.length > 0)
        insert(e, more.at, more.length);
    else
        out("\a", 1);
    text_free(&more);
    text_free(&directory);
}

static int get_byte(void)
{
    unsigned char c;
    ssize_t n;

    do {
        n = read(0, &c, 1);
    } while (n < 0 && errno == EINTR);
    return n == 1 ? c : -1;
}

static void move_to(struct editor *e, size_t cursor)
{
    e->cursor = cursor;
    redraw(e);
}

/* What follows ESC: cursor keys as ESC [ X, ESC O X or ESC [ N ~. */
static void escape_key(struct editor *e)
{
    int c = get_byte(), number = 0;

    if (c != '[' && c != 'O')
        return;
    c = get_byte();
    while (c >= '0' && c <= '9') {
        number = number * 10 + c - '0';
        c = get_byte();
    }
    if (c == '~')
        c = number == 1 || number == 7 ? 'H' : number == 4 || number == 8 ? 'F' : 'X';
    if (c == 'A' && e->history_at > 0)
        show_history(e, e->history_at - 1);
    else if (c == 'B' && e->history_at < history_count)
        show_history(e, e->history_at + 1);
    else if (c == 'C' && e->cursor < e->length)
        move_to(e, e->cursor + 1);
    else if (c == 'D' && e->cursor > 0)
        move_to(e, e->cursor - 1);
    else if (c == 'H')
        move_to(e, 0);
    else if (c == 'F')
        move_to(e, e->length);
    else if (c == 'X' && number == 3 && e->cursor < e->length)
        erase(e, e->cursor, e->cursor + 1);
}

static size_t word_start(const struct editor *e)
{
    size_t at = e->cursor;

    while (at > 0 && e->text[at - 1] == ' ')
        at--;
    while (at > 0 && e->text[at - 1] != ' ')
        at--;
    return at;
}

enum { KEY_GO_ON, KEY_DONE, KEY_END, KEY_INTERRUPT };

static int handle_key(struct editor *e, int c)
{
    char byte = (char)c;

    switch (c) {
    case '\r':
    case '\n':
        return KEY_DONE;
    case -1:
        return KEY_END;
    case 4: /* Ctrl-D */
        if (e->length == 0)
            return KEY_END;
        if (e->cursor < e->length)
            erase(e, e->cursor, e->cursor + 1);
        break;
    case 3: /* Ctrl-C */
        return KEY_INTERRUPT;
    case 1: /* Ctrl-A */
        move_to(e, 0);
        break;
    case 5: /* Ctrl-E */
        move_to(e, e->length);
        break;
    case 2: /* Ctrl-B */
        if (e->cursor > 0)
            move_to(e, e->cursor - 1);
        break;
    case 6: /* Ctrl-F */
        if (e->cursor < e->length)
            move_to(e, e->cursor + 1);
        break;
    case 11: /* Ctrl-K */
        erase(e, e->cursor, e->length);
        break;
    case 21: /* Ctrl-U */
        erase(e, 0, e->cursor);
        break;
    case 23: /* Ctrl-W */
        erase(e, word_start(e), e->cursor);
        break;
    case 12: /* Ctrl-L */
        out("\033[H\033[2J", 7);
        redraw(e);
        break;
    case 14: /* Ctrl-N */
        if (e->history_at < history_count)
            show_history(e, e->history_at + 1);
        break;
    case 16: /* Ctrl-P */
        if (e->history_at > 0)
            show_history(e, e->history_at - 1);
        break;
    case 8:
    case 127:
        if (e->cursor > 0)
            erase(e, e->cursor - 1, e->cursor);
        break;
    case '\t':
        complete(e);
        break;
    case 27:
        escape_key(e);
        break;
    default:
        if (c >= 32)
            insert(e, &byte, 1);
    }
    return KEY_GO_ON;
}

static char *read_plain(const char *prompt)
{
    struct text line = {0};
    int c;

    out(prompt, strlen(prompt));
    while ((c = get_byte()) >= 0) {
        text_put(&line, (char)c);
        if (c == '\n')
            break;
    }
    if (line.length == 0)
        return NULL;
    return text_end(&line);
}

char *line_read(const char *prompt, bool *interrupted)
{
    struct editor *e;
    struct termios old, raw;
    struct text line = {0};
    int result;

    fflush(stdout);
    if (tcgetattr(0, &old) < 0)
        return read_plain(prompt);
    raw = old;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG);
    raw.c_iflag &= (tcflag_t) ~(ICRNL | IXON);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(0, TCSADRAIN, &raw) < 0)
        return read_plain(prompt);
    e = sh_alloc(sizeof *e);
    e->prompt = prompt;
    e->history_at = history_count;
    out(prompt, strlen(prompt));
    do {
        result = handle_key(e, get_byte());
    } while (result == KEY_GO_ON);
    tcsetattr(0, TCSADRAIN, &old);
    out(result == KEY_INTERRUPT ? "^C\n" : "\n", result == KEY_INTERRUPT ? 3 : 1);
    *interrupted = result == KEY_INTERRUPT;
    text_add_bytes(&line, e->text, e->length);
    text_put(&line, '\n');
    free(e);
    if (result == KEY_END) {
        text_free(&line);
        return NULL;
    }
    return text_end(&line);
}
