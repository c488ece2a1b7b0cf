/* SPDX-License-Identifier: MIT */
/* text.c - records as lines for people. */
#include "emu/trace/text.h"

#include <inttypes.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/trace/line.h"

int trace_number(char *out, size_t size, u64 value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    struct line line = line_begin(out, size);

    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            line_add(&line, ",");
        line_add(&line, "%c", digits[i]);
    }
    return line_end(&line);
}

static void valid_pte(struct line *line, u64 pte)
{
    static const struct {
        u64 bit;
        char letter;
    } flag[] = {{PTE_V, 'V'}, {PTE_R, 'R'}, {PTE_W, 'W'}, {PTE_X, 'X'},
                {PTE_U, 'U'}, {PTE_G, 'G'}, {PTE_A, 'A'}, {PTE_D, 'D'}};

    for (size_t i = 0; i < ARRAY_LENGTH(flag); i++)
        line_add(line, "%s%c", i ? " " : "", pte & flag[i].bit ? flag[i].letter : '-');
    if (pte & PTE_COW)
        line_add(line, " COW");
    if (pte & PTE_SPECIAL)
        line_add(line, " special");
}

int trace_pte_words(char *out, size_t size, u64 pte)
{
    struct line line = line_begin(out, size);

    if (!pte) {
        line_add(&line, "0 (nothing)");
    } else if (pte & PTE_V) {
        valid_pte(&line, pte);
    } else if (PTE_CLASS(pte) == PTE_CLASS_SWAP) {
        line_add(&line, "swap slot %" PRIu64 "%s", (u64)PTE_PAYLOAD(pte),
                 pte & PTE_SWAP_EXCLUSIVE ? " exclusive" : "");
    } else if (PTE_CLASS(pte) == PTE_CLASS_MARKER) {
        unsigned code = (unsigned)(PTE_PAYLOAD(pte) & 0xff);
        line_add(&line, "%s marker",
                 code == PTE_MARKER_GUARD    ? "guard"
                 : code == PTE_MARKER_POISON ? "poison"
                                             : "unknown");
    } else if (PTE_CLASS(pte) == PTE_CLASS_AWAY) {
        line_add(&line, "away (no access), frame 0x%" PRIx64, (u64)PTE_PAYLOAD(pte));
    } else {
        line_add(&line, "invalid 0x%" PRIx64, pte);
    }
    return line_end(&line);
}

/* "heap+0x1000", or the page address when there is no area to name it by. */
void line_place(struct line *line, const struct trace_fault *fault)
{
    u64 page = fault->va & PAGE_MASK;

    if (fault->area != AREA_NONE && fault->area_start && page >= fault->area_start)
        line_add(line, "%s+0x%" PRIx64, area_kind_name(fault->area), page - fault->area_start);
    else
        line_add(line, "@0x%" PRIx64, page);
}

/* The kernel's kind; the emulator's own label, marked, when the kernel did not say. */
void line_kind(struct line *line, const struct trace_fault *fault)
{
    if (fault->kind)
        line_add(line, "%s", fault_kind_name(fault->kind));
    else if (fault->notes & FAULT_NOTE_UNMATCHED)
        line_add(line, "~unfinished");
    else
        line_add(line, "~%s", coarse_label_name(fault->coarse));
}

static void line_notes(struct line *line, const struct trace_fault *fault)
{
    static const struct {
        unsigned bit;
        const char *text;
    } flag[] = {{PROBE_FLAG_KERNEL, "kernel"},
                {PROBE_FLAG_RECLAIM, "reclaim"},
                {PROBE_FLAG_STACK_GROW, "stack-grow"},
                {PROBE_FLAG_TRIED, "tried"},
                {PROBE_FLAG_AHEAD, "ahead"}};

    for (size_t i = 0; i < ARRAY_LENGTH(flag); i++)
        if (fault->flags & flag[i].bit)
            line_add(line, " %s", flag[i].text);
    if (fault->notes & FAULT_NOTE_SLEPT)
        line_add(line, " slept");
    if (fault->notes & FAULT_NOTE_OVERTAKEN)
        line_add(line, " overtaken");
    if (fault->notes & FAULT_NOTE_MISMATCH)
        line_add(line, " LABEL-MISMATCH(saw %s)", coarse_label_name(fault->coarse));
    if (fault->notes & FAULT_NOTE_DISAGREE)
        line_add(line, " PROBE-DISAGREES");
}

static void line_fault(struct line *line, const struct trace_fault *fault, const char *where)
{
    line_kind(line, fault);
    line_add(line, " %s (%u) stval=0x%" PRIx64 " sepc=0x%" PRIx64 " ",
             fault_cause_name(fault->cause), fault->cause, fault->va, fault->pc);
    if (where)
        line_add(line, "[%s] => ", where);
    line_place(line, fault);
    if (fault->pfn_old && fault->pfn_new && fault->pfn_old != fault->pfn_new)
        line_add(line, " pfn 0x%" PRIx64 "->0x%" PRIx64, fault->pfn_old, fault->pfn_new);
    else if (fault->pfn_new)
        line_add(line, " pfn 0x%" PRIx64, fault->pfn_new);
    if (fault->refs)
        line_add(line, " refs %u", fault->refs);
    if (fault->kind == FAULT_SWAP_MAP || fault->kind == FAULT_SWAP_READ ||
        fault->kind == FAULT_SWAP_COW || fault->kind == FAULT_SHM_SWAPIN)
        line_add(line, " slot %" PRIu64, fault->back);
    else if (fault->back)
        line_add(line, " inode %" PRIu64 " page %" PRIu64, fault->back >> 32,
                 fault->back & 0xffffffff);
    if (fault->around)
        line_add(line, " around %u", fault->around);
    line_add(line, " cost %" PRIu64 " %s", fault->cost, fault_result_name(fault->result));
    line_notes(line, fault);
}

void line_name(struct line *line, u64 low, u64 high)
{
    u64 word[2] = {low, high};

    for (unsigned i = 0; i < 16; i++) {
        unsigned c = (unsigned)(word[i / 8] >> (8 * (i % 8))) & 0xff;
        if (!c)
            break;
        line_add(line, "%c", c > ' ' && c < 0x7f ? (char)c : '?');
    }
}

void trace_name(u64 low, u64 high, char out[17])
{
    struct line line = line_begin(out, 17);

    line_name(&line, low, high);
    line_end(&line);
}

static void line_rights(struct line *line, u64 prot)
{
    line_add(line, "%c%c%c", prot & 1 ? 'r' : '-', prot & 2 ? 'w' : '-', prot & 4 ? 'x' : '-');
}

static void line_probe(struct line *line, unsigned event, const u64 *a)
{
    switch (event) {
    case PROBE_EV_BOOT:
        line_add(line, " layout at 0x%" PRIx64 ", %" PRIu64 " bytes", a[0], a[1]);
        break;
    case PROBE_EV_SWITCH:
        line_add(line, " to %" PRIu64 ":%" PRIu64, a[0] >> 32, a[0] & 0xffffffff);
        break;
    case PROBE_EV_FORK:
        line_add(line, " child %" PRIu64 ", %" PRIu64 " PTEs%s", a[1] >> 32, a[2],
                 a[3] ? ", memory shared" : "");
        break;
    case PROBE_EV_EXEC:
        line_add(line, " ");
        line_name(line, a[1], a[2]);
        break;
    case PROBE_EV_EXIT:
        line_add(line, " status 0x%" PRIx64 ", faults %" PRIu64 " minor %" PRIu64 " major", a[1],
                 a[2], a[3]);
        break;
    case PROBE_EV_MAP:
        line_add(line, " 0x%" PRIx64 "..0x%" PRIx64 " %s ", a[1], a[2],
                 area_kind_name((unsigned)(a[3] & 0xff)));
        line_rights(line, a[3] >> 8);
        line_add(line, "%c", a[3] >> 16 & 1 ? 's' : 'p');
        if (a[4])
            line_add(line, " inode %" PRIu64 " page %" PRIu64, a[4], a[5]);
        break;
    case PROBE_EV_UNMAP:
        line_add(line, " 0x%" PRIx64 "..0x%" PRIx64, a[1], a[2]);
        break;
    case PROBE_EV_PROTECT:
        line_add(line, " 0x%" PRIx64 "..0x%" PRIx64 " ", a[1], a[2]);
        line_rights(line, a[3]);
        break;
    case PROBE_EV_EVICT:
        line_add(line, " pfn 0x%" PRIx64 " %s %s %" PRIu64 ", %s, %" PRIu64 " mappings", a[0],
                 (a[2] & 0xff) == 1   ? "anon"
                 : (a[2] & 0xff) == 2 ? "file"
                                      : "shm",
                 (a[2] & 0xff) == 2 ? "page" : "slot", a[1], a[2] >> 8 & 0xff ? "dirty" : "clean",
                 a[2] >> 16);
        break;
    case PROBE_EV_SWAP_OUT:
    case PROBE_EV_SWAP_IN:
        line_add(line, " slot %" PRIu64 " pfn 0x%" PRIx64, a[0], a[1]);
        break;
    case PROBE_EV_SWAP_FREE:
        line_add(line, " slot %" PRIu64, a[0]);
        break;
    case PROBE_EV_WRITEBACK:
        line_add(line, " %s %" PRIu64 " page %" PRIu64 " pfn 0x%" PRIx64 " %s",
                 a[4] ? "disk" : "inode", a[0], a[1], a[2], writeback_reason_name((unsigned)a[3]));
        break;
    case PROBE_EV_RECLAIM:
        line_add(line, " %s: examined %" PRIu64 ", freed %" PRIu64 ", free now %" PRIu64,
                 a[3] ? "direct" : "background", a[0], a[1], a[2]);
        break;
    case PROBE_EV_OOM_KILL:
        line_add(line, " pid %" PRIu64 ", %" PRIu64 " frames, %" PRIu64 " slots", a[0] >> 32, a[1],
                 a[2]);
        break;
    case PROBE_EV_MARK:
        line_add(line, " ");
        line_name(line, a[0], a[1]);
        break;
    case PROBE_EV_SYSCALL:
        line_add(line, " %" PRIu64, a[1]);
        break;
    case PROBE_EV_BREAK:
        line_add(line, " 0x%" PRIx64 " -> 0x%" PRIx64, a[1], a[2]);
        break;
    default:
        line_add(line, " 0x%" PRIx64, a[0]);
    }
}

int trace_line(char *out, size_t size, const struct trace_record *record)
{
    return trace_line_at(out, size, record, NULL);
}

int trace_line_at(char *out, size_t size, const struct trace_record *record, const char *where)
{
    struct line line = line_begin(out, size);
    const char *name = record_type_name(record->type);

    line_add(&line, "#%" PRIu64 " i=%" PRIu64 " p%u", record->seq, record->icount, record->pid);
    if (record->tid && record->tid != record->pid)
        line_add(&line, "/%u", record->tid);
    line_add(&line, " ");
    if (record->type == RECORD_FAULT) {
        line_fault(&line, &record->fault, where);
        return line_end(&line);
    }
    line_add(&line, "%s", name ? name : "?");
    if (record->type > RECORD_PROBE)
        line_probe(&line, record->type - RECORD_PROBE, record->arg);
    else if (record->type == RECORD_INPUT)
        line_add(&line, " channel %u, %u bytes at %" PRIu64 " ns", record->input.channel,
                 record->input.size, record->input.time);
    else if (record->type == RECORD_DISK)
        line_add(&line, " vd%c %s sector %" PRIu64 " +%u%s", 'a' + record->disk.device % 26,
                 record->disk.write ? "write" : "read", record->disk.sector, record->disk.sectors,
                 record->disk.failed ? " FAILED" : "");
    else
        line_add(&line, " 0x%" PRIx64, record->arg[0]);
    return line_end(&line);
}
