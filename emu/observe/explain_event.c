/* SPDX-License-Identifier: MIT */
/* explain_event.c - what the kernel told that is no fault, in plain words with its values. */
#include "emu/observe/explain_say.h"
#include "emu/trace/text.h"

static u32 pid_of(u64 id)
{
    return (u32)(id >> 32);
}

static void say_program(const struct speaker *s)
{
    SAY(s, "Process %u", "进程 %u", s->record->pid);
    if (s->facts.program)
        SAY(s, " (%s)", "（%s）", s->facts.program);
}

static void explain_life(const struct speaker *s, unsigned event, const u64 *a)
{
    char name[17];

    switch (event) {
    case PROBE_EV_FORK:
        if (a[3])
            SAY(s, "Process %u made %u (thread or vfork): both use the same address space.\n",
                "进程 %u 创建了 %u（线程或 vfork）：二者使用同一个地址空间。\n", pid_of(a[0]),
                pid_of(a[1]));
        else
            SAY(s,
                "Process %u forked: process %u got a copy of its address space, but only %" PRIu64
                " page table entries were copied, no page. Every writable page became read-only "
                "and copy-on-write in both; the first of them who writes will fault and copy.\n",
                "进程 %u 执行 fork：进程 %u 得到其地址空间的一份拷贝，但只复制了 %" PRIu64
                " 个页表项，没有复制任何页。双方所有可写页都改成只读并标记写时复制；"
                "谁先写，谁就缺页并复制。\n",
                pid_of(a[0]), pid_of(a[1]), a[2]);
        break;
    case PROBE_EV_EXEC:
        trace_name(a[1], a[2], name);
        SAY(s,
            "Process %u became the program %s: its old address space is gone, the new one is only "
            "promised. Not a page of the program was read for this; pages come when they are "
            "touched.\n",
            "进程 %u 变成了程序 %s：旧地址空间消失，新的只是登记好了范围。"
            "程序的任何一页都还没有为此读入；用到时才来。\n",
            pid_of(a[0]), name);
        break;
    case PROBE_EV_EXIT:
        SAY(s,
            "Process %u ended (status 0x%" PRIx64 ") after %" PRIu64 " minor and %" PRIu64
            " major faults. Its page tables are taken down; a frame is free when its last "
            "reference goes.\n",
            "进程 %u 结束（状态 0x%" PRIx64 "），共 %" PRIu64 " 次次缺页、%" PRIu64
            " 次主缺页。它的页表被拆除；页框在最后一个引用消失时空闲。\n",
            pid_of(a[0]), a[1], a[2], a[3]);
        break;
    case PROBE_EV_OOM_KILL:
        SAY(s,
            "Nothing could be reclaimed any more, so the kernel killed process %u, which held "
            "%" PRIu64 " frames and %" PRIu64 " swap slots.\n",
            "再也回收不出内存，内核杀死了进程 %u，它占有 %" PRIu64 " 个页框和 %" PRIu64
            " 个交换槽。\n",
            pid_of(a[0]), a[1], a[2]);
        break;
    default:
        break;
    }
}

static void explain_area(const struct speaker *s, unsigned event, const u64 *a)
{
    say_program(s);
    switch (event) {
    case PROBE_EV_MAP:
        SAY(s,
            " mapped 0x%" PRIx64 "..0x%" PRIx64 " (%s). Only the range was noted; no frame was "
            "given.\n",
            "映射了 0x%" PRIx64 "..0x%" PRIx64 "（%s）。只登记了范围，没有给任何页框。\n", a[1],
            a[2], area_kind_name((unsigned)(a[3] & 0xff)));
        break;
    case PROBE_EV_UNMAP:
        SAY(s, " gave up 0x%" PRIx64 "..0x%" PRIx64 "; frames nobody else uses are free now.\n",
            "放弃了 0x%" PRIx64 "..0x%" PRIx64 "；没有别人使用的页框现在空闲了。\n", a[1], a[2]);
        break;
    case PROBE_EV_PROTECT:
        SAY(s, " changed the rights of 0x%" PRIx64 "..0x%" PRIx64 " to %c%c%c.\n",
            "把 0x%" PRIx64 "..0x%" PRIx64 " 的权限改为 %c%c%c。\n", a[1], a[2],
            a[3] & 1 ? 'r' : '-', a[3] & 2 ? 'w' : '-', a[3] & 4 ? 'x' : '-');
        break;
    default:
        SAY(s, " moved the end of its heap from 0x%" PRIx64 " to 0x%" PRIx64 ". %s\n",
            "把堆的末端从 0x%" PRIx64 " 移到 0x%" PRIx64 "。%s\n", a[1], a[2],
            a[2] > a[1] ? speak(s, "Not one frame was given for it yet.", "还没有为此给出页框。")
                        : speak(s, "The pages behind it are gone.", "其后的页已释放。"));
        break;
    }
}

static void explain_eviction(const struct speaker *s, const u64 *a)
{
    unsigned kind = (unsigned)(a[2] & 0xff), mappings = (unsigned)(a[2] >> 16 & 0xffff);
    bool dirty = a[2] >> 8 & 1;

    SAY(s,
        "Memory was short, and the kernel's replacement policy chose frame 0x%" PRIx64
        " to leave (CLOCK: no A bit was set since the hand's last round). ",
        "内存紧张，内核的置换策略选中页框 0x%" PRIx64
        " 离开（CLOCK：从指针上一圈以来没有 A 位）。",
        a[0]);
    if (kind == 2)
        SAY(s, "It holds page %" PRIu64 " of inode %" PRIu64 ": it can be read again%s.",
            "它是 inode %2$" PRIu64 " 的第 %1$" PRIu64 " 页：以后可以再读%3$s。", a[1], a[3],
            dirty ? speak(s, ", but has to be written back first", "，但要先写回") : "");
    else
        SAY(s, "It goes to swap slot %" PRIu64 "%s.", "它去往交换槽 %" PRIu64 "%s。", a[1],
            dirty ? speak(s, " and has to be written", "，需要写出")
                  : speak(s, ", which has its contents already: nothing is written",
                          "，槽里已有其内容：不必写"));
    SAY(s, " %u mapping(s) of it became invalid entries that remember where it is.\n",
        "它的 %u 处映射都变成了记着去向的无效页表项。\n", mappings);
}

static void explain_swap(const struct speaker *s, unsigned event, const u64 *a)
{
    switch (event) {
    case PROBE_EV_SWAP_OUT:
        SAY(s,
            "Frame 0x%2$" PRIx64 " is being written to swap slot %1$" PRIu64
            "; then the frame can serve somebody else.\n",
            "页框 0x%2$" PRIx64 " 正在写入交换槽 %1$" PRIu64 "；之后页框可另作他用。\n", a[0],
            a[1]);
        break;
    case PROBE_EV_SWAP_IN:
        SAY(s, "Swap slot %" PRIu64 " was read into frame 0x%" PRIx64 ".\n",
            "交换槽 %" PRIu64 " 已读入页框 0x%" PRIx64 "。\n", a[0], a[1]);
        break;
    case PROBE_EV_SWAP_FREE:
        SAY(s, "Nobody needs swap slot %" PRIu64 " any more; it is free.\n",
            "没有人再需要交换槽 %" PRIu64 "；它空闲了。\n", a[0]);
        break;
    case PROBE_EV_WRITEBACK:
        SAY(s,
            "Page %2$" PRIu64 " of inode %1$" PRIu64
            " had been changed in memory and is being written to the file (%3$s).\n",
            "inode %1$" PRIu64 " 的第 %2$" PRIu64 " 页在内存中被改过，正在写回文件（%3$s）。\n",
            a[0], a[1], writeback_reason_name((unsigned)a[3]));
        break;
    default:
        SAY(s,
            "Reclaim (%4$s) looked at %1$" PRIu64 " frames and freed %2$" PRIu64 "; %3$" PRIu64
            " are free now.\n",
            "回收（%4$s）查看了 %1$" PRIu64 " 个页框，释放了 %2$" PRIu64 " 个；现在空闲 %3$" PRIu64
            " 个。\n",
            a[0], a[1], a[2],
            a[3] ? speak(s, "direct, by who needs a frame", "直接，由需要页框者进行")
                 : speak(s, "in the background", "后台"));
        break;
    }
}

static void explain_disk(const struct speaker *s)
{
    const struct trace_disk *d = &s->record->disk;

    SAY(s, "Disk vd%c %s %u sectors from sector %" PRIu64 "%s.\n",
        "磁盘 vd%c %s %u 个扇区，起于扇区 %" PRIu64 "%s。\n", 'a' + d->device % 26,
        d->write ? speak(s, "wrote", "写了") : speak(s, "read", "读了"), d->sectors, d->sector,
        d->failed ? speak(s, " and failed", "，失败") : "");
}

void explain_event(const struct speaker *s)
{
    const u64 *a = s->record->arg;
    char name[17];

    if (s->record->type == RECORD_DISK) {
        explain_disk(s);
        return;
    }
    if (s->record->type <= RECORD_PROBE)
        return;
    unsigned event = s->record->type - RECORD_PROBE;
    switch (event) {
    case PROBE_EV_FORK:
    case PROBE_EV_EXEC:
    case PROBE_EV_EXIT:
    case PROBE_EV_OOM_KILL:
        explain_life(s, event, a);
        break;
    case PROBE_EV_MAP:
    case PROBE_EV_UNMAP:
    case PROBE_EV_PROTECT:
    case PROBE_EV_BREAK:
        explain_area(s, event, a);
        break;
    case PROBE_EV_EVICT:
        explain_eviction(s, a);
        break;
    case PROBE_EV_SWAP_OUT:
    case PROBE_EV_SWAP_IN:
    case PROBE_EV_SWAP_FREE:
    case PROBE_EV_WRITEBACK:
    case PROBE_EV_RECLAIM:
        explain_swap(s, event, a);
        break;
    case PROBE_EV_SWITCH:
        SAY(s, "Hart %u now runs process %u.\n", "硬件线程 %u 现在运行进程 %u。\n", s->record->hart,
            pid_of(a[0]));
        break;
    case PROBE_EV_MARK:
        trace_name(a[0], a[1], name);
        SAY(s, "The program set the mark '%s'.\n", "程序设了标记“%s”。\n", name);
        break;
    case PROBE_EV_PANIC:
        SAY(s, "The guest's kernel gave up (panic).%s", "客户机内核崩溃（panic）。%s", "\n");
        break;
    default:
        break;
    }
}
