/* SPDX-License-Identifier: MIT */
/* symbols.c - the files that names come from, and asking them in turn. */
#include "emu/observe/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/base/bits.h"
#include "emu/observe/symbols_elf.h"
#include "emu/trace/nearest.h"

#define MAX_FILES 1024
#define NAME_TOLD 15 /* bytes of a program's name that a guest tells */
#define PACK_NAME 24
#define KERNEL_FROM UINT64_C(0x80000000)

struct file {
    char *name; /* NULL: the kernel */
    struct elf_names elf;
    void *mapped; /* ours to unmap, or NULL */
    size_t mapped_size;
};

struct symbols {
    struct file *file;
    size_t files, room;
};

struct symbols *symbols_create(void)
{
    return calloc(1, sizeof(struct symbols));
}

void symbols_destroy(struct symbols *s)
{
    for (size_t i = 0; s && i < s->files; i++) {
        elf_names_free(&s->file[i].elf);
        if (s->file[i].mapped)
            munmap(s->file[i].mapped, s->file[i].mapped_size);
        free(s->file[i].name);
    }
    if (s)
        free(s->file);
    free(s);
}

static struct file *add(struct symbols *s, const char *name, const void *data, size_t size)
{
    struct elf_names elf;

    if (!data || s->files == MAX_FILES || !elf_names_open(&elf, data, size))
        return NULL;
    if (s->files == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        struct file *list = realloc(s->file, room * sizeof *list);
        if (!list)
            return NULL;
        s->file = list;
        s->room = room;
    }
    char *copy = name ? strdup(name) : NULL;
    if (name && !copy)
        return NULL;
    struct file *file = &s->file[s->files++];
    *file = (struct file){.name = copy, .elf = elf};
    return file;
}

void symbols_add(struct symbols *s, const char *name, const void *data, size_t size)
{
    add(s, name, data, size);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool symbols_add_file(struct symbols *s, const char *text, struct error *err)
{
    char name[NAME_TOLD + 1];
    const char *path = text, *equals = strchr(text, '=');
    struct stat status;
    struct elf_names elf;

    if (equals && !memchr(text, '/', (size_t)(equals - text)))
        path = equals + 1;
    if (path != text)
        snprintf(name, sizeof name, "%.*s", (int)(path - text - 1), text);
    else
        snprintf(name, sizeof name, "%s", base_name(path));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno, "cannot read symbols from %s: %s", path, strerror(errno));
    bool ok = !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0;
    void *data =
        ok ? mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (data == MAP_FAILED)
        return error_set(err, EINVAL, "cannot read symbols from %s: it is no plain file", path);
    size_t size = (size_t)status.st_size;
    struct file *file = NULL;
    if (elf_names_open(&elf, data, size))
        file = add(s, elf.first >= KERNEL_FROM ? NULL : name, data, size);
    if (!file) {
        munmap(data, size);
        return error_set(err, EINVAL, "%s is no 64-bit ELF file that could hold symbols", path);
    }
    file->mapped = data;
    file->mapped_size = size;
    elf_names_read(&file->elf);
    if (!file->elf.symbols)
        return error_set(err, EINVAL, "%s holds no symbols (it is stripped)", path);
    return true;
}

/* "=tools": another name of a file added before. */
static void add_alias(struct symbols *s, const char *name, const u8 *text, size_t length)
{
    for (size_t i = s->files; i > 0; i--) {
        const struct file *file = &s->file[i - 1];
        if (file->name && strlen(file->name) == length - 1 &&
            !memcmp(file->name, text + 1, length - 1)) {
            add(s, name, file->elf.data, file->elf.size);
            return;
        }
    }
}

void symbols_add_pack(struct symbols *s, const void *pack, size_t size)
{
    const u8 *at = pack, *end = at + size;
    char name[PACK_NAME + 1];
    u64 length;

    while ((size_t)(end - at) >= PACK_NAME + sizeof length) {
        memcpy(name, at, PACK_NAME);
        name[PACK_NAME] = 0;
        memcpy(&length, at + PACK_NAME, sizeof length);
        at += PACK_NAME + sizeof length;
        if (!name[0] || length > (size_t)(end - at))
            return;
        if (length && *at == '=')
            add_alias(s, name, at, (size_t)length);
        else
            add(s, !strcmp(name, "kernel.elf") ? NULL : name, at, (size_t)length);
        length = (length + 7) & ~UINT64_C(7);
        at += length < (size_t)(end - at) ? (size_t)length : (size_t)(end - at);
    }
}

/* ---- asking ---- */

static bool is_named(const struct file *file, const char *program)
{
    if (!program || !file->name)
        return !program && !file->name;
    return !strncmp(file->name, program, NAME_TOLD);
}

/* The next file to ask, newest first; *at starts at s->files. */
static struct elf_names *next(struct symbols *s, const char *program, size_t *at)
{
    while (*at > 0)
        if (is_named(&s->file[--*at], program)) {
            elf_names_read(&s->file[*at].elf);
            return &s->file[*at].elf;
        }
    return NULL;
}

bool symbols_name(struct symbols *s, const char *program, u64 address, u64 bias, char *out,
                  size_t size)
{
    size_t at = s ? s->files : 0;
    struct elf_names *e;

    while (s && (e = next(s, program, &at)) != NULL) {
        const struct elf_symbol *found = elf_names_at(e, address - (e->moves ? bias : 0));
        if (!found)
            continue;
        u64 offset = address - (e->moves ? bias : 0) - found->value;
        if (offset)
            snprintf(out, size, "%.100s+0x%llx", found->name, (unsigned long long)offset);
        else
            snprintf(out, size, "%.100s", found->name);
        return true;
    }
    return false;
}

bool symbols_line(struct symbols *s, const char *program, u64 address, u64 bias, char *out,
                  size_t size)
{
    size_t at = s ? s->files : 0;
    struct elf_names *e;

    while (s && (e = next(s, program, &at)) != NULL) {
        elf_lines_read(e);
        const struct elf_line *found = elf_lines_at(e, address - (e->moves ? bias : 0));
        if (!found)
            continue;
        snprintf(out, size, "%s:%u", e->file[found->file], found->line);
        return true;
    }
    return false;
}

bool symbols_value(struct symbols *s, const char *program, const char *name, size_t length,
                   u64 *out)
{
    size_t at = s ? s->files : 0;
    struct elf_names *e;

    while (s && (e = next(s, program, &at)) != NULL) {
        for (size_t i = 0; i < e->symbols; i++) {
            if (strncmp(e->symbol[i].name, name, length) || e->symbol[i].name[length])
                continue;
            *out = e->symbol[i].value;
            return true;
        }
    }
    return false;
}

const char *symbols_nearest(struct symbols *s, const char *program, const char *name)
{
    struct nearest nearest = nearest_begin(name);
    size_t at = s ? s->files : 0;
    struct elf_names *e;

    while (s && (e = next(s, program, &at)) != NULL)
        for (size_t i = 0; i < e->symbols; i++)
            nearest_offer(&nearest, e->symbol[i].name);
    return nearest.best;
}

void symbols_list(struct symbols *s, const char *program, const char *prefix,
                  bool (*fn)(void *ctx, const char *name, u64 address, u64 size), void *ctx)
{
    size_t at = s ? s->files : 0, length = strlen(prefix);
    struct elf_names *e = s ? next(s, program, &at) : NULL;

    /* Files of one name mostly say the same: the newest that has names. */
    while (e && !e->symbols)
        e = next(s, program, &at);
    for (size_t i = 0; e && i < e->symbols; i++) {
        const struct elf_symbol *symbol = &e->symbol[i];
        if (!strncmp(symbol->name, prefix, length) &&
            !fn(ctx, symbol->name, symbol->value, symbol->size))
            return;
    }
}

bool symbols_moves(struct symbols *s, const char *program, u64 *first)
{
    size_t at = s ? s->files : 0;
    struct elf_names *e = s ? next(s, program, &at) : NULL;

    if (e)
        *first = e->first;
    return e && e->moves;
}
