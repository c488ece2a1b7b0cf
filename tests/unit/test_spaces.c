/* SPDX-License-Identifier: MIT */
/*
 * The memory map of a guest that tells nothing: page tables written by hand, two address spaces that
 * share a page, a root that is no page table any more.
 */
#include "emu/hart/hart.h"
#include "emu/hart/hook.h"
#include "emu/map/spaces.h"
#include "emu/observe/observe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE UINT64_C(0x80000000)
#define SIZE (UINT64_C(1) << 20)
#define PFN(n) ((BASE >> PAGE_SHIFT) + (n))
#define USER (PTE_V | PTE_R | PTE_W | PTE_U)

static u64 no_time(void *ctx)
{
    (void)ctx;
    return 7;
}

static void put(struct ram *ram, unsigned page, unsigned index, u64 pfn, u64 flags)
{
    u64 pte = pfn << PTE_PPN_SHIFT | flags;
    memcpy(ram_pointer(ram, BASE + page * PAGE_BYTES + index * PTE_BYTES, PTE_BYTES), &pte,
           PTE_BYTES);
}

/* A root at frame `page`, its two tables behind it, and pages in entries 0, 1, ... of the last. */
static u64 make_space(struct ram *ram, unsigned page)
{
    put(ram, page, 0, PFN(page + 1), PTE_V);
    put(ram, page + 1, 0, PFN(page + 2), PTE_V);
    return (u64)SATP_SV39 << SATP_MODE_SHIFT | PFN(page);
}

static unsigned class_of(const struct map_model *m, unsigned page)
{
    return m->frames[page].class;
}

static void spaces_are_seen_by_their_page_tables(void **state)
{
    (void)state;
    struct ram ram;
    struct error err = {0};
    assert_true(ram_init(&ram, BASE, SIZE, &err));
    struct hart *hart = calloc(1, sizeof *hart);
    struct observer *o = observer_create_on(&ram, 1, no_time, NULL, &err);
    assert_non_null(o);
    const struct hook *hook = observer_hook(o);
    u64 one = make_space(&ram, 10), two = make_space(&ram, 20);
    put(&ram, 12, 0, PFN(50), USER | PTE_A | PTE_D);
    put(&ram, 12, 1, PFN(51), USER);
    put(&ram, 22, 0, PFN(50), USER);
    put(&ram, 22, 9, PFN(60), PTE_V | PTE_R); /* a kernel's: no U */
    put(&ram, 22, 200, PFN(61), USER);
    /* A root whose frame serves something else by now. */
    memset(ram_pointer(&ram, BASE + 30 * PAGE_BYTES, PAGE_BYTES), 0xff, PAGE_BYTES);
    hook->satp_write(hook->ctx, hart, 0, one);
    hook->satp_write(hook->ctx, hart, one, two);
    hook->satp_write(hook->ctx, hart, two, (u64)SATP_SV39 << SATP_MODE_SHIFT | PFN(30));
    assert_int_equal(observer_spaces(o), 3);

    u64 icount[SIZE >> PAGE_SHIFT] = {[51] = 5};
    struct touch_times times = {icount, PFN(0), SIZE >> PAGE_SHIFT};
    struct map_model *m = model_create();
    struct map_view view;
    view_init(&view);
    view.pid = 2;
    view.hover_pid = 1;
    assert_true(spaces_fill(o, &ram, &times, 3, &view, m));
    assert_int_equal(m->frame_count, SIZE >> PAGE_SHIFT);
    assert_int_equal(class_of(m, 10), CLASS_PAGE_TABLE);
    assert_int_equal(class_of(m, 11), CLASS_PAGE_TABLE);
    assert_int_equal(class_of(m, 12), CLASS_PAGE_TABLE);
    assert_int_equal(class_of(m, 50), CLASS_ANON_SHARED);
    assert_int_equal(class_of(m, 51), CLASS_USER);
    assert_int_equal(class_of(m, 60), CLASS_OTHER);
    assert_int_equal(class_of(m, 30), CLASS_OTHER);
    assert_true(m->frames[50].marks & MAP_MARK_DIRTY);
    assert_true(m->frames[51].marks & MAP_MARK_OWNED);
    assert_true(m->frames[51].marks & MAP_MARK_CHANGED);
    assert_false(m->frames[61].marks & MAP_MARK_OWNED);
    assert_int_equal(m->process_count, 2);
    assert_int_equal(m->process[0].rss, 2);
    assert_int_equal(m->process[1].rss, 2);
    /* The second one's pages, in areas made up from them: 0, and 200 far from it. */
    assert_int_equal(m->pid, 2);
    assert_int_equal(m->area_count, 2);
    assert_int_equal(m->area[1].start, 200 * PAGE_BYTES);
    model_destroy(m);
    observer_destroy(o);
    free(hart);
    ram_destroy(&ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spaces_are_seen_by_their_page_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
