/* SPDX-License-Identifier: MIT */
/* htif.c - see htif.h. */
#include "emu/machine/htif.h"

#include <errno.h>

#include "emu/machine/state.h"

#define SYSCALL_WRITE 64
#define SYSCALL_EXIT 93
#define WRITE_MAX (1u << 20)

static u64 load_word(struct machine *m, u64 address)
{
    u64 value = 0;
    dma_read(&m->ram, address, &value, sizeof value);
    return value;
}

static void store_word(struct machine *m, u64 address, u64 value)
{
    if (address) {
        dma_write(&m->ram, address, &value, sizeof value);
    }
}

static void end(struct machine *m, u64 code)
{
    machine_power_off(m, code > 255 ? 255 : (int)code);
}

/* The block holds number, arguments; the result replaces the number. */
static void system_call(struct machine *m, u64 block)
{
    u64 word[4];
    if (!dma_read(&m->ram, block, word, sizeof word)) {
        return;
    }
    u64 result = (u64)-ENOSYS;
    if (word[0] == SYSCALL_WRITE) {
        const u8 *text = word[3] <= WRITE_MAX ? ram_pointer(&m->ram, word[2], word[3]) : NULL;
        if (text && (word[1] == 1 || word[1] == 2)) {
            charport_transmit(&m->uart->port, text, word[3]);
            result = word[3];
        } else {
            result = (u64)-EFAULT;
        }
    } else if (word[0] == SYSCALL_EXIT) {
        end(m, word[1]);
        result = 0;
    }
    store_word(m, block, result);
}

static void written(void *ctx, u64 address, u64 length)
{
    struct machine *m = ctx;
    u64 value = load_word(m, m->htif.tohost);
    unsigned device = (unsigned)(value >> 56);
    unsigned command = (unsigned)(value >> 48 & 0xff);
    u64 payload = value & ((1ull << 48) - 1);
    bool whole = address + length >= m->htif.tohost + 8; /* the upper word was written too */
    if (device == 0 && command == 0 && (payload & 1)) {
        end(m, payload >> 1);
        return;
    }
    if (!whole || value == 0) {
        return;
    }
    u64 answer = 1;
    if (device == 0 && command == 0) {
        system_call(m, payload);
    } else if (device == 1 && command == 1) {
        u8 byte = (u8)payload;
        charport_transmit(&m->uart->port, &byte, 1);
        answer = value & ~0xffffffffffffull;
    } else {
        answer = 0;
    }
    store_word(m, m->htif.tohost, 0);
    if (answer) {
        store_word(m, m->htif.fromhost, answer);
    }
}

bool htif_connect(struct machine *m, u64 tohost, u64 fromhost, struct error *err)
{
    if (!ram_contains(&m->ram, tohost, 8) || (fromhost && !ram_contains(&m->ram, fromhost, 8))) {
        return error_set(err, EINVAL, "%s: tohost or fromhost lies outside RAM",
                         m->config.kernel.name);
    }
    m->htif = (struct htif){.tohost = tohost, .fromhost = fromhost};
    return ram_add_watch(&m->ram, tohost, 8, written, m) ||
           error_set(err, ENOMEM, "too many watched words");
}
