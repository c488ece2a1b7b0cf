/* SPDX-License-Identifier: MIT */
/* nearest.c - edit distance (optimal string alignment) between short names. */
#include "emu/trace/nearest.h"

#include <string.h>

#define LONGEST 31

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
    size_t n = least(strlen(a), LONGEST), m = least(strlen(b), LONGEST);
    size_t d[LONGEST + 1][LONGEST + 1];

    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n][m];
}

struct nearest nearest_begin(const char *typed)
{
    /* Up to a third of the letters may be wrong, one in short names. */
    return (struct nearest){typed, NULL, strlen(typed) / 3 + 2};
}

void nearest_offer(struct nearest *nearest, const char *known)
{
    size_t distance = edit_distance(nearest->typed, known);

    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = known;
    }
}
