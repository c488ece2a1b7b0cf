/* SPDX-License-Identifier: MIT */
/*
 * audit.c - the kernel's books held against the page tables.
 *
 * One walk over every address space counts what is really mapped; then each frame and slot is
 * compared.  Only sound between instructions of the kernel that change both: a guest stopped inside
 * such a change may show a difference that is none, so the text says where the harts are.
 */
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/isa/pte.h"
#include "emu/machine/machine.h"
#include "emu/monitor/command.h"
#include "emu/monitor/monitor.h"
#include "emu/monitor/value.h"
#include "emu/observe/swapcheck.h"
#include "probe.h"

COMMAND_HANDLER(audit);
void show_audit(const json_t *value, struct buffer *out);

#define MAX_FINDINGS 200
#define MAX_ROOTS 4096

#define SWAP_BAD 0x7fffu /* users of a slot that must not be used any more (mm/swap.h) */

struct books {
    struct observer *o;
    json_t *findings;
    u64 total;
    u64 first, frames, slots;
    u32 *mapped;  /* by frame */
    u8 *writable; /* by frame: some PTE lets users write */
    u32 *slotted; /* by slot */
    u8 *cached;   /* by slot: a frame says that it caches it */
    u64 *root;    /* spaces walked: vfork shares them */
    size_t roots;
    u64 tables; /* page tables found on the way */
    bool quiet; /* no hart is in the middle of the kernel: nothing is held for a moment */
    u32 pid;
    u64 ptes;
    u64 leaf, twin; /* page table walked last, and its twin (0: none) */
};

static void find(struct books *b, const char *rule, u64 where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void find(struct books *b, const char *rule, u64 where, const char *format, ...)
{
    char text[200];
    va_list list;

    b->total++;
    if (json_array_size(b->findings) >= MAX_FINDINGS)
        return;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    json_t *entry = json_object();
    value_set_text(entry, "rule", "%s", rule);
    value_set_hex(entry, "where", where);
    value_set_text(entry, "text", "%s", text);
    json_array_append_new(b->findings, entry);
}

/* What a fork left: the same frame at the same place of two tables that count it once. */
static bool is_joint(struct books *b, const struct pte_view *p, u64 pfn)
{
    u64 leaf = p->address & ~(u64)(PAGE_BYTES - 1), other;

    if (leaf != b->leaf) {
        b->leaf = leaf;
        b->twin = observer_twin_table(b->o, leaf);
        if (b->twin && observer_twin_table(b->o, b->twin) != leaf)
            find(b, "twins-mutual", leaf >> PAGE_SHIFT,
                 "table 0x%llx has the twin 0x%llx, which has another", (unsigned long long)leaf,
                 (unsigned long long)b->twin);
    }
    return b->twin && observer_read(b->o, b->twin + p->address - leaf, &other, sizeof other) &&
           !(other & PTE_SPECIAL) && ((other & PTE_V) || PTE_CLASS(other) == PTE_CLASS_AWAY) &&
           PTE_PAYLOAD(other) == pfn;
}

static void count_frame(struct books *b, const struct pte_view *p, u64 pfn, bool valid)
{
    if (pfn < b->first || pfn - b->first >= b->frames) {
        find(b, "frame-range", p->va, "%u:0x%llx maps frame 0x%llx, which is not in the table",
             b->pid, (unsigned long long)p->va, (unsigned long long)pfn);
        return;
    }
    if (is_joint(b, p, pfn)) {
        if (valid && p->pte & PTE_W)
            find(b, "joint-not-writable", p->va, "%u:0x%llx is writable and a twin table's as well",
                 b->pid, (unsigned long long)p->va);
        if (b->twin < b->leaf)
            return; /* counted there */
    }
    b->mapped[pfn - b->first]++;
    if (valid && p->pte & PTE_W)
        b->writable[pfn - b->first] = 1;
}

static bool look(void *ctx, const struct pte_view *p)
{
    struct books *b = ctx;
    u64 pte = p->pte;

    b->ptes++;
    if (!(pte & PTE_V)) {
        if (PTE_CLASS(pte) == PTE_CLASS_SWAP) {
            if (PTE_PAYLOAD(pte) < b->slots)
                b->slotted[PTE_PAYLOAD(pte)]++;
            else
                find(b, "slot-range", p->va, "%u:0x%llx names slot %llu, which does not exist",
                     b->pid, (unsigned long long)p->va, (unsigned long long)PTE_PAYLOAD(pte));
        } else if (PTE_CLASS(pte) == PTE_CLASS_AWAY && !(pte & PTE_SPECIAL)) {
            count_frame(b, p, PTE_PAYLOAD(pte), false);
        }
        return true;
    }
    if ((pte & (PTE_R | PTE_W)) == PTE_W)
        find(b, "write-means-read", p->va, "%u:0x%llx is writable and not readable", b->pid,
             (unsigned long long)p->va);
    if (pte & PTE_COW && pte & PTE_W)
        find(b, "cow-not-writable", p->va, "%u:0x%llx is copy-on-write and writable", b->pid,
             (unsigned long long)p->va);
    if (pte & PTE_SPECIAL) {
        if (pte & PTE_W)
            find(b, "special-not-writable", p->va, "%u:0x%llx lets users write a special page",
                 b->pid, (unsigned long long)p->va);
        return true;
    }
    count_frame(b, p, pte_address(pte) >> PAGE_SHIFT, true);
    return true;
}

/* Counts the tables of the lower half, the root included. */
static void count_tables(struct books *b, u64 table, unsigned level, unsigned entries)
{
    u64 pte;

    b->tables++;
    for (unsigned i = 0; level && i < entries; i++)
        if (observer_read(b->o, table + i * PTE_BYTES, &pte, sizeof pte) && (pte & PTE_V) &&
            !pte_is_leaf(pte))
            count_tables(b, pte_address(pte), level - 1, 512);
}

static bool walk_process(void *ctx, const struct process_view *p)
{
    struct books *b = ctx;

    if (!p->root || b->roots == MAX_ROOTS)
        return true;
    for (size_t i = 0; i < b->roots; i++)
        if (b->root[i] == p->root)
            return true;
    b->root[b->roots++] = p->root;
    b->pid = p->pid;
    observer_ptes(b->o, observer_satp_of_root(b->o, p->root), 0, (u64)INT64_MAX, look, b);
    count_tables(b, p->root, 2, 256);
    return true;
}

/* References of a user's page: its PTEs, the page cache, the swap cache, a pin, and no others. */
static void check_references(struct books *b, const struct frame_view *f, u32 found)
{
    u32 explained = found + (f->kind != FRAME_ANON && f->owner) + (f->slot != 0) +
                    ((f->flags & FRAME_MLOCKED) != 0);
    const char *kind = observer_frame_kind_name(f->kind);

    if (f->maps != found)
        find(b, "maps-match", f->pfn, "frame 0x%llx (%s): counted %u mappings, found %u",
             (unsigned long long)f->pfn, kind, f->maps, found);
    else if (f->refs < found)
        find(b, "refs-cover-maps", f->pfn, "frame 0x%llx (%s): %u references for %u mappings",
             (unsigned long long)f->pfn, kind, f->refs, found);
    else if (b->quiet && f->refs != explained)
        find(b, "refs-explained", f->pfn,
             "frame 0x%llx (%s): %u references; %u mappings and caches explain %u",
             (unsigned long long)f->pfn, kind, f->refs, found, explained);
    else if (f->kind == FRAME_ANON && found > 1 && b->writable[f->pfn - b->first])
        find(b, "shared-not-writable", f->pfn,
             "frame 0x%llx is shared by %u private mappings and one may write it",
             (unsigned long long)f->pfn, found);
    if (f->slot && f->slot < b->slots)
        b->cached[f->slot] = 1;
}

static void check_frames(struct books *b)
{
    struct frame_view f;
    u64 free_frames = 0, tables = 0;

    for (u64 i = 0; i < b->frames; i++) {
        if (!observer_frame(b->o, b->first + i, &f))
            break;
        u32 found = b->mapped[i];
        free_frames += f.kind == FRAME_FREE;
        tables += f.kind == FRAME_PGTABLE;
        if (f.kind == FRAME_FREE && found)
            find(b, "free-not-mapped", f.pfn, "frame 0x%llx is free and mapped %u times",
                 (unsigned long long)f.pfn, found);
        else if (f.kind == FRAME_FREE && f.refs)
            find(b, "free-not-referenced", f.pfn, "frame 0x%llx is free and has %u references",
                 (unsigned long long)f.pfn, f.refs);
        else if ((f.kind == FRAME_KERNEL || f.kind == FRAME_PGTABLE) && found)
            find(b, "kernel-not-mapped", f.pfn,
                 "frame 0x%llx is the kernel's (%s) and mapped by "
                 "a user %u times",
                 (unsigned long long)f.pfn, observer_frame_kind_name(f.kind), found);
        else if (f.kind >= FRAME_ANON && f.kind <= FRAME_SHM)
            check_references(b, &f, found);
    }
    u64 kept = observer_kept_tables(b->o);
    if (b->quiet && tables != b->tables + kept)
        find(b, "tables-reachable", 0,
             "%llu frames are page tables, %llu are part of some space and %llu kept",
             (unsigned long long)tables, (unsigned long long)b->tables, (unsigned long long)kept);
    if (b->frames && observer_free_frames(b->o) != free_frames)
        find(b, "free-count", 0, "the kernel counts %llu free frames, the table has %llu",
             (unsigned long long)observer_free_frames(b->o), (unsigned long long)free_frames);
}

static void check_slots(struct books *b)
{
    u64 objects = 0, told = observer_shm_swapped(b->o);

    for (u64 slot = 1; slot < b->slots; slot++) {
        unsigned users = observer_swap_users(b->o, slot);
        bool cached = observer_swap_cached(b->o, slot);

        if (users == SWAP_BAD)
            continue;
        if (users < b->slotted[slot])
            find(b, "slot-users", slot, "slot %llu: counted %u users, %u PTEs name it",
                 (unsigned long long)slot, users, b->slotted[slot]);
        else
            objects += users - b->slotted[slot];
        if (cached != b->cached[slot])
            find(b, "slot-cached", slot, "slot %llu is marked as %s, and %s frame says so",
                 (unsigned long long)slot, cached ? "cached" : "not cached",
                 b->cached[slot] ? "a" : "no");
    }
    if (b->quiet && told != UINT64_MAX && objects != told)
        find(b, "slots-explained", 0,
             "%llu uses of slots are no PTE's; shared memory has %llu pages in swap",
             (unsigned long long)objects, (unsigned long long)told);
}

static void check_sectors(struct books *b)
{
    u64 count;
    const struct swapcheck *check = observer_swapcheck(b->o, &count);

    if (count)
        find(b, "swap-sectors", 0, "%llu times kernel and disk disagree about swap; first: %s",
             (unsigned long long)count,
             check->disagreements ? check->first : "a swap-out that was told was never written");
}

static void check_labels(struct books *b)
{
    u64 mismatches = observer_label_mismatches(b->o), kernels;

    if (mismatches)
        find(b, "labels", 0, "%llu faults whose kernel label does not fit what the PTE did",
             (unsigned long long)mismatches);
    for (unsigned kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        u64 ours = observer_kind_count(b->o, kind)->count;
        if (observer_kernel_counter(b->o, kind, &kernels) && kernels < ours)
            find(b, "counters", kind, "%s: the kernel counted %llu, the probe told of %llu",
                 fault_kind_name(kind), (unsigned long long)kernels, (unsigned long long)ours);
    }
}

/* Is every hart in user mode or asleep?  Then the kernel is not in the middle of anything. */
static bool is_quiet(struct machine *m)
{
    for (unsigned i = 0; i < machine_hart_count(m); i++) {
        const struct hart *h = machine_hart(m, i);
        if (h->priv != PRIV_USER && !h->waiting)
            return false;
    }
    return true;
}

static bool open_books(struct books *b)
{
    b->first = observer_first_pfn(b->o);
    b->frames = observer_frame_count(b->o);
    b->slots = observer_swap_slots(b->o);
    b->findings = json_array();
    b->mapped = calloc(b->frames + 1, sizeof *b->mapped);
    b->writable = calloc(b->frames + 1, sizeof *b->writable);
    b->slotted = calloc(b->slots + 1, sizeof *b->slotted);
    b->cached = calloc(b->slots + 1, sizeof *b->cached);
    b->root = calloc(MAX_ROOTS, sizeof *b->root);
    return b->mapped && b->writable && b->slotted && b->cached && b->root;
}

static void close_books(struct books *b)
{
    free(b->mapped);
    free(b->writable);
    free(b->slotted);
    free(b->cached);
    free(b->root);
}

/* at_end: the guest has switched itself off, which it does from inside the kernel. */
static json_t *audit(struct observer *o, struct machine *m, bool at_end)
{
    struct books b = {.o = o};
    json_t *value = NULL;

    b.quiet = at_end || is_quiet(m);
    if (open_books(&b)) {
        observer_processes(b.o, walk_process, &b);
        check_frames(&b);
        check_slots(&b);
        check_sectors(&b);
        check_labels(&b);
        value = json_object();
        value_set_count(value, "frames", b.frames);
        value_set_count(value, "slots", b.slots);
        value_set_count(value, "spaces", b.roots);
        value_set_count(value, "ptes", b.ptes);
        value_set_count(value, "findings", b.total);
        value_set_flag(value, "in_kernel", !b.quiet);
        json_object_set(value, "list", b.findings);
    }
    json_decref(b.findings);
    close_books(&b);
    return value;
}

json_t *run_audit(struct call *call)
{
    if (!observer_has_layout(call->observer))
        return call_fail(call, "this guest does not tell its tables");
    json_t *value = audit(call->observer, call->machine, false);
    return value ? value : call_fail(call, "not enough memory");
}

bool monitor_audit(struct machine *m, struct observer *o, FILE *out)
{
    struct buffer text = {0};
    json_t *value = observer_has_layout(o) ? audit(o, m, true) : NULL;
    bool sound = value && value_u64(value, "findings") == 0;

    if (!value)
        buffer_text(&text, "audit: this guest does not tell its tables\n");
    else if (!sound)
        show_audit(value, &text);
    fwrite(text.data ? text.data : (const u8 *)"", 1, text.size, out);
    buffer_free(&text);
    json_decref(value);
    return sound;
}

void show_audit(const json_t *value, struct buffer *out)
{
    size_t i;
    json_t *entry;

    buffer_printf(out,
                  "%" PRIu64 " frames, %" PRIu64 " slots, %" PRIu64 " address spaces, %" PRIu64
                  " PTEs: %" PRIu64 " findings\n",
                  value_u64(value, "frames"), value_u64(value, "slots"), value_u64(value, "spaces"),
                  value_u64(value, "ptes"), value_u64(value, "findings"));
    json_array_foreach(value_list(value, "list"), i, entry)
    {
        buffer_printf(out, "  %-20s %s\n", value_string(entry, "rule"),
                      value_string(entry, "text"));
    }
    if (value_u64(value, "findings") && value_flag(value, "in_kernel"))
        buffer_text(out,
                    "a hart is inside the kernel: it may be in the middle of a change, and what it "
                    "holds for a moment is not checked\n");
}
