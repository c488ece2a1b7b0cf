/* SPDX-License-Identifier: MIT */
/*
 * codec.h - records to bytes and back.
 *
 * A record is: varint type, varint length of what follows, the common fields, the fields of its
 * type in the order of record.def.  icount is a difference to the record before; NEAR fields are
 * differences to the same field of the last record in slot (7 * type + pid) mod 32.  Both start
 * from zero in every chunk.
 */
#ifndef FAULTLINE_TRACE_CODEC_H
#define FAULTLINE_TRACE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "emu/base/types.h"
#include "emu/trace/record.h"

#define CODEC_SLOTS 32
#define CODEC_MAX_RECORD 512 /* bytes of the longest encoded record */

struct codec {
    u64 icount;
    u64 near[CODEC_SLOTS][RECORD_MAX_FIELDS];
};

void codec_reset(struct codec *codec);
/* out has room for CODEC_MAX_RECORD bytes; returns the bytes used. */
size_t codec_encode(struct codec *codec, const struct trace_record *record, u8 *out);

enum codec_status { CODEC_RECORD, CODEC_UNKNOWN, CODEC_BROKEN };
/* Decodes at in[*at..size) and moves *at behind it; UNKNOWN: a type to be skipped. */
enum codec_status codec_decode(struct codec *codec, const u8 *in, size_t size, size_t *at,
                               struct trace_record *record);

#endif
