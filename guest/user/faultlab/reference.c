/* SPDX-License-Identifier: MIT */
/*
 * reference.c - touches pages in a given order, for comparing replacement policies.
 *
 * usage: reference loop|zipf|scan PAGES COUNT [STORES]     (faultlab reference ...)
 *   loop   0, 1, ..., PAGES - 1, and again
 *   zipf   page of rank r with a probability like 1/r; ranks are scattered over the pages
 *   scan   three of four go to a random page of a hot eighth, the fourth walks through the rest
 *
 * All pages are written once, in order, before the COUNT references that are counted.  One
 * reference in STORES is a store (default 4).  STORES 0: none, and all pages are in swap, clean,
 * when the counting begins.  scripts/compare-policies knows the same
 * strings.  One line: reference STRING pages N count N major N swap-read N swap-write N resident N
 */
#include "helper.h"
#include "measure.h"
#include "probe.h"
#include "text.h"

#define MOST_PAGES 65536u
#define SCATTER 7919ul /* a prime: rank * SCATTER mod PAGES meets every page */

static u64 pages, state = 88172645463325252ull;
static u64 *weights; /* zipf: sum of 2^32 / r up to rank r */

static u64 next_random(void)
{
    state ^= state << 13; /* Marsaglia's xorshift64 */
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static u64 page_loop(u64 step)
{
    return step % pages;
}

static u64 page_zipf(u64 step)
{
    u64 wanted = (next_random() >> 8) % weights[pages - 1], low = 0, high = pages - 1;

    (void)step;
    while (low < high) {
        u64 middle = (low + high) / 2;

        if (weights[middle] > wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low * SCATTER % pages;
}

static u64 page_scan(u64 step)
{
    u64 hot = pages / 8;

    return step % 4 == 3 ? hot + step / 4 % (pages - hot) : (next_random() >> 8) % hot;
}

static const struct string {
    const char *name;
    u64 (*page)(u64 step);
} strings[] = {{"loop", page_loop}, {"zipf", page_zipf}, {"scan", page_scan}};

static u64 counter(const char *text, const char *name)
{
    const char *at = text_find(text, name);

    return at == NULL ? 0 : text_number(at + strlen(name), NULL);
}

struct counts {
    u64 major, in, out;
};

static char text[4096];

static void count(struct counts *c)
{
    text_read_file("/proc/vmstat", text, sizeof text);
    *c = (struct counts){counter(text, "pgmajfault "), counter(text, "pswpin "),
                         counter(text, "pswpout ")};
}

static u64 resident(void)
{
    const char *at;

    if (text_read_file("/proc/self/statm", text, sizeof text) <= 0)
        return 0;
    text_number(text, &at);
    return text_number(at + 1, NULL);
}

static void mark(const char *name)
{
    u64 words[2] = {0, 0};

    memcpy(words, name, strlen(name));
    PROBE(MARK, words[0], words[1]);
}

static void run(const struct string *string, volatile u8 *at, u64 steps, u64 stores)
{
    struct counts before, after;

    count(&before);
    mark("begin");
    for (u64 step = 0; step < steps; step++) {
        volatile u8 *byte = at + string->page(step) * PAGE + step % PAGE;

        if (stores > 0 && step % stores == 0)
            *byte = (u8)step;
        else
            (void)*byte;
    }
    mark("end");
    count(&after);
    say("reference %s pages %lu count %lu major %lu swap-read %lu swap-write %lu resident %lu\n",
        string->name, pages, steps, after.major - before.major, after.in - before.in,
        after.out - before.out, resident());
}

int main(int argc, char **argv)
{
    u64 stores;
    u8 *at;

    pages = argc == 4 || argc == 5 ? text_number(argv[2], NULL) : 0;
    if (pages < 16 || pages > MOST_PAGES || pages % SCATTER == 0) {
        say_to(2, "usage: reference loop|zipf|scan PAGES COUNT [STORES]   (PAGES 16 to %u)\n",
               MOST_PAGES);
        return 2;
    }
    at = pages_private(pages);
    weights = (u64 *)(void *)pages_private(pages * sizeof *weights / PAGE + 1);
    if (at == NULL || weights == NULL)
        return 1;
    for (u64 rank = 0, sum = 0; rank < pages; rank++)
        weights[rank] = sum += (1ull << 32) / (rank + 1);
    pages_write(at, pages, 1);
    stores = argc == 5 ? text_number(argv[4], NULL) : 4;
    if (stores == 0)
        page_out(at, pages * PAGE);
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (text_equal(argv[1], strings[i].name)) {
            run(&strings[i], at, text_number(argv[3], NULL), stores);
            return 0;
        }
    }
    say_to(2, "reference: %s: there are loop, zipf and scan\n", argv[1]);
    return 2;
}
