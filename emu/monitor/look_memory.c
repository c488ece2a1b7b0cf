/* SPDX-License-Identifier: MIT */
/* look_memory.c - info regs, x, dis: registers, bytes and instructions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/isa/disasm.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(regs);
COMMAND_HANDLER(x);
COMMAND_HANDLER(dis);

#define MAX_UNITS 4096

json_t *run_regs(struct call *call)
{
    const struct hart *h = address_hart_wanted(call);

    if (!h)
        return NULL;
    json_t *value = json_object(), *x = json_object(), *csr = json_object();
    char symbol[NAME_TEXT];
    u32 pid, tid;
    value_set_count(value, "hart", h->id);
    value_set_hex(value, "pc", h->pc);
    observer_current(call->observer, (unsigned)h->id, &pid, &tid);
    struct place place = {h->priv != PRIV_USER, pid, UINT64_MAX};
    if (names_where(call, &place, h->pc, symbol, sizeof symbol))
        value_set_text(value, "symbol", "%s", symbol);
    value_set_text(value, "mode", "%s",
                   h->priv == PRIV_USER         ? "user"
                   : h->priv == PRIV_SUPERVISOR ? "supervisor"
                                                : "machine");
    value_set_flag(value, "waiting", h->waiting);
    value_set_count(value, "pid", pid);
    value_set_count(value, "tid", tid);
    for (unsigned i = 1; i < 32; i++)
        value_set_hex(x, insn_x_name(i), h->x[i]);
    json_object_set_new(value, "x", x);
    value_set_hex(csr, "satp", h->satp);
    value_set_hex(csr, "sepc", h->sepc);
    value_set_hex(csr, "scause", h->scause);
    value_set_hex(csr, "stval", h->stval);
    value_set_hex(csr, "stvec", h->stvec);
    value_set_hex(csr, "sscratch", h->sscratch);
    value_set_hex(csr, "mstatus", h->mstatus);
    value_set_hex(csr, "mie", h->mie);
    value_set_hex(csr, "mip", h->mip | h->mip_software);
    value_set_hex(csr, "mepc", h->mepc);
    value_set_hex(csr, "mcause", h->mcause);
    value_set_hex(csr, "stimecmp", h->stimecmp);
    json_object_set_new(value, "csr", csr);
    return value;
}

static void show_pairs(const json_t *object, struct buffer *out)
{
    const char *name;
    json_t *number;
    unsigned column = 0;

    json_object_foreach((json_t *)(uintptr_t)object, name, number)
    {
        buffer_printf(out, "%-9s %016llx%s", name, strtoull(json_string_value(number), NULL, 0),
                      ++column % 4 ? "  " : "\n");
    }
    if (column % 4)
        buffer_byte(out, '\n');
}

void show_regs(const json_t *value, struct buffer *out)
{
    buffer_printf(out, "hart %" PRIu64 "  pc %s %s  %s mode%s, pid %" PRIu64 " tid %" PRIu64 "\n",
                  value_u64(value, "hart"), value_string(value, "pc"),
                  value_string(value, "symbol"), value_string(value, "mode"),
                  value_flag(value, "waiting") ? ", waiting" : "", value_u64(value, "pid"),
                  value_u64(value, "tid"));
    show_pairs(json_object_get(value, "x"), out);
    show_pairs(json_object_get(value, "csr"), out);
}

static u32 halfword(const u8 *at)
{
    return at[0] | (u32)at[1] << 8;
}

static json_t *disassembly(struct call *call, const struct address *a, u64 count)
{
    json_t *value = json_object(), *list = json_array();
    u64 offset = 0;
    char text[120], symbol[NAME_TEXT];
    struct place place = address_place(call, a);

    for (u64 i = 0; i < count; i++) {
        u8 bytes[4] = {0};
        size_t n = address_bytes(call, a, offset, bytes, 4);
        if (n < 2)
            break;
        u32 word = halfword(bytes);
        if ((word & 3) == 3) {
            if (n < 4)
                break;
            word |= halfword(bytes + 2) << 16;
        }
        int length = insn_print(text, sizeof text, a->value + offset, word, 0);
        json_t *entry = json_object();
        value_set_hex(entry, "address", a->value + offset);
        value_set_text(entry, "code", "%0*x", 2 * length, word);
        value_set_text(entry, "text", "%s", text);
        if (a->space == ADDRESS_VIRTUAL &&
            names_where(call, &place, a->value + offset, symbol, sizeof symbol))
            value_set_text(entry, "symbol", "%s", symbol);
        json_array_append_new(list, entry);
        offset += (u64)length;
    }
    json_object_set_new(value, "instructions", list);
    if (!json_array_size(list)) {
        json_decref(value);
        return call_fail(call, "nothing can be read at 0x%llx", (unsigned long long)a->value);
    }
    return value;
}

json_t *run_dis(struct call *call)
{
    struct address a;
    u64 count = 8;
    const char *text = call_text(call, "address");

    if (!address_parse(call, text ? text : "$pc", &a) || !call_number(call, "count", &count))
        return NULL;
    if (a.space == ADDRESS_SLOT)
        return call_fail(call, "swap is not in memory");
    return disassembly(call, &a, count < MAX_UNITS ? count : MAX_UNITS);
}

void show_dis(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    json_array_foreach(value_list(value, "instructions"), i, entry)
    {
        buffer_printf(out, "%18s  %-8s  %-32s", value_string(entry, "address"),
                      value_string(entry, "code"), value_string(entry, "text"));
        if (value_string(entry, "symbol")[0])
            buffer_printf(out, " # %s", value_string(entry, "symbol"));
        buffer_byte(out, '\n');
    }
}

struct format {
    u64 count;
    char style;    /* x d u c i */
    unsigned size; /* bytes */
};

static bool parse_format(struct call *call, const char *text, struct format *f)
{
    char *at;

    *f = (struct format){1, 'x', 8};
    if (!text)
        return true;
    if (*text == '/')
        text++;
    if (*text >= '0' && *text <= '9') {
        f->count = strtoull(text, &at, 10);
        text = at;
    }
    for (; *text; text++) {
        static const char size[] = "bhwg";
        const char *which = strchr(size, *text);
        if (which)
            f->size = 1u << (which - size);
        else if (strchr("xduci", *text))
            f->style = *text;
        else
            return error_set(&call->error, 22,
                             "'%c' is no format: a count, then x d u c or i, then b h w or g",
                             *text);
    }
    if (f->style == 'c')
        f->size = 1;
    if (!f->count || f->count > MAX_UNITS)
        return error_set(&call->error, 22, "the count is 1 to %d", MAX_UNITS);
    return true;
}

json_t *run_x(struct call *call)
{
    struct address a;
    struct format f;
    u8 bytes[8];

    if (!parse_format(call, call_text(call, "format"), &f) ||
        !address_parse(call, call_text(call, "address"), &a))
        return NULL;
    if (a.space == ADDRESS_SLOT)
        return call_fail(call, "swap is not in memory");
    if (f.style == 'i')
        return disassembly(call, &a, f.count);
    json_t *value = json_object(), *list = json_array();
    for (u64 i = 0; i < f.count; i++) {
        u64 word = 0;
        if (address_bytes(call, &a, i * f.size, bytes, f.size) < f.size)
            break;
        memcpy(&word, bytes, f.size);
        json_array_append_new(list, value_hex(word));
    }
    if (!json_array_size(list)) {
        json_decref(list);
        json_decref(value);
        return call_fail(call, "nothing is mapped at 0x%llx (walk tells more)",
                         (unsigned long long)a.value);
    }
    value_set_hex(value, "address", a.value);
    value_set_count(value, "size", f.size);
    value_set_text(value, "style", "%c", f.style);
    json_object_set_new(value, "values", list);
    value_set_flag(value, "cut", json_array_size(list) < f.count);
    return value;
}

static void show_unit(u64 word, unsigned size, char style, struct buffer *out)
{
    i64 number = (i64)(word << (64 - 8 * size)) >> (64 - 8 * size);

    if (style == 'c')
        buffer_printf(out, word >= ' ' && word < 0x7f ? " %c" : " .", (char)word);
    else if (style == 'd')
        buffer_printf(out, " %*" PRId64, (int)(size * 3), number);
    else if (style == 'u')
        buffer_printf(out, " %*" PRIu64, (int)(size * 3), word);
    else
        buffer_printf(out, " %0*" PRIx64, (int)(2 * size), word);
}

void show_x(const json_t *value, struct buffer *out)
{
    const json_t *list = value_list(value, "values");
    unsigned size = (unsigned)value_u64(value, "size");
    u64 address = value_u64(value, "address");
    size_t i;
    json_t *unit;

    if (json_object_get(value, "instructions")) {
        show_dis(value, out);
        return;
    }
    size_t row = size ? 16 / size : 16;
    json_array_foreach(list, i, unit)
    {
        if (i % row == 0)
            buffer_printf(out, "%s0x%016" PRIx64 ":", i ? "\n" : "", address + i * size);
        show_unit(strtoull(json_string_value(unit), NULL, 0), size, value_string(value, "style")[0],
                  out);
    }
    buffer_text(out, value_flag(value, "cut") ? "\n(the rest is not mapped)\n" : "\n");
}
