/* SPDX-License-Identifier: MIT */
/*
 * predict.c - the kernel's decision table read from outside: area, PTE and frame say what the
 * handler will do.  It is a forecast for people; what really happens is in the trace.
 */
#include "emu/monitor/predict.h"

#include <stdio.h>

#include "emu/isa/pte.h"
#include "emu/trace/record.h"
#include "probe.h"

static const char *new_page(const struct area_view *area, bool store)
{
    switch (area->kind) {
    case AREA_FILE_PRIVATE:
        return store ? "file-cow: the file's page is copied at once"
                     : "file-map, or file-read if the page has to come from the disk";
    case AREA_FILE_SHARED:
        return store ? "file-write: the file's page mapped writable, marked dirty"
                     : "file-map, or file-read if the page has to come from the disk";
    case AREA_SHM:
        return "shm-fill, shm-map or shm-swapin: the object's page";
    case AREA_SPECIAL:
        return "nothing is filled in here";
    default:
        return store ? "zero-fill: a fresh zeroed frame" : "zero-map: the shared zero page";
    }
}

static const char *not_present(u64 pte, const struct area_view *area, unsigned users, bool store)
{
    if (!pte)
        return new_page(area, store);
    switch (PTE_CLASS(pte)) {
    case PTE_CLASS_SWAP:
        if (store && users > 1)
            return "swap-cow: brought in and copied, others still have the slot";
        return "swap-read: read back from swap (swap-map if it is still in the swap cache)";
    case PTE_CLASS_MARKER:
        return (PTE_PAYLOAD(pte) & 0xff) == PTE_MARKER_GUARD ? "segv-guard: SIGSEGV"
                                                             : "bus-poison: SIGBUS";
    default:
        return "segv-prot: SIGSEGV";
    }
}

static const char *write_protected(u64 pte, const struct area_view *area,
                                   const struct frame_view *frame)
{
    if (pte & PTE_SPECIAL)
        return "zero-copy: the zero page is replaced by a fresh zeroed frame";
    if (area->kind == AREA_FILE_SHARED)
        return "mkwrite: the file's page is announced dirty and made writable";
    if (frame && frame->kind == FRAME_FILE)
        return "cow-file: copied out of the page cache";
    if (!frame)
        return "cow-copy or cow-reuse";
    return frame->refs > 1
               ? "cow-copy: new frame, 4096 bytes copied, one reference less on this one"
               : "cow-reuse: one owner is left, made writable in place";
}

void predict_access(const struct peek *peek, const struct area_view *area,
                    const struct frame_view *frame, unsigned slot_users, bool kernel_known,
                    bool store, char *out, size_t size)
{
    u64 pte = peek->steps ? peek->step[peek->steps - 1].pte : 0;
    enum access access = store ? ACCESS_STORE : ACCESS_LOAD;
    unsigned cause = store ? 15 : 13;
    const char *what;

    if (peek->result == PEEK_BARE) {
        snprintf(out, size, "no fault: translation is off");
        return;
    }
    if (peek->result == PEEK_OUTSIDE) {
        snprintf(out, size, "access fault %u: a page table lies outside of RAM", store ? 7 : 5);
        return;
    }
    if (peek->result == PEEK_LEAF && walk_permits(pte, access, pte & PTE_U ? 0 : 1, false, false)) {
        const char *bits = !(pte & PTE_A) ? " (the hardware sets A)" : "";
        if (store && !(pte & PTE_D))
            bits = pte & PTE_A ? " (the hardware sets D)" : " (the hardware sets A and D)";
        snprintf(out, size, "no fault%s", bits);
        return;
    }
    if (!kernel_known) {
        snprintf(out, size, "page fault %u", cause);
        return;
    }
    if (!area)
        what = "segv-map: SIGSEGV, no area is here (unless the stack grows down to it)";
    else if (!(area->prot & (store ? 2 : 1)))
        what = "segv-prot: SIGSEGV, the area does not permit it";
    else if (peek->result == PEEK_LEAF)
        what = store ? write_protected(pte, area, frame) : "raced or spurious";
    else
        what = not_present(pte, area, slot_users, store);
    snprintf(out, size, "page fault %u: %s", cause, what);
}
