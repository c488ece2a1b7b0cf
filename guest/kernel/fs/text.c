/* SPDX-License-Identifier: MIT */
/* text.c - growing texts.  See text.h. */
#include "fs/text.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"
#include "mm/uaccess.h"

void text_destroy(struct text_buffer *text)
{
    for (size_t i = 0; i < text->page_count; i++) {
        page_free(text->page[i]);
    }
    kfree(text->page);
    *text = (struct text_buffer){.page = NULL};
}

/* The page where the text ends now, made if need be.  => NULL if there is no memory */
static char *last_page(struct text_buffer *text)
{
    size_t index = text->length / PAGE_SIZE;

    if (index < text->page_count) {
        return text->page[index];
    }
    if (text->page_count == text->page_limit) {
        size_t limit = text->page_limit ? text->page_limit * 2 : 4;
        char **page = limit <= TEXT_LIMIT / PAGE_SIZE ? kalloc(limit * sizeof(*page)) : NULL;

        if (!page) {
            return NULL;
        }
        for (size_t i = 0; i < text->page_count; i++) {
            page[i] = text->page[i];
        }
        kfree(text->page);
        text->page = page;
        text->page_limit = limit;
    }
    text->page[index] = page_alloc();
    text->page_count += text->page[index] != NULL;
    return text->page[index];
}

void text_append(struct text_buffer *text, const void *bytes, size_t size)
{
    const char *from = bytes;

    while (size > 0 && !text->failed) {
        char *page = last_page(text);
        size_t offset = text->length % PAGE_SIZE, part = min_u64(size, PAGE_SIZE - offset);

        if (!page) {
            text->failed = true;
            return;
        }
        memcpy(page + offset, from, part);
        text->length += part;
        from += part;
        size -= part;
    }
}

void text_printf(struct text_buffer *text, const char *format, ...)
{
    char line[256];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    if ((size_t)length < sizeof(line)) {
        text_append(text, line, (size_t)length);
    } else { /* rare: a path in it */
        char *longer = kalloc((size_t)length + 1);

        if (!longer) {
            text->failed = true;
            return;
        }
        va_start(arguments, format);
        vsnprintf(longer, (size_t)length + 1, format, arguments);
        va_end(arguments);
        text_append(text, longer, (size_t)length);
        kfree(longer);
    }
}

ssize_t text_copy_out(const struct text_buffer *text, u64 offset, u64 user, size_t size)
{
    size_t done = 0;

    size = offset < text->length ? min_u64(size, text->length - offset) : 0;
    while (done < size) {
        u64 at = offset + done;
        size_t part = min_u64(size - done, PAGE_SIZE - at % PAGE_SIZE);

        if (copy_to_user(user + done, text->page[at / PAGE_SIZE] + at % PAGE_SIZE, part) != 0) {
            return done > 0 ? (ssize_t)done : -EFAULT;
        }
        done += part;
    }
    return (ssize_t)done;
}
