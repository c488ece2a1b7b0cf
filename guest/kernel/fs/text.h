/* SPDX-License-Identifier: MIT */
/*
 * text.h - a text that grows while it is written: the contents of files of /proc.
 * It is kept in pages.  When memory runs out it stays as it is and `failed` is set.
 */
#ifndef KERNEL_FS_TEXT_H
#define KERNEL_FS_TEXT_H

#include "lib/types.h"

#define TEXT_LIMIT (64u << 20) /* bytes; no longer text is made */

struct text_buffer {
    char **page;
    size_t page_count, page_limit;
    size_t length; /* bytes */
    bool failed;
};

/* Zeroed is empty. */
void text_destroy(struct text_buffer *text);
void text_printf(struct text_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Up to `size` bytes from `offset` on to user memory.  => bytes, 0 at the end, -EFAULT */
ssize_t text_copy_out(const struct text_buffer *text, u64 offset, u64 user, size_t size);
void text_append(struct text_buffer *text, const void *bytes, size_t size);

#endif
