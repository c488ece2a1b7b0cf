/* SPDX-License-Identifier: MIT */
/*
 * explain.c - one fault in plain words: who touched what, what the processor found, what the kernel
 * did and with which frame, slot and file, what it cost.
 */
#include "emu/observe/explain.h"

#include <stdlib.h>
#include <string.h>

#include "emu/isa/pte.h"
#include "emu/observe/explain_say.h"
#include "emu/trace/text.h"

static const struct {
    const char *english, *chinese;
} lesson[FAULT_KIND_COUNT] = {
#define LESSON(KIND, english, chinese) [FAULT_##KIND] = {english, chinese},
#include "emu/observe/explain.def"
};

const char *explain_lesson(unsigned kind, enum explain_language language)
{
    if (kind >= FAULT_KIND_COUNT)
        return NULL;
    return language == EXPLAIN_CHINESE ? lesson[kind].chinese : lesson[kind].english;
}

bool explain_language_by_name(const char *name, enum explain_language *out)
{
    if (!strncmp(name, "zh", 2))
        *out = EXPLAIN_CHINESE;
    else if (!strncmp(name, "en", 2))
        *out = EXPLAIN_ENGLISH;
    else
        return false;
    return true;
}

enum explain_language explain_language(void)
{
    static const char *const variable[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    enum explain_language language = EXPLAIN_ENGLISH;

    for (size_t i = 0; i < ARRAY_LENGTH(variable); i++) {
        const char *value = getenv(variable[i]);
        if (!value || !*value)
            continue;
        explain_language_by_name(value, &language);
        break;
    }
    return language;
}

/* ---- who, where ---- */

static const char *area_words(const struct speaker *s, unsigned area)
{
    switch (area) {
    case AREA_ANON:
        return speak(s, "anonymous memory (mmap)", "匿名映射");
    case AREA_HEAP:
        return speak(s, "heap", "堆");
    case AREA_STACK:
        return speak(s, "stack", "栈");
    case AREA_FILE_PRIVATE:
        return speak(s, "private mapping of a file", "文件私有映射");
    case AREA_FILE_SHARED:
        return speak(s, "shared mapping of a file", "文件共享映射");
    case AREA_SHM:
        return speak(s, "shared memory", "共享内存");
    default:
        return speak(s, "special area", "特殊区域");
    }
}

static void say_who(const struct speaker *s)
{
    const struct trace_record *r = s->record;
    const struct trace_fault *f = &r->fault;
    bool write = f->access == PROBE_ACCESS_WRITE, fetch = f->access == PROBE_ACCESS_FETCH;

    SAY(s, "Process %u", "进程 %u", r->pid);
    if (s->facts.program)
        SAY(s, " (%s)", "（%s）", s->facts.program);
    if (f->flags & PROBE_FLAG_KERNEL)
        SAY(s, ", through the kernel (a system call),%s", "（通过内核的系统调用）%s", "");
    SAY(s, " %s address 0x%" PRIx64, "%s地址 0x%" PRIx64,
        write   ? speak(s, "wrote to", "写入")
        : fetch ? speak(s, "went to execute", "要执行")
                : speak(s, "read from", "读取"),
        f->va);
    if (f->area)
        SAY(s, ", page %" PRIu64 " of its %s (from 0x%" PRIx64 ")",
            "，位于%2$s（起于 0x%3$" PRIx64 "）的第 %1$" PRIu64 " 页",
            ((f->va & PAGE_MASK) - f->area_start) >> PAGE_SHIFT, area_words(s, f->area),
            f->area_start);
    if (s->facts.where)
        SAY(s, ", at %s", "，指令在 %s", s->facts.where);
    SAY(s, ".%s", "。%s", "\n");
}

static void say_trap(const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;
    char words[80];

    if (f->notes & FAULT_NOTE_NO_TRAP) {
        SAY(s, "No trap happened: the kernel fetched the page before it was touched.%s",
            "没有发生陷入：内核在页面被访问之前就把它取来了。%s", "\n");
        return;
    }
    trace_pte_words(words, sizeof words, f->pte_before);
    SAY(s, "The processor stopped it: %s (scause %u), because ",
        "处理器中止了它：%s（scause %u），因为", fault_cause_name(f->cause), f->cause);
    if (!f->pte_before)
        SAY(s, "the page table had nothing there.%s", "页表里这里什么也没有。%s", "\n");
    else if (!(f->pte_before & PTE_V))
        SAY(s, "the page table entry was not valid; it said: %s.\n", "页表项无效，内容是：%s。\n",
            words);
    else
        SAY(s, "the page table entry was %s, which does not permit it.\n",
            "页表项是 %s，不允许这次访问。\n", words);
}

/* ---- what the kernel did, with the values of this fault ---- */

static bool is_file_kind(unsigned kind)
{
    return kind == FAULT_COW_FILE || (kind >= FAULT_FILE_MAP && kind <= FAULT_BUS_IO);
}

static bool is_swap_kind(unsigned kind)
{
    return kind >= FAULT_SHM_SWAPIN && kind <= FAULT_SWAP_COW;
}

static void say_source(const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;

    if (is_file_kind(f->kind) && f->back) {
        u64 inode = f->back >> 32, page = f->back & UINT32_MAX;
        if (s->facts.file)
            SAY(s, "It is page %" PRIu64 " of the file %s (inode %" PRIu64 ").\n",
                "它是文件 %2$s（inode %3$" PRIu64 "）的第 %1$" PRIu64 " 页。\n", page,
                s->facts.file, inode);
        else
            SAY(s, "It is page %" PRIu64 " of the file with inode %" PRIu64 ".\n",
                "它是 inode %2$" PRIu64 " 的文件的第 %1$" PRIu64 " 页。\n", page, inode);
    }
    if (is_swap_kind(f->kind) && f->kind != FAULT_SWAP_MAP)
        SAY(s, "It had been in swap slot %" PRIu64 ".\n", "它在交换区的槽号是 %" PRIu64 "。\n",
            f->back);
}

static void say_frames(const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;
    char words[80];

    trace_pte_words(words, sizeof words, f->pte_after);
    if (f->pfn_old && f->pfn_new && f->pfn_old != f->pfn_new)
        SAY(s, "Frame 0x%" PRIx64 " was replaced by frame 0x%" PRIx64 "; the entry is now %s.\n",
            "页框 0x%" PRIx64 " 换成了 0x%" PRIx64 "；页表项现在是 %s。\n", f->pfn_old, f->pfn_new,
            words);
    else if (f->pte_after & PTE_V)
        SAY(s, "The entry now names frame 0x%" PRIx64 ": %s.\n",
            "页表项现在指向页框 0x%" PRIx64 "：%s。\n", f->pfn_new, words);
    if (f->refs > 1 && f->kind == FAULT_COW_COPY)
        SAY(s, "The old frame had %u references; the writer gave up one, %u keep it.\n",
            "旧页框原有 %u 个引用；写入者放弃其中一个，还剩 %u 个。\n", f->refs, f->refs - 1);
    else if (f->refs && f->pfn_old)
        SAY(s, "The old frame had %u reference%s before.\n", "旧页框此前有 %u 个引用%s。\n",
            f->refs, s->chinese || f->refs == 1 ? "" : "s");
}

static void say_besides(const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;

    if (f->around && f->flags & PROBE_FLAG_AHEAD)
        SAY(s,
            "The program writes one page after the other, so the kernel filled %u pages behind it "
            "before they were asked for, to save their faults.\n",
            "程序在一页接一页地写，所以内核提前填好了其后的 %u 页，省去它们各自的缺页。\n",
            f->around);
    else if (f->around)
        SAY(s, "%u neighbouring pages were mapped along with it, to save their faults.\n",
            "同时还映射了相邻的 %u 页，省去它们各自的缺页。\n", f->around);
    if (f->flags & PROBE_FLAG_STACK_GROW)
        SAY(s, "The stack area grew down to reach the address.%s", "栈区域向下增长以覆盖该地址。%s",
            "\n");
    if (f->flags & PROBE_FLAG_RECLAIM)
        SAY(s, "Memory was short: another page had to leave first.%s",
            "内存紧张：先要让另一页离开。%s", "\n");
    if (f->flags & PROBE_FLAG_TRIED)
        SAY(s, "It was handled in a second try: the first had to wait.%s",
            "第二次尝试才处理完：第一次需要等待。%s", "\n");
}

static void say_end(const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;

    if (f->result == RESULT_RETRY)
        SAY(s, "The instruction is tried again.%s", "这条指令将重新执行。%s", "\n");
    else if (f->result != RESULT_OK)
        SAY(s, "It ended with %s.\n", "结果：%s。\n", fault_result_name(f->result));
    if (f->cost)
        SAY(s, "It cost %" PRIu64 " instructions%s.\n", "共用了 %" PRIu64 " 条指令%s。\n", f->cost,
            f->notes & FAULT_NOTE_SLEPT
                ? speak(s, ", and the process slept on the way", "，其间进程睡眠过")
                : "");
    if (f->notes & FAULT_NOTE_UNMATCHED)
        SAY(s, "Its end was never seen.%s", "没有看到它的结束。%s", "\n");
    if (f->notes & FAULT_NOTE_MISMATCH)
        SAY(s,
            "BUT what happened to the entry looks like '%s', which does not go with that kind: a "
            "bug in the kernel's label or in its work.\n",
            "但是页表项的变化看起来像“%s”，与这个类别不符：内核的标签或工作有错。\n",
            coarse_label_name(f->coarse));
}

static void explain_fault(const struct speaker *s)
{
    const struct trace_fault *f = &s->record->fault;
    const char *text = explain_lesson(f->kind, s->chinese ? EXPLAIN_CHINESE : EXPLAIN_ENGLISH);

    say_who(s);
    say_trap(s);
    if (text)
        SAY(s, "The kernel calls it %s. %s\n", "内核称之为 %s。%s\n", fault_kind_name(f->kind),
            text);
    else
        SAY(s, "This guest does not say why; seen from outside it is '%s': %s.\n",
            "这个客户机没有说明原因；从外面看它是“%s”：%s。\n", coarse_label_name(f->coarse),
            coarse_label_help(f->coarse));
    say_source(s);
    if (f->result == RESULT_OK || f->result == RESULT_RETRY)
        say_frames(s);
    say_besides(s);
    say_end(s);
}

void explain_record(const struct trace_record *record, const struct explain_facts *facts,
                    enum explain_language language, struct buffer *out)
{
    struct speaker s = {record, {0}, language == EXPLAIN_CHINESE, out};

    if (facts)
        s.facts = *facts;
    if (record->type == RECORD_FAULT)
        explain_fault(&s);
    else
        explain_event(&s);
}
