/* SPDX-License-Identifier: MIT */
/* plic.c - see plic.h. */
#include "devices/plic.h"

#include <stdlib.h>
#include <string.h>

#define PENDING_BASE 0x1000u
#define ENABLE_BASE 0x2000u
#define ENABLE_STRIDE 0x80u
#define CONTEXT_BASE 0x200000u
#define CONTEXT_STRIDE 0x1000u

static u32 pending_word(const struct plic *p, unsigned word)
{
    return (p->level[word] | p->latched[word]) & ~p->claimed[word];
}

/* The source a context would claim: highest priority above the threshold, lowest number first. */
static u32 best_source(const struct plic *p, const struct plic_context *c)
{
    u32 best = 0;
    u32 best_priority = c->threshold;
    for (unsigned word = 0; word < PLIC_WORDS; word++) {
        u32 candidates = pending_word(p, word) & c->enable[word];
        while (candidates) {
            u32 source = word * 32 + (u32)__builtin_ctz(candidates);
            candidates &= candidates - 1;
            if (p->priority[source] > best_priority) {
                best = source;
                best_priority = p->priority[source];
            }
        }
    }
    return best;
}

static void update(struct plic *p)
{
    for (unsigned i = 0; i < p->contexts; i++) {
        struct plic_context *c = &p->context[i];
        irq_set(&c->irq, best_source(p, c) != 0);
    }
}

static void set_bit(struct plic *p, u32 *words, u32 source, bool value)
{
    u32 bit = 1u << (source % 32);
    u32 next = value ? words[source / 32] | bit : words[source / 32] & ~bit;
    if (next != words[source / 32]) {
        words[source / 32] = next;
        update(p);
    }
}

static void set_line(void *ctx, u32 source, bool level)
{
    struct plic *p = ctx;
    set_bit(p, p->level, source, level);
}

static void set_latched_line(void *ctx, u32 source, bool level)
{
    struct plic *p = ctx;
    set_bit(p, p->latched, source, level);
}

struct irq_line plic_input(struct plic *p, u32 source)
{
    return (struct irq_line){.set = set_line, .ctx = p, .number = source};
}

struct irq_line plic_latched_input(struct plic *p, u32 source)
{
    return (struct irq_line){.set = set_latched_line, .ctx = p, .number = source};
}

static u32 claim(struct plic *p, struct plic_context *c)
{
    u32 source = best_source(p, c);
    if (source) {
        p->claimed[source / 32] |= 1u << (source % 32);
        p->latched[source / 32] &= ~(1u << (source % 32));
        update(p);
    }
    return source;
}

/* Completing a source that this context has not enabled is ignored (specification, chapter 9). */
static void complete(struct plic *p, const struct plic_context *c, u32 source)
{
    if (source > 0 && source < PLIC_SOURCES && (c->enable[source / 32] >> (source % 32) & 1)) {
        p->claimed[source / 32] &= ~(1u << (source % 32));
        update(p);
    }
}

static u32 read_context(struct plic *p, u64 offset)
{
    u64 index = offset / CONTEXT_STRIDE;
    if (index >= p->contexts) {
        return 0;
    }
    struct plic_context *c = &p->context[index];
    switch (offset % CONTEXT_STRIDE) {
    case 0:
        return c->threshold;
    case 4:
        return claim(p, c);
    default:
        return 0;
    }
}

static void write_context(struct plic *p, u64 offset, u32 value)
{
    u64 index = offset / CONTEXT_STRIDE;
    if (index >= p->contexts) {
        return;
    }
    struct plic_context *c = &p->context[index];
    switch (offset % CONTEXT_STRIDE) {
    case 0:
        c->threshold = value & PLIC_MAX_PRIORITY;
        update(p);
        break;
    case 4:
        complete(p, c, value);
        break;
    default:
        break;
    }
}

/* The enable word at `offset` from ENABLE_BASE, NULL when there is none. */
static u32 *enable_word(struct plic *p, u64 offset)
{
    u64 index = offset / ENABLE_STRIDE;
    u64 word = offset % ENABLE_STRIDE / 4;
    return index < p->contexts && word < PLIC_WORDS ? &p->context[index].enable[word] : NULL;
}

static u64 bus_read_plic(void *device, u64 offset, unsigned size, bool *fault)
{
    struct plic *p = device;
    (void)size;
    (void)fault;
    if (offset & 3) {
        return 0;
    }
    if (offset >= CONTEXT_BASE) {
        return read_context(p, offset - CONTEXT_BASE);
    }
    if (offset >= ENABLE_BASE) {
        const u32 *word = enable_word(p, offset - ENABLE_BASE);
        return word ? *word : 0;
    }
    if (offset >= PENDING_BASE) {
        u64 word = (offset - PENDING_BASE) / 4;
        return word < PLIC_WORDS ? pending_word(p, (unsigned)word) : 0;
    }
    return offset / 4 < PLIC_SOURCES ? p->priority[offset / 4] : 0;
}

static void bus_write_plic(void *device, u64 offset, u64 value, unsigned size, bool *fault)
{
    struct plic *p = device;
    (void)size;
    (void)fault;
    if (offset & 3) {
        return;
    }
    if (offset >= CONTEXT_BASE) {
        write_context(p, offset - CONTEXT_BASE, (u32)value);
        return;
    }
    if (offset >= ENABLE_BASE) {
        u32 *word = enable_word(p, offset - ENABLE_BASE);
        if (word) {
            *word = (u32)value;
            p->context[(offset - ENABLE_BASE) / ENABLE_STRIDE].enable[0] &= ~1u;
        }
    } else if (offset < PENDING_BASE && offset / 4 < PLIC_SOURCES && offset != 0) {
        p->priority[offset / 4] = (u8)(value & PLIC_MAX_PRIORITY);
    }
    update(p);
}

const struct bus_ops plic_bus_ops = {
    .read = bus_read_plic,
    .write = bus_write_plic,
    .size_mask = 4,
};

/* The input lines belong to the devices: a reset of the controller does not change them. */
static void reset(void *state)
{
    struct plic *p = state;
    memset(p->priority, 0, sizeof p->priority);
    memset(p->claimed, 0, sizeof p->claimed);
    memset(p->latched, 0, sizeof p->latched);
    for (unsigned i = 0; i < p->contexts; i++) {
        memset(p->context[i].enable, 0, sizeof p->context[i].enable);
        p->context[i].threshold = 0;
    }
    update(p);
}

static void save(const void *state, struct serial_writer *writer)
{
    const struct plic *p = state;
    serial_put_u64(writer, "contexts", p->contexts);
    serial_put_bytes(writer, "priority", p->priority, sizeof p->priority);
    for (unsigned i = 0; i < PLIC_WORDS; i++) {
        serial_put_u64(writer, "level", p->level[i]);
        serial_put_u64(writer, "latched", p->latched[i]);
        serial_put_u64(writer, "claimed", p->claimed[i]);
    }
    for (unsigned i = 0; i < p->contexts; i++) {
        for (unsigned word = 0; word < PLIC_WORDS; word++) {
            serial_put_u64(writer, "enable", p->context[i].enable[word]);
        }
        serial_put_u64(writer, "threshold", p->context[i].threshold);
    }
}

static bool load(void *state, struct serial_reader *reader, struct error *err)
{
    struct plic *p = state;
    if (serial_get_u64(reader, "contexts") != p->contexts) {
        return error_set(err, EINVAL, "plic: saved with another number of harts");
    }
    serial_get_bytes(reader, "priority", p->priority, sizeof p->priority);
    for (unsigned i = 0; i < PLIC_WORDS; i++) {
        p->level[i] = (u32)serial_get_u64(reader, "level");
        p->latched[i] = (u32)serial_get_u64(reader, "latched");
        p->claimed[i] = (u32)serial_get_u64(reader, "claimed");
    }
    for (unsigned i = 0; i < p->contexts; i++) {
        for (unsigned word = 0; word < PLIC_WORDS; word++) {
            p->context[i].enable[word] = (u32)serial_get_u64(reader, "enable");
        }
        p->context[i].threshold = (u32)serial_get_u64(reader, "threshold") & PLIC_MAX_PRIORITY;
        p->context[i].enable[0] &= ~1u;
    }
    for (unsigned i = 0; i < PLIC_SOURCES; i++) {
        p->priority[i] &= PLIC_MAX_PRIORITY;
    }
    p->priority[0] = 0;
    return serial_ok(reader, err);
}

static void destroy(void *state)
{
    free(state);
}

const struct device_ops plic_device_ops = {
    .reset = reset, .save = save, .load = load, .destroy = destroy};

struct plic *plic_create(unsigned contexts, const struct irq_line *outputs)
{
    struct plic *p = contexts <= PLIC_CONTEXTS ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        return NULL;
    }
    p->contexts = contexts;
    for (unsigned i = 0; i < contexts; i++) {
        p->context[i].irq = outputs[i];
    }
    return p;
}
