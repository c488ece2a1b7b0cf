/* SPDX-License-Identifier: MIT */
/*
 * look_stack.c - info stack: who called whom; info symbols.
 *
 * Where code keeps a frame pointer (s0), the caller's return address lies at s0-8 and its frame
 * pointer at s0-16.  The chain is followed upwards only.  Code without frame pointers leaves words
 * on the stack that point behind a call; they are shown as guesses.
 */
#include <stdio.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/machine/machine.h"
#include "emu/monitor/address.h"
#include "emu/monitor/state.h"
#include "emu/monitor/value.h"

COMMAND_HANDLER(stack);
COMMAND_HANDLER(symbols);

#define MAX_FRAMES 64
#define MAX_SYMBOLS 500
#define SCAN_BYTES 2048
#define MAX_GUESSES 16

struct unwinding {
    struct call *call;
    struct address space;
    struct place place;
    json_t *list;
};

static bool read_word(struct unwinding *u, u64 va, u64 *out)
{
    u8 bytes[8];

    u->space.value = va;
    if (va & 7 || address_bytes(u->call, &u->space, 0, bytes, 8) < 8)
        return false;
    memcpy(out, bytes, 8);
    return true;
}

static bool add_frame(struct unwinding *u, u64 pc, bool guess)
{
    char text[NAME_TEXT];
    json_t *entry = json_object();
    /* A return address belongs to the call before it. */
    u64 at = json_array_size(u->list) ? pc - 1 : pc;
    bool named = names_symbol(u->call, &u->place, at, text, sizeof text);

    value_set_hex(entry, "pc", pc);
    if (named && names_symbol(u->call, &u->place, pc, text, sizeof text))
        value_set_text(entry, "symbol", "%s", text);
    if (names_line(u->call, &u->place, at, text, sizeof text))
        value_set_text(entry, "source", "%s", text);
    value_set_flag(entry, "guess", guess);
    if (!named && guess) {
        json_decref(entry);
        return false;
    }
    json_array_append_new(u->list, entry);
    return named;
}

static void follow_frames(struct unwinding *u, u64 fp)
{
    u64 ra, next;

    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        if (!read_word(u, fp - 8, &ra) || !read_word(u, fp - 16, &next) || !ra)
            return;
        if (!add_frame(u, ra, false) || next <= fp)
            return;
        fp = next;
    }
}

/* The instruction in front of a return address is a call: jal ra, jalr ra, c.jalr. */
static bool behind_call(struct unwinding *u, u64 pc)
{
    u8 bytes[4];
    u32 word;

    u->space.value = pc - 4;
    if (pc & 1 || pc < 4 || address_bytes(u->call, &u->space, 0, bytes, 4) < 4)
        return false;
    memcpy(&word, bytes, 4);
    return (word & 0xfff) == 0x0ef || (word & 0x7fff) == 0x00e7 || (word & 0xff) == 0x0e7 ||
           (word >> 16 & 0xf07f) == 0x9002;
}

static void scan_stack(struct unwinding *u, u64 sp)
{
    u64 word;
    unsigned found = 0;

    for (u64 offset = 0; offset < SCAN_BYTES && found < MAX_GUESSES; offset += 8) {
        if (!read_word(u, sp + offset, &word))
            return;
        if (behind_call(u, word))
            found += add_frame(u, word, true);
    }
}

json_t *run_stack(struct call *call)
{
    const struct hart *h = address_hart_wanted(call);

    if (!h)
        return NULL;
    struct unwinding u = {.call = call, .list = json_array()};
    u.space.satp = h->priv == PRIV_MACHINE ? 0 : h->satp;
    u.place = (struct place){.kernel = h->priv != PRIV_USER, .seq = UINT64_MAX};
    u.place.pid = address_pid(call, h);
    add_frame(&u, h->pc, false);
    follow_frames(&u, h->x[8]);
    size_t sure = json_array_size(u.list);
    if (sure < 2) {
        add_frame(&u, h->x[1], true);
        scan_stack(&u, h->x[2]);
    }
    json_t *value = json_object();
    value_set_count(value, "hart", h->id);
    value_set_count(value, "pid", u.place.pid);
    json_object_set_new(value, "frames", u.list);
    return value;
}

void show_stack(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    json_array_foreach(value_list(value, "frames"), i, entry)
    {
        buffer_printf(out, "#%-2zu %s %s%s", i, value_string(entry, "pc"),
                      value_flag(entry, "guess") ? "? " : "", value_string(entry, "symbol"));
        if (value_string(entry, "source")[0])
            buffer_printf(out, " (%s)", value_string(entry, "source"));
        buffer_byte(out, '\n');
    }
}

/* ---- info symbols ---- */

static bool add_symbol(void *ctx, const char *name, u64 address, u64 size)
{
    json_t *list = ctx, *entry = json_object();

    value_set_hex(entry, "address", address);
    value_set_count(entry, "size", size);
    value_set_text(entry, "name", "%s", name);
    json_array_append_new(list, entry);
    return json_array_size(list) < MAX_SYMBOLS;
}

json_t *run_symbols(struct call *call)
{
    const char *prefix = call_text(call, "prefix");
    u64 pid = 0;
    char program[17];

    if (!call_number(call, "pid", &pid))
        return NULL;
    if (pid && (pid > UINT32_MAX || !names_program(call, (u32)pid, UINT64_MAX, program)))
        return call_fail(call, "no program of process %llu is known", (unsigned long long)pid);
    json_t *value = json_object(), *list = json_array();
    symbols_list(call->monitor->symbols, pid ? program : NULL, prefix ? prefix : "", add_symbol,
                 list);
    json_object_set_new(value, "symbols", list);
    value_set_flag(value, "cut", json_array_size(list) >= MAX_SYMBOLS);
    return value;
}

void show_symbols(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    if (!json_array_size(value_list(value, "symbols")))
        buffer_text(out, "none is known (--symbols FILE adds some)\n");
    json_array_foreach(value_list(value, "symbols"), i, entry)
    {
        buffer_printf(out, "%-20s %8" PRIu64 "  %s\n", value_string(entry, "address"),
                      value_u64(entry, "size"), value_string(entry, "name"));
    }
    if (value_flag(value, "cut"))
        buffer_text(out, "... there are more: give a longer PREFIX\n");
}
