/* SPDX-License-Identifier: MIT */
/* stream.c - traces as comparable sequences; see stream.h. */
#include "emu/trace/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/trace/stream_text.h"
#include "emu/trace/text.h"

struct stream_process *stream_process_at(struct stream *s, unsigned number, struct error *err)
{
    while (s->processes < number) {
        if (s->processes == s->room) {
            size_t room = s->room ? 2 * s->room : 8;
            struct stream_process *process = realloc(s->process, room * sizeof *process);
            if (!process) {
                error_set(err, ENOMEM, "not enough memory for the trace");
                return NULL;
            }
            s->process = process;
            s->room = room;
        }
        memset(&s->process[s->processes++], 0, sizeof s->process[0]);
    }
    return &s->process[number - 1];
}

bool stream_add(struct stream_process *p, const struct stream_event *event, struct error *err)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 256;
        struct stream_event *list = realloc(p->event, room * sizeof *list);
        if (!list)
            return error_set(err, ENOMEM, "not enough memory for the trace");
        p->event = list;
        p->room = room;
    }
    p->event[p->count++] = *event;
    return true;
}

u64 stream_hash_text(const char *text)
{
    u64 hash = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        hash = (hash ^ (u8)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static u64 mix(u64 hash, u64 value)
{
    hash ^= value * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash << 27 | hash >> 37) * UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 31;
}

static u64 hash_exact(const struct trace_record *record)
{
    size_t count;
    const struct record_field *field = record_common_fields(&count);
    u64 hash = mix(1, record->type);

    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < count; i++)
            hash = mix(hash, record_get(record, &field[i]));
        field = record_fields(record->type, &count);
    }
    return hash;
}

/* Equal for two faults exactly when their semantic lines are equal. */
static u64 hash_fault(const struct trace_fault *f)
{
    u64 page = f->va & PAGE_MASK;
    bool named = f->area != AREA_NONE && f->area_start && page >= f->area_start;
    u64 what = f->kind ? f->kind : f->notes & FAULT_NOTE_UNMATCHED ? 0x100 : 0x200u + f->coarse;
    u64 hash = mix(2, what);

    hash = mix(hash, named ? f->area : 0xff);
    hash = mix(hash, named ? page - f->area_start : page);
    return mix(hash, (u64)f->access | (u64)f->result << 8 | (u64)trace_semantic_refs(f) << 16 |
                         (u64)(f->flags & PROBE_FLAG_KERNEL) << 48);
}

static bool hash_record(const struct stream *s, const struct trace_record *record, u32 other,
                        u64 *hash)
{
    char line[TRACE_LINE];

    if (s->form == STREAM_EXACT) {
        *hash = hash_exact(record);
        return true;
    }
    if (s->form == STREAM_BINARY && record->type == RECORD_FAULT) {
        *hash = hash_fault(&record->fault);
        return true;
    }
    if (!trace_line_semantic(line, sizeof line, record, other))
        return false;
    *hash = stream_hash_text(line);
    return true;
}

static bool add_record(struct stream *s, struct scope *scope, const struct trace_record *record,
                       struct error *err)
{
    unsigned number = scope_feed(scope, record);
    u32 other = 0;
    u64 hash;

    if (s->form == STREAM_EXACT)
        number = 1;
    else if (record->type == RECORD_PROBE + PROBE_EV_FORK)
        other = scope_number(scope, (u32)(record->arg[1] >> 32));
    if (number)
        trace_count(&s->counts, record);
    if (!number || !hash_record(s, record, other, &hash))
        return true;
    if (record->seq > UINT32_MAX)
        return error_set(err, EFBIG, "%s: more records than can be compared", s->path);
    struct stream_process *p = stream_process_at(s, number, err);
    if (!p)
        return false;
    if (record->type == RECORD_FAULT && record->fault.kind < FAULT_KIND_COUNT)
        p->kind[record->fault.kind]++;
    struct stream_event event = {hash, (u32)record->seq, other};
    return stream_add(p, &event, err);
}

static void name_processes(struct stream *s, const struct scope *scope)
{
    for (size_t i = 0; i < s->processes && s->form != STREAM_EXACT; i++) {
        snprintf(s->process[i].name, sizeof s->process[i].name, "%s",
                 scope_name(scope, (unsigned)i + 1));
        s->process[i].parent = scope_parent(scope, (unsigned)i + 1);
    }
}

static bool load_pft(struct stream *s, const struct diff_options *options, const char *program,
                     struct error *err)
{
    struct trace_record record;
    enum pft_status status = PFT_END;
    bool ok = true;

    s->reader = pft_open(s->path, err);
    if (!s->reader)
        return false;
    const struct pft_info *info = pft_info(s->reader);
    if (!program)
        program = options->program ? options->program : info->program;
    if (options->all || s->form == STREAM_EXACT)
        program = NULL;
    pft_info_text(&s->program, program);
    s->ram_size = info->ram_size;
    s->harts = info->harts;
    s->truncated = pft_truncated(s->reader);

    snprintf(s->from, sizeof s->from, "%s", options->from ? options->from : "");
    snprintf(s->to, sizeof s->to, "%s", options->to ? options->to : "");
    struct scope *scope = scope_create(program, options->from, options->to);
    if (!scope)
        return error_set(err, ENOMEM, "not enough memory for the trace");
    while (ok && (status = pft_next(s->reader, &record, err)) == PFT_RECORD)
        ok = add_record(s, scope, &record, err);
    s->found = scope_found(scope);
    name_processes(s, scope);
    scope_free(scope);
    return ok && status != PFT_DAMAGED;
}

bool stream_is_text(const char *path, bool *missing)
{
    char head[sizeof STREAM_TEXT_HEAD] = "";
    FILE *file = fopen(path, "rbe");

    *missing = !file && errno == ENOENT;
    if (!file)
        return false;
    size_t n = fread(head, 1, sizeof head - 1, file);
    fclose(file);
    head[n] = 0;
    return !strcmp(head, STREAM_TEXT_HEAD);
}

bool stream_load(struct stream *s, const char *path, enum stream_form form,
                 const struct diff_options *options, const char *program, struct error *err)
{
    bool missing;

    memset(s, 0, sizeof *s);
    s->form = form;
    s->level = -1;
    s->path = strdup(path);
    if (!s->path)
        return error_set(err, ENOMEM, "not enough memory for the trace");
    return stream_is_text(path, &missing) ? stream_load_text(s, err)
                                          : load_pft(s, options, program, err);
}

void stream_free(struct stream *s)
{
    pft_close(s->reader);
    for (size_t i = 0; i < s->processes; i++)
        free(s->process[i].event);
    free(s->process);
    free(s->text);
    free(s->program);
    free(s->path);
    memset(s, 0, sizeof *s);
}

bool stream_record(struct stream *s, size_t process, size_t index, struct trace_record *out)
{
    struct error ignored = {0};

    return s->reader && pft_seek(s->reader, s->process[process].event[index].where, &ignored) &&
           pft_next(s->reader, out, &ignored) == PFT_RECORD;
}

void stream_line(struct stream *s, size_t process, size_t index, char *out, size_t size)
{
    const struct stream_event *event = &s->process[process].event[index];
    struct trace_record record;

    if (!s->reader) {
        stream_text_line(s, event, out, size);
    } else if (!stream_record(s, process, index, &record)) {
        snprintf(out, size, "(record %u cannot be read)", event->where);
    } else if (s->form == STREAM_EXACT) {
        trace_line_exact(out, size, &record);
    } else if (!trace_line_semantic(out, size, &record, event->other)) {
        snprintf(out, size, "?");
    }
}
