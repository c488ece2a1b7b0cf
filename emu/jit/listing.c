/* SPDX-License-Identifier: MIT */
/* listing.c - prints what the translator made of a region; see listing.h. */
#include "emu/jit/listing.h"
#include "emu/isa/disasm.h"

#include <inttypes.h>
#include <string.h>

#ifdef WITH_ZYDIS
#include <Zydis/Zydis.h>

static void print_host(FILE *out, const u8 *run, const u8 *bytes, size_t length)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    for (size_t at = 0; at < length;) {
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
        char text[128];
        u64 address = (u64)(uintptr_t)(run + at);
        if (!ZYAN_SUCCESS(
                ZydisDecoderDecodeFull(&decoder, bytes + at, length - at, &instruction, operand))) {
            fprintf(out, "        %012" PRIx64 "  .byte 0x%02x\n", address, bytes[at]);
            at++;
            continue;
        }
        ZydisFormatterFormatInstruction(&formatter, &instruction, operand,
                                        instruction.operand_count_visible, text, sizeof text,
                                        address, NULL);
        fprintf(out, "        %012" PRIx64 "  %s\n", address, text);
        at += instruction.length;
    }
}
#else
static void print_host(FILE *out, const u8 *run, const u8 *bytes, size_t length)
{
    enum { A_LINE = 24 };
    for (size_t at = 0; at < length; at++) {
        if (at % A_LINE == 0) {
            fprintf(out, "%s        %012" PRIx64 " ", at > 0 ? "\n" : "",
                    (u64)(uintptr_t)(run + at));
        }
        fprintf(out, " %02x", bytes[at]);
    }
    fputs(length > 0 ? "\n" : "", out);
}
#endif

static void print_guest(FILE *out, const struct region *r, unsigned insn, const char *why)
{
    u64 address = r->physical + r->insn_offset[insn];
    u32 word = 0;
    char text[128];
    if (r->straddles) {
        word = r->straddle_bits;
    } else {
        memcpy(&word, r->page + r->insn_offset[insn], r->insn[insn].len);
    }
    insn_print(text, sizeof text, address, word, 0);
    fprintf(out, "  %" PRIx64 "  %s%s\n", address, text, why);
}

static void print_registers(FILE *out, const struct translator *t)
{
    static const char *const name[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                       "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    fputs(" ", out);
    for (unsigned x = 1; x < 32; x++) {
        if (x_host(t, x) != X86_NONE) {
            fprintf(out, " %s=%s", insn_x_name(x), name[x_host(t, x)]);
        }
    }
    for (unsigned f = 0; f < 32; f++) {
        if (f_host(t, f) != REGION_NONE) {
            fprintf(out, " %s=xmm%u", insn_f_name(f), f_host(t, f));
        }
    }
    fputs("\n", out);
}

void listing_bridge(FILE *out, u64 from, const struct jit_entry *to, const u8 *run, const u8 *bytes,
                    size_t length)
{
    fprintf(out, "bridge from region %" PRIu64 " to region %" PRIu64 " at %" PRIx64 ": %zu bytes\n",
            from, to->region->id, to->physical, length);
    print_host(out, run, bytes, length);
    fflush(out);
}

void listing_print(FILE *out, const struct translator *t, const u8 *end)
{
    const struct region *r = t->region;
    const u8 *start = t->x.run_start;
    fprintf(out, "region %" PRIu64 " in page %" PRIx64 ": %u blocks, %u instructions, %td bytes\n",
            t->id, r->physical, r->blocks, r->insns, end - start);
    print_registers(out, t);
    for (unsigned i = 0; i < t->marks; i++) {
        const struct listing_place *mark = &t->mark[i];
        const u8 *next = i + 1 < t->marks ? t->mark[i + 1].at : end;
        if (mark->insn == LISTING_ROUTINES) {
            fputs("  (registers out and in, jumps to elsewhere, entries)\n", out);
        } else {
            bool stub = (mark->insn & LISTING_STUB) != 0;
            print_guest(out, r, mark->insn & ~(unsigned)LISTING_STUB, stub ? "  (slow path)" : "");
        }
        print_host(out, mark->at, t->x.start + (mark->at - start), (size_t)(next - mark->at));
    }
    fflush(out);
}
