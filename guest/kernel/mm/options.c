/* SPDX-License-Identifier: MIT */
/*
 * options.c - what can be turned on and off, and how much may be promised.
 */
#include "mm/options.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/swap.h"

#define AROUND_MAX 512u    /* pages of one leaf table */
#define FAULT_AHEAD_ON 16u /* as much as is mapped around a page of a file */

struct vm_options vm_options = {
    .zero_page = true,
    .fault_around = 16,
    .swap_ahead = 8,
    .overcommit_ratio = 50,
    .max_map_count = 65530,
    .swappiness = 60,
    .dirty_ratio = 20,
    .dirty_background_ratio = 10,
};

static u64 committed; /* pages */

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    while (*list != '\0') {
        size_t part = 0;

        while (list[part] != '\0' && list[part] != ',') {
            part++;
        }
        if (part == length && strncmp(list, word, part) == 0) {
            return true;
        }
        list += list[part] == ',' ? part + 1 : part;
    }
    return false;
}

static void parse_u32(const char *name, u32 *option)
{
    char text[16];
    u64 value;

    if (boot_option(name, text, sizeof(text)) && string_to_u64(text, NULL, &value)) {
        *option = (u32)min_u64(value, ~0u);
    }
}

void vm_options_parse(void)
{
    char text[64];

    if (boot_option("vm.eager", text, sizeof(text))) {
        vm_options.eager_brk = has_word(text, "brk");
        vm_options.eager_exec = has_word(text, "exec");
        vm_options.eager_fork = has_word(text, "fork");
        vm_options.eager_mmap = has_word(text, "mmap");
    }
    if (boot_option("vm.zeropage", text, sizeof(text))) {
        vm_options.zero_page = strcmp(text, "off") != 0;
    }
    parse_u32("vm.fault_around", &vm_options.fault_around);
    if (boot_option("vm.fault_around", text, sizeof(text))) {
        vm_options.around_all = strcmp(text, "all") == 0;
    }
    parse_u32("vm.fault_ahead", &vm_options.fault_ahead);
    if (boot_option("vm.fault_ahead", text, sizeof(text)) && strcmp(text, "on") == 0) {
        vm_options.fault_ahead = FAULT_AHEAD_ON;
    }
    vm_options_tidy();
    parse_u32("vm.swap_ahead", &vm_options.swap_ahead);
    vm_options.min_free_kbytes = frames_usable * 4 / 128;
    vm_watermarks_update();
}

void vm_options_tidy(void)
{
    u32 size = 1;

    while (size < AROUND_MAX && size * 2 <= vm_options.fault_around) {
        size *= 2;
    }
    vm_options.fault_around = size;
    vm_options.fault_ahead = (u32)min_u64(vm_options.fault_ahead, AROUND_MAX);
}

void vm_watermarks_update(void)
{
    u64 low_bound = 32, pages = vm_options.min_free_kbytes / 4;

    frame_mark_min = min_u64(max_u64(pages, low_bound), frames_usable / 8);
    frame_mark_low = frame_mark_min + frame_mark_min / 4 + 8;
    frame_mark_high = frame_mark_min + frame_mark_min / 2 + 32;
}

u64 vm_committed(void)
{
    return committed;
}

u64 vm_commit_limit(void)
{
    struct swap_info swap = {0};

    swap_get_info(&swap);
    return frames_usable * vm_options.overcommit_ratio / 100 + swap.total_pages;
}

int vm_commit(u64 pages)
{
    struct swap_info swap = {0};
    u64 total = atomic_add_u64(&committed, pages) + pages;
    bool refused = false;

    if (vm_options.overcommit_memory == 2) {
        refused = total > vm_commit_limit();
    } else if (vm_options.overcommit_memory == 0) { /* refuse only what can never be had */
        swap_get_info(&swap);
        refused = pages > frames_usable + swap.total_pages;
    }
    if (refused) {
        atomic_add_u64(&committed, 0 - pages);
        return -ENOMEM;
    }
    return 0;
}

void vm_uncommit(u64 pages)
{
    atomic_add_u64(&committed, 0 - pages);
}
