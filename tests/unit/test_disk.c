/* SPDX-License-Identifier: MIT */
/* test_disk.c - disks: raw files, overlays, gzip'd images, swap, host files as ext2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "devices/backend/disk.h"
#include "devices/backend/filedisk.h"
#include "emu/base/bits.h"

static char folder[] = "/tmp/test-disk-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][512];
    static unsigned turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static u8 pattern(u64 at)
{
    return (u8)(at * 31 + at / 4096);
}

static void make_image(const char *path, size_t size)
{
    u8 *bytes = malloc(size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = pattern(i);
    }
    write_file(path, bytes, size);
    free(bytes);
}

static void check_sector(struct disk *d, u64 sector, u8 expected_first)
{
    u8 buffer[512];
    assert_int_equal(disk_read(d, sector, buffer, 1), 0);
    assert_int_equal(buffer[0], expected_first);
}

static void test_raw_file(void **state)
{
    struct error err = {0};
    u8 buffer[1024];
    (void)state;
    make_image(in_folder("raw"), 10000); /* the last, partial sector does not count */
    struct disk *d = disk_open(in_folder("raw"), false, false, &err);
    assert_non_null(d);
    assert_int_equal(disk_sectors(d), 19);
    assert_false(disk_throw_away(d));
    check_sector(d, 7, pattern(7 * 512));
    memset(buffer, 0x77, sizeof buffer);
    assert_int_equal(disk_write(d, 17, buffer, 2), 0);
    assert_int_equal(disk_flush(d), 0);
    assert_int_equal(disk_write(d, 18, buffer, 2), -EINVAL);
    assert_int_equal(disk_read(d, ~0ull, buffer, 2), -EINVAL);
    assert_int_equal(disk_read(d, 19, buffer, 0), 0);
    /* A second writer would tear it apart. */
    assert_null(disk_open(in_folder("raw"), false, false, &err));
    assert_non_null(strstr(err.text, "another"));
    disk_destroy(d);
    err = (struct error){0};
    d = disk_open(in_folder("raw"), true, false, &err);
    check_sector(d, 17, 0x77); /* it persists */
    assert_int_equal(disk_write(d, 0, buffer, 1), -EROFS);
    disk_destroy(d);
}

static void test_overlay(void **state)
{
    struct error err = {0};
    u8 buffer[4096 * 3];
    (void)state;
    make_image(in_folder("base"), 64 * 1024);
    struct disk *d = disk_open(in_folder("base"), false, true, &err);
    assert_true(disk_throw_away(d));
    memset(buffer, 0xcc, sizeof buffer);
    assert_int_equal(disk_write(d, 3, buffer, 10), 0); /* crosses granules at both ends */
    check_sector(d, 2, pattern(2 * 512));
    check_sector(d, 3, 0xcc);
    check_sector(d, 12, 0xcc);
    check_sector(d, 13, pattern(13 * 512));
    assert_int_equal(disk_read(d, 0, buffer, 24), 0);
    assert_int_equal(buffer[512 * 2 + 1], pattern(512 * 2 + 1));
    assert_int_equal(buffer[512 * 12], 0xcc);
    assert_int_equal(buffer[512 * 23], pattern(512 * 23));

    struct serial_writer writer = {0};
    struct serial_reader reader;
    disk_save(d, &writer);
    struct disk *second = disk_open(in_folder("base"), false, true, &err);
    serial_reader_init(&reader, writer.out.data, writer.out.size);
    assert_true(disk_load(second, &reader, &err));
    check_sector(second, 5, 0xcc);
    check_sector(second, 13, pattern(13 * 512));
    serial_reader_init(&reader, writer.out.data, writer.out.size / 2);
    assert_false(disk_load(second, &reader, &err));
    disk_destroy(second);
    disk_destroy(d);
    serial_writer_free(&writer);
    d = disk_open(in_folder("base"), true, false, &err);
    check_sector(d, 3, pattern(3 * 512)); /* the file was never written */
    disk_destroy(d);
}

static void test_memory_disk(void **state)
{
    static const u8 bytes[1024] = {1, 2, 3};
    (void)state;
    struct disk *d = disk_memory("mem", bytes, 700, 1ull << 30, false);
    u8 buffer[1024];
    assert_int_equal(disk_sectors(d), (1ull << 30) / 512);
    assert_int_equal(disk_read(d, 0, buffer, 2), 0);
    assert_int_equal(buffer[1], 2);
    check_sector(d, (1ull << 30) / 512 - 1, 0);
    assert_int_equal(disk_write(d, (1ull << 30) / 512 - 1, bytes, 1), 0);
    check_sector(d, (1ull << 30) / 512 - 1, 1);
    disk_destroy(d);
}

static void test_gzip(void **state)
{
    struct error err = {0};
    u8 bytes[8192];
    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = pattern(i);
    }
    gzFile out = gzopen(in_folder("image.gz"), "wb");
    gzwrite(out, bytes, sizeof bytes);
    gzclose(out);
    struct disk *d = disk_open(in_folder("image.gz"), false, true, &err);
    if (!d) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(disk_sectors(d), 16);
    check_sector(d, 9, pattern(9 * 512));
    disk_destroy(d);
    assert_null(disk_open(in_folder("image.gz"), false, false, &err));
    assert_non_null(strstr(err.text, "gzip"));
    /* Cut short. */
    u8 packed[8192];
    FILE *f = fopen(in_folder("image.gz"), "rb");
    size_t size = fread(packed, 1, sizeof packed, f);
    fclose(f);
    for (size_t cut = 2; cut < size; cut += 37) {
        err = (struct error){0};
        write_file(in_folder("cut.gz"), packed, cut);
        d = disk_open(in_folder("cut.gz"), false, true, &err);
        assert_null(d);
        assert_true(err.text[0]);
    }
}

static void test_bad_files(void **state)
{
    struct error err = {0};
    (void)state;
    assert_null(disk_open(in_folder("nothing"), false, false, &err));
    assert_non_null(strstr(err.text, "No such file"));
    err = (struct error){0};
    assert_null(disk_open(folder, true, false, &err));
    assert_true(err.text[0]);
    err = (struct error){0};
    write_file(in_folder("tiny"), "x", 1);
    assert_null(disk_open(in_folder("tiny"), true, false, &err));
    assert_true(err.text[0]);
    err = (struct error){0};
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_null(disk_open(in_folder("fifo"), true, false, &err)); /* and does not hang */
    assert_true(err.text[0]);
}

static void test_swap(void **state)
{
    struct error err = {0};
    u8 page[4096];
    (void)state;
    struct disk *d = disk_swap(64 << 20, 5, &err);
    assert_int_equal(disk_sectors(d), (64u << 20) / 512);
    assert_int_equal(disk_read(d, 0, page, 8), 0);
    assert_memory_equal(page + 4086, "SWAPSPACE2", 10);
    assert_int_equal(load_u32(page + 1024), 1);
    assert_int_equal(load_u32(page + 1028), (64u << 20) / 4096 - 1);
    disk_destroy(d);
    assert_null(disk_swap(4096, 5, &err));
}

/* ---- host files ---- */

static void dump(struct disk *d, const char *path)
{
    FILE *f = fopen(path, "wb");
    u8 buffer[512 * 64];
    for (u64 at = 0; at < disk_sectors(d); at += 64) {
        u32 n = disk_sectors(d) - at < 64 ? (u32)(disk_sectors(d) - at) : 64;
        assert_int_equal(disk_read(d, at, buffer, n), 0);
        fwrite(buffer, 512, n, f);
    }
    fclose(f);
}

static int run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

static bool have_e2fsck(void)
{
    return run("e2fsck -V >/dev/null 2>&1") == 0;
}

static void check_volume(struct disk *d, const char *name)
{
    dump(d, in_folder(name));
    if (have_e2fsck()) {
        assert_int_equal(run("e2fsck -fn %s > %s 2>&1", in_folder(name), in_folder("fsck")), 0);
    }
}

static void test_file_disk(void **state)
{
    struct error err = {0};
    (void)state;
    make_image(in_folder("small"), 5000);
    make_image(in_folder("large"), 5 << 20); /* double indirect */
    write_file(in_folder("empty"), "", 0);
    chmod(in_folder("small"), 0755);
    mkdir(in_folder("tree"), 0755);
    mkdir(in_folder("tree/inner"), 0755);
    write_file(in_folder("tree/inner/leaf"), "leaf\n", 5);
    struct filedisk *f = filedisk_create();
    assert_true(filedisk_add(f, in_folder("small"), NULL, &err));
    assert_true(filedisk_add(f, in_folder("large"), "a/b/large", &err));
    assert_true(filedisk_add(f, in_folder("empty"), NULL, &err));
    assert_true(filedisk_add(f, in_folder("tree"), NULL, &err));
    struct disk *d = filedisk_finish(f, &err);
    assert_non_null(d);
    assert_true(disk_read_only(d));
    check_volume(d, "volume");
    if (have_e2fsck()) {
        const char *v = in_folder("volume");
        assert_int_equal(
            run("debugfs -R 'cat /a/b/large' %s 2>/dev/null | cmp - %s", v, in_folder("large")), 0);
        assert_int_equal(
            run("debugfs -R 'cat /small' %s 2>/dev/null | cmp - %s", v, in_folder("small")), 0);
        assert_int_equal(run("debugfs -R 'cat /tree/inner/leaf' %s 2>/dev/null | grep -q leaf", v),
                         0);
        assert_int_equal(run("debugfs -R 'stat /small' %s 2>/dev/null | grep -q 'Mode:  0755'", v),
                         0);
        assert_int_equal(run("dumpe2fs -h %s 2>/dev/null | grep -q 'name:   faulthost'", v), 0);
    }
    disk_destroy(d);
}

static void test_many_files(void **state)
{
    struct error err = {0};
    (void)state;
    mkdir(in_folder("many"), 0755);
    for (unsigned i = 0; i < 600; i++) {
        char name[300];
        snprintf(name, sizeof name, "many/%0*u", 5 + (int)(i % 200), i);
        write_file(in_folder(name), "x", 1);
    }
    struct filedisk *f = filedisk_create();
    assert_true(filedisk_add(f, in_folder("many"), NULL, &err));
    struct disk *d = filedisk_finish(f, &err);
    check_volume(d, "volume2");
    disk_destroy(d);
}

/* Several block groups, from a sparse host file that is not read. */
static void test_large_file(void **state)
{
    struct error err = {0};
    u8 sector[512];
    (void)state;
    int fd = open(in_folder("huge"), O_CREAT | O_RDWR, 0644);
    assert_int_equal(ftruncate(fd, 700ll << 20), 0);
    assert_int_equal(pwrite(fd, "end", 3, (700ll << 20) - 3), 3);
    close(fd);
    struct filedisk *f = filedisk_create();
    assert_true(filedisk_add(f, in_folder("huge"), NULL, &err));
    struct disk *d = filedisk_finish(f, &err);
    assert_non_null(d);
    bool found = false;
    for (u64 at = disk_sectors(d) - 8000; at < disk_sectors(d) && !found; at++) {
        assert_int_equal(disk_read(d, at, sector, 1), 0);
        found = memcmp(sector + 509, "end", 3) == 0;
    }
    assert_true(found);
    if (getenv("TEST_SLOW")) {
        check_volume(d, "volume3");
    }
    disk_destroy(d);
}

static void test_file_disk_refuses(void **state)
{
    struct error err = {0};
    (void)state;
    struct filedisk *f = filedisk_create();
    make_image(in_folder("small"), 5000);
    assert_true(filedisk_add(f, in_folder("small"), "x", &err));
    assert_false(filedisk_add(f, in_folder("small"), "x", &err));
    assert_non_null(strstr(err.text, "twice"));
    const char *const bad[] = {"..", "a/../b", "x/y", "a//b", "./x"};
    for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
        err = (struct error){0};
        assert_false(filedisk_add(f, in_folder("small"), bad[i], &err));
        assert_true(err.text[0]);
    }
    err = (struct error){0};
    assert_false(filedisk_add(f, "/dev/null", NULL, &err));
    assert_true(err.text[0]);
    filedisk_destroy(f);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    return run("rm -rf %s", folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw_file),    cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_memory_disk), cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_bad_files),   cmocka_unit_test(test_swap),
        cmocka_unit_test(test_file_disk),   cmocka_unit_test(test_many_files),
        cmocka_unit_test(test_large_file),  cmocka_unit_test(test_file_disk_refuses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
