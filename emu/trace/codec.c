/* SPDX-License-Identifier: MIT */
/* codec.c - records to bytes and back; see codec.h for the layout. */
#include "emu/trace/codec.h"

#include <string.h>

#include "emu/trace/varint.h"

void codec_reset(struct codec *codec)
{
    memset(codec, 0, sizeof *codec);
}

static u64 *near_slot(struct codec *codec, const struct trace_record *record)
{
    return codec->near[(7u * record->type + record->pid) % CODEC_SLOTS];
}

size_t codec_encode(struct codec *codec, const struct trace_record *record, u8 *out)
{
    u8 body[CODEC_MAX_RECORD];
    size_t n = 0, count;
    const struct record_field *field = record_common_fields(&count);

    n += varint_put(body + n, zigzag_fold(record->icount - codec->icount));
    codec->icount = record->icount;
    for (size_t i = 1; i < count; i++)
        n += varint_put(body + n, record_get(record, &field[i]));

    u64 *near = near_slot(codec, record);
    field = record_fields(record->type, &count);
    for (size_t i = 0; i < count; i++) {
        u64 value = record_get(record, &field[i]);
        if (field[i].coding == CODING_NEAR) {
            n += varint_put(body + n, zigzag_fold(value - near[i]));
            near[i] = value;
        } else {
            n += varint_put(body + n, value);
        }
    }

    size_t head = varint_put(out, record->type);
    head += varint_put(out + head, n);
    memcpy(out + head, body, n);
    return head + n;
}

static bool fits(u64 value, const struct record_field *field)
{
    return field->size == 8 || value >> (8 * field->size) == 0;
}

static bool decode_fields(struct codec *codec, const u8 *in, size_t size,
                          struct trace_record *record)
{
    size_t at = 0, count;
    u64 value;
    const struct record_field *field = record_common_fields(&count);

    if (!varint_get(in, size, &at, &value))
        return false;
    codec->icount += zigzag_unfold(value);
    record->icount = codec->icount;
    for (size_t i = 1; i < count; i++) {
        if (!varint_get(in, size, &at, &value) || !fits(value, &field[i]))
            return false;
        record_set(record, &field[i], value);
    }

    u64 *near = near_slot(codec, record);
    field = record_fields(record->type, &count);
    /* A record of an older version ends early: what it lacks is zero. */
    for (size_t i = 0; i < count && at < size; i++) {
        if (!varint_get(in, size, &at, &value))
            return false;
        if (field[i].coding == CODING_NEAR) {
            value = near[i] + zigzag_unfold(value);
            near[i] = value;
        }
        if (!fits(value, &field[i]))
            return false;
        record_set(record, &field[i], value);
    }
    return true;
}

enum codec_status codec_decode(struct codec *codec, const u8 *in, size_t size, size_t *at,
                               struct trace_record *record)
{
    u64 type, length;

    if (!varint_get(in, size, at, &type) || !varint_get(in, size, at, &length) ||
        length > size - *at)
        return CODEC_BROKEN;
    const u8 *body = in + *at;
    *at += length;
    if (type >= RECORD_TYPE_COUNT || !record_type_name((unsigned)type)) {
        /* The clock of the chunk goes on through records nobody here knows. */
        size_t skip = 0;
        u64 difference;
        if (!varint_get(body, length, &skip, &difference))
            return CODEC_BROKEN;
        codec->icount += zigzag_unfold(difference);
        return CODEC_UNKNOWN;
    }
    memset(record, 0, sizeof *record);
    record->type = (u8)type;
    return decode_fields(codec, body, length, record) ? CODEC_RECORD : CODEC_BROKEN;
}
