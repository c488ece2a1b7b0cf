/* SPDX-License-Identifier: MIT */
/*
 * top.c - `faultline ctl SOCKET top`: faults, memory and processes, once a second, full screen.
 *
 * It is a client like any other: what it shows are the values of info status, faults, info procs,
 * swap and frames.  Works on 80x24 and without colours; letters, not colours, carry the meaning.
 */
#include <curses.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <term.h> /* after curses.h; it has a macro for every capability */
#include <unistd.h>

#undef lines
#undef columns

#include "emu/monitor/client.h"
#include "emu/monitor/guard.h"
#include "emu/monitor/value.h"
#include "emu/trace/record.h"

#define MAX_KINDS 32
#define MAX_PAST 512
#define LEAST_ROWS 12
#define LEAST_COLUMNS 40
#define COLOUR_HEAD 1
#define COLOUR_BAR 2
#define COLOUR_BAD 3

struct view {
    struct client *client;
    u64 instructions, faults; /* at the last look */
    double time;
    double rate, fault_rate;
    u64 kind[MAX_KINDS]; /* totals at the last look, by place in event.def */
    double kind_rate[MAX_KINDS];
    double past[MAX_PAST]; /* faults a second, oldest first */
    unsigned pasts;
    bool gone;
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void head(int row, const char *text)
{
    attron(A_BOLD | COLOR_PAIR(COLOUR_HEAD));
    mvprintw(row, 0, "%-*.*s", COLS, COLS, text);
    attroff(A_BOLD | COLOR_PAIR(COLOUR_HEAD));
}

static json_t *ask(struct view *v, const char *line)
{
    return v->client->closed ? NULL : client_ask(v->client, line);
}

static void note_rate(struct view *v)
{
    if (v->pasts == MAX_PAST)
        memmove(v->past, v->past + 1, --v->pasts * sizeof *v->past);
    v->past[v->pasts++] = v->fault_rate;
}

/* The last minutes in one line: the taller the letter, the more faults. */
static void draw_past(const struct view *v, int row)
{
    static const char level[] = " .:-=+*#";
    unsigned width = COLS > 24 ? (unsigned)COLS - 24 : 0;
    unsigned from = v->pasts > width ? v->pasts - width : 0;
    double most = 1;
    char text[32];

    for (unsigned i = from; i < v->pasts; i++)
        most = v->past[i] > most ? v->past[i] : most;
    snprintf(text, sizeof text, "faults/s, top %.0f", most);
    mvprintw(row, 0, "%-22.22s|", text);
    attron(COLOR_PAIR(COLOUR_BAR));
    for (unsigned i = from; i < v->pasts; i++)
        addch((chtype)(unsigned char)level[(unsigned)(v->past[i] / most * 7 + 0.5) & 7]);
    attroff(COLOR_PAIR(COLOUR_BAR));
}

static int draw_status(struct view *v, double passed)
{
    json_t *s = ask(v, "info status");
    char text[256];

    v->gone = v->client->closed;
    if (!s)
        return 0;
    u64 instructions = value_u64(s, "instructions"), faults = value_u64(s, "faults");
    if (passed > 0 && v->instructions && instructions >= v->instructions)
        v->rate = (double)(instructions - v->instructions) / passed;
    if (passed > 0 && faults >= v->faults)
        v->fault_rate = (double)(faults - v->faults) / passed;
    v->instructions = instructions;
    v->faults = faults;
    snprintf(text, sizeof text, "%s  %.3f s of guest time  %.0f MIPS  %.0f faults/s",
             value_flag(s, "running") ? "running" : "STOPPED",
             (double)value_u64(s, "time_ns") / 1e9, v->rate / 1e6, v->fault_rate);
    head(0, text);
    mvprintw(1, 0, "frames %" PRIu64 " free of %" PRIu64 "  major faults %" PRIu64,
             value_u64(s, "free_frames"), value_u64(s, "frames"), value_u64(s, "major"));
    if (value_u64(s, "label_mismatches")) {
        attron(COLOR_PAIR(COLOUR_BAD));
        printw("  LABEL MISMATCHES %" PRIu64, value_u64(s, "label_mismatches"));
        attroff(COLOR_PAIR(COLOUR_BAD));
    }
    if (value_string(s, "panic")[0])
        mvprintw(1, 0, "PANIC: %s", value_string(s, "panic"));
    json_decref(s);
    s = ask(v, "swap");
    mvprintw(2, 0,
             "swap %" PRIu64 " of %" PRIu64 " slots  out %" PRIu64 "  in %" PRIu64
             "  evicted %" PRIu64 "  written back %" PRIu64,
             value_u64(s, "used"), value_u64(s, "slots"), value_u64(s, "swap_out"),
             value_u64(s, "swap_in"), value_u64(s, "evict"), value_u64(s, "writeback"));
    json_decref(s);
    if (passed > 0)
        note_rate(v);
    draw_past(v, 3);
    return 4;
}

static void bar(int row, int column, int width, double part)
{
    int n = (int)(part * width + 0.5);

    attron(COLOR_PAIR(COLOUR_BAR));
    for (int i = 0; i < n && i < width; i++)
        mvaddch(row, column + i, '#');
    attroff(COLOR_PAIR(COLOUR_BAR));
}

/* A row of the answer's list that is not drawn yet: the one with most faults. */
static const json_t *most_faults(const json_t *list, u64 *drawn)
{
    const json_t *best = NULL;
    size_t i, place = 0;
    json_t *entry;

    json_array_foreach(list, i, entry)
    {
        if (i < 64 && !(*drawn >> i & 1) &&
            (!best || value_u64(entry, "total") > value_u64(best, "total"))) {
            best = entry;
            place = i;
        }
    }
    *drawn |= UINT64_C(1) << place;
    return best;
}

static unsigned kind_of(const json_t *entry)
{
    const char *name = value_string(entry, "kind");

    return fault_kind_by_name(name, strlen(name)) % MAX_KINDS;
}

static int draw_kinds(struct view *v, int row, int last, double passed)
{
    json_t *f = ask(v, "faults by kind"), *entry;
    const json_t *list = value_list(f, "kinds"), *best;
    double most = 1;
    u64 drawn = 0;
    size_t i;

    head(row++, "kind            total     per s   p50     p95   instructions");
    json_array_foreach(list, i, entry)
    {
        unsigned kind = kind_of(entry);
        u64 total = value_u64(entry, "total");
        v->kind_rate[kind] =
            passed > 0 && total >= v->kind[kind] ? (double)(total - v->kind[kind]) / passed : 0;
        v->kind[kind] = total;
        if (v->kind_rate[kind] > most)
            most = v->kind_rate[kind];
    }
    while (row < last && (best = most_faults(list, &drawn)) != NULL) {
        mvprintw(row, 0, "%-12s %9" PRIu64 " %9.0f %6" PRIu64 " %6" PRIu64,
                 value_string(best, "kind"), value_u64(best, "total"), v->kind_rate[kind_of(best)],
                 value_u64(best, "p50"), value_u64(best, "p95"));
        bar(row++, 48, COLS - 49, v->kind_rate[kind_of(best)] / most);
    }
    json_decref(f);
    return row;
}

static int draw_processes(struct view *v, int row, int last)
{
    json_t *p = ask(v, "info procs"), *entry;
    size_t i;

    if (row + 1 < last)
        head(row++, "  pid  ppid state         anon     file      shm     swap  name");
    json_array_foreach(value_list(p, "processes"), i, entry)
    {
        if (row >= last)
            break;
        mvprintw(row++, 0,
                 "%5" PRIu64 " %5" PRIu64 " %-9.9s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64
                 "  %.16s",
                 value_u64(entry, "pid"), value_u64(entry, "parent"), value_string(entry, "state"),
                 value_u64(entry, "anon"), value_u64(entry, "file"), value_u64(entry, "shm"),
                 value_u64(entry, "swap"), value_string(entry, "name"));
    }
    json_decref(p);
    return row;
}

/* Memory as letters, several frames to a cell where there is no room for all. */
static void draw_memory(struct view *v, int row, int last)
{
    int rows = last - row - 1;
    size_t i, frames = 0, at = 0;
    json_t *entry;

    if (rows < 2)
        return;
    json_t *map = ask(v, "frames map");
    json_array_foreach(value_list(map, "map"), i, entry)
    {
        frames += strlen(value_string(entry, "frames"));
    }
    size_t cells = (size_t)rows * (size_t)COLS;
    size_t each = cells ? (frames + cells - 1) / cells : 1;
    char title[128];
    snprintf(title, sizeof title,
             "memory, %zu a letter: K kernel T table A anon F file S shm Z zero . free, small "
             "shared",
             each);
    head(row++, title);
    char best = '.';
    json_array_foreach(value_list(map, "map"), i, entry)
    {
        for (const char *c = value_string(entry, "frames"); *c; c++) {
            if (best == '.' || (*c >= 'a' && *c <= 'z'))
                best = *c;
            if (++at % each)
                continue;
            size_t cell = at / each - 1;
            if (cell < cells)
                mvaddch(row + (int)(cell / (size_t)COLS), (int)(cell % (size_t)COLS),
                        (chtype)(unsigned char)best);
            best = '.';
        }
    }
    json_decref(map);
}

static void draw(struct view *v)
{
    double now = seconds(), passed = v->time > 0 ? now - v->time : 0;

    v->time = now;
    erase();
    if (LINES < LEAST_ROWS || COLS < LEAST_COLUMNS) {
        mvprintw(0, 0, "%dx%d is too small (%dx%d)", COLS, LINES, LEAST_COLUMNS, LEAST_ROWS);
        refresh();
        return;
    }
    int row = draw_status(v, passed);
    if (v->gone)
        return;
    int space = LINES - 1;
    row = draw_kinds(v, row, row + (space - row) / 2, passed);
    row = draw_processes(v, row,
                         row + (space - row) / 2 + 2 < space ? row + (space - row) / 2 + 2 : space);
    draw_memory(v, row, space);
    head(LINES - 1, "q quit   space stop and go on   f next fault   r reset counters");
    refresh();
}

static bool key(struct view *v, int pressed)
{
    switch (pressed) {
    case 'q':
        return false;
    case ' ': {
        json_t *s = ask(v, "info status");
        json_decref(ask(v, value_flag(s, "running") ? "stop" : "c"));
        json_decref(s);
        break;
    }
    case 'f':
        json_decref(ask(v, "next-fault"));
        break;
    case 'r':
        json_decref(ask(v, "reset-counters"));
        memset(v->kind, 0, sizeof v->kind);
        break;
    default:
        break;
    }
    return true;
}

/* Whether the terminal can be drawn on; else says what can be done. */
static bool can_draw(void)
{
    const char *name = getenv("TERM");

    if (isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && name && *name && strcmp(name, "dumb") != 0)
        return true;
    fprintf(stderr,
            "faultline: top needs a terminal it can draw on%s; the commands 'faults', 'info "
            "procs', 'swap' and 'frames map' show the same as text\n",
            name && *name ? (strcmp(name, "dumb") ? "" : ", and TERM=dumb is none")
                          : " (TERM is not set)");
    return false;
}

static void begin_colours(void)
{
    const char *no = getenv("NO_COLOR");

    if (!has_colors() || (no && *no))
        return;
    start_color();
    use_default_colors();
    init_pair(COLOUR_HEAD, COLOR_CYAN, -1);
    init_pair(COLOUR_BAR, COLOR_YELLOW, -1);
    init_pair(COLOUR_BAD, COLOR_RED, -1);
}

/* What brings the terminal's first screen and its cursor back, should we not come to it. */
static void guard_screen(void)
{
    const char *leave = tigetstr("rmcup"), *cursor = tigetstr("cnorm");
    char goodbye[64];

    snprintf(goodbye, sizeof goodbye, "%s%s", leave && leave != (char *)-1 ? leave : "",
             cursor && cursor != (char *)-1 ? cursor : "");
    guard_goodbye(goodbye);
}

int top_run(struct client *client)
{
    struct view v = {.client = client};
    bool go_on = true;
    SCREEN *screen;

    if (!can_draw())
        return 2;
    setlocale(LC_ALL, "");
    guard_begin();
    screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        guard_end();
        fprintf(stderr, "faultline: the terminal '%s' is not known here\n", getenv("TERM"));
        return 2;
    }
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    timeout(1000);
    begin_colours();
    guard_screen();
    while (go_on && !v.gone) {
        draw(&v);
        if (!v.gone) {
            int pressed = getch();
            go_on = pressed == ERR || key(&v, pressed);
        }
    }
    endwin();
    delscreen(screen);
    guard_goodbye("");
    guard_end();
    if (v.gone)
        fputs("faultline: the machine has ended\n", stderr);
    return 0;
}
