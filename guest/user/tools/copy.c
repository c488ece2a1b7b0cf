/* SPDX-License-Identifier: MIT */
/*
 * copy.c - cat, cp, mv, rm, ln, mkdir, rmdir, touch, tee, cmp, sum: files as wholes.
 */
#include "tools.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[16384];

static bool write_all(int fd, const char *s, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, s, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s += n;
        size -= (size_t)n;
    }
    return true;
}

/* Copies until the end of `in`; 0, or 1 after a complaint naming the side that failed. */
static int pump(int in, const char *in_name, int out, const char *out_name)
{
    for (;;) {
        ssize_t n = read(in, buffer, sizeof buffer);

        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return complain_about(in_name);
        if (!write_all(out, buffer, (size_t)n))
            return complain_about(out_name);
    }
}

int tool_cat(int argc, char **argv)
{
    int status = 0;

    if (argc == 1)
        return pump(0, "-", 1, "standard output");
    for (int i = 1; i < argc; i++) {
        bool standard = strcmp(argv[i], "-") == 0;
        int fd = standard ? 0 : open(argv[i], O_RDONLY);

        if (fd < 0) {
            status |= complain_about(argv[i]);
            continue;
        }
        status |= pump(fd, argv[i], 1, "standard output");
        if (!standard)
            close(fd);
    }
    return status;
}

static int copy_one(const char *from, const char *to, bool recursive);

static int copy_directory(const char *from, const char *to, mode_t mode)
{
    DIR *dir = opendir(from);
    struct dirent *d;
    int status = 0;

    if (dir == NULL)
        return complain_about(from);
    if (mkdir(to, mode & 07777) < 0 && errno != EEXIST)
        status = complain_about(to);
    while (status == 0 && (d = readdir(dir)) != NULL) {
        char *a, *b;

        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        a = join_path(from, d->d_name);
        b = join_path(to, d->d_name);
        status |= copy_one(a, b, true);
        free(a);
        free(b);
    }
    closedir(dir);
    return status;
}

static int copy_link(const char *from, const char *to)
{
    char target[1024];
    ssize_t n = readlink(from, target, sizeof target - 1);

    if (n < 0)
        return complain_about(from);
    target[n] = '\0';
    unlink(to);
    return symlink(target, to) < 0 ? complain_about(to) : 0;
}

static int copy_one(const char *from, const char *to, bool recursive)
{
    int in, out, status;
    struct stat st;

    if ((recursive ? lstat(from, &st) : stat(from, &st)) < 0)
        return complain_about(from);
    if (S_ISDIR(st.st_mode))
        return recursive ? copy_directory(from, to, st.st_mode)
                         : complain("%s: is a directory (use -r)", from);
    if (S_ISLNK(st.st_mode))
        return copy_link(from, to);
    in = open(from, O_RDONLY);
    if (in < 0)
        return complain_about(from);
    out = open(to, O_WRONLY | O_CREAT | O_TRUNC, st.st_mode & 0777);
    if (out < 0) {
        close(in);
        return complain_about(to);
    }
    status = pump(in, from, out, to);
    close(in);
    if (close(out) < 0 && status == 0)
        status = complain_about(to);
    return status;
}

static int remove_one(const char *path, bool recursive, bool force)
{
    struct dirent *d;
    struct stat st;
    int status = 0;
    DIR *dir;

    if (lstat(path, &st) < 0)
        return force && errno == ENOENT ? 0 : complain_about(path);
    if (!S_ISDIR(st.st_mode))
        return unlink(path) < 0 ? complain_about(path) : 0;
    if (!recursive)
        return complain("%s: is a directory", path);
    /* Opened anew after each removal: positions may move when entries go. */
    for (bool again = true; again && status == 0;) {
        again = false;
        dir = opendir(path);
        if (dir == NULL)
            return complain_about(path);
        while (status == 0 && (d = readdir(dir)) != NULL) {
            char *full;

            if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                continue;
            full = join_path(path, d->d_name);
            status |= remove_one(full, true, force);
            free(full);
            again = true;
        }
        closedir(dir);
    }
    if (status == 0 && rmdir(path) < 0)
        status = complain_about(path);
    return status;
}

static int move_one(const char *from, const char *to)
{
    if (rename(from, to) == 0)
        return 0;
    if (errno != EXDEV)
        return complain("%s to %s: %s", from, to, strerror(errno));
    return copy_one(from, to, true) != 0 ? 1 : remove_one(from, true, true);
}

/* FROM... TO: into TO when it is a directory. */
static int into_target(int argc, char **argv, int at, bool recursive, bool moving)
{
    const char *target = argv[argc - 1];
    struct stat st;
    bool directory;
    int status = 0;

    if (argc - at < 2)
        return usage();
    directory = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
    if (argc - at > 2 && !directory)
        return complain("%s: is not a directory", target);
    for (; at < argc - 1; at++) {
        char *full = directory ? join_path(target, base_name(argv[at])) : strdup(target);

        status |= moving ? move_one(argv[at], full) : copy_one(argv[at], full, recursive);
        free(full);
    }
    return status;
}

int tool_copy(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "raRp", &o);

    return at < 0 ? 2 : into_target(argc, argv, at, o.set['r'] || o.set['R'] || o.set['a'], false);
}

int tool_move(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "f", &o);

    return at < 0 ? 2 : into_target(argc, argv, at, true, true);
}

int tool_remove_tool(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "rfR", &o), status = 0;

    if (at < 0 || (at == argc && !o.set['f']))
        return at < 0 ? 2 : usage();
    for (; at < argc; at++)
        status |= remove_one(argv[at], o.set['r'] || o.set['R'], o.set['f']);
    return status;
}

int tool_link_tool(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "sf", &o), result;
    const char *name;
    char *full = NULL;
    struct stat st;

    if (at < 0 || argc - at < 1 || argc - at > 2)
        return at < 0 ? 2 : usage();
    name = argc - at == 2 ? argv[at + 1] : base_name(argv[at]);
    if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
        name = full = join_path(name, base_name(argv[at]));
    if (o.set['f'])
        unlink(name);
    result = o.set['s'] ? symlink(argv[at], name) : link(argv[at], name);
    result = result < 0 ? complain_about(name) : 0;
    free(full);
    return result;
}

static int make_parents(char *path)
{
    for (char *s = path + 1; *s != '\0'; s++) {
        if (*s != '/')
            continue;
        *s = '\0';
        if (mkdir(path, 0777) < 0 && errno != EEXIST)
            return complain_about(path);
        *s = '/';
    }
    return mkdir(path, 0777) < 0 && errno != EEXIST ? complain_about(path) : 0;
}

int tool_make_dir(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "p", &o), status = 0;

    if (at < 0 || at == argc)
        return at < 0 ? 2 : usage();
    for (; at < argc; at++) {
        if (o.set['p'])
            status |= make_parents(argv[at]);
        else if (mkdir(argv[at], 0777) < 0)
            status |= complain_about(argv[at]);
    }
    return status;
}

int tool_remove_dir(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return usage();
    for (int i = 1; i < argc; i++) {
        if (rmdir(argv[i]) < 0)
            status |= complain_about(argv[i]);
    }
    return status;
}

int tool_touch(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return usage();
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_WRONLY | O_CREAT, 0666);

        if (fd < 0 || utimensat(AT_FDCWD, argv[i], NULL, 0) < 0)
            status |= complain_about(argv[i]);
        if (fd >= 0)
            close(fd);
    }
    return status;
}

int tool_tee(int argc, char **argv)
{
    struct options o;
    int at = take_options(argc, argv, "a", &o), status = 0, count = 0, fds[16];
    ssize_t n;

    if (at < 0)
        return 2;
    for (; at < argc && count < 16; at++) {
        fds[count] = open(argv[at], O_WRONLY | O_CREAT | (o.set['a'] ? O_APPEND : O_TRUNC), 0666);
        if (fds[count] < 0)
            status |= complain_about(argv[at]);
        else
            count++;
    }
    while ((n = read(0, buffer, sizeof buffer)) > 0) {
        write_all(1, buffer, (size_t)n);
        for (int i = 0; i < count; i++) {
            if (!write_all(fds[i], buffer, (size_t)n))
                status |= complain("%s", strerror(errno));
        }
    }
    return status;
}

int tool_cmp(int argc, char **argv)
{
    unsigned long offset = 0, line = 1;
    FILE *a, *b;
    int x, y;

    if (argc != 3)
        return usage();
    a = open_input(argv[1]);
    b = a != NULL ? open_input(argv[2]) : NULL;
    if (a == NULL || b == NULL)
        return 2;
    do {
        x = getc(a);
        y = getc(b);
        offset++;
        if (x != y) {
            if (x == EOF || y == EOF)
                complain("end of %s after byte %lu", x == EOF ? argv[1] : argv[2], offset - 1);
            else
                printf("%s %s differ: byte %lu, line %lu\n", argv[1], argv[2], offset, line);
            return 1;
        }
        line += x == '\n';
    } while (x != EOF);
    return 0;
}

static int sum_one(FILE *file, const char *name, void *data)
{
    uint32_t crc = 0xffffffffu;
    unsigned long size = 0;
    int c;

    (void)data;
    while ((c = getc(file)) != EOF) {
        crc ^= (uint32_t)c;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
        size++;
    }
    printf("%08x %lu %s\n", ~crc, size, name);
    return 0;
}

int tool_sum(int argc, char **argv)
{
    return for_inputs(argc, argv, 1, sum_one, NULL);
}
