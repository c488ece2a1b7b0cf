/* SPDX-License-Identifier: MIT */
/* ram.c - see ram.h. */
#include "emu/mem/ram.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE ((u64)2 << 20)

/*
 * One reservation holds: slack up to a large-page boundary, the memory, a guard.  The slack and
 * the guard stay inaccessible.
 */
static u8 *reserve(u64 size)
{
    u64 whole;
    if (!checked_add(size, 2 * LARGE_PAGE, &whole)) {
        return NULL;
    }
    u8 *raw = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (raw == MAP_FAILED) {
        return NULL;
    }
    u8 *start = (u8 *)align_up((u64)raw, LARGE_PAGE);
    u64 front = (u64)(start - raw);
    if (front) {
        munmap(raw, front);
    }
    u64 guard_end = (u64)start + align_up(size, LARGE_PAGE) + RAM_PAGE_SIZE;
    u64 raw_end = (u64)raw + whole;
    if (raw_end > guard_end) {
        munmap((void *)guard_end, raw_end - guard_end);
    }
    if (mprotect(start, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(start, guard_end - (u64)start);
        return NULL;
    }
    madvise(start, size, MADV_HUGEPAGE);
    return start;
}

static u64 code_bytes(const struct ram *ram)
{
    return align_up((ram->size >> RAM_PAGE_SHIFT) * sizeof(u64), RAM_PAGE_SIZE);
}

bool ram_init(struct ram *ram, u64 base, u64 size, struct error *err)
{
    *ram = (struct ram){.base = base, .size = size};
    u64 end;
    if (size == 0 || size % RAM_PAGE_SIZE || base % RAM_PAGE_SIZE ||
        !checked_add(base, size, &end)) {
        return error_set(err, EINVAL, "impossible memory size %llu", (unsigned long long)size);
    }
    ram->host = reserve(size);
    if (!ram->host) {
        return error_set(err, ENOMEM, "cannot reserve %llu MiB of memory for the guest",
                         (unsigned long long)(size >> 20));
    }
    void *code = mmap(NULL, code_bytes(ram), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (code == MAP_FAILED) {
        ram_destroy(ram);
        return error_set(err, ENOMEM, "out of memory");
    }
    ram->code = code;
    return true;
}

void ram_destroy(struct ram *ram)
{
    if (ram->host) {
        munmap(ram->host, align_up(ram->size, LARGE_PAGE) + RAM_PAGE_SIZE);
    }
    if (ram->code) {
        munmap(ram->code, code_bytes(ram));
    }
    *ram = (struct ram){0};
}

void ram_clear(struct ram *ram)
{
    ram_written(ram, ram->base, ram->size);
    madvise(ram->host, ram->size, MADV_DONTNEED);
}

/* Bits of the granules that [offset, offset+length) of a page touches; length >= 1. */
static u64 granules(u64 offset, u64 length)
{
    u64 first = offset >> RAM_GRANULE_SHIFT;
    u64 last = (offset + length - 1) >> RAM_GRANULE_SHIFT;
    u64 up_to_last = last == 63 ? ~(u64)0 : BIT(last + 1) - 1;
    return up_to_last & ~(BIT(first) - 1);
}

/* Tells the engines about the part of [address, address+length) that holds code. */
static bool invalidate(struct ram *ram, u64 address, u64 length)
{
    bool hit = false;
    while (length) {
        u64 offset = address & (RAM_PAGE_SIZE - 1);
        u64 part = RAM_PAGE_SIZE - offset < length ? RAM_PAGE_SIZE - offset : length;
        u64 code = *ram_code(ram, address);
        if (UNLIKELY(code && (code & granules(offset, part)))) {
            hit = true;
            if (ram->code_written) {
                ram->code_written(ram->code_ctx, address, part);
            }
        }
        address += part;
        length -= part;
    }
    return hit;
}

void ram_written(struct ram *ram, u64 address, u64 length)
{
    u64 end = length ? address + (length - 1) : address;
    if (length == 0 || end < address || end < ram->base || address >= ram->base + ram->size) {
        return;
    }
    u64 first = address < ram->base ? ram->base : address;
    u64 last = end < ram->base + ram->size ? end : ram->base + ram->size - 1;
    ram->dma_writes++;
    invalidate(ram, first, last - first + 1);
}

bool ram_stored(struct ram *ram, u64 address, u64 length)
{
    bool hit = invalidate(ram, address, length);
    for (unsigned i = 0; i < ram->watches; i++) {
        const struct ram_watch *watch = &ram->watch[i];
        if (address < watch->address + watch->length && watch->address < address + length) {
            watch->written(watch->ctx, address, length);
        }
    }
    return hit;
}

bool dma_read(const struct ram *ram, u64 address, void *to, u64 length)
{
    const void *from = ram_pointer(ram, address, length);
    if (!from) {
        return false;
    }
    memcpy(to, from, length);
    return true;
}

bool dma_write(struct ram *ram, u64 address, const void *from, u64 length)
{
    void *to = ram_pointer(ram, address, length);
    if (!to) {
        return false;
    }
    memcpy(to, from, length);
    ram_written(ram, address, length);
    return true;
}

bool ram_add_watch(struct ram *ram, u64 address, u64 length,
                   void (*written)(void *ctx, u64 address, u64 length), void *ctx)
{
    if (ram->watches == RAM_MAX_WATCHES || !length || !ram_contains(ram, address, length)) {
        return false;
    }
    ram->watch[ram->watches++] = (struct ram_watch){address, length, written, ctx};
    return true;
}

bool ram_page_is_slow(const struct ram *ram, u64 address)
{
    u64 page = align_down(address, RAM_PAGE_SIZE);
    if (*ram_code(ram, page)) {
        return true;
    }
    for (unsigned i = 0; i < ram->watches; i++) {
        const struct ram_watch *watch = &ram->watch[i];
        if (page < watch->address + watch->length && watch->address < page + RAM_PAGE_SIZE) {
            return true;
        }
    }
    return false;
}

static bool is_zero_page(const u8 *page)
{
    return page[0] == 0 && memcmp(page, page + 1, RAM_PAGE_SIZE - 1) == 0;
}

void ram_save(const struct ram *ram, struct serial_writer *writer)
{
    serial_begin(writer, "ram", 1);
    serial_put_u64(writer, "base", ram->base);
    serial_put_u64(writer, "size", ram->size);
    for (u64 offset = 0; offset < ram->size; offset += RAM_PAGE_SIZE) {
        if (!is_zero_page(ram->host + offset)) {
            serial_put_u64(writer, "page", offset);
            serial_put_bytes(writer, "bytes", ram->host + offset, RAM_PAGE_SIZE);
        }
    }
    serial_put_u64(writer, "page", ram->size);
    serial_end(writer);
}

bool ram_load(struct ram *ram, struct serial_reader *reader, struct error *err)
{
    serial_enter(reader, "ram", 1);
    if (serial_get_u64(reader, "base") != ram->base ||
        serial_get_u64(reader, "size") != ram->size) {
        serial_reject(reader, "the saved memory has another size");
    }
    if (!serial_ok(reader, err)) {
        return false;
    }
    ram_clear(ram);
    u64 next = 0;
    for (;;) {
        u64 offset = serial_get_max(reader, "page", ram->size);
        if (!serial_ok(reader, err)) {
            return false;
        }
        if (offset == ram->size) {
            break;
        }
        if (offset % RAM_PAGE_SIZE || offset < next) {
            serial_reject(reader, "pages of memory out of order");
            return serial_ok(reader, err);
        }
        serial_get_bytes(reader, "bytes", ram->host + offset, RAM_PAGE_SIZE);
        next = offset + RAM_PAGE_SIZE;
    }
    serial_leave(reader);
    return serial_ok(reader, err);
}
