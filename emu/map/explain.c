/* SPDX-License-Identifier: MIT */
/*
 * explain.c - the texts behind the explain panel: for each fault kind what the processor found,
 * what the kernel did, and why that is a good idea.  One table, two languages.
 */
#include "emu/map/explain.h"

#include <stdio.h>

struct lesson {
    const char *english, *chinese;
};

static const struct lesson lesson[FAULT_KIND_COUNT] = {
    [FAULT_ACCESS] =
        {"The page was there and the rights were right, but its accessed or dirty bit was not set, "
         "and "
         "this machine does not set it by itself. The kernel set the bit. It uses these bits to "
         "find "
         "out which pages are in use and which have to be written before they can leave.",
         "页面已经存在，权限也正确，但访问位或脏位没有置位，而这台机器不会自动置位。"
         "内核把该位置上。内核靠这些位判断哪些页正在使用、哪些页换出前必须先写回。"},
    [FAULT_SPURIOUS] =
        {"The page table already permitted this access: only an old translation in the TLB did "
         "not. The "
         "kernel flushed it and the instruction ran. Not flushing when a page becomes valid, and "
         "accepting a fault like this now and then, is cheaper than flushing every time.",
         "页表其实已经允许这次访问，只是 TLB 里还留着旧的转换。内核把它刷新，指令重新执行。"
         "页面变为有效时不刷新、偶尔接受一次这样的缺页，比每次都刷新便宜。"},
    [FAULT_RACED] = {"While this fault was being handled, another thread changed the same page "
                     "table entry first. "
                     "The kernel noticed, dropped its own work, and let the instruction try again.",
                     "处理这次缺页时，另一个线程抢先修改了同一个页表项。内核发现后放弃自己的工作，"
                     "让指令重试。"},
    [FAULT_ZERO_MAP] =
        {"First READ of anonymous memory (heap, stack, BSS). Nobody has written here, so it must "
         "read as "
         "zero: the kernel mapped the one shared page of zeros, read-only. No memory was used. A "
         "page of "
         "its own comes only with the first write.",
         "首次读取匿名内存（堆、栈、BSS）。这里从未写过，读出来必须是零："
         "内核把全系统共享的零页以只读方式映射进来，没有消耗内存。第一次写入时才分配自己的页。"},
    [FAULT_ZERO_FILL] = {"First WRITE to anonymous memory. sbrk() or mmap() had only noted the "
                         "range (lazy allocation): "
                         "not one frame was given out then. Now that the page is really needed, "
                         "the kernel took a free "
                         "frame, filled it with zeros, and mapped it writable.",
                         "首次写入匿名内存。sbrk() 或 mmap() "
                         "当时只登记了地址范围（惰性分配），一个物理页框也没有给。"
                         "现在真正需要了，内核取一个空闲页框，清零，并以可写方式映射。"},
    [FAULT_ZERO_COPY] =
        {"This page had only been read so far and showed the shared page of zeros. Now it is "
         "written: the "
         "kernel gave it a fresh zeroed frame. It did not copy the zero page, because zeros need "
         "no copy.",
         "这一页此前只被读过，映射的是共享零页。现在要写入：内核换上一个新的清零页框。"
         "不需要复制零页，因为零不必复制。"},
    [FAULT_COW_REUSE] =
        {"A write to a copy-on-write page, but everybody who shared it has gone (exited, executed "
         "another "
         "program, or copied it already). The last owner keeps the frame: the kernel made it "
         "writable in "
         "place and copied nothing.",
         "写入一个写时复制页，但其他共享者都已离开（退出、执行了别的程序，或已复制走）。"
         "最后的拥有者直接保留该页框：内核原地改为可写，没有复制。"},
    [FAULT_COW_COPY] =
        {"After fork() parent and child share every page, read-only. This is the first write by "
         "one of "
         "them: the kernel copied the 4096 bytes to a fresh frame for the writer, and the others "
         "keep the "
         "old one. Pages that nobody writes are never copied: that is why fork() is cheap.",
         "fork() 之后父子进程以只读方式共享所有页。这是其中一方第一次写入："
         "内核为写入者复制这 4096 字节到新页框，其他人继续使用旧页框。没人写的页永远不复制，所以 "
         "fork() 很便宜。"},
    [FAULT_COW_FILE] =
        {"A write to a private mapping of a file. The file's page is in the page cache and belongs "
         "to "
         "everybody, so the kernel copied it for this process. The file itself will not change.",
         "写入文件的私有映射。文件页在页缓存里，属于大家，所以内核为本进程复制一份。文件本身不会改"
         "变。"},
    [FAULT_FILE_MAP] =
        {"First touch of a page of a mapped file (or of the program itself: demand paging). The "
         "page was "
         "in the page cache already, so it only had to be mapped. No disk was needed.",
         "首次访问映射文件的一页（或程序自身的一页：按需调页）。该页已在页缓存中，只需映射，不用读"
         "磁盘。"},
    [FAULT_FILE_READ] =
        {"First touch of a page of a file that was not in memory: a major fault. The kernel read "
         "it from "
         "the disk into the page cache while the process slept, then mapped it. A program is "
         "loaded this "
         "way, page by page, when its instructions and data are first used.",
         "首次访问的文件页不在内存：主缺页。内核让进程睡眠，从磁盘读入页缓存，然后映射。"
         "程序就是这样在指令和数据第一次用到时，一页一页装入的。"},
    [FAULT_FILE_WAIT] = {"Somebody else was reading this very page from the disk. The process "
                         "waited for that read and "
                         "then used the same page.",
                         "别的进程正在从磁盘读同一页。本进程等待读完，然后使用同一页。"},
    [FAULT_FILE_COW] = {"The first touch of a page of a private file mapping (such as a program's "
                        "data) was a write. The "
                        "kernel copied the page from the page cache at once and mapped the copy, "
                        "instead of mapping it "
                        "read-only and faulting again.",
                        "私有文件映射（例如程序的数据段）的一页第一次被访问就是写入。"
                        "内核直接从页缓存复制一份并映射，而不是先只读映射再缺页一次。"},
    [FAULT_FILE_WRITE] =
        {"First touch of a page of a shared file mapping, and it was a write. The page of the page "
         "cache "
         "was mapped writable and marked dirty: it will be written to the file later, at the "
         "latest at "
         "munmap or msync.",
         "共享文件映射的一页首次被访问，而且是写入。页缓存中的页以可写方式映射并标记为脏："
         "之后（最迟在 munmap 或 msync 时）写回文件。"},
    [FAULT_MKWRITE] =
        {"First write to a shared file page that was mapped clean. The fault is how the kernel "
         "learns that "
         "the page becomes dirty, so that only changed pages have to be written back.",
         "对干净的共享文件页的第一次写入。内核通过这次缺页得知该页变脏，这样只需写回真正改过的页"
         "。"},
    [FAULT_BUS_EOF] =
        {"The mapping reaches beyond the end of the file, and this page lies wholly behind it. "
         "There is "
         "nothing to show, so the process gets SIGBUS.",
         "映射超出了文件末尾，而这一页完全在末尾之后，没有内容可给，进程收到 SIGBUS。"},
    [FAULT_BUS_IO] =
        {"The page of the file could not be read from the disk. The process gets SIGBUS.",
         "无法从磁盘读出该文件页，进程收到 SIGBUS。"},
    [FAULT_SHM_FILL] =
        {"First touch of a page of a shared-memory object. The frame belongs to the object, not to "
         "one "
         "process: all who map it see the same zeroed page.",
         "首次访问共享内存对象的一页。页框属于该对象而不是某个进程，所有映射者看到同一个清零页。"},
    [FAULT_SHM_MAP] =
        {"The shared-memory object had this page already; it was mapped into one more process.",
         "共享内存对象已有这一页，只是映射到又一个进程。"},
    [FAULT_SHM_SWAPIN] =
        {"The page of the shared-memory object had been swapped out and was read back.",
         "共享内存对象的这一页曾被换出，现已读回。"},
    [FAULT_SWAP_MAP] = {"The page had been chosen to leave, but its frame was still there (swap "
                        "cache): it was mapped "
                        "again without touching the disk.",
                        "这一页已被选中换出，但页框还在（交换缓存）：不碰磁盘就重新映射。"},
    [FAULT_SWAP_READ] =
        {"Memory had run short, and the CLOCK hand had found this page unused: it was written to "
         "swap and "
         "its frame given to somebody else. The page table entry kept the slot number. Now the "
         "page is "
         "needed again: the kernel read it back and mapped it. It keeps its slot while it stays "
         "clean, so "
         "it can leave again without being written.",
         "内存曾经紧张，CLOCK "
         "指针发现此页没有被使用，于是写到交换区，页框给了别人，页表项里记着槽号。"
         "现在又要用：内核把它读回并映射。只要保持干净，它就保留槽位，再次换出时不必写盘。"},
    [FAULT_SWAP_COW] = {"A swapped page that several processes share was written: it was brought "
                        "back and copied for the "
                        "writer in the same fault.",
                        "写入一个被多个进程共享且已换出的页：在同一次缺页中读回，并为写入者复制。"},
    [FAULT_SEGV_GUARD] =
        {"A guard page, put there to catch exactly this. The process gets SIGSEGV.",
         "命中了专门用来捕捉这种访问的保护页，进程收到 SIGSEGV。"},
    [FAULT_BUS_POISON] =
        {"The contents of this page were lost when swap could not be read. Rather than hand out "
         "wrong "
         "data, the kernel sends SIGBUS.",
         "读交换区失败，这一页的内容已丢失。内核宁可发送 SIGBUS，也不给出错误数据。"},
    [FAULT_SEGV_PROT] =
        {"There is memory at this address, but not with this right (for example a write to "
         "read-only "
         "memory). The process gets SIGSEGV with code SEGV_ACCERR.",
         "该地址有内存，但没有这种权限（例如写只读内存）。进程收到 SIGSEGV，代码 SEGV_ACCERR。"},
    [FAULT_SEGV_MAP] =
        {"There is nothing at this address: a null or wild pointer, or freed memory. The process "
         "gets "
         "SIGSEGV with code SEGV_MAPERR.",
         "该地址什么也没有：空指针、野指针或已释放的内存。进程收到 SIGSEGV，代码 SEGV_MAPERR。"},
    [FAULT_OOM] =
        {"No frame was free, none could be reclaimed, and swap is full. The kernel ends the "
         "process that "
         "uses most memory, and the others live on.",
         "没有空闲页框，也回收不出来，交换区已满。内核终止占用内存最多的进程，其余进程继续。"},
};

static void explain_fault(const struct trace_fault *f, bool chinese, char *out, size_t size)
{
    const struct lesson *l = f->kind < FAULT_KIND_COUNT ? &lesson[f->kind] : &lesson[0];
    const char *text = chinese ? l->chinese : l->english;
    if (!text) {
        text = chinese ? "这个客户机没有说明原因；仿真器只看到了页表项的变化。"
                       : "This guest does not tell why; the emulator saw only how the page table "
                         "entry changed.";
    }
    const char *format =
        chinese ? "%s\n\n页表项 %016llx -> %016llx，仿真器看到的是“%s”，用了 %llu 条指令。%s"
                : "%s\n\nPTE %016llx -> %016llx: the emulator saw \"%s\", %llu instructions.%s";
    const char *kernel = f->flags & PROBE_FLAG_KERNEL
                             ? chinese
                                   ? "\n访问者是替进程读写其内存的内核（系统调用）。"
                                   : "\nIt was the kernel that touched the page, for a system call."
                             : "";
    snprintf(out, size, format, text, (unsigned long long)f->pte_before,
             (unsigned long long)f->pte_after, coarse_label_name(f->coarse),
             (unsigned long long)f->cost, kernel);
}

void explain_record(const struct trace_record *record, bool chinese, char *out, size_t size)
{
    switch (record->type) {
    case RECORD_FAULT:
        explain_fault(&record->fault, chinese, out, size);
        break;
    case RECORD_PROBE + PROBE_EV_FORK:
        snprintf(out, size, "%s",
                 chinese ? "fork：子进程得到父进程地址空间的一份拷贝，但只复制页表项；"
                           "所有可写页都改成只读并标记为写时复制。"
                         : "fork: the child got the parent's address space, but only page table "
                           "entries were copied; every writable page became read-only and "
                           "copy-on-write in both.");
        break;
    case RECORD_PROBE + PROBE_EV_EVICT:
        snprintf(out, size, "%s",
                 chinese
                     ? "CLOCK 指针选中了这个页框：它最近没有被访问（A 位为零）。"
                       "干净的页优先，因为不必写盘。"
                     : "The CLOCK hand chose this frame: it had not been used lately (its A bits "
                       "were clear). Clean pages go first, because they need not be written.");
        break;
    case RECORD_PROBE + PROBE_EV_SWAP_OUT:
        snprintf(out, size, "%s",
                 chinese ? "页面正在写入交换区；写完后页框即可另作他用。"
                         : "The page is being written to swap; then its frame can serve somebody "
                           "else.");
        break;
    default:
        snprintf(out, size, "%s", "");
        break;
    }
}
