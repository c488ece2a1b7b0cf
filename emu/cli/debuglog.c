/* SPDX-License-Identifier: MIT */
/* debuglog.c - see debuglog.h. */
#include "emu/cli/debuglog.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/hart/hart.h"
#include "emu/hart/hook.h"
#include "emu/hart/walk.h"
#include "emu/isa/disasm.h"
#include "emu/machine/control.h"
#include "emu/machine/machine.h"

struct debuglog {
    FILE *out;
    bool owned, traps, instructions, code;
    struct hook hook;
    const struct hook *inner;
    struct machine *machine;
};

static const char privilege_letter[4] = {'u', 's', '?', 'm'};

static void trap_enter(void *ctx, struct hart *h, u64 cause, u64 tval, u64 epc, unsigned from,
                       unsigned to, u64 retired)
{
    struct debuglog *log = ctx;
    if (log->traps) {
        fprintf(log->out,
                "trap hart:%u %s:%" PRIu64 " epc:0x%016" PRIx64 " tval:0x%016" PRIx64
                " %c->%c retired:%" PRIu64 "\n",
                h->id, cause & CAUSE_INTERRUPT ? "interrupt" : "exception",
                cause & ~CAUSE_INTERRUPT, epc, tval, privilege_letter[from & 3],
                privilege_letter[to & 3], retired);
    }
    if (log->inner && log->inner->trap_enter) {
        log->inner->trap_enter(log->inner->ctx, h, cause, tval, epc, from, to, retired);
    }
}

static void trap_return(void *ctx, struct hart *h, enum trap_return_kind kind, unsigned to,
                        u64 new_pc)
{
    const struct debuglog *log = ctx;
    if (log->inner && log->inner->trap_return) {
        log->inner->trap_return(log->inner->ctx, h, kind, to, new_pc);
    }
}

static void satp_write(void *ctx, struct hart *h, u64 old_satp, u64 new_satp)
{
    const struct debuglog *log = ctx;
    if (log->inner && log->inner->satp_write) {
        log->inner->satp_write(log->inner->ctx, h, old_satp, new_satp);
    }
}

static void sfence(void *ctx, struct hart *h, bool by_address, u64 va, bool by_asid, u64 asid)
{
    const struct debuglog *log = ctx;
    if (log->inner && log->inner->sfence) {
        log->inner->sfence(log->inner->ctx, h, by_address, va, by_asid, asid);
    }
}

static void probe(void *ctx, struct hart *h, unsigned event, unsigned priv, u64 retired)
{
    const struct debuglog *log = ctx;
    if (log->inner && log->inner->probe) {
        log->inner->probe(log->inner->ctx, h, event, priv, retired);
    }
}

static void wfi(void *ctx, struct hart *h)
{
    const struct debuglog *log = ctx;
    if (log->inner && log->inner->wfi) {
        log->inner->wfi(log->inner->ctx, h);
    }
}

static bool parse_items(struct debuglog *log, const char *items, struct error *err)
{
    while (*items) {
        size_t n = strcspn(items, ",");
        if (n == 3 && memcmp(items, "int", 3) == 0) {
            log->traps = true;
        } else if (n == 6 && memcmp(items, "in_asm", 6) == 0) {
            log->instructions = true;
        } else if (n == 3 && memcmp(items, "jit", 3) == 0) {
            log->code = true;
        } else {
            return error_set(err, EINVAL,
                             "-d %.*s: not supported; int, in_asm and jit are (page faults: "
                             "--trace FILE.pft)",
                             (int)n, items);
        }
        items += n + (items[n] == ',');
    }
    return true;
}

struct debuglog *debuglog_open(const char *items, const char *path, struct error *err)
{
    struct debuglog *log = calloc(1, sizeof *log);
    if (!log) {
        error_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    log->out = stderr;
    if (!parse_items(log, items, err)) {
        free(log);
        return NULL;
    }
    if (path) {
        log->out = fopen(path, "we");
        log->owned = true;
    }
    if (!log->out) {
        error_set(err, errno, "cannot write %s: %s", path, strerror(errno));
        free(log);
        return NULL;
    }
    log->hook = (struct hook){.ctx = log,
                              .trap_enter = trap_enter,
                              .trap_return = trap_return,
                              .satp_write = satp_write,
                              .sfence = sfence,
                              .probe = probe,
                              .wfi = wfi};
    return log;
}

/* The instruction at pc by the page tables as they are; false when there is none to be seen. */
static bool peek_instruction(struct machine *m, const struct hart *h, u32 *word)
{
    struct peek peek;
    u64 satp = h->priv == PRIV_MACHINE ? 0 : h->satp;
    *word = 0;
    for (unsigned half = 0; half < 2; half++) {
        u16 bits;
        walk_peek(machine_ram(m), satp, h->pc + 2 * half, &peek);
        if ((peek.result != PEEK_LEAF && peek.result != PEEK_BARE) ||
            !dma_read(machine_ram(m), peek.pa, &bits, sizeof bits)) {
            return half == 1 && (*word & 3) != 3;
        }
        *word |= (u32)bits << (16 * half);
    }
    return true;
}

/* The next instruction of each hart that has moved; the machine goes one instruction at a time. */
static void log_instruction(void *ctx)
{
    struct debuglog *log = ctx;
    struct machine *m = log->machine;
    for (unsigned i = 0; i < machine_hart_count(m); i++) {
        const struct hart *h = machine_hart(m, i);
        u32 word;
        char text[128];
        if (!h->waiting && machine_turn(m) == i && peek_instruction(m, h, &word)) {
            insn_print(text, sizeof text, h->pc, word, 0);
            fprintf(log->out, "hart:%u %c 0x%016" PRIx64 ":  %s\n", i, privilege_letter[h->priv],
                    h->pc, text);
        }
    }
}

void debuglog_connect(struct debuglog *log, struct machine *m, const struct hook *inner)
{
    log->inner = inner;
    log->machine = m;
    if (log->code && !machine_list_code(m, log->out)) {
        log_warn("-d jit: nothing is translated by this engine");
    }
    if (log->traps) {
        machine_set_hook(m, &log->hook);
    }
    if (log->instructions) {
        machine_single_step(m, true);
        machine_on_slice(m, log_instruction, log);
        log_instruction(log);
    }
}

void debuglog_close(struct debuglog *log)
{
    if (log && log->owned) {
        fclose(log->out);
    }
    free(log);
}
