/* SPDX-License-Identifier: MIT */
/*
 * list.c - ls, find, du, stat: looking at directories.
 */
#include "tools.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

struct entry {
    char *name;
    struct stat st;
};

struct entries {
    struct entry *at;
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* The entries of a directory in order; false with errno set. */
static bool read_entries(const char *path, bool all, struct entries *out)
{
    DIR *dir = opendir(path);
    struct dirent *d;

    *out = (struct entries){0};
    if (dir == NULL)
        return false;
    while ((d = readdir(dir)) != NULL) {
        struct entry *entry;
        char *full;

        if (d->d_name[0] == '.' && !all)
            continue;
        if (out->count % 16 == 0)
            out->at = realloc(out->at, (out->count + 16) * sizeof *out->at);
        if (out->at == NULL)
            exit(complain("out of memory"));
        entry = &out->at[out->count++];
        entry->name = strdup(d->d_name);
        full = join_path(path, d->d_name);
        if (lstat(full, &entry->st) < 0)
            memset(&entry->st, 0, sizeof entry->st);
        free(full);
    }
    closedir(dir);
    if (out->count > 0)
        qsort(out->at, out->count, sizeof *out->at, by_name);
    return true;
}

static void free_entries(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->at[i].name);
    free(entries->at);
}

static void mode_text(mode_t mode, char *to)
{
    static const char letters[] = "rwxrwxrwx";

    to[0] = S_ISDIR(mode)    ? 'd'
            : S_ISLNK(mode)  ? 'l'
            : S_ISCHR(mode)  ? 'c'
            : S_ISBLK(mode)  ? 'b'
            : S_ISFIFO(mode) ? 'p'
            : S_ISSOCK(mode) ? 's'
                             : '-';
    for (int i = 0; i < 9; i++)
        to[1 + i] = (mode & (0400u >> i)) != 0 ? letters[i] : '-';
    if ((mode & S_ISVTX) != 0)
        to[9] = 't';
    if ((mode & S_ISUID) != 0)
        to[3] = 's';
    to[10] = '\0';
}

static void print_long(const char *directory, const struct entry *entry)
{
    char mode[11], when[32];
    struct tm tm;

    mode_text(entry->st.st_mode, mode);
    gmtime_r(&entry->st.st_mtime, &tm);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    printf("%s %3lu %4u %4u ", mode, (unsigned long)entry->st.st_nlink, entry->st.st_uid,
           entry->st.st_gid);
    if (S_ISCHR(entry->st.st_mode) || S_ISBLK(entry->st.st_mode))
        printf("%4u,%4u ", major(entry->st.st_rdev), minor(entry->st.st_rdev));
    else
        printf("%9lld ", (long long)entry->st.st_size);
    printf("%s %s", when, entry->name);
    if (S_ISLNK(entry->st.st_mode)) {
        char target[256];
        char *full = directory != NULL ? join_path(directory, entry->name) : strdup(entry->name);
        ssize_t n = full != NULL ? readlink(full, target, sizeof target - 1) : -1;

        if (n >= 0)
            printf(" -> %.*s", (int)n, target);
        free(full);
    }
    putchar('\n');
}

static void print_entries(const char *directory, const struct entries *list,
                          const struct options *o)
{
    size_t width = 1, column = 0, columns;

    for (size_t i = 0; i < list->count; i++) {
        size_t length = strlen(list->at[i].name) + 2;

        width = length > width ? length : width;
    }
    columns = isatty(1) && !o->set['1'] ? 80 / width : 1;
    for (size_t i = 0; i < list->count; i++) {
        if (o->set['i'])
            printf("%6lu ", (unsigned long)list->at[i].st.st_ino);
        if (o->set['l']) {
            print_long(directory, &list->at[i]);
            continue;
        }
        if (columns <= 1 || column + 1 >= columns || i + 1 == list->count) {
            puts(list->at[i].name);
            column = 0;
        } else {
            printf("%-*s", (int)width, list->at[i].name);
            column++;
        }
    }
}

static int list_directory(const char *path, const struct options *o, bool title)
{
    struct entries list;
    int status = 0;

    if (!read_entries(path, o->set['a'], &list))
        return complain_about(path);
    if (title)
        printf("%s:\n", path);
    print_entries(path, &list, o);
    for (size_t i = 0; o->set['R'] && i < list.count; i++) {
        char *full;

        if (!S_ISDIR(list.at[i].st.st_mode) || strcmp(list.at[i].name, ".") == 0 ||
            strcmp(list.at[i].name, "..") == 0)
            continue;
        full = join_path(path, list.at[i].name);
        putchar('\n');
        status |= list_directory(full, o, true);
        free(full);
    }
    free_entries(&list);
    return status;
}

int tool_list(int argc, char **argv)
{
    static char here[] = ".";
    static char *only_here[] = {here};
    struct options o;
    int at = take_options(argc, argv, "aldiR1", &o), status = 0, count;
    char **paths;

    if (at < 0)
        return 2;
    paths = at < argc ? argv + at : only_here;
    count = at < argc ? argc - at : 1;
    for (int i = 0; i < count; i++) {
        struct entry entry = {paths[i], {0}};
        struct entries one = {&entry, 1};

        if (lstat(paths[i], &entry.st) < 0) {
            status |= complain_about(paths[i]);
            continue;
        }
        if (S_ISLNK(entry.st.st_mode) && !o.set['l'])
            stat(paths[i], &entry.st);
        if (S_ISDIR(entry.st.st_mode) && !o.set['d'])
            status |= list_directory(paths[i], &o, count > 1 || o.set['R']);
        else
            print_entries(NULL, &one, &o);
    }
    return status;
}

struct find {
    const char *pattern;
    char type;
};

static int find_in(const char *path, const struct find *f)
{
    struct entries list;
    struct stat st;
    int status = 0;
    char type;

    if (lstat(path, &st) < 0)
        return complain_about(path);
    type = S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : 'f';
    if ((f->type == 0 || f->type == type) &&
        (f->pattern == NULL || fnmatch(f->pattern, base_name(path), 0) == 0))
        puts(path);
    if (type != 'd')
        return 0;
    if (!read_entries(path, true, &list))
        return complain_about(path);
    for (size_t i = 0; i < list.count; i++) {
        char *full;

        if (strcmp(list.at[i].name, ".") == 0 || strcmp(list.at[i].name, "..") == 0)
            continue;
        full = join_path(path, list.at[i].name);
        status |= find_in(full, f);
        free(full);
    }
    free_entries(&list);
    return status;
}

int tool_find(int argc, char **argv)
{
    struct find f = {NULL, 0};
    int first = 1, end = 1, status = 0;

    while (end < argc && argv[end][0] != '-')
        end++;
    for (int i = end; i < argc; i++) {
        if (strcmp(argv[i], "-name") == 0 && i + 1 < argc)
            f.pattern = argv[++i];
        else if (strcmp(argv[i], "-type") == 0 && i + 1 < argc)
            f.type = argv[++i][0];
        else if (strcmp(argv[i], "-print") != 0)
            return usage();
    }
    if (end == first)
        return find_in(".", &f);
    for (; first < end; first++)
        status |= find_in(argv[first], &f);
    return status;
}

/* Room below `path` in units of 512 bytes. */
static long long measure(const char *path, bool print, bool top, int *status)
{
    struct entries list;
    long long blocks;
    struct stat st;

    if (lstat(path, &st) < 0) {
        *status |= complain_about(path);
        return 0;
    }
    blocks = st.st_blocks;
    if (S_ISDIR(st.st_mode) && read_entries(path, true, &list)) {
        for (size_t i = 0; i < list.count; i++) {
            char *full;

            if (strcmp(list.at[i].name, ".") == 0 || strcmp(list.at[i].name, "..") == 0)
                continue;
            full = join_path(path, list.at[i].name);
            blocks += measure(full, print && S_ISDIR(list.at[i].st.st_mode), false, status);
            free(full);
        }
        free_entries(&list);
    }
    if (print || top)
        printf("%lld\t%s\n", blocks / 2, path);
    return blocks;
}

int tool_du(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "sk", &o), status = 0;

    if (at < 0)
        return 2;
    if (at == argc)
        measure(".", !o.set['s'], true, &status);
    for (; at < argc; at++)
        measure(argv[at], !o.set['s'], true, &status);
    return status;
}

int tool_stat_tool(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return usage();
    for (int i = 1; i < argc; i++) {
        struct stat st;
        char mode[11];

        if (lstat(argv[i], &st) < 0) {
            status |= complain_about(argv[i]);
            continue;
        }
        mode_text(st.st_mode, mode);
        printf("  File: %s\n  Size: %-10lld Blocks: %-8lld IO Block: %ld\n", argv[i],
               (long long)st.st_size, (long long)st.st_blocks, (long)st.st_blksize);
        printf("Device: %u,%u  Inode: %lu  Links: %lu\n", major(st.st_dev), minor(st.st_dev),
               (unsigned long)st.st_ino, (unsigned long)st.st_nlink);
        printf("Access: %04o/%s  Uid: %u  Gid: %u\n", st.st_mode & 07777u, mode, st.st_uid,
               st.st_gid);
        printf("Access: %lld.%09ld\nModify: %lld.%09ld\nChange: %lld.%09ld\n",
               (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long long)st.st_mtim.tv_sec,
               st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    }
    return status;
}
