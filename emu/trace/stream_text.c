/* SPDX-License-Identifier: MIT */
/*
 * stream_text.c - golden texts: reading and writing.
 *
 * A range line stands for one event per page: "zero-fill W heap+0x0..0x3000 ok" is four.  That
 * keeps the goldens of programs that touch much memory short enough to be reviewed.
 */
#include "emu/trace/stream_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/trace/text.h"

#define MAX_TEXT (64u << 20)
#define MAX_RANGE (1u << 20)   /* pages in one line */
#define MAX_EVENTS (16u << 20) /* in one text */
#define MAX_PROCESSES 65536u
#define SHORTEST_RANGE 3 /* lines that are worth folding */

/* The parts of "HEAD+0xSTART..0xEND TAIL"; false when there is no range in the line. */
struct range {
    size_t head; /* bytes up to and with '+' or '@' */
    u64 start, end;
    const char *tail;
};

static bool find_range(const char *line, struct range *range)
{
    const char *dots = strstr(line, "..0x");
    const char *number = line + strcspn(line, "+@");
    char *after;

    if (!dots || !*number || number > dots)
        return false;
    range->head = (size_t)(number + 1 - line);
    range->start = strtoull(number + 1, &after, 16);
    if (after != dots)
        return false;
    range->end = strtoull(dots + 2, &after, 16);
    range->tail = after;
    return range->end > range->start && (range->end - range->start) % PAGE_BYTES == 0 &&
           (range->end - range->start) / PAGE_BYTES < MAX_RANGE;
}

static void range_text(const char *line, const struct range *range, u64 page, char *out,
                       size_t size)
{
    snprintf(out, size, "%.*s0x%" PRIx64 "%s", (int)range->head, line,
             range->start + page * PAGE_BYTES, range->tail);
}

void stream_text_line(const struct stream *s, const struct stream_event *event, char *out,
                      size_t size)
{
    const char *line = s->text + event->where;
    struct range range;

    if (find_range(line, &range))
        range_text(line, &range, event->other, out, size);
    else
        snprintf(out, size, "%s", line);
}

static bool read_fact(struct stream *s, const char *line)
{
    char word[32], name[32];
    unsigned percent;
    unsigned long long number;

    if (sscanf(line, "# program %31s", word) == 1)
        pft_info_text(&s->program, word);
    else if (sscanf(line, "# from %16s", word) == 1)
        snprintf(s->from, sizeof s->from, "%.16s", word);
    else if (!strncmp(line, "# to ", 5) && sscanf(line, "# to %16s", word) == 1)
        snprintf(s->to, sizeof s->to, "%.16s", word);
    else if (sscanf(line, "# ram %llu", &number) == 1)
        s->ram_size = number;
    else if (sscanf(line, "# harts %llu", &number) == 1)
        s->harts = (u32)number;
    else if (!strcmp(line, "# level counts"))
        s->level = DIFF_COUNTS;
    else if (!strcmp(line, "# level semantic"))
        s->level = DIFF_SEMANTIC;
    else if (sscanf(line, "# tolerance %31s %u", name, &percent) == 2) {
        unsigned kind = fault_kind_by_name(name, strlen(name));
        if (!kind || percent > 100)
            return false;
        s->tolerance[kind] = (u8)percent;
    }
    return true;
}

static bool read_process(struct stream *s, const char *line, struct stream_process **p,
                         struct error *err)
{
    unsigned number, parent = 0;
    char name[17] = "";

    int n = sscanf(line, "process %u %16s child of %u", &number, name, &parent);
    if (n < 1 || number != s->processes + 1 || number > MAX_PROCESSES)
        return error_set(err, EINVAL, "%s: '%.60s': processes are numbered from 1", s->path, line);
    *p = stream_process_at(s, number, err);
    if (!*p)
        return false;
    snprintf((*p)->name, sizeof(*p)->name, "%s", strcmp(name, "-") ? name : "");
    (*p)->parent = parent;
    return true;
}

static bool read_event(struct stream *s, struct stream_process *p, const char *line,
                       struct error *err)
{
    char text[TRACE_LINE];
    struct range range;
    u64 pages = 1;
    bool folded = find_range(line, &range);
    unsigned kind = fault_kind_by_name(line, strcspn(line, " "));

    if (strlen(line) >= TRACE_LINE)
        return error_set(err, EINVAL, "%s: '%.60s...' is too long", s->path, line);
    if (folded)
        pages = (range.end - range.start) / PAGE_BYTES + 1;
    if (p->count + pages > MAX_EVENTS)
        return error_set(err, EFBIG, "%s: too many events", s->path);
    for (u64 i = 0; i < pages; i++) {
        if (folded)
            range_text(line, &range, i, text, sizeof text);
        struct stream_event event = {stream_hash_text(folded ? text : line), (u32)(line - s->text),
                                     (u32)i};
        if (!stream_add(p, &event, err))
            return false;
    }
    p->kind[kind] += kind ? pages : 0;
    s->counts.kind[kind] += kind ? pages : 0;
    s->counts.faults += kind ? pages : 0;
    return true;
}

/* "count zero-fill 5949": of a text that holds totals only. */
static bool read_count(struct stream *s, const char *line, struct error *err)
{
    char name[32];
    unsigned long long number;
    unsigned kind = 0;

    if (sscanf(line, "count %31s %llu", name, &number) == 2)
        kind = fault_kind_by_name(name, strlen(name));
    if (!kind)
        return error_set(err, EINVAL, "%s: '%.60s' is not understood", s->path, line);
    s->counts.kind[kind] += number;
    s->counts.faults += number;
    return true;
}

static bool read_all(struct stream *s, struct error *err)
{
    FILE *file = fopen(s->path, "rbe");

    if (!file)
        return error_set(err, errno, "cannot read %s: %s", s->path, strerror(errno));
    bool ok = !fseeko(file, 0, SEEK_END);
    off_t size = ftello(file);
    if (!ok || size < 0 || size > MAX_TEXT) {
        fclose(file);
        return error_set(err, EFBIG, "%s is too long for a golden text", s->path);
    }
    rewind(file);
    s->text = malloc((size_t)size + 1);
    if (s->text)
        s->text_size = fread(s->text, 1, (size_t)size, file);
    fclose(file);
    if (!s->text)
        return error_set(err, ENOMEM, "not enough memory for %s", s->path);
    s->text[s->text_size] = 0;
    return true;
}

bool stream_load_text(struct stream *s, struct error *err)
{
    struct stream_process *p = NULL;

    if (!read_all(s, err))
        return false;
    s->found = true;
    char *line = s->text, *end = s->text + s->text_size;
    while (line < end) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            stop = end;
        *stop = 0;
        if (*line == '#') {
            if (!read_fact(s, line))
                return error_set(err, EINVAL, "%s: '%.60s' is not understood", s->path, line);
        } else if (!strncmp(line, "process ", 8)) {
            if (!read_process(s, line, &p, err))
                return false;
        } else if (!strncmp(line, "count ", 6)) {
            if (!read_count(s, line, err))
                return false;
        } else if (*line) {
            if (!p)
                return error_set(err, EINVAL, "%s: an event before the first process", s->path);
            if (!read_event(s, p, line, err))
                return false;
        }
        line = stop + 1;
    }
    return true;
}

/* Splits "zero-fill W heap+0x1000 ok" at its offset; false for lines without one. */
static bool split(const char *line, size_t *head, u64 *offset, const char **tail)
{
    const char *number = line + strcspn(line, "+@");
    char *after;

    if (strncmp(number + (*number != 0), "0x", 2) != 0)
        return false;
    *head = (size_t)(number + 1 - line);
    *offset = strtoull(number + 1, &after, 16);
    *tail = after;
    return true;
}

/* How many lines from `index` on are the same but for the offset, which grows page by page. */
static size_t fold(struct stream *s, size_t process, size_t index, u64 *start, u64 *end)
{
    char first[TRACE_LINE], line[TRACE_LINE];
    size_t head, other_head, n = 1;
    const char *tail, *other_tail;
    u64 offset;

    stream_line(s, process, index, first, sizeof first);
    if (!split(first, &head, start, &tail))
        return 1;
    *end = *start;
    while (index + n < s->process[process].count && n < MAX_RANGE) {
        stream_line(s, process, index + n, line, sizeof line);
        if (!split(line, &other_head, &offset, &other_tail) || offset != *end + PAGE_BYTES ||
            other_head != head || strncmp(first, line, head) != 0 || strcmp(tail, other_tail) != 0)
            break;
        *end = offset;
        n++;
    }
    return n;
}

static void write_process(struct stream *s, size_t i, FILE *out)
{
    const struct stream_process *p = &s->process[i];
    char line[TRACE_LINE];

    fprintf(out, "process %zu %s", i + 1, p->name[0] ? p->name : "-");
    if (p->parent)
        fprintf(out, " child of %u", p->parent);
    fputc('\n', out);
    for (size_t at = 0; at < p->count;) {
        u64 start, end;
        size_t n = fold(s, i, at, &start, &end);
        stream_line(s, i, at, line, sizeof line);
        if (n >= SHORTEST_RANGE) {
            size_t head;
            const char *tail;
            if (split(line, &head, &start, &tail))
                fprintf(out, "%.*s0x%" PRIx64 "..0x%" PRIx64 "%s\n", (int)head, line, start, end,
                        tail);
        } else {
            n = 1;
            fprintf(out, "%s\n", line);
        }
        at += n;
    }
}

bool stream_write_text(struct stream *s, FILE *out)
{
    fprintf(out, "%s\n", STREAM_TEXT_HEAD);
    if (s->program)
        fprintf(out, "# program %s\n", s->program);
    if (s->from[0])
        fprintf(out, "# from %s\n", s->from);
    if (s->to[0])
        fprintf(out, "# to %s\n", s->to);
    fprintf(out, "# ram %" PRIu64 "\n# harts %u\n", s->ram_size, s->harts);
    if (s->level == DIFF_COUNTS)
        fprintf(out, "# level counts\n");
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++)
        if (s->tolerance[kind])
            fprintf(out, "# tolerance %s %u\n", fault_kind_name(kind), s->tolerance[kind]);
    if (s->level == DIFF_COUNTS) {
        for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++)
            if (s->counts.kind[kind])
                fprintf(out, "count %s %" PRIu64 "\n", fault_kind_name(kind), s->counts.kind[kind]);
        return !ferror(out);
    }
    for (size_t i = 0; i < s->processes; i++)
        write_process(s, i, out);
    return !ferror(out);
}
