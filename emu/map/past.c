/* SPDX-License-Identifier: MIT */
/* past.c - see past.h. */
#include "emu/map/past.h"
#include "emu/map/focus.h"
#include "emu/map/replica.h"
#include "emu/trace/codec.h"
#include "emu/trace/pft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_RECORDS = 4096,
    FIRST_INTERVAL = 16384, /* records between two replicas put aside */
    MOST_MARKS = 256,
    KEPT_EVENTS = 4096,             /* behind a moment, for the list of events */
    MOST_BYTES = 256 * 1024 * 1024, /* of encoded records */
    FIRST_PFN = 0x80000
};

/* Encoded records, decodable alone. */
struct chunk {
    u8 *bytes;
    size_t size, room;
    u64 first; /* number of its first record */
    u32 count;
};

/* A replica put aside. */
struct mark {
    u64 number, icount;
    struct replica *replica;
};

struct past {
    /* Where records come from: a file, or chunks. */
    struct pft_reader *file, *builder; /* builder: reads ahead while `file` jumps */
    u64 file_count, ram_size;
    struct chunk *chunk;
    size_t chunks, chunk_room, bytes;
    struct codec writer;
    char error[256];
    bool finished, failed;

    struct replica *newest; /* after `count` records */
    u64 count, icount, first;
    struct mark *mark; /* oldest first; the first is the oldest moment */
    size_t marks;
    u64 interval;
    struct map_timeline timeline;

    /* Reading. */
    struct codec reader;
    size_t read_chunk, read_at;
    u64 read_number; /* of the record that comes next */

    /* The moment shown last, so that small steps forward are cheap. */
    struct replica *shown;
    u64 shown_number, shown_icount;
    struct trace_record *event; /* a ring of KEPT_EVENTS */
    u64 events;
};

/* ---- appending ---- */

static void drop_oldest_chunk(struct past *h)
{
    h->bytes -= h->chunk[0].room;
    free(h->chunk[0].bytes);
    memmove(h->chunk, h->chunk + 1, --h->chunks * sizeof *h->chunk);
    /* The oldest moment is the first replica that still has its records before it. */
    while (h->marks > 1 && h->mark[0].number < h->chunk[0].first) {
        replica_destroy(h->mark[0].replica);
        memmove(h->mark, h->mark + 1, --h->marks * sizeof *h->mark);
    }
    h->first = h->mark[0].number;
    h->read_number = UINT64_MAX;
}

static struct chunk *chunk_to_write(struct past *h)
{
    if (h->chunks && h->chunk[h->chunks - 1].count < CHUNK_RECORDS) {
        return &h->chunk[h->chunks - 1];
    }
    while (h->bytes > MOST_BYTES && h->chunks > 1) {
        drop_oldest_chunk(h);
    }
    if (h->chunks == h->chunk_room) {
        size_t room = h->chunk_room ? 2 * h->chunk_room : 64;
        struct chunk *list = realloc(h->chunk, room * sizeof *list);
        if (!list) {
            return NULL;
        }
        h->chunk = list;
        h->chunk_room = room;
    }
    h->chunk[h->chunks] = (struct chunk){.first = h->count};
    codec_reset(&h->writer);
    return &h->chunk[h->chunks++];
}

static bool store(struct past *h, const struct trace_record *record)
{
    struct chunk *chunk = chunk_to_write(h);
    if (!chunk) {
        return false;
    }
    if (chunk->size + CODEC_MAX_RECORD > chunk->room) {
        size_t room = chunk->room ? 2 * chunk->room : 16384;
        u8 *bytes = realloc(chunk->bytes, room);
        if (!bytes) {
            return false;
        }
        h->bytes += room - chunk->room;
        chunk->bytes = bytes;
        chunk->room = room;
    }
    chunk->size += codec_encode(&h->writer, record, chunk->bytes + chunk->size);
    chunk->count++;
    return true;
}

/* Every second replica goes, and the distance doubles. */
static void thin_out(struct past *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->marks; i++) {
        if (i % 2 == 0) {
            h->mark[kept++] = h->mark[i];
        } else {
            replica_destroy(h->mark[i].replica);
        }
    }
    h->marks = kept;
    h->interval *= 2;
}

static bool put_aside(struct past *h)
{
    if (h->marks == MOST_MARKS) {
        thin_out(h);
    }
    struct replica *copy = replica_copy(h->newest);
    if (copy) {
        h->mark[h->marks++] = (struct mark){h->count, h->icount, copy};
    }
    return copy != NULL;
}

/* One more record has happened. */
static bool happened(struct past *h, const struct trace_record *record)
{
    u64 end = record_end(record);
    timeline_add(&h->timeline, record);
    bool ok = replica_apply(h->newest, record);
    h->count++;
    h->icount = end > h->icount ? end : h->icount;
    if (h->count - h->mark[h->marks - 1].number >= h->interval) {
        ok = put_aside(h) && ok;
    }
    return ok;
}

bool past_append(struct past *h, const struct trace_record *record)
{
    if (h->failed || !store(h, record) || !happened(h, record)) {
        h->failed = true;
    }
    return !h->failed;
}

static struct past *new_history(u64 first_pfn, u64 frames, u64 slots)
{
    struct past *h = calloc(1, sizeof *h);
    if (!h) {
        return NULL;
    }
    h->interval = FIRST_INTERVAL;
    h->read_number = UINT64_MAX;
    timeline_init(&h->timeline);
    h->newest = replica_create(first_pfn, frames, slots);
    h->mark = calloc(MOST_MARKS, sizeof *h->mark);
    h->event = calloc(KEPT_EVENTS, sizeof *h->event);
    if (!h->newest || !h->mark || !h->event || !put_aside(h)) {
        past_destroy(h);
        return NULL;
    }
    return h;
}

struct past *past_create(u64 first_pfn, u64 frame_count, u64 slot_count)
{
    struct past *h = new_history(first_pfn, frame_count, slot_count);
    if (h) {
        h->finished = true;
    }
    return h;
}

/* ---- a trace file ---- */

static u64 swap_slots_of(const struct pft_info *info)
{
    for (u32 i = 0; i < info->image_count; i++) {
        if (info->image[i].name && strcmp(info->image[i].name, "swap") == 0) {
            return info->image[i].size >> 12;
        }
    }
    return 0;
}

struct past *past_open(const char *path, struct error *err)
{
    struct pft_reader *file = pft_open(path, err);
    struct pft_reader *builder = file ? pft_open(path, err) : NULL;
    if (!builder) {
        pft_close(file);
        return NULL;
    }
    const struct pft_info *info = pft_info(file);
    /* A header can say anything; more memory than this has no picture. */
    u64 frames = info->ram_size >> 12, most = 1ull << 28;
    struct past *h = new_history(FIRST_PFN, frames < most ? frames : most, swap_slots_of(info));
    if (!h) {
        error_set(err, ENOMEM, "%s: not enough memory", path);
        pft_close(file);
        pft_close(builder);
        return NULL;
    }
    h->file = file;
    h->builder = builder;
    h->ram_size = info->ram_size;
    h->file_count = pft_count(file);
    return h;
}

bool past_build(struct past *h, u64 records)
{
    struct trace_record record;
    struct error err = {0};
    for (u64 i = 0; i < records && !h->finished; i++) {
        enum pft_status status = pft_next(h->builder, &record, &err);
        if (status == PFT_RECORD) {
            if (!happened(h, &record)) {
                snprintf(h->error, sizeof h->error, "not enough memory for this trace");
                h->finished = true;
            }
        } else {
            if (status == PFT_DAMAGED) {
                snprintf(h->error, sizeof h->error, "%s", err.text);
            }
            h->finished = true;
        }
    }
    return !h->finished;
}

const char *past_error(const struct past *h)
{
    return h->error[0] ? h->error : NULL;
}

u64 past_ram_size(const struct past *h)
{
    return h->ram_size;
}

void past_destroy(struct past *h)
{
    if (!h) {
        return;
    }
    pft_close(h->file);
    pft_close(h->builder);
    for (size_t i = 0; i < h->chunks; i++) {
        free(h->chunk[i].bytes);
    }
    for (size_t i = 0; i < h->marks; i++) {
        replica_destroy(h->mark[i].replica);
    }
    replica_destroy(h->newest);
    replica_destroy(h->shown);
    free(h->chunk);
    free(h->mark);
    free(h->event);
    free(h);
}

/* ---- reading ---- */

static bool read_from_file(struct past *h, u64 number, struct trace_record *record)
{
    struct error err = {0};
    if (number != h->read_number && !pft_seek(h->file, number, &err)) {
        return false;
    }
    h->read_number = number + 1;
    return pft_next(h->file, record, &err) == PFT_RECORD;
}

static bool start_of_chunk(struct past *h, u64 number)
{
    size_t low = 0, high = h->chunks;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (h->chunk[middle].first <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if (low >= h->chunks || h->chunk[low].first > number) {
        return false;
    }
    h->read_chunk = low;
    h->read_at = 0;
    h->read_number = h->chunk[low].first;
    codec_reset(&h->reader);
    return true;
}

/* Record `number`; cheap when it is the one behind the last. */
static bool read_record(struct past *h, u64 number, struct trace_record *record)
{
    if (h->file) {
        return read_from_file(h, number, record);
    }
    if (number != h->read_number && !start_of_chunk(h, number)) {
        return false;
    }
    do {
        const struct chunk *chunk = &h->chunk[h->read_chunk];
        if (h->read_number == chunk->first + chunk->count) {
            if (!start_of_chunk(h, h->read_number) ||
                h->read_number == h->chunk[h->read_chunk].first +
                                      h->chunk[h->read_chunk].count) {
                return false;
            }
            chunk = &h->chunk[h->read_chunk];
        }
        if (codec_decode(&h->reader, chunk->bytes, chunk->size, &h->read_at, record) !=
            CODEC_RECORD) {
            h->read_number = UINT64_MAX;
            return false;
        }
        h->read_number++;
    } while (h->read_number <= number);
    record->seq = number;
    return true;
}

u64 past_first(const struct past *h)
{
    return h->first;
}

u64 past_count(const struct past *h)
{
    return h->count;
}

u64 past_icount(const struct past *h)
{
    return h->icount;
}

/* The last replica at or before `number`. */
static const struct mark *mark_before(const struct past *h, u64 number)
{
    size_t at = h->marks - 1;
    while (at > 0 && h->mark[at].number > number) {
        at--;
    }
    return &h->mark[at];
}

u64 past_moment(struct past *h, u64 icount)
{
    size_t at = h->marks - 1;
    while (at > 0 && h->mark[at].icount > icount) {
        at--;
    }
    u64 number = h->mark[at].number;
    struct trace_record record;
    u64 end = 0;
    while (number < h->count && read_record(h, number, &record)) {
        end = record_end(&record) > end ? record_end(&record) : end;
        if (end > icount) {
            break;
        }
        number++;
    }
    return number;
}

/* ---- showing ---- */

static bool advance(struct past *h, u64 number)
{
    struct trace_record record;
    while (h->shown_number < number) {
        if (!read_record(h, h->shown_number, &record) || !replica_apply(h->shown, &record)) {
            return false;
        }
        record.seq = h->shown_number++;
        u64 end = record_end(&record);
        h->shown_icount = end > h->shown_icount ? end : h->shown_icount;
        if (record_is_shown(&record)) {
            h->event[h->events++ % KEPT_EVENTS] = record;
        }
    }
    return true;
}

/* Makes `shown` the moment `number`. */
static bool go_to(struct past *h, u64 number)
{
    bool near = h->shown && number >= h->shown_number && number - h->shown_number < h->interval;
    if (!near) {
        /* Start early enough to see the events that came before. */
        u64 early = number > h->first + KEPT_EVENTS ? number - KEPT_EVENTS : h->first;
        const struct mark *mark = mark_before(h, early);
        replica_destroy(h->shown);
        h->shown = replica_copy(mark->replica);
        h->shown_number = mark->number;
        h->shown_icount = mark->icount;
        h->events = 0;
    }
    if (!h->shown || !advance(h, number)) {
        replica_destroy(h->shown);
        h->shown = NULL;
        return false;
    }
    return true;
}

static void fill_events(const struct past *h, const struct map_view *view,
                        struct map_model *model)
{
    u64 kept = h->events < KEPT_EVENTS ? h->events : KEPT_EVENTS;
    focus_events(view, model, h->event, KEPT_EVENTS, h->events, kept);
}

static u64 next_shown(struct past *h, u64 number)
{
    struct trace_record record;
    for (u64 i = number; i < h->count && i < number + CHUNK_RECORDS; i++) {
        if (!read_record(h, i, &record)) {
            break;
        }
        if (record_is_shown(&record)) {
            return i;
        }
    }
    return UINT64_MAX;
}

void past_describe(const struct past *h, struct map_model *model)
{
    model->past_first = h->first;
    model->past_count = h->count;
    model->built = (u8)(h->finished || h->file_count == 0 ? 100 : h->count * 100 / h->file_count);
}

bool past_fill(struct past *h, const struct map_view *view, struct map_model *model)
{
    u64 number = view->moment < h->first ? h->first : view->moment;
    number = number > h->count ? h->count : number;
    if (!go_to(h, number)) {
        return false;
    }
    model->past = true;
    model->stopped = true;
    model->icount = h->shown_icount;
    model->past_at = number;
    model->bookmark = view->bookmark;
    model->has_bytes = false;
    model->stop_count = 0;
    focus_prepare(view, model);
    if (!replica_fill(h->shown, view, model)) {
        return false;
    }
    fill_events(h, view, model);
    model->next_event = next_shown(h, number);
    memcpy(model->bucket, h->timeline.bucket, sizeof model->bucket);
    model->bucket_count = h->timeline.count;
    model->bucket_span = h->timeline.span;
    model->end_icount = h->icount;
    past_describe(h, model);
    return true;
}
