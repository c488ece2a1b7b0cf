/* SPDX-License-Identifier: MIT */
/*
 * pft_read.c - reading trace files, whatever is in them.
 *
 * Opening finds the chunks: from the index when the file has its end, else by walking from head to
 * head.  Memory is one raw and one stored chunk and 24 bytes for each chunk of the file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "emu/trace/codec.h"
#include "emu/trace/layout.h"
#include "emu/trace/pft.h"
#include "emu/trace/pft_info.h"
#include "emu/trace/varint.h"

struct chunk_place {
    u64 offset, first_seq;
};

struct pft_reader {
    FILE *file;
    u64 file_size, first_chunk; /* offset behind the header */
    struct pft_info info;
    struct chunk_place *chunk;
    size_t chunks, room;
    u64 count, skipped;
    bool truncated, damaged;
    size_t next_chunk;      /* to be loaded when the present one is used up */
    struct chunk_head head; /* of the present one */
    struct codec codec;
    size_t at;     /* in raw */
    u64 seq;       /* of the next record */
    u32 remaining; /* records of the present chunk not yet read */
    u8 raw[PFT_CHUNK_RAW];
    u8 stored[PFT_CHUNK_STORED];
};

static bool read_at(struct pft_reader *r, u64 offset, void *out, size_t size)
{
    if (offset > r->file_size || size > r->file_size - offset)
        return false;
    return !fseeko(r->file, (off_t)offset, SEEK_SET) && fread(out, 1, size, r->file) == size;
}

static bool read_head(struct pft_reader *r, u64 offset, struct chunk_head *head)
{
    u8 bytes[PFT_CHUNK_HEAD];

    return read_at(r, offset, bytes, sizeof bytes) && chunk_head_fetch(bytes, head);
}

/* Loads, checks and unpacks the chunk at offset into raw. */
static bool load_chunk(struct pft_reader *r, u64 offset, struct chunk_head *head, struct error *err)
{
    u8 bytes[PFT_CHUNK_HEAD];

    if (!read_at(r, offset, bytes, sizeof bytes) || !chunk_head_fetch(bytes, head))
        return error_set(err, EINVAL, "no chunk at offset %" PRIu64, offset);
    if (!read_at(r, offset + PFT_CHUNK_HEAD, r->stored, head->stored))
        return error_set(err, EINVAL, "the chunk at offset %" PRIu64 " is cut off", offset);
    uLong crc = crc32(0, bytes, PFT_CHUNK_HEAD - 4);
    if ((u32)crc32(crc, r->stored, head->stored) != head->crc)
        return error_set(err, EINVAL, "the chunk at offset %" PRIu64 " is damaged (CRC)", offset);
    uLongf length = sizeof r->raw;
    if (uncompress(r->raw, &length, r->stored, head->stored) != Z_OK || length != head->raw)
        return error_set(err, EINVAL, "the chunk at offset %" PRIu64 " does not unpack", offset);
    return true;
}

static bool add_chunk(struct pft_reader *r, u64 offset, u64 first_seq, struct error *err)
{
    if (r->chunks == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct chunk_place *chunk = realloc(r->chunk, room * sizeof *chunk);
        if (!chunk)
            return error_set(err, ENOMEM, "not enough memory for the trace's index");
        r->chunk = chunk;
        r->room = room;
    }
    r->chunk[r->chunks++] = (struct chunk_place){offset, first_seq};
    return true;
}

/* The index as a stream of varints over its chunks. */
struct index_stream {
    struct pft_reader *reader;
    u64 offset; /* of the next chunk of the index */
    size_t at, size;
};

static bool index_get(struct index_stream *s, u64 *value)
{
    struct error ignored = {0};

    if (s->at >= s->size) {
        struct chunk_head head;
        if (!load_chunk(s->reader, s->offset, &head, &ignored) || head.type != PFT_CHUNK_INDEX ||
            !head.raw)
            return false;
        s->offset += PFT_CHUNK_HEAD + head.stored;
        s->at = 0;
        s->size = head.raw;
    }
    return varint_get(s->reader->raw, s->size, &s->at, value);
}

static bool load_index(struct pft_reader *r, u64 offset, struct error *err)
{
    struct index_stream s = {.reader = r, .offset = offset};
    u64 chunks, place = 0, seq = 0, step, icount;

    if (!index_get(&s, &r->count) || !index_get(&s, &chunks) ||
        chunks > r->file_size / PFT_CHUNK_HEAD)
        return error_set(err, EINVAL, "the trace's index is damaged");
    for (u64 i = 0; i < chunks; i++) {
        if (!index_get(&s, &step))
            return error_set(err, EINVAL, "the trace's index is damaged");
        place += step;
        if (!index_get(&s, &step) || !index_get(&s, &icount))
            return error_set(err, EINVAL, "the trace's index is damaged");
        u64 before = seq;
        seq += step;
        if (place < r->first_chunk || place >= offset || (i && (!step || seq < before)))
            return error_set(err, EINVAL, "the trace's index is damaged");
        if (!add_chunk(r, place, seq, err))
            return false;
    }
    return true;
}

/* A file without its end: what is whole, up to where it is cut. */
static bool scan_chunks(struct pft_reader *r, struct error *err)
{
    u64 at = r->first_chunk;
    struct chunk_head head;

    r->truncated = true;
    while (r->file_size - at >= PFT_CHUNK_HEAD) {
        if (!read_head(r, at, &head))
            return error_set(err, EINVAL, "no chunk at offset %" PRIu64, at);
        if (head.stored > r->file_size - at - PFT_CHUNK_HEAD)
            break;
        if (head.type == PFT_CHUNK_INDEX)
            break;
        if (head.type == PFT_CHUNK_RECORDS) {
            if (!add_chunk(r, at, head.first_seq, err))
                return false;
            r->count = head.first_seq + head.records;
        }
        at += PFT_CHUNK_HEAD + head.stored;
    }
    return true;
}

static bool read_header(struct pft_reader *r, struct error *err)
{
    u8 head[PFT_HEAD_BYTES];

    if (!read_at(r, 0, head, sizeof head) || memcmp(head, PFT_MAGIC, PFT_MAGIC_BYTES) != 0)
        return error_set(err, EINVAL, "not a trace file");
    if (load_u32(head + 12) != PFT_ENDIAN_TAG)
        return error_set(err, EINVAL, "the trace's head is damaged");
    if (load_u32(head + 8) != PFT_VERSION)
        return error_set(err, EINVAL, "the trace has version %u; this program reads %u",
                         load_u32(head + 8), PFT_VERSION);
    u32 length = load_u32(head + 16);
    if (length > PFT_MAX_HEADER)
        return error_set(err, EINVAL, "the trace's header is too long");
    char *text = malloc(length + 1);
    if (!text)
        return error_set(err, ENOMEM, "not enough memory for the trace's header");
    bool ok = true;
    if (!read_at(r, PFT_HEAD_BYTES, text, length))
        ok = error_set(err, EINVAL, "the trace's header is cut off");
    else if ((u32)crc32(0, (const u8 *)text, length) != load_u32(head + 20))
        ok = error_set(err, EINVAL, "the trace's header is damaged (CRC)");
    else
        ok = pft_info_parse(&r->info, text, length, err);
    free(text);
    r->first_chunk = PFT_HEAD_BYTES + (u64)length;
    return ok;
}

static bool open_checked(struct pft_reader *r, struct error *err)
{
    u8 tail[PFT_TAIL_BYTES];

    if (!read_header(r, err))
        return false;
    if (r->file_size - r->first_chunk >= PFT_TAIL_BYTES &&
        read_at(r, r->file_size - PFT_TAIL_BYTES, tail, sizeof tail) &&
        !memcmp(tail + 8, PFT_END_MAGIC, 8)) {
        u64 offset = load_u64(tail);
        if (offset < r->first_chunk || offset >= r->file_size)
            return error_set(err, EINVAL, "the trace's end is damaged");
        return load_index(r, offset, err);
    }
    return scan_chunks(r, err);
}

struct pft_reader *pft_open(const char *path, struct error *err)
{
    struct pft_reader *r = calloc(1, sizeof *r);
    struct stat status;

    if (!r) {
        error_set(err, ENOMEM, "not enough memory for a trace");
        return NULL;
    }
    r->file = fopen(path, "rbe");
    if (!r->file || fstat(fileno(r->file), &status)) {
        error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        error_set(err, EINVAL, "%s is not a regular file", path);
    } else {
        struct error why = {0};
        r->file_size = (u64)status.st_size;
        if (open_checked(r, &why))
            return r;
        error_set(err, why.code, "%.120s: %.120s", path, why.text);
    }
    pft_close(r);
    return NULL;
}

void pft_close(struct pft_reader *r)
{
    if (!r)
        return;
    if (r->file)
        fclose(r->file);
    pft_info_free(&r->info);
    free(r->chunk);
    free(r);
}

const struct pft_info *pft_info(const struct pft_reader *r)
{
    return &r->info;
}

static bool enter_chunk(struct pft_reader *r, struct error *err)
{
    const struct chunk_place *place = &r->chunk[r->next_chunk];

    if (!load_chunk(r, place->offset, &r->head, err))
        return false;
    if (r->head.type != PFT_CHUNK_RECORDS || r->head.first_seq != place->first_seq)
        return error_set(err, EINVAL, "the index does not fit the chunk at offset %" PRIu64,
                         place->offset);
    codec_reset(&r->codec);
    r->next_chunk++;
    r->at = 0;
    r->seq = r->head.first_seq;
    r->remaining = r->head.records;
    return true;
}

enum pft_status pft_next(struct pft_reader *r, struct trace_record *record, struct error *err)
{
    for (;;) {
        if (r->damaged) {
            error_set(err, EINVAL, "the trace is damaged here");
            return PFT_DAMAGED;
        }
        while (!r->remaining) {
            if (r->next_chunk >= r->chunks)
                return PFT_END;
            if (!enter_chunk(r, err)) {
                r->damaged = true;
                return PFT_DAMAGED;
            }
        }
        r->remaining--;
        u64 seq = r->seq++;
        switch (codec_decode(&r->codec, r->raw, r->head.raw, &r->at, record)) {
        case CODEC_RECORD:
            record->seq = seq;
            return PFT_RECORD;
        case CODEC_UNKNOWN:
            r->skipped++;
            break;
        default:
            r->damaged = true;
            error_set(err, EINVAL, "record %" PRIu64 " is damaged", seq);
            return PFT_DAMAGED;
        }
    }
}

bool pft_seek(struct pft_reader *r, u64 seq, struct error *err)
{
    size_t low = 0, high = r->chunks;
    struct trace_record ignored;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->chunk[middle].first_seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    /* The chunk before `low` holds it.  The one that is loaded need not be unpacked again. */
    size_t wanted = low ? low - 1 : 0;
    r->damaged = false;
    if (!(r->next_chunk == wanted + 1 && r->remaining && r->seq <= seq)) {
        r->remaining = 0;
        r->next_chunk = wanted;
        if (wanted < r->chunks && !enter_chunk(r, err))
            return false;
    }
    while (r->remaining && r->seq < seq) {
        r->remaining--;
        r->seq++;
        if (codec_decode(&r->codec, r->raw, r->head.raw, &r->at, &ignored) == CODEC_BROKEN) {
            r->damaged = true;
            return error_set(err, EINVAL, "record %" PRIu64 " is damaged", r->seq - 1);
        }
    }
    return true;
}

bool pft_truncated(const struct pft_reader *r)
{
    return r->truncated;
}

u64 pft_count(const struct pft_reader *r)
{
    return r->count;
}

u64 pft_skipped(const struct pft_reader *r)
{
    return r->skipped;
}
