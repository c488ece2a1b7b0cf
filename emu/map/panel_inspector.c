/* SPDX-License-Identifier: MIT */
/*
 * panel_inspector.c - one frame or address in words: what it is, who maps it, how the walk went,
 * what happened to it last.
 */
#include "emu/map/paint.h"
#include "emu/isa/pte.h"

#include <stdarg.h>
#include <stdio.h>

void paint_add(struct focus_text *out, color_t color, const char *format, ...)
{
    if (out->count == FOCUS_LINES) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out->line[out->count].text, FOCUS_TEXT, format, arguments);
    va_end(arguments);
    out->line[out->count++].color = color;
}

static void flags_text(char *out, u64 pte)
{
    static const char letters[] = "VRWXUGAD";
    for (int i = 0; i < 8; i++) {
        out[i] = pte >> i & 1 ? letters[i] : '-';
    }
    out[8] = 0;
}

static void step_words(const struct painter *p, char *out, size_t size,
                       const struct map_walk_step *step)
{
    u64 pte = step->pte, payload = PTE_PAYLOAD(pte);
    char flags[9];
    flags_text(flags, pte);
    if ((pte & PTE_V) && !pte_is_leaf(pte)) {
        snprintf(out, size, in_words(p, "next table is frame %llx", "下一级表在页框 %llx"),
                 (unsigned long long)payload);
    } else if (pte & PTE_V) {
        snprintf(out, size, "%s %llx %s", in_words(p, "frame", "页框"),
                 (unsigned long long)payload, flags);
    } else if (pte == 0) {
        snprintf(out, size, "%s", in_words(p, "empty: nothing is here yet", "空：这里还什么都没有"));
    } else if (!p->model->has_layout) {
        snprintf(out, size, "%s", in_words(p, "V=0: not present", "V=0：不在内存"));
    } else if (PTE_CLASS(pte) == PTE_CLASS_SWAP) {
        snprintf(out, size, in_words(p, "V=0: swapped out to slot %llu", "V=0：已换出到槽 %llu"),
                 (unsigned long long)payload);
    } else if (PTE_CLASS(pte) == PTE_CLASS_AWAY) {
        snprintf(out, size, in_words(p, "V=0: no access, frame %llx kept", "V=0：禁止访问，保留页框 %llx"),
                 (unsigned long long)payload);
    } else {
        snprintf(out, size, "%s",
                 payload == PTE_MARKER_POISON
                     ? in_words(p, "V=0: poison, contents lost", "V=0：内容已丢失")
                     : in_words(p, "V=0: guard page", "V=0：保护页"));
    }
}

/* What a store to this entry would do: the lesson in one line. */
static const char *outlook(const struct painter *p, u64 pte)
{
    bool ours = p->model->has_layout;
    if (!(pte & PTE_V)) {
        return pte == 0 ? in_words(p, "a first touch faults; the kernel decides", "首次访问会缺页，由内核决定")
               : ours && PTE_CLASS(pte) == PTE_CLASS_SWAP
                   ? in_words(p, "a touch faults: it is read back from swap", "访问会缺页：从交换区读回")
                   : in_words(p, "a touch faults", "访问会缺页");
    }
    if (ours && (pte & PTE_SPECIAL)) {
        return in_words(p, "a write faults: a page of its own, zeroed", "写入会缺页：得到自己的清零页");
    }
    if (ours && (pte & PTE_COW)) {
        return in_words(p, "a write faults: copied, or kept if alone", "写入会缺页：复制；若独占则直接用");
    }
    return pte & PTE_W ? in_words(p, "reads and writes go straight through", "读写都直接通过")
                       : in_words(p, "reads pass, a write faults", "可读；写入会缺页");
}

static void describe_frame(const struct painter *p, const struct map_focus *focus,
                           struct focus_text *out)
{
    const struct map_model *m = p->model;
    if (focus->pfn < m->first_pfn || focus->pfn - m->first_pfn >= m->frame_count) {
        return;
    }
    const struct map_frame *frame = &m->frames[focus->pfn - m->first_pfn];
    char number[32];
    paint_add(out, p->theme.strong, "%s %llx  %c %s", in_words(p, "Frame", "页框"),
              (unsigned long long)focus->pfn, class_letter((enum frame_class)frame->class),
              class_name((enum frame_class)frame->class, p->view->chinese));
    bool counted = m->has_layout && !m->past;
    bool wrong = counted && focus->owners_known && frame->maps != focus->owner_total &&
                 (frame->class == CLASS_ANON || frame->class == CLASS_ANON_SHARED ||
                  frame->class == CLASS_SWAPPING || frame->class == CLASS_FILE ||
                  frame->class == CLASS_SHM);
    if (counted && frame->class != CLASS_FREE) {
        paint_add(out, wrong || frame->refs < frame->maps ? p->theme.warn : p->theme.text,
                  in_words(p, "references %u, mapped %u times%s", "引用 %u，映射 %u 次%s"),
                  frame->refs, frame->maps, wrong ? " !" : "");
    }
    if (wrong) {
        paint_add(out, p->theme.warn,
                  in_words(p, "but page tables hold it %llu times", "而页表里有 %llu 处"),
                  (unsigned long long)focus->owner_total);
    }
    if (frame->marks & (MAP_MARK_DIRTY | MAP_MARK_ACCESSED | MAP_MARK_PINNED)) {
        paint_add(out, p->theme.text, "%s%s%s",
                  frame->marks & MAP_MARK_ACCESSED ? in_words(p, "accessed ", "已访问 ") : "",
                  frame->marks & MAP_MARK_DIRTY ? in_words(p, "dirty ", "脏 ") : "",
                  frame->marks & MAP_MARK_PINNED ? in_words(p, "locked ", "锁定 ") : "");
    }
    if (frame->touched && m->icount >= frame->touched) {
        paint_add(out, p->theme.dim,
                  in_words(p, "last event %s instructions ago", "最近一次事件在 %s 条指令之前"),
                  paint_number(number, m->icount - frame->touched));
    }
    if (focus->slot) {
        paint_add(out, p->theme.text, in_words(p, "swap slot %llu", "交换槽 %llu"),
                  (unsigned long long)focus->slot);
    }
}

void paint_describe(const struct painter *p, const struct map_focus *focus, size_t owners,
                    struct focus_text *out)
{
    describe_frame(p, focus, out);
    if (focus->inode) {
        paint_add(out, p->theme.text, in_words(p, "file: inode %llu page %llu", "文件：inode %llu 第 %llu 页"),
                  (unsigned long long)focus->inode, (unsigned long long)focus->page);
    }
    for (size_t i = 0; i < focus->owner_count && i < owners; i++) {
        const struct map_owner *o = &focus->owner[i];
        char flags[9];
        flags_text(flags, o->pte);
        paint_add(out, p->theme.text, "%s %u:%llx %s%s", in_words(p, "owner", "拥有者"), o->pid,
                  (unsigned long long)o->va, flags,
                  p->model->has_layout && (o->pte & PTE_V) && (o->pte & PTE_COW) ? " COW" : "");
    }
    if (focus->owner_total > owners) {
        paint_add(out, p->theme.dim, in_words(p, "and %llu more", "还有 %llu 个"),
                  (unsigned long long)(focus->owner_total - owners));
    }
}

static void describe_walk(const struct painter *p, const struct map_focus *f,
                          struct focus_text *out)
{
    size_t lit = view_walk_lit(p->view, f->walk_steps + 1);
    paint_add(out, p->theme.strong, in_words(p, "Walk of %u:%llx", "查找 %u:%llx"), f->pid,
              (unsigned long long)f->va);
    if (f->walk_steps && f->walk[0].address) {
        paint_add(out, p->theme.dim, in_words(p, "satp: root table is frame %llx", "satp：根表在页框 %llx"),
                  (unsigned long long)(f->walk[0].address >> 12));
    }
    for (size_t i = 0; i < f->walk_steps && i < lit; i++) {
        char words[96], tag[24] = "";
        step_words(p, words, sizeof words, &f->walk[i]);
        if (f->walk[i].address) {
            snprintf(tag, sizeof tag, "%zu ", i + 1);
        }
        paint_add(out, i + 1 == f->walk_steps ? p->theme.text : p->theme.dim, "%sL%u[%3u] %s", tag,
                  f->walk[i].level, f->walk[i].index, words);
    }
    if (f->walk_steps && lit >= f->walk_steps) {
        paint_add(out, p->theme.accent, "%s", outlook(p, f->walk[f->walk_steps - 1].pte));
    }
}

static void paint_intro(const struct painter *p, struct rect inside)
{
    static const char english[] =
        "Every cell on the left is one 4 KiB frame of the guest's memory. Its colour says what "
        "it holds; it is bright when something has just happened to it.\n\n"
        "Point at a frame, a page or a process to see who owns what. Click to walk the page "
        "table; right-click to stop at the page's next fault.\n\n"
        "Space pauses, f runs to the next page fault, n until a page goes to swap, N until one "
        "comes back; Tab shows why.\n\n"
        "[ and ] or a click on the timeline show the past; End comes back.\n\n"
        "? lists all keys.";
    static const char chinese[] =
        "左边每一格是客户机内存的一个 4 KiB 页框。颜色表示它装着什么；刚发生过事情的格子更亮。\n\n"
        "把鼠标移到页框、页面或进程上，可以看到谁拥有什么。点击可查看页表查找过程；"
        "右键：在该页下一次缺页时停住。\n\n"
        "空格暂停，f 运行到下一次缺页，n 到某页被换出，N 到某页被换入；Tab 查看原因。\n\n"
        "[ 和 ] 或点击时间线可以看过去；End 回到现在。\n\n"
        "? 列出所有按键。";
    paint_wrapped(p, inside, 0, p->theme.text, in_words(p, english, chinese));
}

static int paint_stops(const struct painter *p, struct rect inside, int row)
{
    for (size_t i = 0; i < p->model->stop_count; i++) {
        paint_line(p, inside, row++, p->theme.warn, in_words(p, "stops at: %s (hit %llu times)", "停在：%s（命中 %llu 次）"),
                   p->model->stop_at[i].text, (unsigned long long)p->model->stop_at[i].hits);
    }
    return row + (p->model->stop_count != 0);
}

static void paint_happened(const struct painter *p, struct rect inside, int row)
{
    const struct map_focus *f = &p->model->inspect;
    if (f->history_count) {
        paint_line(p, inside, row++, p->theme.strong, "%s",
                   in_words(p, "What happened to the frame, newest first", "这个页框的经历（新的在前）"));
    }
    for (size_t i = 0; i < f->history_count; i++) {
        char text[EVENT_TEXT];
        color_t color = paint_event_text(p, &f->history[i], true, text);
        paint_line(p, inside, row++, color, "%s", text);
    }
}

void paint_inspector(const struct painter *p)
{
    const struct map_focus *f = &p->model->inspect;
    struct rect inside =
        paint_panel(p, p->layout.inspector, in_words(p, "INSPECTOR", "细看"));
    int row = paint_stops(p, inside, 0);
    if (!f->on) {
        inside.y += row * p->layout.unit;
        inside.h -= row * p->layout.unit;
        paint_intro(p, inside);
        return;
    }
    struct focus_text text = {.count = 0};
    paint_describe(p, f, 6, &text);
    if (text.count) {
        paint_add(&text, p->theme.text, "%s", "");
    }
    if (f->walk_steps) {
        describe_walk(p, f, &text);
        paint_add(&text, p->theme.text, "%s", "");
    }
    for (size_t i = 0; i < text.count; i++) {
        paint_line(p, inside, row++, text.line[i].color, "%s", text.line[i].text);
    }
    paint_happened(p, inside, row);
}
