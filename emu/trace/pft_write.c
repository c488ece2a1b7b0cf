/* SPDX-License-Identifier: MIT */
/*
 * pft_write.c - writing trace files.
 *
 * Records gather in one raw chunk; a full chunk is compressed and written at once, so that what is
 * on the disk is always whole chunks.  Trouble is remembered and told at the end: a full disk must
 * not stop the guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "emu/trace/codec.h"
#include "emu/trace/layout.h"
#include "emu/trace/pft.h"
#include "emu/trace/pft_info.h"
#include "emu/trace/varint.h"

#define LEVEL 1 /* of zlib: traces are written while the guest runs */

struct index_entry {
    u64 offset, first_seq, first_icount;
};

struct pft_writer {
    FILE *file;
    char *path;
    int trouble; /* errno of the first failure */
    u64 seq, offset;
    struct chunk_head head; /* of the chunk being filled */
    struct codec codec;
    u8 raw[PFT_CHUNK_RAW];
    u8 stored[PFT_CHUNK_STORED];
    struct index_entry *index;
    size_t index_count, index_room;
    u64 by_type[RECORD_TYPE_COUNT], by_kind[256];
};

static void put(struct pft_writer *w, const void *bytes, size_t size)
{
    if (w->trouble)
        return;
    errno = 0;
    if (fwrite(bytes, 1, size, w->file) != size)
        w->trouble = errno ? errno : EIO;
    w->offset += size;
}

static void put_chunk(struct pft_writer *w, struct chunk_head *head, const u8 *raw)
{
    u8 bytes[PFT_CHUNK_HEAD];
    uLongf stored = sizeof w->stored;

    if (compress2(w->stored, &stored, raw, head->raw, LEVEL) != Z_OK) {
        if (!w->trouble)
            w->trouble = EIO;
        return;
    }
    head->stored = (u32)stored;
    chunk_head_store(bytes, head);
    uLong crc = crc32(0, bytes, PFT_CHUNK_HEAD - 4);
    store_u32(bytes + PFT_CHUNK_HEAD - 4, (u32)crc32(crc, w->stored, (uInt)stored));
    put(w, bytes, sizeof bytes);
    put(w, w->stored, stored);
}

static void chunk_begin(struct pft_writer *w)
{
    memset(&w->head, 0, sizeof w->head);
    w->head.type = PFT_CHUNK_RECORDS;
    codec_reset(&w->codec);
}

static void chunk_end(struct pft_writer *w)
{
    if (!w->head.records)
        return;
    if (w->index_count == w->index_room) {
        size_t room = w->index_room ? 2 * w->index_room : 64;
        struct index_entry *index = realloc(w->index, room * sizeof *index);
        if (!index) {
            w->trouble = ENOMEM;
            return;
        }
        w->index = index;
        w->index_room = room;
    }
    w->index[w->index_count++] =
        (struct index_entry){w->offset, w->head.first_seq, w->head.first_icount};
    put_chunk(w, &w->head, w->raw);
    chunk_begin(w);
}

static void put_header(struct pft_writer *w, const struct pft_info *info)
{
    u8 head[PFT_HEAD_BYTES];
    json_t *json = pft_info_json(info);
    char *text = json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT);
    size_t length = text ? strlen(text) : 0;

    json_decref(json);
    if (!text || length > PFT_MAX_HEADER) {
        w->trouble = ENOMEM;
    } else {
        memcpy(head, PFT_MAGIC, PFT_MAGIC_BYTES);
        store_u32(head + 8, PFT_VERSION);
        store_u32(head + 12, PFT_ENDIAN_TAG);
        store_u32(head + 16, (u32)length);
        store_u32(head + 20, (u32)crc32(0, (const u8 *)text, (uInt)length));
        put(w, head, sizeof head);
        put(w, text, length);
    }
    free(text);
}

struct pft_writer *pft_create(const char *path, const struct pft_info *info, struct error *err)
{
    struct pft_writer *w = calloc(1, sizeof *w);

    if (!w) {
        error_set(err, ENOMEM, "not enough memory for a trace");
        return NULL;
    }
    w->path = strdup(path);
    w->file = fopen(path, "wbe");
    if (!w->file || !w->path) {
        error_set(err, errno, "cannot write the trace %s: %s", path, strerror(errno));
        if (w->file)
            fclose(w->file);
        free(w->path);
        free(w);
        return NULL;
    }
    put_header(w, info);
    chunk_begin(w);
    return w;
}

void pft_write(struct pft_writer *w, const struct trace_record *record)
{
    if (w->head.raw + CODEC_MAX_RECORD > PFT_CHUNK_RAW)
        chunk_end(w);
    if (!w->head.records) {
        w->head.first_seq = w->seq;
        w->head.first_icount = record->icount;
    }
    w->head.raw += (u32)codec_encode(&w->codec, record, w->raw + w->head.raw);
    w->head.records++;
    w->seq++;
    w->by_type[record->type % RECORD_TYPE_COUNT]++;
    if (record->type == RECORD_FAULT)
        w->by_kind[record->fault.kind]++;
}

void pft_flush(struct pft_writer *w)
{
    chunk_end(w);
    if (fflush(w->file) && !w->trouble)
        w->trouble = errno;
}

u64 pft_written(const struct pft_writer *w)
{
    return w->seq;
}

/* Appends a varint to the index, which is cut into chunks wherever one is full. */
static void index_put(struct pft_writer *w, u64 value)
{
    if (w->head.raw + VARINT_MAX > PFT_CHUNK_RAW) {
        put_chunk(w, &w->head, w->raw);
        w->head.raw = 0;
    }
    w->head.raw += (u32)varint_put(w->raw + w->head.raw, value);
}

static void put_index(struct pft_writer *w)
{
    u8 tail[PFT_TAIL_BYTES];
    u64 start = w->offset;
    struct index_entry last = {0};

    memset(&w->head, 0, sizeof w->head);
    w->head.type = PFT_CHUNK_INDEX;
    w->head.first_seq = w->seq;
    index_put(w, w->seq);
    index_put(w, w->index_count);
    for (size_t i = 0; i < w->index_count; i++) {
        const struct index_entry *e = &w->index[i];
        index_put(w, e->offset - last.offset);
        index_put(w, e->first_seq - last.first_seq);
        index_put(w, zigzag_fold(e->first_icount - last.first_icount));
        last = *e;
    }
    for (size_t i = 0; i < RECORD_TYPE_COUNT; i++)
        index_put(w, w->by_type[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(w->by_kind); i++)
        index_put(w, w->by_kind[i]);
    put_chunk(w, &w->head, w->raw);
    store_u64(tail, start);
    memcpy(tail + 8, PFT_END_MAGIC, 8);
    put(w, tail, sizeof tail);
}

bool pft_finish(struct pft_writer *w, struct error *err)
{
    chunk_end(w);
    put_index(w);
    if (fclose(w->file) && !w->trouble)
        w->trouble = errno;
    bool ok = !w->trouble;
    if (!ok)
        error_set(err, w->trouble, "cannot write the trace %s: %s", w->path, strerror(w->trouble));
    free(w->index);
    free(w->path);
    free(w);
    return ok;
}
