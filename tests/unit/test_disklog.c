/* SPDX-License-Identifier: MIT */
/* test_disklog.c - the record of a disk's writes, and what a power cut leaves of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/backend/disk.h"
#include "devices/backend/disklog.h"

#define SECTORS 64u

static char folder[] = "/tmp/test-disklog-XXXXXX";
static char log_path[64], image_path[64];

static void fill(u8 *data, u32 sectors, u8 value)
{
    memset(data, value, (size_t)sectors * DISK_SECTOR);
}

/*
 * Requests 1 (4 sectors at 0), 2 (4 at 8), 3 = flush, 4 (8 at 0), 5 (8 at 16), a mark, 6 = flush,
 * 7 (1 at 16).
 */
static void make_log(void)
{
    struct error err = {0};
    u8 data[8 * DISK_SECTOR];
    struct disk *d = disk_memory("test", NULL, 0, SECTORS * DISK_SECTOR, false);
    struct disk_log *log = disk_log_create(log_path, SECTORS, &err);
    assert_non_null(log);
    disk_set_log(d, log);
    fill(data, 8, 1);
    assert_int_equal(disk_write(d, 0, data, 4), 0);
    fill(data, 8, 2);
    assert_int_equal(disk_write(d, 8, data, 4), 0);
    assert_int_equal(disk_flush(d), 0);
    fill(data, 8, 3);
    assert_int_equal(disk_write(d, 0, data, 8), 0);
    fill(data, 8, 4);
    assert_int_equal(disk_write(d, 16, data, 8), 0);
    assert_int_not_equal(disk_write(d, SECTORS, data, 1), 0); /* fails: not in the log */
    disk_log_mark(disk_log_of(d), "promise");
    assert_int_equal(disk_flush(d), 0);
    fill(data, 8, 5);
    assert_int_equal(disk_write(d, 16, data, 1), 0);
    disk_destroy(d);
}

/* The image after a cut; value[i]: first byte of sector i. */
static void cut(u64 after, u64 seed, u8 value[SECTORS])
{
    struct error err = {0};
    int fd = open(image_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, SECTORS * DISK_SECTOR), 0);
    assert_true(disk_log_cut(log_path, fd, after, seed, &err));
    for (u32 i = 0; i < SECTORS; i++) {
        u8 sector[DISK_SECTOR];
        assert_int_equal(pread(fd, sector, sizeof sector, (off_t)i * DISK_SECTOR), DISK_SECTOR);
        value[i] = sector[0];
        assert_memory_equal(sector, sector + 1, DISK_SECTOR - 1); /* never torn within a sector */
    }
    close(fd);
}

static void test_order(void **state)
{
    u8 value[SECTORS];
    (void)state;
    cut(0, 0, value);
    assert_int_equal(value[0], 0);
    cut(1, 0, value);
    assert_int_equal(value[3], 1);
    assert_int_equal(value[8], 0);
    cut(5, 0, value);
    assert_int_equal(value[0], 3);
    assert_int_equal(value[8], 2);
    assert_int_equal(value[23], 4);
    cut(7, 0, value);
    assert_int_equal(value[16], 5);
    assert_int_equal(value[17], 4);
}

/* Whatever the seed: flushed writes are there, others by the sector or not; the same each time. */
static void test_loss(void **state)
{
    unsigned whole = 0, none = 0, torn = 0;
    (void)state;
    for (u64 seed = 1; seed <= 200; seed++) {
        u8 value[SECTORS], again[SECTORS];
        unsigned kept = 0;
        cut(5, seed, value);
        for (u32 i = 0; i < 4; i++) {
            assert_true(value[i] == 1 || value[i] == 3);
            assert_int_equal(value[8 + i], 2);
        }
        for (u32 i = 16; i < 24; i++) {
            assert_true(value[i] == 0 || value[i] == 4);
            kept += value[i] == 4;
        }
        whole += kept == 8;
        none += kept == 0;
        torn += kept > 0 && kept < 8;
        cut(5, seed, again);
        assert_memory_equal(value, again, SECTORS);
        cut(7, seed, value);
        assert_int_equal(value[0], 3); /* flushed meanwhile */
        assert_int_equal(value[17], 4);
    }
    assert_true(whole > 10 && none > 10 && torn > 10);
}

struct seen {
    unsigned writes, flushes, marks;
    u64 marked_after;
};

static bool see(void *ctx, const struct disk_log_record *record)
{
    struct seen *seen = ctx;
    seen->writes += record->type == DISK_LOG_WRITE;
    seen->flushes += record->type == DISK_LOG_FLUSH;
    if (record->type == DISK_LOG_MARK) {
        seen->marks++;
        seen->marked_after = record->request;
        assert_string_equal((const char *)record->data, "promise");
    }
    return true;
}

static void test_list(void **state)
{
    struct error err = {0};
    struct seen seen = {0};
    u64 sectors;
    (void)state;
    assert_true(disk_log_read(log_path, see, &seen, &sectors, &err));
    assert_int_equal(sectors, SECTORS);
    assert_int_equal(seen.writes, 5);
    assert_int_equal(seen.flushes, 2);
    assert_int_equal(seen.marks, 1);
    assert_int_equal(seen.marked_after, 5);
}

/* Every prefix, and every byte changed: refused or read, never outside the disk. */
static void test_damaged(void **state)
{
    (void)state;
    char path[80];
    FILE *in = fopen(log_path, "rb");
    assert_non_null(in);
    u8 *bytes = malloc(65536);
    size_t size = fread(bytes, 1, 65536, in);
    fclose(in);
    snprintf(path, sizeof path, "%s/damaged", folder);
    for (size_t at = 0; at < size; at += at < 80 ? 1 : 97) {
        for (int kind = 0; kind < 2; kind++) {
            struct error err = {0};
            struct seen seen = {0};
            u64 sectors;
            u8 old = bytes[at];
            FILE *out = fopen(path, "wb");
            bytes[at] ^= kind ? 0x80 : 0;
            fwrite(bytes, 1, kind ? size : at, out);
            bytes[at] = old;
            fclose(out);
            if (disk_log_read(path, see, &seen, &sectors, &err)) {
                assert_true(seen.writes <= 5 || kind);
            } else {
                assert_true(err.text[0] != 0);
            }
        }
    }
    free(bytes);
    struct error err = {0};
    int fd = open(image_path, O_RDWR | O_CREAT, 0600);
    assert_false(disk_log_cut(log_path, fd, 8, 0, &err)); /* there are 7 */
    assert_int_equal(ftruncate(fd, DISK_SECTOR), 0);
    assert_false(disk_log_cut(log_path, fd, 1, 0, &err)); /* an image of another size */
    close(fd);
    unlink(path);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    snprintf(image_path, sizeof image_path, "%s/image", folder);
    make_log();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(log_path);
    unlink(image_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
