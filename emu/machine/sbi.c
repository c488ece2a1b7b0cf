/* SPDX-License-Identifier: MIT */
/* sbi.c - see sbi.h. */
#include "emu/machine/sbi.h"

#include <errno.h>

#include "emu/hart/csrs.h"
#include "emu/hart/walk.h"
#include "emu/machine/state.h"

#define SBI_VERSION (2u << 24)
#define SBI_IMPLEMENTATION 0x464cu /* not registered: "FL" */

enum {
    SBI_SUCCESS = 0,
    SBI_ERR_FAILED = -1,
    SBI_ERR_NOT_SUPPORTED = -2,
    SBI_ERR_INVALID_PARAM = -3,
    SBI_ERR_INVALID_ADDRESS = -5,
    SBI_ERR_ALREADY_AVAILABLE = -6,
};

enum {
    EXTENSION_SET_TIMER = 0,
    EXTENSION_PUTCHAR = 1,
    EXTENSION_GETCHAR = 2,
    EXTENSION_CLEAR_IPI = 3,
    EXTENSION_SEND_IPI = 4,
    EXTENSION_FENCE_I = 5,
    EXTENSION_FENCE_VMA = 6,
    EXTENSION_FENCE_VMA_ASID = 7,
    EXTENSION_SHUTDOWN = 8,
    EXTENSION_BASE = 0x10,
    EXTENSION_TIME = 0x54494d45,
    EXTENSION_IPI = 0x735049,
    EXTENSION_RFENCE = 0x52464e43,
    EXTENSION_HSM = 0x48534d,
    EXTENSION_SRST = 0x53525354,
    EXTENSION_DBCN = 0x4442434e,
};

#define PAGE_SIZE 4096u
#define FENCE_PAGES_MAX 64u /* a larger range is fenced as a whole */
#define DBCN_MAX 65536u     /* bytes of one call; the caller goes on with the rest */

struct result {
    i64 error;
    u64 value;
};

static struct result ok(u64 value)
{
    return (struct result){SBI_SUCCESS, value};
}

static struct result fail(i64 error)
{
    return (struct result){error, 0};
}

static void timer_due(void *ctx, u64 now)
{
    struct machine *m = ctx;
    for (unsigned i = 0; i < m->harts; i++) {
        if (!(m->hart[i]->extensions & ISA_SSTC) &&
            clock_deadline(&m->clock, m->sbi.timer_event[i]) == CLOCK_NEVER &&
            m->sbi.timer_armed[i]) {
            m->sbi.timer_armed[i] = false;
            hart_set_line(m->hart[i], IRQ_STI, true);
        }
    }
    (void)now;
}

void sbi_init(struct machine *m)
{
    static const char *const names[8] = {"sbi-timer0", "sbi-timer1", "sbi-timer2", "sbi-timer3",
                                         "sbi-timer4", "sbi-timer5", "sbi-timer6", "sbi-timer7"};
    for (unsigned i = 0; i < m->harts; i++) {
        m->sbi.timer_event[i] = clock_register(&m->clock, names[i], timer_due, m);
    }
}

void sbi_reset(struct machine *m, bool active)
{
    m->sbi.active = active;
    for (unsigned i = 0; i < m->harts; i++) {
        m->sbi.state[i] = active && i > 0 ? SBI_STOPPED : SBI_STARTED;
        m->sbi.timer_armed[i] = false;
    }
}

static void set_timer(struct machine *m, struct hart *h, u64 ticks)
{
    if (h->extensions & ISA_SSTC) {
        csr_poke(h, CSR_STIMECMP, ticks);
        return;
    }
    hart_set_line(h, IRQ_STI, false);
    m->sbi.timer_armed[h->id] = true;
    clock_schedule(&m->clock, m->sbi.timer_event[h->id], clock_tick_deadline(ticks));
}

/* What a call does to each hart that it names. */
struct remote {
    enum { REMOTE_IPI, REMOTE_FENCE_I, REMOTE_FENCE_VMA } what;
    u64 start, size;
    bool by_asid;
    u64 asid;
};

static void fence_range(struct hart *h, const struct remote *r)
{
    u64 pages = r->size / PAGE_SIZE + (r->size % PAGE_SIZE != 0);
    if ((r->start == 0 && r->size == 0) || r->size == ~0ull || pages > FENCE_PAGES_MAX) {
        hart_fence(h, false, 0, r->by_asid, r->asid);
        return;
    }
    for (u64 i = 0; i < pages; i++) {
        hart_fence(h, true, r->start + i * PAGE_SIZE, r->by_asid, r->asid);
    }
}

static void remote_one(struct hart *h, const struct remote *r)
{
    switch (r->what) {
    case REMOTE_IPI:
        hart_set_line(h, IRQ_SSI, true);
        break;
    case REMOTE_FENCE_I:
        h->fetch_page = FETCH_NONE; /* code itself is coherent at every instruction */
        break;
    case REMOTE_FENCE_VMA:
        fence_range(h, r);
        break;
    }
}

void machine_software_interrupt(struct machine *m, unsigned hart)
{
    hart_set_line(m->hart[hart], IRQ_SSI, true);
}

static struct result remote(struct machine *m, u64 mask, u64 base, const struct remote *r)
{
    if (base == ~0ull) {
        mask = ~0ull;
        base = 0;
    } else if (base >= m->harts || (mask >> (m->harts - base)) != 0) {
        return fail(SBI_ERR_INVALID_PARAM);
    }
    for (unsigned i = (unsigned)base; i < m->harts; i++) {
        if (mask >> (i - base) & 1) {
            remote_one(m->hart[i], r);
        }
    }
    return ok(0);
}

static struct result call_base(u64 function, u64 a0)
{
    static const u32 known[] = {0,
                                1,
                                2,
                                3,
                                4,
                                5,
                                6,
                                7,
                                8,
                                EXTENSION_BASE,
                                EXTENSION_TIME,
                                EXTENSION_IPI,
                                EXTENSION_RFENCE,
                                EXTENSION_HSM,
                                EXTENSION_SRST,
                                EXTENSION_DBCN};
    switch (function) {
    case 0:
        return ok(SBI_VERSION);
    case 1:
        return ok(SBI_IMPLEMENTATION);
    case 2:
        return ok(1);
    case 3:
        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
            if (known[i] == a0) {
                return ok(1);
            }
        }
        return ok(0);
    case 4:
    case 5:
    case 6:
        return ok(0); /* mvendorid, marchid, mimpid */
    default:
        return fail(SBI_ERR_NOT_SUPPORTED);
    }
}

static struct result call_rfence(struct machine *m, struct hart *h, u64 function)
{
    struct remote r = {.what = REMOTE_FENCE_VMA, .start = h->x[12], .size = h->x[13]};
    switch (function) {
    case 0:
        r.what = REMOTE_FENCE_I;
        break;
    case 1:
        break;
    case 2:
        r.by_asid = true;
        r.asid = h->x[14];
        break;
    default:
        return fail(SBI_ERR_NOT_SUPPORTED); /* the rest is for hypervisors */
    }
    if (r.start + r.size < r.start && r.size != ~0ull) {
        return fail(SBI_ERR_INVALID_ADDRESS);
    }
    return remote(m, h->x[10], h->x[11], &r);
}

static struct result hart_start(struct machine *m, u64 id, u64 address, u64 opaque)
{
    if (id >= m->harts) {
        return fail(SBI_ERR_INVALID_PARAM);
    }
    if (m->sbi.state[id] != SBI_STOPPED) {
        return fail(SBI_ERR_ALREADY_AVAILABLE);
    }
    if (!ram_contains(&m->ram, address, 4)) {
        return fail(SBI_ERR_INVALID_ADDRESS);
    }
    hart_start_supervisor(m->hart[id], address, opaque);
    m->hart[id]->waiting = false;
    m->sbi.state[id] = SBI_STARTED;
    return ok(0);
}

/* *moved: pc has been set, there are no results. */
static struct result call_hsm(struct machine *m, struct hart *h, u64 function, bool *moved)
{
    u64 a0 = h->x[10], a1 = h->x[11], a2 = h->x[12];
    switch (function) {
    case 0:
        return hart_start(m, a0, a1, a2);
    case 1:
        m->sbi.state[h->id] = SBI_STOPPED;
        h->stop |= STOP_RETURN;
        return ok(0);
    case 2:
        return a0 < m->harts ? ok(m->sbi.state[a0]) : fail(SBI_ERR_INVALID_PARAM);
    case 3: /* suspend: both kinds are a wait for an interrupt that is enabled in sie */
        if ((u32)a0 != 0 && (u32)a0 != 0x80000000u) {
            return fail(SBI_ERR_INVALID_PARAM);
        }
        if ((u32)a0 == 0x80000000u) {
            u64 enabled = h->mie;
            if (!ram_contains(&m->ram, a1, 4)) {
                return fail(SBI_ERR_INVALID_ADDRESS);
            }
            hart_start_supervisor(h, a1, a2);
            h->mie = enabled;
            *moved = true;
        }
        h->waiting = !hart_wakes(h);
        h->stop |= STOP_RETURN;
        return ok(0);
    default:
        return fail(SBI_ERR_NOT_SUPPORTED);
    }
}

static struct result call_reset(struct machine *m, u64 type, u64 reason)
{
    if (type > 2 || reason > 1) {
        return fail(SBI_ERR_INVALID_PARAM);
    }
    if (type == 0) {
        machine_power_off(m, reason == 1 ? 126 : 0);
    } else {
        machine_request_reset(m);
    }
    return ok(0);
}

static struct result call_console(struct machine *m, struct hart *h, u64 function)
{
    u64 size = h->x[10], address = h->x[11];
    if (function == 2) {
        u8 byte = (u8)h->x[10];
        charport_transmit(&m->uart->port, &byte, 1);
        return ok(0);
    }
    if (function > 2) {
        return fail(SBI_ERR_NOT_SUPPORTED);
    }
    size = size < DBCN_MAX ? size : DBCN_MAX;
    u8 *bytes = h->x[12] == 0 ? ram_pointer(&m->ram, address, size) : NULL;
    if (!bytes) {
        return fail(SBI_ERR_INVALID_PARAM);
    }
    if (function == 0) {
        charport_transmit(&m->uart->port, bytes, size);
        return ok(size);
    }
    u64 done = 0;
    int c;
    while (done < size && (c = uart_take(m->uart)) >= 0) {
        bytes[done++] = (u8)c;
    }
    ram_written(&m->ram, address, done);
    return ok(done);
}

/* The hart mask of the legacy calls lies at a virtual address of the caller; 0 means all harts. */
static bool legacy_mask(struct machine *m, struct hart *h, u64 *mask)
{
    struct peek peek;
    u64 address = h->x[10];
    *mask = (1u << m->harts) - 1;
    if (address == 0) {
        return true;
    }
    walk_peek(&m->ram, h->satp, address, &peek);
    u64 value;
    if ((peek.result != PEEK_LEAF && peek.result != PEEK_BARE) ||
        !dma_read(&m->ram, peek.pa, &value, sizeof value)) {
        return false;
    }
    *mask &= value;
    return true;
}

static i64 call_legacy(struct machine *m, struct hart *h, u64 extension)
{
    struct remote r = {.what = REMOTE_IPI, .start = h->x[11], .size = h->x[12], .asid = h->x[13]};
    u64 mask;
    u8 byte = (u8)h->x[10];
    switch (extension) {
    case EXTENSION_SET_TIMER:
        set_timer(m, h, h->x[10]);
        return 0;
    case EXTENSION_PUTCHAR:
        charport_transmit(&m->uart->port, &byte, 1);
        return 0;
    case EXTENSION_GETCHAR:
        return uart_take(m->uart);
    case EXTENSION_CLEAR_IPI:
        hart_set_line(h, IRQ_SSI, false);
        return 0;
    case EXTENSION_SHUTDOWN:
        machine_power_off(m, 0);
        return 0;
    case EXTENSION_FENCE_I:
        r.what = REMOTE_FENCE_I;
        break;
    case EXTENSION_FENCE_VMA:
    case EXTENSION_FENCE_VMA_ASID:
        r.what = REMOTE_FENCE_VMA;
        r.by_asid = extension == EXTENSION_FENCE_VMA_ASID;
        break;
    default:
        break;
    }
    return legacy_mask(m, h, &mask) ? remote(m, mask, 0, &r).error : SBI_ERR_INVALID_ADDRESS;
}

bool sbi_call(void *ctx, struct hart *h)
{
    struct machine *m = ctx;
    u64 extension = h->x[17], function = h->x[16];
    bool moved = false;
    struct result r;
    if (extension <= EXTENSION_SHUTDOWN) {
        h->x[10] = (u64)call_legacy(m, h, extension);
        return true;
    }
    switch (extension) {
    case EXTENSION_BASE:
        r = call_base(function, h->x[10]);
        break;
    case EXTENSION_TIME:
        r = function == 0 ? ok(0) : fail(SBI_ERR_NOT_SUPPORTED);
        if (function == 0) {
            set_timer(m, h, h->x[10]);
        }
        break;
    case EXTENSION_IPI: {
        const struct remote ipi = {.what = REMOTE_IPI};
        r = function == 0 ? remote(m, h->x[10], h->x[11], &ipi) : fail(SBI_ERR_NOT_SUPPORTED);
        break;
    }
    case EXTENSION_RFENCE:
        r = call_rfence(m, h, function);
        break;
    case EXTENSION_HSM:
        r = call_hsm(m, h, function, &moved);
        break;
    case EXTENSION_SRST:
        r = function == 0 ? call_reset(m, h->x[10], h->x[11]) : fail(SBI_ERR_NOT_SUPPORTED);
        break;
    case EXTENSION_DBCN:
        r = call_console(m, h, function);
        break;
    default:
        r = fail(SBI_ERR_NOT_SUPPORTED);
        break;
    }
    if (!moved) {
        h->x[10] = (u64)r.error;
        h->x[11] = r.value;
    }
    return true;
}

void sbi_save(const struct machine *m, struct serial_writer *writer)
{
    serial_put_bool(writer, "active", m->sbi.active);
    for (unsigned i = 0; i < m->harts; i++) {
        serial_put_u64(writer, "state", m->sbi.state[i]);
        serial_put_bool(writer, "armed", m->sbi.timer_armed[i]);
    }
}

bool sbi_load(struct machine *m, struct serial_reader *reader, struct error *err)
{
    m->sbi.active = serial_get_bool(reader, "active");
    for (unsigned i = 0; i < m->harts; i++) {
        m->sbi.state[i] = (u8)serial_get_max(reader, "state", SBI_SUSPENDED);
        m->sbi.timer_armed[i] = serial_get_bool(reader, "armed");
    }
    return serial_ok(reader, err);
}
