/* SPDX-License-Identifier: MIT */
/* machine.c - see machine.h: making, resetting, saving machines, and looking at them. */
#include "emu/machine/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "emu/interp/interp.h"
#include "emu/jit/jit.h"
#include "emu/machine/state.h"
#include "emu/machine/tree.h"

#define STATE_VERSION 1

static bool check_config(const struct machine_config *config, struct error *err)
{
    if (config->harts < 1 || config->harts > MACHINE_MAX_HARTS) {
        return error_set(err, EINVAL, "%u harts: there can be 1 to %u", config->harts,
                         MACHINE_MAX_HARTS);
    }
    if (config->disk_count > MACHINE_MAX_DISKS) {
        return error_set(err, EINVAL, "%u disks: there can be up to %u", config->disk_count,
                         MACHINE_MAX_DISKS);
    }
    if (config->ram_size == 0 || config->ram_size % 4096 != 0) {
        return error_set(err, EINVAL, "RAM has to be a multiple of 4096 bytes");
    }
    return true;
}

static void code_written(void *ctx, u64 address, u64 length)
{
    struct machine *m = ctx;
    if (m->engine) {
        m->engine->invalidate(m->engine, address, length);
    }
}

static bool make_engine(struct machine *m, struct error *err)
{
    if (strcmp(m->config.engine, "jit") == 0) {
        m->engine = jit_create(m->hart, m->harts, err);
    } else if (strcmp(m->config.engine, "interp") == 0) {
        m->engine = interp_create(m->hart, m->harts, err);
    } else {
        return error_set(err, EINVAL, "there is no engine \"%s\"; take --engine jit or interp",
                         m->config.engine);
    }
    if (!m->engine) {
        return false;
    }
    m->ram.code_written = code_written;
    m->ram.code_ctx = m;
    for (unsigned i = 0; i < m->harts; i++) {
        m->hart[i]->engine = m->engine;
    }
    return true;
}

/* Something was scheduled before the end of what the running hart was granted. */
static void earlier(void *ctx, u64 deadline)
{
    (void)deadline;
    machine_break_slice(ctx);
}

static bool make_harts(struct machine *m, struct error *err)
{
    for (; m->harts < m->config.harts; m->harts++) {
        const struct hart_config config = {.id = m->harts,
                                           .extensions = tree_extensions(&m->config.cpu)};
        struct hart *h = aligned_alloc(64, align_up(sizeof *h, 64));
        if (!h) {
            return error_set(err, ENOMEM, "out of memory");
        }
        memset(h, 0, sizeof *h);
        m->hart[m->harts] = h;
        if (!hart_init(h, &config, &m->ram, &m->bus, &m->clock, err)) {
            free(h);
            return false;
        }
    }
    return true;
}

static bool build(struct machine *m, struct error *err)
{
    if (!check_config(&m->config, err)) {
        return false;
    }
    m->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->wake_fd < 0) {
        return error_set(err, errno, "eventfd: %s", strerror(errno));
    }
    bus_init(&m->bus);
    clock_init(&m->clock);
    m->clock.earlier = earlier;
    m->clock.earlier_ctx = m;
    if (!ram_init(&m->ram, BOARD_RAM, m->config.ram_size, err) || !make_harts(m, err) ||
        !board_build(m, err) || !make_engine(m, err)) {
        return false;
    }
    sbi_init(m);
    input_init(m);
    m->schedule = (struct schedule){.random = m->config.seed};
    m->stopped = m->config.start_stopped;
    return machine_load_images(m, err);
}

struct machine *machine_create(const struct machine_config *config, struct error *err)
{
    struct machine *m = calloc(1, sizeof *m);
    if (!m) {
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    m->config = *config;
    m->wake_fd = -1;
    for (unsigned i = 0; i < MACHINE_MAX_WATCHES; i++) {
        m->watch[i].fd = -1;
    }
    if (!build(m, err)) {
        machine_destroy(m);
        return NULL;
    }
    return m;
}

void machine_destroy(struct machine *m)
{
    if (!m) {
        return;
    }
    if (m->engine) {
        m->engine->destroy(m->engine);
    }
    input_destroy(m);
    board_destroy(m);
    for (unsigned i = 0; i < m->harts; i++) {
        hart_destroy(m->hart[i]);
        free(m->hart[i]);
    }
    if (m->ram.host) {
        ram_destroy(&m->ram);
    }
    buffer_free(&m->tree);
    if (m->wake_fd >= 0) {
        close(m->wake_fd);
    }
    free(m);
}

/* Time goes on: a reset is an event in the life of the machine, not its beginning. */
bool machine_reset(struct machine *m, struct error *err)
{
    m->reset_wanted = false;
    for (unsigned i = 0; i < m->devices; i++) {
        m->device[i].ops->reset(m->device[i].state);
    }
    for (unsigned i = 0; i < m->harts; i++) {
        hart_reset(m->hart[i]);
    }
    m->engine->flush(m->engine);
    ram_clear(&m->ram);
    m->schedule.slice_left = 0;
    return machine_load_images(m, err);
}

const struct machine_config *machine_config_of(const struct machine *m)
{
    return &m->config;
}

unsigned machine_hart_count(const struct machine *m)
{
    return m->harts;
}

struct hart *machine_hart(struct machine *m, unsigned index)
{
    return index < m->harts ? m->hart[index] : NULL;
}

struct ram *machine_ram(struct machine *m)
{
    return &m->ram;
}

struct bus *machine_bus(struct machine *m)
{
    return &m->bus;
}

struct clock *machine_clock(struct machine *m)
{
    return &m->clock;
}

u64 machine_time(const struct machine *m)
{
    const struct hart *h = m->running;
    return clock_now(&m->clock) + (h ? (u64)(h->granted - h->budget) : 0);
}

u64 machine_instructions(const struct machine *m)
{
    u64 sum = 0;
    for (unsigned i = 0; i < m->harts; i++) {
        sum += hart_executed(m->hart[i]);
    }
    return sum;
}

const void *machine_device_tree(const struct machine *m, size_t *size)
{
    *size = m->tree.size;
    return m->tree.data;
}

const struct machine_bytes *machine_kernel(const struct machine *m)
{
    return &m->config.kernel;
}

void machine_set_hook(struct machine *m, const struct hook *hook)
{
    for (unsigned i = 0; i < m->harts; i++) {
        m->hart[i]->hook = hook;
    }
}

void machine_set_disk_observer(struct machine *m, const struct disk_observer *observer)
{
    m->disk_observer = observer ? *observer : (struct disk_observer){0};
}

bool machine_list_code(struct machine *m, FILE *out)
{
    if (m->engine->list) {
        m->engine->list(m->engine, out);
    }
    return m->engine->list != NULL;
}

void machine_counters(struct machine *m, struct counters *sum)
{
    *sum = (struct counters){0};
    for (unsigned i = 0; i < m->harts; i++) {
        hart_count_mode(m->hart[i]);
        counters_add(sum, &m->hart[i]->counters);
    }
}

void machine_save(const struct machine *m, struct serial_writer *writer)
{
    serial_begin(writer, "machine", STATE_VERSION);
    serial_put_u64(writer, "harts", m->harts);
    serial_put_u64(writer, "ram", m->ram.size);
    serial_put_u64(writer, "turn", m->schedule.turn);
    serial_put_u64(writer, "slice-left", (u64)m->schedule.slice_left);
    serial_put_u64(writer, "random", m->schedule.random);
    sbi_save(m, writer);
    input_save(m, writer);
    clock_save(&m->clock, writer);
    ram_save(&m->ram, writer);
    for (unsigned i = 0; i < m->harts; i++) {
        hart_save(m->hart[i], writer);
    }
    for (unsigned i = 0; i < m->devices; i++) {
        serial_begin(writer, m->device[i].name, STATE_VERSION);
        m->device[i].ops->save(m->device[i].state, writer);
        serial_end(writer);
    }
    serial_end(writer);
}

static bool load_devices(struct machine *m, struct serial_reader *reader, struct error *err)
{
    for (unsigned i = 0; i < m->devices; i++) {
        serial_enter(reader, m->device[i].name, STATE_VERSION);
        if (!m->device[i].ops->load(m->device[i].state, reader, err)) {
            return false;
        }
        serial_leave(reader);
    }
    return true;
}

bool machine_load(struct machine *m, struct serial_reader *reader, struct error *err)
{
    m->engine->flush(m->engine);
    serial_enter(reader, "machine", STATE_VERSION);
    if (serial_get_u64(reader, "harts") != m->harts ||
        serial_get_u64(reader, "ram") != m->ram.size) {
        serial_reject(reader, "saved by a machine with other harts or RAM");
    }
    m->schedule.turn = (unsigned)serial_get_max(reader, "turn", m->harts - 1);
    m->schedule.slice_left = (i64)serial_get_max(reader, "slice-left", 1u << 30);
    m->schedule.random = serial_get_u64(reader, "random");
    if (!sbi_load(m, reader, err) || !input_load(m, reader, err) ||
        !clock_load(&m->clock, reader, err) || !ram_load(&m->ram, reader, err)) {
        return false;
    }
    for (unsigned i = 0; i < m->harts; i++) {
        if (!hart_load_state(m->hart[i], reader, err)) {
            return false;
        }
    }
    if (!load_devices(m, reader, err)) {
        return false;
    }
    serial_leave(reader);
    m->ended = false;
    return serial_ok(reader, err);
}
