/* SPDX-License-Identifier: MIT */
/*
 * dirty.c - a writer that is faster than the disk is slowed down: the pages that are dirty or being
 * written stay below vm.dirty_ratio of what could be, and nobody is killed.
 * usage: dirty FOLDER MEGABYTES write|map|append PERCENT
 * Prints the most pages that were seen dirty, and how many the ratio allows.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE (64u << 10)

static unsigned long meminfo(const char *name)
{
    char line[128];
    unsigned long value = 0;
    FILE *file = fopen("/proc/meminfo", "r");

    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
            value = strtoul(line + strlen(name) + 1, NULL, 10);
    if (file)
        fclose(file);
    return value;
}

static int set_ratio(unsigned percent)
{
    char text[16];
    int file = open("/proc/sys/vm/dirty_ratio", O_RDWR);
    int size = snprintf(text, sizeof text, "%u\n", percent);
    int bad = file < 0 || write(file, text, (size_t)size) != size;

    close(file);
    return bad;
}

/* => what was dirty at most, in kB */
static unsigned long look(unsigned long most)
{
    unsigned long now = meminfo("Dirty") + meminfo("Writeback");

    return now > most ? now : most;
}

int main(int argc, char **argv)
{
    char path[128];
    unsigned long size = argc == 5 ? strtoul(argv[2], NULL, 10) << 20 : 0, most = 0;
    unsigned percent = argc == 5 ? (unsigned)atoi(argv[4]) : 0;
    static char piece[PIECE];

    if (!size || set_ratio(percent))
        return 2;
    snprintf(path, sizeof path, "%s/%s", argv[1], argv[3]);
    int file = open(path, O_CREAT | O_RDWR | O_TRUNC | (*argv[3] == 'a' ? O_APPEND : 0), 0600);
    if (file < 0 || (*argv[3] == 'm' && ftruncate(file, (off_t)size)))
        return 2;
    unsigned long can = meminfo("MemFree") + meminfo("Cached") + meminfo("Buffers");
    char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        return 2;
    for (unsigned long at = 0; at < size; at += PIECE) {
        memset(piece, (int)(at >> 16) + 1, PIECE);
        if (*argv[3] == 'm')
            memcpy(map + at, piece, PIECE);
        else if (write(file, piece, PIECE) != PIECE)
            return 3;
        most = look(most);
    }
    unsigned long allowed = can * percent / 100;
    printf("%s: at most %lu kB dirty, allowed %lu kB\n", argv[3], most, allowed);
    for (unsigned long at = 0; at < size; at += PIECE) /* and nothing was lost */
        if (map[at] != (char)((at >> 16) + 1) || map[at + PIECE - 1] != map[at])
            return 4;
    /* A piece more than allowed may be on its way, and pages of metadata. */
    return most > allowed + (PIECE >> 10) + 160;
}
