/* SPDX-License-Identifier: MIT */
/*
 * stream.h - a trace as what a comparison needs: for each process of the scope the sequence of its
 * events as hashes, from a .pft or from a golden text.  The texts are made again when they have to
 * be shown: 16 bytes an event are kept.
 *
 * A golden text (UTF-8, made by stream_write_text):
 *   # faultline trace 1                 first line
 *   # program NAME / # from MARK / # to MARK / # ram BYTES / # harts N / # level counts / #
 * tolerance KIND PERCENT process 2 NAME child of 1 zero-fill W heap+0x1000 ok          events of
 * that process, in order zero-fill W heap+0x2000..0x9000 ok  several: the same with every page of a
 * range count zero-fill 5949                at level counts: totals and nothing else
 */
#ifndef FAULTLINE_TRACE_STREAM_H
#define FAULTLINE_TRACE_STREAM_H

#include <stdio.h>

#include "emu/base/error.h"
#include "emu/trace/diff.h"
#include "emu/trace/pft.h"
#include "emu/trace/scope.h"

struct stream_event {
    u64 hash;
    u32 where; /* .pft: seq; text: offset of the line */
    u32 other; /* .pft: number of a forked child; text: page within a range */
};

struct stream_process {
    char name[17];
    unsigned parent;
    struct stream_event *event;
    size_t count, room;
    u64 kind[FAULT_KIND_COUNT];
};

enum stream_form {
    STREAM_EXACT,   /* all records in one sequence, every field */
    STREAM_BINARY,  /* semantic, both sides are .pft */
    STREAM_TEXTUAL, /* semantic, one side is a text: hashes are of the lines */
};

struct stream {
    char *path;
    enum stream_form form;
    struct pft_reader *reader; /* NULL: text */
    char *text;
    size_t text_size;
    struct stream_process *process;
    size_t processes, room;
    struct trace_counts counts; /* of the scope */
    /* What the run was. */
    char *program; /* NULL: everything */
    u64 ram_size;
    u32 harts;
    char from[17], to[17]; /* marks that bound the region; empty: none */
    bool found, truncated;
    int level;                      /* a text's wish: enum diff_level or -1 */
    u8 tolerance[FAULT_KIND_COUNT]; /* per cent, at level counts; 100: any difference */
};

/* Reads the first bytes: is it a golden text? */
bool stream_is_text(const char *path, bool *missing);
/* False with *err set; free it in any case. */
bool stream_load(struct stream *s, const char *path, enum stream_form form,
                 const struct diff_options *options, const char *program, struct error *err);
void stream_free(struct stream *s);
/* The text of an event, without its process. */
void stream_line(struct stream *s, size_t process, size_t index, char *out, size_t size);
/* The record behind an event of a .pft. */
bool stream_record(struct stream *s, size_t process, size_t index, struct trace_record *out);
/* The canonical text. */
bool stream_write_text(struct stream *s, FILE *out);

#endif
