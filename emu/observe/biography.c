/* SPDX-License-Identifier: MIT */
/*
 * biography.c - following one page through the records.
 *
 * A process is followed back over its forks to its last exec: before the fork the page was the
 * parent's.  Then the page is followed forward by what it is known by: process and address while
 * mapped, frame while resident, slot while in swap, inode and page while it is a clean file page.
 */
#include "emu/observe/biography.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"
#include "emu/isa/pte.h"
#include "emu/observe/ancestry.h"
#include "emu/observe/explain_say.h"
#include "emu/trace/text.h"

struct life {
    const struct biography_source *source;
    const struct biography_names *names;
    bool chinese;
    void (*event)(void *ctx, const struct biography_event *event);
    void *ctx;
    struct biography_summary *summary;
    u64 va; /* of the page */
    struct ancestry ancestry;
    u64 inode, file_page; /* of the area; inode 0: none */
    bool mapped;          /* by what is known */
    bool may_be_mapped;   /* a neighbour's fault may have mapped it */
    struct trace_record neighbour;
};

static void tell(struct life *l, const struct trace_record *r, const char *what,
                 struct buffer *text)
{
    buffer_byte(text, 0);
    struct biography_event event = {what, r, text->data ? (const char *)text->data : ""};

    l->summary->events++;
    l->event(l->ctx, &event);
    buffer_free(text);
}

static void add_process(const struct life *l, const struct speaker *s, u32 pid)
{
    char name[17];

    SAY(s, "process %u", "进程 %u", pid);
    if (l->names && l->names->program &&
        l->names->program(l->names->ctx, pid, s->record->seq, name))
        SAY(s, " (%s)", "（%s）", name);
}

static void add_access(const struct life *l, const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;
    char where[160];

    add_process(l, s, s->record->pid);
    buffer_text(s->out, f->access == PROBE_ACCESS_WRITE   ? speak(s, " wrote to it", "写入它")
                        : f->access == PROBE_ACCESS_FETCH ? speak(s, " executed it", "执行它")
                                                          : speak(s, " read it", "读取它"));
    if (f->flags & PROBE_FLAG_KERNEL)
        buffer_text(s->out, speak(s, " (in a system call)", "（在系统调用中）"));
    if (l->names && l->names->where &&
        l->names->where(l->names->ctx, s->record, where, sizeof where))
        SAY(s, " at %s", "，位于 %s", where);
    else if (!(f->notes & FAULT_NOTE_NO_TRAP))
        SAY(s, " at pc 0x%" PRIx64, "，pc 0x%" PRIx64, f->pc);
}

static const char *word_of(const struct life *l, const struct trace_fault *f)
{
    switch (f->kind) {
    case FAULT_COW_COPY:
    case FAULT_COW_FILE:
    case FAULT_ZERO_COPY:
        return "copied";
    case FAULT_COW_REUSE:
        return "owned";
    case FAULT_SHM_SWAPIN:
    case FAULT_SWAP_MAP:
    case FAULT_SWAP_READ:
    case FAULT_SWAP_COW:
        return "came-back";
    case FAULT_ACCESS:
    case FAULT_SPURIOUS:
    case FAULT_RACED:
    case FAULT_MKWRITE:
        return "touched";
    default:
        if (f->result != RESULT_OK && f->result != RESULT_RETRY)
            return "refused";
        return l->mapped ? "touched" : "born";
    }
}

static void own_fault(struct life *l, const struct trace_record *r)
{
    const struct trace_fault *f = &r->fault;
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};
    const char *what = word_of(l, f);

    add_access(l, &s);
    SAY(&s, ": %s", "：%s", f->kind ? fault_kind_name(f->kind) : coarse_label_name(f->coarse));
    if (f->pfn_old && f->pfn_new && f->pfn_old != f->pfn_new)
        SAY(&s, ", frame 0x%" PRIx64 " -> 0x%" PRIx64, "，页框 0x%" PRIx64 " -> 0x%" PRIx64,
            f->pfn_old, f->pfn_new);
    else if (f->pfn_new)
        SAY(&s, ", frame 0x%" PRIx64, "，页框 0x%" PRIx64, f->pfn_new);
    if (f->refs > 1 && f->pfn_old)
        SAY(&s, " (the old frame had %u references)", "（旧页框有 %u 个引用）", f->refs);
    if (!strcmp(what, "came-back"))
        SAY(&s, ", from slot %" PRIu64, "，来自槽 %" PRIu64, f->back);
    else if (f->back)
        SAY(&s, ", page %2$" PRIu64 " of inode %1$" PRIu64,
            "，inode %1$" PRIu64 " 的第 %2$" PRIu64 " 页", f->back >> 32, f->back & UINT32_MAX);
    if (f->result != RESULT_OK)
        SAY(&s, " -> %s", " -> %s", fault_result_name(f->result));
    if (f->result == RESULT_OK) {
        l->summary->born = l->summary->born || !strcmp(what, "born");
        l->mapped = true;
        l->summary->pfn = f->pfn_new;
        l->summary->has_slot = false;
    }
    tell(l, r, what, &text);
}

/*
 * The page is among those that a fault may have mapped besides its own: with `ahead` the next ones,
 * surely; else neighbours on either side, which of them is not told.
 */
static bool brought_along(const struct life *l, const struct trace_fault *f)
{
    u64 page = f->va & PAGE_MASK, reach = (u64)f->around << PAGE_SHIFT;

    if (l->va >= page)
        return l->va - page <= reach;
    return !(f->flags & PROBE_FLAG_AHEAD) && page - l->va <= reach;
}

/* Somebody else took a copy of the frame this page is in. */
static void other_fault(struct life *l, const struct trace_record *r, u32 pid)
{
    const struct trace_fault *f = &r->fault;
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};

    if (r->pid == pid && f->around && !l->mapped && brought_along(l, f)) {
        l->may_be_mapped = true;
        l->neighbour = *r;
    }
    if (!l->summary->pfn || f->pfn_old != l->summary->pfn || f->pfn_new == f->pfn_old ||
        r->pid == pid || f->result != RESULT_OK)
        return;
    add_access(l, &s);
    SAY(&s, ": %s; it left frame 0x%" PRIx64 " to this page and got 0x%" PRIx64,
        "：%s；它把页框 0x%" PRIx64 " 留给本页，自己得到 0x%" PRIx64, fault_kind_name(f->kind),
        f->pfn_old, f->pfn_new);
    tell(l, r, "unshared", &text);
}

static void fork_event(struct life *l, const struct trace_record *r, u32 pid)
{
    u32 parent = (u32)(r->arg[0] >> 32), child = (u32)(r->arg[1] >> 32);
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};

    if ((parent != pid && child != pid) || parent == child)
        return;
    add_process(l, &s, parent);
    if (r->arg[3])
        SAY(&s, " started process %u on the same address space (vfork)",
            "在同一地址空间上启动了进程 %u（vfork）", child);
    else
        SAY(&s, " forked process %u: both share the page from here, copy-on-write",
            "fork 出进程 %u：从此双方以写时复制共享该页", child);
    tell(l, r, "shared", &text);
}

/* ---- areas ---- */

static void area_event(struct life *l, const struct trace_record *r, unsigned event)
{
    const u64 *a = r->arg;
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};
    u64 from = a[1], to = a[2];

    if (event == PROBE_EV_BREAK) {
        from = a[1] < a[2] ? a[1] : a[2];
        to = a[1] < a[2] ? a[2] : a[1];
        from = (from + PAGE_BYTES - 1) & PAGE_MASK;
        to = (to + PAGE_BYTES - 1) & PAGE_MASK;
    }
    if (l->va < from || l->va >= to)
        return;
    add_process(l, &s, r->pid);
    switch (event) {
    case PROBE_EV_MAP:
        l->inode = a[4];
        l->file_page = a[5] + ((l->va - from) >> PAGE_SHIFT);
        SAY(&s, " mapped 0x%" PRIx64 "..0x%" PRIx64 " (%s %c%c%c)",
            "映射了 0x%" PRIx64 "..0x%" PRIx64 "（%s %c%c%c）", from, to,
            area_kind_name((unsigned)(a[3] & 0xff)), a[3] >> 8 & 1 ? 'r' : '-',
            a[3] >> 8 & 2 ? 'w' : '-', a[3] >> 8 & 4 ? 'x' : '-');
        if (l->inode)
            SAY(&s, ": here it is page %2$" PRIu64 " of inode %1$" PRIu64,
                "：此处是 inode %1$" PRIu64 " 的第 %2$" PRIu64 " 页", l->inode, l->file_page);
        tell(l, r, "promised", &text);
        return;
    case PROBE_EV_PROTECT:
        SAY(&s, " changed the rights of 0x%" PRIx64 "..0x%" PRIx64 " to %c%c%c",
            "把 0x%" PRIx64 "..0x%" PRIx64 " 的权限改为 %c%c%c", from, to, a[3] & 1 ? 'r' : '-',
            a[3] & 2 ? 'w' : '-', a[3] & 4 ? 'x' : '-');
        tell(l, r, "protected", &text);
        return;
    default:
        break;
    }
    if (event == PROBE_EV_BREAK && a[2] > a[1]) {
        SAY(&s, " moved the end of its heap up to 0x%" PRIx64 ": the page is promised",
            "把堆的末端上移到 0x%" PRIx64 "：该页只是被许诺", a[2]);
        tell(l, r, "promised", &text);
        return;
    }
    SAY(&s, " gave up 0x%" PRIx64 "..0x%" PRIx64, "放弃了 0x%" PRIx64 "..0x%" PRIx64, from, to);
    l->mapped = l->may_be_mapped = l->summary->has_slot = false;
    l->summary->pfn = l->inode = 0;
    tell(l, r, "unmapped", &text);
}

/* ---- swap and files ---- */

static void evicted(struct life *l, const struct trace_record *r)
{
    const u64 *a = r->arg;
    bool file = (a[2] & 0xff) == 2, dirty = a[2] >> 8 & 1;
    bool ours = file ? l->inode && a[3] == l->inode && a[1] == l->file_page &&
                           (!l->summary->pfn || a[0] == l->summary->pfn)
                     : l->summary->pfn && a[0] == l->summary->pfn;
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};

    if (!ours)
        return;
    if (file)
        SAY(&s, "memory was short: it left frame 0x%" PRIx64 " (page %" PRIu64 " of its file%s)",
            "内存紧张：它离开页框 0x%" PRIx64 "（其文件的第 %" PRIu64 " 页%s）", a[0], a[1],
            dirty ? speak(&s, ", written back first", "，先写回") : "");
    else
        SAY(&s, "memory was short: it left frame 0x%" PRIx64 " for swap slot %" PRIu64 "%s",
            "内存紧张：它离开页框 0x%" PRIx64 "，去往交换槽 %" PRIu64 "%s", a[0], a[1],
            dirty ? "" : speak(&s, ", whose copy was still good", "，槽中的副本仍有效"));
    l->mapped = l->may_be_mapped = false;
    l->summary->pfn = 0;
    l->summary->has_slot = !file;
    l->summary->slot = file ? 0 : a[1];
    tell(l, r, "evicted", &text);
}

static void swap_event(struct life *l, const struct trace_record *r, unsigned event)
{
    const u64 *a = r->arg;
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};

    if (event == PROBE_EV_WRITEBACK) {
        if (!l->inode || !l->mapped || a[0] != l->inode || a[1] != l->file_page)
            return;
        SAY(&s, "it is being written to its file (%s)", "正在写回它的文件（%s）",
            writeback_reason_name((unsigned)a[3]));
        tell(l, r, "written", &text);
        return;
    }
    if (!l->summary->has_slot || a[0] != l->summary->slot)
        return;
    if (event == PROBE_EV_SWAP_OUT)
        SAY(&s, "frame 0x%2$" PRIx64 " is being written to slot %1$" PRIu64,
            "页框 0x%2$" PRIx64 " 正在写入槽 %1$" PRIu64, a[0], a[1]);
    else
        SAY(&s, "slot %" PRIu64 " was read into frame 0x%" PRIx64,
            "槽 %" PRIu64 " 读入页框 0x%" PRIx64, a[0], a[1]);
    tell(l, r, event == PROBE_EV_SWAP_OUT ? "written" : "read", &text);
}

/* ---- the records in turn ---- */

static void tell_neighbour(struct life *l)
{
    struct buffer text = {0};
    struct speaker s = {&l->neighbour, {0}, l->chinese, &text};

    const struct trace_fault *f = &l->neighbour.fault;
    if (f->flags & PROBE_FLAG_AHEAD)
        SAY(&s,
            "filled ahead, before it was asked for, by the fault at 0x%" PRIx64
            " (with %u pages behind it)",
            "在被访问之前，由 0x%" PRIx64 " 处的缺页提前填好（连同其后共 %u 页）",
            f->va & PAGE_MASK, f->around);
    else
        SAY(&s, "probably mapped along with 0x%" PRIx64 ", whose fault brought %u neighbours",
            "很可能随 0x%" PRIx64 " 一起映射，那次缺页带来了 %u 个邻页", f->va & PAGE_MASK,
            f->around);
    tell(l, &l->neighbour, "born", &text);
}

static void life_event(struct life *l, const struct trace_record *r, unsigned event)
{
    struct buffer text = {0};
    struct speaker s = {r, {0}, l->chinese, &text};

    add_process(l, &s, r->pid);
    if (event == PROBE_EV_EXEC) {
        char name[17];
        trace_name(r->arg[1], r->arg[2], name);
        SAY(&s, " became the program %s: its address space begins here",
            "变成程序 %s：它的地址空间从这里开始", name);
    }
    if (event == PROBE_EV_EXIT)
        SAY(&s, " ended, and its address space with it%s", "结束，其地址空间随之消失%s", "");
    /* What an exec begins was mapped just before it. */
    if (event == PROBE_EV_EXIT) {
        l->mapped = l->may_be_mapped = l->summary->has_slot = false;
        l->summary->pfn = l->inode = 0;
    }
    tell(l, r, event == PROBE_EV_EXEC ? "begun" : "ended", &text);
}

static void take_event(struct life *l, const struct trace_record *r, u32 pid)
{
    unsigned event = r->type - RECORD_PROBE;

    switch (event) {
    case PROBE_EV_FORK:
        fork_event(l, r, pid);
        break;
    case PROBE_EV_EXEC:
    case PROBE_EV_EXIT:
        /* The end of one thread of several is told under its own tid. */
        if (r->pid == pid && (event == PROBE_EV_EXEC || r->tid == r->pid))
            life_event(l, r, event);
        break;
    case PROBE_EV_MAP:
    case PROBE_EV_UNMAP:
    case PROBE_EV_PROTECT:
    case PROBE_EV_BREAK:
        if (r->pid == pid)
            area_event(l, r, event);
        break;
    case PROBE_EV_EVICT:
        evicted(l, r);
        break;
    case PROBE_EV_SWAP_OUT:
    case PROBE_EV_SWAP_IN:
    case PROBE_EV_WRITEBACK:
        swap_event(l, r, event);
        break;
    default:
        break;
    }
}

static void take_record(struct life *l, const struct trace_record *r)
{
    u32 pid;

    if (!ancestry_at(&l->ancestry, r->seq, &pid))
        return;
    if (r->type == RECORD_FAULT) {
        if (r->pid == pid && (r->fault.va & PAGE_MASK) == l->va)
            own_fault(l, r);
        else
            other_fault(l, r, pid);
    } else if (r->type > RECORD_PROBE) {
        take_event(l, r, pid);
    }
}

bool biography_tell(const struct biography_source *source, const struct biography_names *names,
                    u32 pid, u64 va, enum explain_language language,
                    void (*event)(void *ctx, const struct biography_event *event), void *ctx,
                    struct biography_summary *summary)
{
    struct life *l = calloc(1, sizeof *l);
    struct trace_record r;
    bool ok = l != NULL;

    *summary = (struct biography_summary){0};
    if (!ok)
        return false;
    l->source = source;
    l->names = names;
    l->chinese = language == EXPLAIN_CHINESE;
    l->event = event;
    l->ctx = ctx;
    l->summary = summary;
    l->va = va & PAGE_MASK;
    ok = ancestry_find(&l->ancestry, source, pid) && source->rewind(source->ctx);
    summary->began = l->ancestry.began;
    summary->first_seq = l->ancestry.first_seq;
    while (ok && source->next(source->ctx, &r))
        take_record(l, &r);
    if (ok && l->may_be_mapped && !l->mapped)
        tell_neighbour(l);
    free(l);
    return ok;
}
