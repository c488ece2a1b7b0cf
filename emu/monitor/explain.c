/* SPDX-License-Identifier: MIT */
/* explain.c - faults in plain words: what the processor met, what the kernel did, what it cost. */
#include "emu/monitor/explain.h"

#include <inttypes.h>

#include "emu/isa/pte.h"
#include "emu/trace/text.h"

/* Why it is like this, by kind; NULL: the table's own help says enough. */
static const char *const lesson[FAULT_KIND_COUNT] = {
    [FAULT_ACCESS] = "The processor leaves it to the kernel to note that a page was used (A) or "
                     "written (D).",
    [FAULT_SPURIOUS] = "The translation cache (TLB) still held the old entry; nothing was wrong "
                       "in memory.",
    [FAULT_RACED] = "Two threads met at the same page; the second one finds the work done.",
    [FAULT_ZERO_MAP] = "Reading untouched memory gives zeros, so one frame full of zeros serves "
                       "everybody until somebody writes.",
    [FAULT_ZERO_FILL] = "Memory is only promised when a program asks for it (brk, mmap); the "
                        "frame is given at the first touch. That is lazy allocation.",
    [FAULT_ZERO_COPY] = "Until now the page showed the shared zero page; the first write needs a "
                        "frame of its own.",
    [FAULT_COW_REUSE] = "After fork both sides share frames read-only. The other side has let go "
                        "of this one, so there is nothing to copy.",
    [FAULT_COW_COPY] = "After fork parent and child share frames read-only; whoever writes first "
                       "gets a copy, the other keeps the old frame. That is copy-on-write.",
    [FAULT_COW_FILE] = "A private mapping must not change the file: the first write copies the "
                       "page out of the page cache.",
    [FAULT_FILE_MAP] = "Programs and mapped files are not loaded, they are mapped page by page "
                       "when they are used; this page was in memory already.",
    [FAULT_FILE_READ] = "Programs and mapped files are read page by page when they are used "
                        "(demand paging); this page had to come from the disk.",
    [FAULT_FILE_WAIT] = "Somebody else had begun to read this page; two reads would be waste.",
    [FAULT_FILE_COW] = "The first access to a private file page was a write, so it was copied at "
                       "once instead of being mapped first.",
    [FAULT_FILE_WRITE] = "A shared mapping writes into the file itself: the page is marked dirty "
                         "and goes to the disk later (msync, munmap, or when the kernel likes).",
    [FAULT_MKWRITE] = "Shared file pages are mapped read-only until they are written, so that the "
                      "kernel knows which ones are dirty.",
    [FAULT_BUS_EOF] = "The mapping is longer than the file: behind its last page there is nothing "
                      "to show.",
    [FAULT_SHM_FILL] = "Shared memory belongs to an object, not to one process; its first toucher "
                       "gets the frame for all.",
    [FAULT_SHM_MAP] = "The shared object has this page already; this process only needed its own "
                      "PTE.",
    [FAULT_SHM_SWAPIN] = "The shared object's page had been written to swap.",
    [FAULT_SWAP_MAP] = "The page was on its way out (or just came in): its frame was still there.",
    [FAULT_SWAP_READ] = "Frames were short, so the page was written to swap and its frame given "
                        "away; now it comes back.",
    [FAULT_SWAP_COW] = "Others still refer to the page in swap, so the writer gets a copy.",
    [FAULT_SEGV_GUARD] = "A guard page catches overruns.",
    [FAULT_SEGV_PROT] = "The area is there but forbids this kind of access.",
    [FAULT_SEGV_MAP] = "Nothing was ever mapped at this address.",
    [FAULT_OOM] = "Reclaim found nothing more to give away.",
};

static const char *verb(unsigned access)
{
    return access == PROBE_ACCESS_WRITE   ? "wrote to"
           : access == PROBE_ACCESS_FETCH ? "wanted to execute"
                                          : "read from";
}

static void before(const struct trace_record *r, struct buffer *out)
{
    const struct trace_fault *f = &r->fault;
    char words[80];

    buffer_printf(out, "Process %u%s %s address 0x%" PRIx64, r->pid,
                  f->flags & PROBE_FLAG_KERNEL ? ", through the kernel," : "", verb(f->access),
                  f->va);
    if (f->area)
        buffer_printf(out, ", page %" PRIu64 " of its %s area",
                      ((f->va & PAGE_MASK) - f->area_start) >> PAGE_SHIFT, area_kind_name(f->area));
    buffer_text(out, ".\n");
    if (f->notes & FAULT_NOTE_NO_TRAP) {
        buffer_text(out, "No trap happened: the kernel fetched the page before it was touched.\n");
        return;
    }
    trace_pte_words(words, sizeof words, f->pte_before);
    buffer_printf(out,
                  "The processor stopped it with a %s (scause %u): ", fault_cause_name(f->cause),
                  f->cause);
    if (!f->pte_before)
        buffer_text(out, "the page table had no entry for it.\n");
    else if (!(f->pte_before & PTE_V))
        buffer_printf(out, "the entry is not valid: %s.\n", words);
    else
        buffer_printf(out, "the entry was %s, which does not permit it.\n", words);
}

static void after(const struct trace_fault *f, struct buffer *out)
{
    char words[80];

    if (f->result != RESULT_OK && f->result != RESULT_RETRY) {
        buffer_printf(out, "It ended with %s.\n", fault_result_name(f->result));
        return;
    }
    trace_pte_words(words, sizeof words, f->pte_after);
    if (f->pfn_old && f->pfn_new && f->pfn_old != f->pfn_new)
        buffer_printf(out,
                      "Frame 0x%" PRIx64 " was replaced by 0x%" PRIx64 "; the entry is now %s.\n",
                      f->pfn_old, f->pfn_new, words);
    else if (f->pte_after & PTE_V)
        buffer_printf(out, "The entry now names frame 0x%" PRIx64 ": %s.\n", f->pfn_new, words);
    if (f->refs)
        buffer_printf(out, "The old frame had %u reference%s before.\n", f->refs,
                      f->refs == 1 ? "" : "s");
    if (f->around)
        buffer_printf(out, "%u neighbouring pages were mapped along with it.\n", f->around);
    if (f->flags & PROBE_FLAG_STACK_GROW)
        buffer_text(out, "The stack grew down to reach the address.\n");
    if (f->flags & PROBE_FLAG_RECLAIM)
        buffer_text(out, "Memory was short: another page had to leave first.\n");
}

void explain_fault(const struct trace_record *r, struct buffer *out)
{
    const struct trace_fault *f = &r->fault;

    before(r, out);
    if (f->kind && f->kind < FAULT_KIND_COUNT) {
        buffer_printf(out, "The kernel calls it %s: %s.\n", fault_kind_name(f->kind),
                      fault_kind_help(f->kind));
        if (lesson[f->kind])
            buffer_printf(out, "%s\n", lesson[f->kind]);
    } else {
        buffer_printf(out, "This guest does not say why; seen from outside it is '%s': %s.\n",
                      coarse_label_name(f->coarse), coarse_label_help(f->coarse));
    }
    after(f, out);
    if (f->cost)
        buffer_printf(out, "It cost %" PRIu64 " instructions%s.\n", f->cost,
                      f->notes & FAULT_NOTE_SLEPT ? ", and the process slept on the way" : "");
    if (f->notes & FAULT_NOTE_MISMATCH)
        buffer_printf(out,
                      "BUT what happened to the entry looks like '%s', which does not go with "
                      "that kind: a bug in the kernel's label or in its work.\n",
                      coarse_label_name(f->coarse));
}
