/* SPDX-License-Identifier: MIT */
/*
 * text.h - a text that grows while it is written: the contents of files of /proc.
 * When memory runs out it stays as it is and `failed` is set.
 */
#ifndef KERNEL_FS_TEXT_H
#define KERNEL_FS_TEXT_H

#include "lib/types.h"

#define TEXT_LIMIT (1u << 20) /* bytes; no longer text is made */

struct text_buffer {
    char *bytes; /* not zero-terminated */
    size_t length, capacity;
    bool failed;
};

void text_init(struct text_buffer *text);
void text_destroy(struct text_buffer *text);
void text_printf(struct text_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_append(struct text_buffer *text, const void *bytes, size_t size);

#endif
