/* SPDX-License-Identifier: MIT */
/* align.c - windowed longest common subsequence. */
#include "emu/trace/align.h"

#include <stdlib.h>

typedef u16 row[ALIGN_WINDOW + 1];

struct aligner {
    const struct stream_event *a, *b;
    size_t n, m;
    size_t i, j;           /* everything before is settled */
    size_t hunk_i, hunk_j; /* where the open difference began; == i, j: none */
    row *common;           /* common[x][y]: longest common subsequence of what follows (i+x, j+y) */
    align_fn *fn;
    void *ctx;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void close_hunk(struct aligner *al)
{
    if (al->hunk_i != al->i || al->hunk_j != al->j)
        al->fn(al->ctx, al->hunk_i, al->i - al->hunk_i, al->hunk_j, al->j - al->hunk_j);
}

static void take_equal(struct aligner *al)
{
    if (al->i < al->n && al->j < al->m && al->a[al->i].hash == al->b[al->j].hash)
        close_hunk(al);
    else
        return;
    while (al->i < al->n && al->j < al->m && al->a[al->i].hash == al->b[al->j].hash) {
        al->i++;
        al->j++;
    }
    al->hunk_i = al->i;
    al->hunk_j = al->j;
}

static void fill(struct aligner *al, size_t wa, size_t wb)
{
    for (size_t y = 0; y <= wb; y++)
        al->common[wa][y] = 0;
    for (size_t x = wa; x-- > 0;) {
        al->common[x][wb] = 0;
        for (size_t y = wb; y-- > 0;) {
            u16 down = al->common[x + 1][y], right = al->common[x][y + 1];
            if (al->a[al->i + x].hash == al->b[al->j + y].hash)
                al->common[x][y] = (u16)(al->common[x + 1][y + 1] + 1);
            else
                al->common[x][y] = down > right ? down : right;
        }
    }
}

/* Settles the window up to its last common event: behind that the next window sees more. */
static void step(struct aligner *al)
{
    size_t wa = least(al->n - al->i, ALIGN_WINDOW), wb = least(al->m - al->j, ALIGN_WINDOW);
    size_t x = 0, y = 0;

    fill(al, wa, wb);
    if (!al->common[0][0]) {
        al->i += wa;
        al->j += wb;
        return;
    }
    size_t base_i = al->i, base_j = al->j;
    while (al->common[x][y]) {
        if (al->a[base_i + x].hash == al->b[base_j + y].hash) {
            close_hunk(al);
            x++;
            y++;
            al->i = base_i + x;
            al->j = base_j + y;
            al->hunk_i = al->i;
            al->hunk_j = al->j;
            continue;
        }
        if (al->common[x + 1][y] >= al->common[x][y + 1])
            x++;
        else
            y++;
        al->i = base_i + x;
        al->j = base_j + y;
    }
}

bool align(const struct stream_event *a, size_t n, const struct stream_event *b, size_t m,
           align_fn *fn, void *ctx)
{
    struct aligner al = {.a = a, .b = b, .n = n, .m = m, .fn = fn, .ctx = ctx};

    al.common = malloc((ALIGN_WINDOW + 1) * sizeof(row));
    if (!al.common)
        return false;
    for (;;) {
        take_equal(&al);
        if (al.i == n && al.j == m)
            break;
        if (al.i == n || al.j == m) {
            al.i = n;
            al.j = m;
            break;
        }
        step(&al);
    }
    close_hunk(&al);
    free(al.common);
    return true;
}
