/* SPDX-License-Identifier: MIT */
/*
 * profile_guest.c - where the guest's instructions go: how many each function of the kernel
 * executes, for each piece of work.
 *
 * Takes the emulator's own options.  The machine is given an engine that hands the interpreter one
 * instruction at a time and counts them by pc, so the figures are exact and the run is the same
 * as without it.  A line that the guest writes to its standard output ends a piece of work: what
 * was executed since the line before is printed under it.  A line with "N ops" in it (as pfbench
 * prints) gives figures per operation.
 *
 * Environment: PROFILE_TOP functions to print (40); PROFILE_LINE only lines with this text;
 * PROFILE_FUNCTION also counts of each instruction address of this function.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/log.h"
#include "emu/cli/session.h"
#include "emu/hart/engine.h"
#include "emu/hart/hart.h"
#include "emu/hart/hook.h"
#include "emu/hart/walk.h"
#include "emu/machine/machine.h"

#define SYSCALL_WRITE 64
#define STDOUT 1

struct function {
    u64 start, end;
    const char *name;
    u64 instructions;
};

struct profile {
    struct engine engine; /* first: harts hold a pointer to it */
    struct engine *inner;
    struct machine *machine;
    struct hook hook;
    struct function *functions; /* by address */
    size_t count;
    u64 text, text_size; /* kernel addresses */
    u64 *executed;       /* by (pc - text) / 2 */
    u64 user, elsewhere, faults, calls, interrupts;
    u64 top;
    const char *only, *detail;
};

/* ---- counting ---------------- */

static enum exit_reason profile_run(struct engine *engine, struct hart *h)
{
    struct profile *p = (struct profile *)engine;
    i64 left = h->budget;
    enum exit_reason reason = EXIT_BUDGET;

    while (left > 0 && reason == EXIT_BUDGET) {
        u64 before = hart_executed(h), pc = h->pc, used;
        unsigned priv = h->priv;

        hart_grant(h, 1);
        reason = p->inner->run(p->inner, h);
        used = hart_executed(h) - before;
        left -= (i64)used;
        if (priv == PRIV_USER) {
            p->user += used;
        } else if (pc - p->text < p->text_size) {
            p->executed[(pc - p->text) / 2] += used;
        } else {
            p->elsewhere += used;
        }
    }
    hart_grant(h, left);
    return reason;
}

static void profile_invalidate(struct engine *engine, u64 pa, u64 length)
{
    struct profile *p = (struct profile *)engine;
    p->inner->invalidate(p->inner, pa, length);
}

static void profile_flush(struct engine *engine)
{
    struct profile *p = (struct profile *)engine;
    p->inner->flush(p->inner);
}

/* ---- printing ---------------- */

static int by_cost(const void *a, const void *b)
{
    const struct function *const *x = a, *const *y = b;
    return ((*x)->instructions < (*y)->instructions) - ((*x)->instructions > (*y)->instructions);
}

static void print_detail(const struct profile *p, const struct function *f, double operations)
{
    for (u64 pc = f->start; pc < f->end; pc += 2) {
        u64 n = p->executed[(pc - p->text) / 2];
        if (n > 0) {
            fprintf(stderr, "        %#" PRIx64 " %10.3f\n", pc, (double)n / operations);
        }
    }
}

/* => the sum */
static u64 sum_functions(struct profile *p)
{
    u64 sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct function *f = &p->functions[i];
        f->instructions = 0;
        for (u64 pc = f->start; pc < f->end; pc += 2) {
            f->instructions += p->executed[(pc - p->text) / 2];
        }
        sum += f->instructions;
    }
    return sum;
}

static void report(struct profile *p, const char *line)
{
    struct function **order = calloc(p->count + 1, sizeof(*order));
    double operations = 1;
    const char *ops = strstr(line, " ops ");
    u64 kernel = sum_functions(p) + p->elsewhere;

    if (!order) {
        return;
    }
    while (ops && ops > line && ops[-1] != ' ') {
        ops--;
    }
    if (ops && atof(ops) > 0) {
        operations = atof(ops);
    }
    for (size_t i = 0; i < p->count; i++) {
        order[i] = &p->functions[i];
    }
    qsort(order, p->count, sizeof(struct function *), by_cost);
    fprintf(stderr,
            "== %s\n   instructions %.1f: kernel %.1f, user %.1f; page faults %.3f, system calls "
            "%.3f, interrupts %.3f\n",
            line, (double)(kernel + p->user) / operations, (double)kernel / operations,
            (double)p->user / operations, (double)p->faults / operations,
            (double)p->calls / operations, (double)p->interrupts / operations);
    for (size_t i = 0; i < p->count && i < p->top && order[i]->instructions > 0; i++) {
        const struct function *f = order[i];
        fprintf(stderr, "   %10.2f %5.1f%%  calls %9.3f  %s\n",
                (double)f->instructions / operations,
                100.0 * (double)f->instructions / (double)(kernel ? kernel : 1),
                (double)p->executed[(f->start - p->text) / 2] / operations, f->name);
    }
    for (size_t i = 0; p->detail && i < p->count; i++) {
        if (strcmp(p->functions[i].name, p->detail) == 0) {
            print_detail(p, &p->functions[i], operations);
        }
    }
    free(order);
}

static void start_again(struct profile *p)
{
    memset(p->executed, 0, p->text_size / 2 * sizeof(*p->executed));
    p->user = p->elsewhere = p->faults = p->calls = p->interrupts = 0;
}

/* ---- what the guest says ---------------- */

static void write_called(struct profile *p, const struct hart *h)
{
    char line[128] = "";
    u64 length = h->x[12] < sizeof(line) - 1 ? h->x[12] : sizeof(line) - 1;

    for (u64 i = 0; i < length; i++) {
        struct peek peek;
        walk_peek(machine_ram(p->machine), h->satp, h->x[11] + i, &peek);
        if (peek.result != PEEK_LEAF || !dma_read(machine_ram(p->machine), peek.pa, &line[i], 1)) {
            line[i] = '\0';
            break;
        }
    }
    line[strcspn(line, "\n")] = '\0';
    if (line[0] && (!p->only || strstr(line, p->only))) {
        report(p, line);
    }
    if (line[0]) {
        start_again(p);
    }
}

static void trap_enter(void *ctx, struct hart *h, u64 cause, u64 tval, u64 epc, unsigned from,
                       unsigned to, u64 retired)
{
    struct profile *p = ctx;
    (void)tval;
    (void)epc;
    (void)to;
    (void)retired;
    if (cause & CAUSE_INTERRUPT) {
        p->interrupts++;
    } else if (cause == CAUSE_FETCH_PAGE || cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE) {
        p->faults++;
    } else if (from == PRIV_USER && cause == CAUSE_ECALL_USER) {
        if (h->x[17] == SYSCALL_WRITE && h->x[10] == STDOUT) {
            write_called(p, h);
        }
        p->calls++;
    }
}

/* ---- the kernel's functions ---------------- */

static int by_address(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static bool is_code(const Elf64_Sym *s)
{
    unsigned type = ELF64_ST_TYPE(s->st_info);
    return s->st_shndx != SHN_UNDEF && s->st_shndx < SHN_LORESERVE &&
           (type == STT_FUNC || type == STT_NOTYPE);
}

static bool read_symbols(struct profile *p, const u8 *elf, size_t size)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)elf;
    const Elf64_Shdr *sections, *symbols = NULL, *text = NULL;

    if (size < sizeof(*header) || header->e_shoff > size) {
        return false;
    }
    sections = (const Elf64_Shdr *)(elf + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        symbols = sections[i].sh_type == SHT_SYMTAB ? &sections[i] : symbols;
        text = !text && (sections[i].sh_flags & SHF_EXECINSTR) ? &sections[i] : text;
    }
    if (!symbols || !text) {
        return false;
    }
    p->text = text->sh_addr;
    p->text_size = text->sh_size;
    p->executed = calloc(p->text_size / 2 + 1, sizeof(*p->executed));
    p->functions = calloc(symbols->sh_size / sizeof(Elf64_Sym) + 1, sizeof(*p->functions));
    if (!p->executed || !p->functions) {
        return false;
    }
    const Elf64_Sym *symbol = (const Elf64_Sym *)(elf + symbols->sh_offset);
    const char *names = (const char *)elf + sections[symbols->sh_link].sh_offset;
    for (size_t i = 0; i < symbols->sh_size / sizeof(Elf64_Sym); i++) {
        const char *name = names + symbol[i].st_name;
        if (is_code(&symbol[i]) && symbol[i].st_value - p->text < p->text_size && name[0] != '$' &&
            name[0] != '.') {
            p->functions[p->count++] = (struct function){.start = symbol[i].st_value, .name = name};
        }
    }
    qsort(p->functions, p->count, sizeof(struct function), by_address);
    for (size_t i = 0; i < p->count; i++) {
        p->functions[i].end = i + 1 < p->count ? p->functions[i + 1].start : p->text + p->text_size;
    }
    return p->count > 0;
}

static int run(struct profile *p, struct session *s, struct error *err)
{
    struct machine_exit end = {0};

    p->machine = machine_create(&s->config, err);
    if (!p->machine) {
        return -1;
    }
    const struct machine_bytes *kernel = machine_kernel(p->machine);
    if (!kernel || !read_symbols(p, kernel->data, kernel->size)) {
        error_set(err, 0, "the kernel has no symbols");
        machine_destroy(p->machine);
        return -1;
    }
    p->inner = machine_hart(p->machine, 0)->engine;
    p->engine = (struct engine){.name = "profile",
                                .run = profile_run,
                                .invalidate = profile_invalidate,
                                .flush = profile_flush};
    for (unsigned i = 0; i < machine_hart_count(p->machine); i++) {
        machine_hart(p->machine, i)->engine = &p->engine;
    }
    p->hook = (struct hook){.ctx = p, .trap_enter = trap_enter};
    machine_set_hook(p->machine, &p->hook);
    machine_run(p->machine, &end);
    if (end.text[0]) {
        log_error("%s", end.text);
    }
    if (!p->only) {
        report(p, "the end");
    }
    machine_destroy(p->machine);
    return end.status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct session session;
    struct profile profile = {0};
    struct error err = {0};
    int status = -1;
    const char *top = getenv("PROFILE_TOP");

    profile.top = top ? strtoull(top, NULL, 10) : 40;
    profile.only = getenv("PROFILE_LINE");
    profile.detail = getenv("PROFILE_FUNCTION");
    bool is_run = argc > 1 && strcmp(argv[1], "run") == 0;
    if (options_parse(&options, argc - is_run, argv + is_run, is_run, &err) &&
        session_prepare(&session, &options, &err)) {
        session.config.engine = "interp";
        status = run(&profile, &session, &err);
        session_free(&session);
    }
    if (status < 0) {
        log_error("%s", err.text);
        status = EXIT_TROUBLE;
    }
    options_free(&options);
    free(profile.executed);
    free(profile.functions);
    return status;
}
