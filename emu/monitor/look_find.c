/* SPDX-License-Identifier: MIT */
/* look_find.c - find BYTES in PID, or in physical memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(find);

#define MAX_PATTERN 64
#define MAX_FOUND 256

struct search {
    struct call *call;
    u8 pattern[MAX_PATTERN];
    size_t length;
    json_t *list;
    u64 bytes;
    /* The end of the page before, when the next one follows it. */
    u8 carry[MAX_PATTERN];
    size_t carried;
    u64 next;
};

static bool parse_text(struct call *call, const char *text, size_t length, struct search *s)
{
    if (length < 2 || text[length - 1] != '"' || length - 2 > MAX_PATTERN || length == 2)
        return error_set(&call->error, EINVAL, "a text is 1 to %d bytes between quotes",
                         MAX_PATTERN);
    memcpy(s->pattern, text + 1, length - 2);
    s->length = length - 2;
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool parse_hex(struct call *call, const char *text, size_t length, struct search *s)
{
    size_t digits = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == ' ')
            continue;
        int value = digit(text[i]);
        if (value < 0 || digits / 2 >= MAX_PATTERN)
            return error_set(&call->error, EINVAL,
                             "find takes \"text\" or hexadecimal digits, 1 to %d bytes: "
                             "find 7f454c46 in 1",
                             MAX_PATTERN);
        s->pattern[digits / 2] = (u8)(digits % 2 ? s->pattern[digits / 2] | value : value << 4);
        digits++;
    }
    s->length = digits / 2;
    if (!digits || digits % 2)
        return error_set(&call->error, EINVAL, "two hexadecimal digits make a byte");
    return true;
}

static bool search_bytes(struct search *s, u64 address, const u8 *bytes, size_t size)
{
    const u8 *at = bytes;

    while (size >= s->length &&
           (at = memmem(at, size - (size_t)(at - bytes), s->pattern, s->length)) != NULL) {
        json_t *entry = json_object();
        value_set_hex(entry, "address", address + (u64)(at - bytes));
        json_array_append_new(s->list, entry);
        if (json_array_size(s->list) >= MAX_FOUND)
            return false;
        at++;
    }
    return true;
}

/* One page, and what hangs over from the one before. */
static bool search_page(struct search *s, u64 va, const u8 *page)
{
    u8 seam[2 * MAX_PATTERN];
    size_t over = s->length - 1;

    if (s->carried && s->next == va && over) {
        memcpy(seam, s->carry, s->carried);
        memcpy(seam + s->carried, page, over);
        if (!search_bytes(s, va - s->carried, seam, s->carried + over))
            return false;
    }
    s->bytes += PAGE_BYTES;
    s->carried = over;
    memcpy(s->carry, page + PAGE_BYTES - over, over);
    s->next = va + PAGE_BYTES;
    return search_bytes(s, va, page, PAGE_BYTES);
}

static bool search_leaf(void *ctx, const struct pte_view *p)
{
    struct search *s = ctx;

    if (!(p->pte & PTE_V))
        return true;
    for (u64 offset = 0; offset < pte_span(p->level); offset += PAGE_BYTES) {
        const u8 *page =
            ram_pointer(machine_ram(s->call->machine), pte_address(p->pte) + offset, PAGE_BYTES);
        if (page && !search_page(s, p->va + offset, page))
            return false;
    }
    return true;
}

static bool search_where(struct call *call, struct search *s, const char *where)
{
    const struct ram *ram = machine_ram(call->machine);
    char *end;
    u64 satp;

    if (!strcmp(where, "pa")) {
        s->bytes = ram->size;
        search_bytes(s, ram->base, ram_pointer(machine_ram(call->machine), ram->base, ram->size),
                     ram->size);
        return true;
    }
    unsigned long pid = strtoul(where, &end, 10);
    if (*end || end == where || pid > UINT32_MAX)
        return error_set(&call->error, EINVAL, "'in %s': a pid, or pa for physical memory", where);
    if (!address_space_of(call, (u32)pid, &satp))
        return false;
    observer_ptes(call->observer, satp, 0, (u64)INT64_MAX, search_leaf, s);
    return true;
}

json_t *run_find(struct call *call)
{
    const char *text = call_text(call, "bytes"), *in = NULL;
    struct search s = {.call = call};

    for (const char *at = text; (at = strstr(at, " in ")) != NULL; at++)
        in = at;
    if (!in)
        return call_fail(call, "say where: find %.40s in PID, or in pa", text);
    size_t length = (size_t)(in - text);
    if (!(*text == '"' ? parse_text(call, text, length, &s) : parse_hex(call, text, length, &s)))
        return NULL;
    s.list = json_array();
    if (!search_where(call, &s, in + 4)) {
        json_decref(s.list);
        return NULL;
    }
    json_t *value = json_object();
    value_set_count(value, "searched", s.bytes);
    value_set_flag(value, "cut", json_array_size(s.list) >= MAX_FOUND);
    json_object_set_new(value, "found", s.list);
    return value;
}

void show_find(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    json_array_foreach(value_list(value, "found"), i, entry)
    {
        buffer_printf(out, "%s\n", value_string(entry, "address"));
    }
    buffer_printf(out, "%zu found in %" PRIu64 " KiB%s\n",
                  json_array_size(value_list(value, "found")), value_u64(value, "searched") >> 10,
                  value_flag(value, "cut") ? "; there may be more" : "");
}
