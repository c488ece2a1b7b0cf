/* SPDX-License-Identifier: MIT */
/*
 * run.c - the loop that gives harts their slices and lets time pass.
 *
 * One turn: run what is due on the clock, choose a hart, let it execute up to the next event or
 * the end of its slice. Where a turn is cut short (limits, steps, host matters) has no effect on
 * the guest: whose slice it is and how much is left of it are state. When every hart waits, time
 * jumps to the next event; while something outside is awaited it goes no faster than real time.
 */
#include <inttypes.h>

#include "emu/machine/state.h"

#define SLICE_ALONE (1 << 20) /* instructions: with one hart only the host notices slices */
#define SLICE_MIN 5000
#define SLICE_SPREAD 10000
#define POLL_INTERVAL_NS 2000000u /* host time between looks at descriptors */
#define LOOP_CONFIRM 4

static u64 next_random(struct schedule *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    s->random += s->random == 0;
    return s->random;
}

static i64 slice_length(struct machine *m)
{
    if (m->harts == 1) {
        return SLICE_ALONE;
    }
    return SLICE_MIN + (i64)(next_random(&m->schedule) % SLICE_SPREAD);
}

static bool runnable(const struct machine *m, unsigned hart)
{
    return m->sbi.state[hart] == SBI_STARTED && !m->hart[hart]->waiting;
}

/* Makes schedule.turn a hart that can execute; false when there is none. */
static bool choose(struct machine *m)
{
    struct schedule *s = &m->schedule;
    if (s->slice_left > 0 && runnable(m, s->turn)) {
        return true;
    }
    for (unsigned i = 1; i <= m->harts; i++) {
        unsigned candidate = (s->turn + i) % m->harts;
        if (runnable(m, candidate)) {
            if (candidate != s->turn) {
                hart_end_reservation(m->hart[s->turn]);
            }
            s->turn = candidate;
            s->slice_left = slice_length(m);
            return true;
        }
    }
    return false;
}

static u64 least(u64 a, u64 b)
{
    return a < b ? a : b;
}

/* Host time left of the time limit. */
static u64 host_time_left(const struct machine *m)
{
    if (m->config.timeout_ns == 0) {
        return CLOCK_NEVER;
    }
    u64 passed = machine_host_ns() - m->started_ns;
    return passed < m->config.timeout_ns ? m->config.timeout_ns - passed : 0;
}

static void end_idle(struct machine *m)
{
    machine_end(m, MACHINE_IDLE, 124,
                "guest idle for ever: every hart waits, no event is pending and no input can come");
}

/* Waits in real time for input or for the next event, whichever is first. */
static void idle_paced(struct machine *m, u64 next)
{
    u64 now = clock_now(&m->clock);
    u64 guest_ns = next == CLOCK_NEVER ? CLOCK_NEVER : next - now;
    m->pace_until = next;
    machine_poll(m, least(guest_ns, host_time_left(m)));
    m->pace_until = 0;
}

static void idle(struct machine *m, bool host)
{
    u64 next = clock_next_deadline(&m->clock);
    if (host && input_awaited(m)) {
        idle_paced(m, next);
    } else if (next != CLOCK_NEVER) {
        clock_jump(&m->clock, next);
    } else if (!input_offer(m)) {
        end_idle(m);
    }
}

/* The hart stands at the first instruction of its handler, having trapped just there. */
static bool at_own_handler(const struct hart *h)
{
    bool machine_mode = h->priv == PRIV_MACHINE;
    u64 vector = machine_mode ? h->mtvec : h->stvec;
    u64 cause = machine_mode ? h->mcause : h->scause;
    u64 epc = machine_mode ? h->mepc : h->sepc;
    return h->priv != PRIV_USER && h->pc == (vector & ~3ull) && epc == h->pc &&
           (cause == CAUSE_FETCH_MISALIGNED || cause == CAUSE_FETCH_ACCESS ||
            cause == CAUSE_FETCH_PAGE || cause == CAUSE_ILLEGAL);
}

/* A suspicion is confirmed by single instructions, each of which has to trap again. */
static void look_for_trap_loop(struct machine *m, const struct hart *h, u64 trapped_before)
{
    if (!at_own_handler(h) || h->trapped == trapped_before) {
        m->loop_suspicion = 0;
        return;
    }
    if (++m->loop_suspicion > LOOP_CONFIRM) {
        bool machine_mode = h->priv == PRIV_MACHINE;
        u64 cause = machine_mode ? h->mcause : h->scause;
        machine_end(m, MACHINE_TRAP_LOOP, 124,
                    "trap loop on hart %u: the first instruction of its trap handler, %s = "
                    "%#" PRIx64 ", traps itself (%s)",
                    h->id, machine_mode ? "mtvec" : "stvec", h->pc,
                    cause == CAUSE_ILLEGAL ? "illegal instruction" : "it cannot be fetched");
    }
}

static void check_step(struct machine *m)
{
    if (m->stepping && hart_executed(m->hart[m->step_hart]) >= m->step_until) {
        m->stepping = false;
        m->stopped = true;
    }
    if (m->stop_at && machine_instructions(m) >= m->stop_at) {
        m->stop_at = 0;
        m->stopped = true;
    }
}

/* What the chosen hart may execute now, at most `limit`. */
static u64 allowance(const struct machine *m, const struct hart *h, u64 limit)
{
    u64 grant = least((u64)m->schedule.slice_left, limit);
    grant = least(grant, clock_next_deadline(&m->clock) - clock_now(&m->clock));
    if (m->config.max_instructions) {
        u64 done = machine_instructions(m);
        grant =
            least(grant, m->config.max_instructions > done ? m->config.max_instructions - done : 0);
    }
    if (m->stepping && h == m->hart[m->step_hart]) {
        grant = least(grant, m->step_until - hart_executed(h));
    }
    if (m->stop_at) {
        u64 done = machine_instructions(m);
        grant = least(grant, m->stop_at > done ? m->stop_at - done : 1);
    }
    return m->loop_suspicion || m->single_step ? least(grant, 1) : grant;
}

/* host: terminals may be waited for. */
static void turn(struct machine *m, u64 limit, bool host)
{
    clock_run_due(&m->clock);
    if (m->ended || m->reset_wanted) {
        return;
    }
    if (!choose(m)) {
        idle(m, host);
        return;
    }
    struct hart *h = m->hart[m->schedule.turn];
    u64 grant = allowance(m, h, limit);
    if (grant == 0) {
        machine_end(m, MACHINE_LIMIT, 124, "stopped after %" PRIu64 " instructions (--max-instr)",
                    machine_instructions(m));
        return;
    }
    u64 executed = hart_executed(h), trapped = h->trapped;
    m->clock.horizon = clock_now(&m->clock) + grant;
    hart_grant(h, (i64)grant);
    m->running = h;
    h->engine->run(h->engine, h);
    hart_sync(h);
    m->running = NULL;
    m->clock.horizon = 0;
    m->schedule.slice_left -= (i64)(hart_executed(h) - executed);
    look_for_trap_loop(m, h, trapped);
    check_step(m);
}

static void reset_if_wanted(struct machine *m)
{
    struct error err = {0};
    if (m->reset_wanted && !m->ended && !machine_reset(m, &err)) {
        machine_end(m, MACHINE_FAILED, 125, "%s", err.text);
    }
}

/* Between turns: signals, descriptors, limits of host time. */
static void attend_host(struct machine *m)
{
    u64 now = machine_host_ns();
    if (now - m->polled_ns > POLL_INTERVAL_NS) {
        machine_poll(m, 0);
        if (input_broken_pipe(m)) {
            machine_end(m, MACHINE_QUIT, 128 + SIGPIPE, "%s", "");
        }
    } else {
        input_serve(m);
    }
    if (m->signal != 0) {
        machine_end(m, MACHINE_QUIT, 128 + m->signal, "%s", "");
    }
    if (host_time_left(m) == 0) {
        machine_end(m, MACHINE_LIMIT, 124, "stopped after %.3g seconds (--timeout)",
                    (double)m->config.timeout_ns / 1e9);
    }
}

void machine_run(struct machine *m, struct machine_exit *out)
{
    bool was_stopped = false;
    m->started_ns = machine_host_ns();
    while (!m->ended) {
        if (m->stopped) {
            if (!was_stopped) {
                machine_call_listeners(m, LISTENER_STOP);
            }
            was_stopped = true;
            if (m->stopped && !m->ended) {
                machine_poll(m, host_time_left(m));
            }
        } else {
            was_stopped = false;
            turn(m, CLOCK_NEVER, true);
            reset_if_wanted(m);
            machine_call_listeners(m, LISTENER_SLICE);
        }
        attend_host(m);
    }
    input_flush(m);
    *out = m->exit;
}

bool machine_run_for(struct machine *m, u64 instructions, struct machine_exit *out)
{
    u64 done = machine_instructions(m);
    u64 until = instructions > CLOCK_NEVER - done ? CLOCK_NEVER : done + instructions;
    while (!m->ended && (done = machine_instructions(m)) < until) {
        turn(m, until - done, false);
        reset_if_wanted(m);
        machine_call_listeners(m, LISTENER_SLICE);
    }
    if (m->ended) {
        input_flush(m);
        *out = m->exit;
    }
    return !m->ended;
}
