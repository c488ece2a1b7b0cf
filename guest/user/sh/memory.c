/* SPDX-License-Identifier: MIT */
/*
 * memory.c - arenas, growing strings.
 */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    size_t used, size;
    char bytes[];
};

void *sh_alloc(size_t size)
{
    void *p = calloc(1, size != 0 ? size : 1);

    if (p == NULL) {
        fputs("sh: out of memory\n", stderr);
        _Exit(2);
    }
    return p;
}

char *sh_copy(const char *s)
{
    size_t size = strlen(s) + 1;

    return memcpy(sh_alloc(size), s, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct block *block = arena->blocks;
    void *p;

    size = (size + 15) & ~(size_t)15;
    if (block == NULL || block->size - block->used < size) {
        size_t room = size > 2048 ? size : 2048;

        block = sh_alloc(sizeof *block + room);
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    p = block->bytes + block->used;
    block->used += size;
    return p;
}

char *arena_copy(struct arena *arena, const char *s, size_t length)
{
    char *p = arena_alloc(arena, length + 1);

    memcpy(p, s, length);
    p[length] = '\0';
    return p;
}

void arena_free(struct arena *arena)
{
    if (arena->keep)
        return;
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
}

static void text_grow(struct text *text, size_t more)
{
    if (text->length + more + 1 <= text->room)
        return;
    text->room = (text->length + more + 1) * 2;
    text->at = realloc(text->at, text->room);
    if (text->at == NULL) {
        fputs("sh: out of memory\n", stderr);
        _Exit(2);
    }
}

void text_put(struct text *text, char c)
{
    text_grow(text, 1);
    text->at[text->length++] = c;
}

void text_add_bytes(struct text *text, const char *s, size_t length)
{
    text_grow(text, length);
    memcpy(text->at + text->length, s, length);
    text->length += length;
}

void text_add(struct text *text, const char *s)
{
    text_add_bytes(text, s, strlen(s));
}

char *text_end(struct text *text)
{
    text_grow(text, 0);
    text->at[text->length] = '\0';
    return text->at;
}

void text_free(struct text *text)
{
    free(text->at);
    *text = (struct text){0};
}
