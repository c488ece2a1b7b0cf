/* SPDX-License-Identifier: MIT */
/* reason.c - guesses at why two traces part, from the first pair of lines that differ. */
#include <stdlib.h>
#include <string.h>

#include "emu/trace/report.h"

/* golden, fresh: kinds by name, NULL any, "" no event. */
static const struct {
    const char *golden, *fresh, *reason;
} table[] = {
    {"cow-reuse", "cow-copy",
     "a reference to the frame was not dropped: it still counts as shared"},
    {"cow-copy", "cow-reuse", "a reference to the frame was dropped too early, or never taken"},
    {"zero-map", "zero-fill", "the shared zero page is not used for reads (vm.zeropage=off?)"},
    {"zero-copy", "zero-fill", "the shared zero page is not used for reads (vm.zeropage=off?)"},
    {"zero-fill", "zero-copy", "the page was read before it was written"},
    {"file-map", "file-read",
     "the page was not in the page cache: it was evicted, or never read ahead"},
    {"file-read", "file-map", "the page was in the page cache already: something read it before"},
    {"swap-map", "swap-read", "the page had left the swap cache"},
    {"swap-read", "swap-map", "the page was still in the swap cache"},
    {"", "swap-read", "the page was evicted here: less free memory, or another choice by CLOCK"},
    {"", "swap-map", "the page was evicted here: less free memory, or another choice by CLOCK"},
    {"swap-read", "",
     "the page was not evicted here: more free memory, or another choice by CLOCK"},
    {"", "spurious", "a stale translation: a fence is missing or comes later"},
    {"", "cow-copy",
     "a page is shared that was not (fork copies no longer, or a reference leaked)"},
    {"zero-fill", "", "the page was there already (eager allocation?)"},
    {"file-map", "", "the page was there already (eager loading, or mapped with a neighbour)"},
    {"", "file-map", "the page was not mapped together with its neighbour"},
    {NULL, "segv-map", "the area is missing: mmap, brk or stack growth went another way"},
    {NULL, "segv-prot",
     "the area's rights differ, or a write-protected PTE was taken for a violation"},
    {NULL, "oom", "frames ran out: leaked, or reclaim gave up early"},
};

static void first_word(const char *line, char out[40])
{
    snprintf(out, 40, "%.*s", (int)strcspn(line, " "), line);
}

void guess_reason(const char *a, const char *b, char *out, size_t size)
{
    char golden[40], fresh[40];
    const char *refs_a = strstr(a, "refs="), *refs_b = strstr(b, "refs=");

    out[0] = 0;
    first_word(a, golden);
    first_word(b, fresh);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if ((table[i].golden && strcmp(table[i].golden, golden) != 0) ||
            strcmp(table[i].fresh, fresh) != 0)
            continue;
        snprintf(out, size, "%s", table[i].reason);
        break;
    }
    if (!out[0] && !strcmp(golden, fresh) && refs_a && refs_b &&
        atoi(refs_a + 5) != atoi(refs_b + 5))
        snprintf(out, size, "the frame had %d references, now %d: one was %s", atoi(refs_a + 5),
                 atoi(refs_b + 5),
                 atoi(refs_b + 5) > atoi(refs_a + 5) ? "not dropped" : "dropped too early");
    if (!out[0] && golden[0] && !fresh[0])
        snprintf(out, size, "this no longer happens");
}
