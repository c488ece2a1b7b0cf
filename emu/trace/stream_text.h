/* SPDX-License-Identifier: MIT */
/* stream_text.h - golden texts, for stream.c. */
#ifndef FAULTLINE_TRACE_STREAM_TEXT_H
#define FAULTLINE_TRACE_STREAM_TEXT_H

#include "emu/trace/stream.h"

#define STREAM_TEXT_HEAD "# faultline trace 1"

bool stream_load_text(struct stream *s, struct error *err);
void stream_text_line(const struct stream *s, const struct stream_event *event, char *out,
                      size_t size);

/* Of stream.c. */
struct stream_process *stream_process_at(struct stream *s, unsigned number, struct error *err);
bool stream_add(struct stream_process *p, const struct stream_event *event, struct error *err);
u64 stream_hash_text(const char *text);

#endif
