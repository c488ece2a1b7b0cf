/* SPDX-License-Identifier: MIT */
/* layout.h - the numbers of the .pft layout, shared by writer and reader (see pft.h). */
#ifndef FAULTLINE_TRACE_LAYOUT_H
#define FAULTLINE_TRACE_LAYOUT_H

#include "emu/base/bits.h"

#define PFT_MAGIC "\x89PFT\r\n\x1a\n"
#define PFT_END_MAGIC "PFTEND\r\n"
#define PFT_MAGIC_BYTES 8
#define PFT_ENDIAN_TAG 0x01020304u
#define PFT_HEAD_BYTES 24 /* magic, version, endian tag, length and CRC of the JSON header */
#define PFT_TAIL_BYTES 16 /* offset of the index, end magic */
#define PFT_MAX_HEADER (1u << 20)

#define PFT_CHUNK_MAGIC 0x43544650u /* "PFTC" */
#define PFT_CHUNK_HEAD 44
#define PFT_CHUNK_RAW (64u << 10)
#define PFT_CHUNK_STORED (PFT_CHUNK_RAW + 1024) /* zlib's worst case is below that */
enum pft_chunk_type { PFT_CHUNK_RECORDS = 1, PFT_CHUNK_INDEX = 2 };

/* The head of a chunk as in the file. */
struct chunk_head {
    u32 type, records, raw, stored, crc;
    u64 first_seq, first_icount;
};

/* Everything but the CRC, which covers these bytes and the stored ones. */
static inline void chunk_head_store(u8 at[PFT_CHUNK_HEAD], const struct chunk_head *head)
{
    store_u32(at, PFT_CHUNK_MAGIC);
    store_u32(at + 4, head->type);
    store_u64(at + 8, head->first_seq);
    store_u64(at + 16, head->first_icount);
    store_u32(at + 24, head->records);
    store_u32(at + 28, head->raw);
    store_u32(at + 32, head->stored);
    store_u32(at + 36, 0); /* reserved */
    store_u32(at + 40, head->crc);
}

/* False when these bytes do not begin a chunk or break the limits. */
static inline bool chunk_head_fetch(const u8 at[PFT_CHUNK_HEAD], struct chunk_head *head)
{
    if (load_u32(at) != PFT_CHUNK_MAGIC)
        return false;
    head->type = load_u32(at + 4);
    head->first_seq = load_u64(at + 8);
    head->first_icount = load_u64(at + 16);
    head->records = load_u32(at + 24);
    head->raw = load_u32(at + 28);
    head->stored = load_u32(at + 32);
    head->crc = load_u32(at + 40);
    return head->raw <= PFT_CHUNK_RAW && head->stored <= PFT_CHUNK_STORED &&
           head->records <= PFT_CHUNK_RAW;
}

#endif
