/* SPDX-License-Identifier: MIT */
/* process.c - the guest kernel's processes and areas, read from its lists. */
#include <string.h>

#include "emu/observe/observer.h"

#define MAX_LIST 65536 /* a longer list is a loop */

static bool read_process(const struct observer *o, u64 pa, struct process_view *p)
{
    const struct probe_layout *l = &o->layout;
    const void *name = ram_pointer(o->ram, pa + l->process_name, 16);
    u64 mm;

    memset(p, 0, sizeof *p);
    if (!name || !guest_u32(o, pa + l->process_pid, &p->pid) ||
        !guest_u32(o, pa + l->process_parent_pid, &p->parent) ||
        !guest_u32(o, pa + l->process_state, &p->state) ||
        !guest_u64(o, pa + l->process_mm, &p->mm))
        return false;
    memcpy(p->name, name, 16);
    for (char *at = p->name; *at; at++)
        if (*at <= ' ' || *at > '~')
            *at = '?';
    if (!p->mm)
        return true;
    if (!guest_physical(o, p->mm, &mm)) {
        p->mm = 0;
        return true;
    }
    guest_u64(o, mm + l->mm_root, &p->root);
    guest_u64(o, mm + l->mm_brk_start, &p->brk_start);
    guest_u64(o, mm + l->mm_brk, &p->brk);
    guest_u64(o, mm + l->mm_rss_anon, &p->rss_anon);
    guest_u64(o, mm + l->mm_rss_file, &p->rss_file);
    guest_u64(o, mm + l->mm_rss_shm, &p->rss_shm);
    guest_u64(o, mm + l->mm_swap, &p->swap);
    return true;
}

size_t observer_processes(const struct observer *o,
                          bool (*fn)(void *ctx, const struct process_view *p), void *ctx)
{
    struct process_view p;
    u64 at, pa;
    size_t n = 0;

    if (!o->has_layout || !guest_u64(o, o->layout.process_list, &at))
        return 0;
    for (size_t i = 0; at && i < MAX_LIST; i++) {
        if (!guest_physical(o, at, &pa) || !read_process(o, pa, &p))
            break;
        if (p.state) {
            n++;
            if (!fn(ctx, &p))
                break;
        }
        if (!guest_u64(o, pa + o->layout.process_next, &at))
            break;
    }
    return n;
}

struct search {
    u32 pid;
    bool found;
    struct process_view *out;
};

static bool is_wanted(void *ctx, const struct process_view *p)
{
    struct search *search = ctx;

    if (p->pid != search->pid)
        return true;
    search->found = true;
    *search->out = *p;
    return false;
}

bool observer_process(const struct observer *o, u32 pid, struct process_view *out)
{
    struct search search = {pid, false, out};

    observer_processes(o, is_wanted, &search);
    return search.found;
}

size_t observer_areas(const struct observer *o, const struct process_view *p,
                      bool (*fn)(void *ctx, const struct area_view *a), void *ctx)
{
    const struct probe_layout *l = &o->layout;
    u64 mm, at, pa, inode;
    size_t n = 0;

    if (!p->mm || !guest_physical(o, p->mm, &mm) || !guest_u64(o, mm + l->mm_first_area, &at))
        return 0;
    for (size_t i = 0; at && i < MAX_LIST; i++) {
        struct area_view a = {0};
        u64 number;
        if (!guest_physical(o, at, &pa) || !guest_u64(o, pa + l->area_start, &a.start) ||
            !guest_u64(o, pa + l->area_end, &a.end) || !guest_u8(o, pa + l->area_prot, &a.prot) ||
            !guest_u8(o, pa + l->area_kind, &a.kind) || !guest_u64(o, pa + l->area_pgoff, &a.pgoff))
            break;
        if (guest_u64(o, pa + l->area_inode, &inode) && inode &&
            guest_physical(o, inode, &number) && guest_u64(o, number + l->inode_number, &number))
            a.inode = number;
        n++;
        if (!fn(ctx, &a) || !guest_u64(o, pa + l->area_next, &at))
            break;
    }
    return n;
}

struct area_search {
    u64 va;
    bool found;
    struct area_view *out;
};

static bool contains(void *ctx, const struct area_view *a)
{
    struct area_search *search = ctx;

    if (search->va < a->start || search->va >= a->end)
        return true;
    search->found = true;
    *search->out = *a;
    return false;
}

bool observer_area_at(const struct observer *o, const struct process_view *p, u64 va,
                      struct area_view *out)
{
    struct area_search search = {va, false, out};

    observer_areas(o, p, contains, &search);
    return search.found;
}
