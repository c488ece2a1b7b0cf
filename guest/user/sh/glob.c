/* SPDX-License-Identifier: MIT */
/*
 * glob.c - pattern matching and pathname expansion (POSIX 2.13).
 */
#include "sh.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool pattern_matches(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}

bool pattern_is_magic(const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '\\' && pattern[1] != '\0')
            pattern++;
        else if (strchr("*?[", *pattern) != NULL)
            return true;
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Copies `part` of the pattern without its backslashes. */
static void add_plain(struct text *path, const char *part)
{
    for (; *part != '\0'; part++) {
        if (*part == '\\' && part[1] != '\0')
            part++;
        text_put(path, *part);
    }
}

static void expand_from(struct text *path, const char *pattern, struct fields *out);

/* The names in `path` that match the first component of the pattern. */
static void match_directory(struct text *path, const char *part, const char *rest,
                            struct fields *out)
{
    DIR *dir = opendir(path->length == 0 ? "." : text_end(path));
    struct fields names = {0};
    size_t length = path->length;
    struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' && part[0] != '.')
            continue;
        if (fnmatch(part, entry->d_name, FNM_PERIOD) == 0)
            fields_add(&names, sh_copy(entry->d_name));
    }
    closedir(dir);
    if (names.count > 0)
        qsort(names.at, names.count, sizeof *names.at, by_text);
    for (size_t i = 0; i < names.count; i++) {
        path->length = length;
        text_add(path, names.at[i]);
        expand_from(path, rest, out);
    }
    path->length = length;
    fields_free(&names);
}

static void expand_from(struct text *path, const char *pattern, struct fields *out)
{
    size_t length = path->length;
    const char *slash;
    char *part;

    for (; *pattern == '/'; pattern++)
        text_put(path, '/');
    if (*pattern == '\0') {
        struct stat st;

        if (lstat(text_end(path), &st) == 0)
            fields_add(out, sh_copy(path->at));
        path->length = length;
        return;
    }
    slash = strchr(pattern, '/');
    part = slash != NULL ? strndup(pattern, (size_t)(slash - pattern)) : strdup(pattern);
    if (part == NULL)
        sh_exit(2);
    if (pattern_is_magic(part)) {
        match_directory(path, part, slash != NULL ? slash : "", out);
    } else {
        add_plain(path, part);
        expand_from(path, slash != NULL ? slash : "", out);
    }
    free(part);
    path->length = length;
}

void glob_expand(const char *pattern, struct fields *out)
{
    struct text path = {0};

    expand_from(&path, pattern, out);
    text_free(&path);
}
