/* SPDX-License-Identifier: MIT */
/* test_ext2_dirent.c - directory blocks of ext2: adding, finding, removing, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fs/ext2_dirent.h"

#define SIZE 4096u

static _Alignas(8) u8 block[SIZE];

static bool add(const char *name, u32 inode)
{
    struct ext2_new_name new = {name, (u32)strlen(name), inode, EXT2_TYPE_REGULAR};
    struct ext2_dirent_link link;
    enum ext2_dirent_added added = ext2_dirent_add(block, SIZE, &new, &link);

    assert_int_not_equal(added, EXT2_DIRENT_BROKEN);
    if (added == EXT2_DIRENT_UNLINKED) {
        ext2_dirent_apply(block, &link);
    }
    return added != EXT2_DIRENT_FULL;
}

static u32 find(const char *name)
{
    bool broken;
    u32 offset = ext2_dirent_find(block, SIZE, name, (u32)strlen(name), &broken);

    assert_false(broken);
    return offset == EXT2_NO_ENTRY ? 0 : ext2_dirent_at(block, SIZE, offset)->inode;
}

static void take_away(const char *name)
{
    bool broken;

    ext2_dirent_remove(block, SIZE,
                       ext2_dirent_find(block, SIZE, name, (u32)strlen(name), &broken));
}

/* The entries cover the block exactly, whatever was done to it. */
static void check_chain(void)
{
    u32 offset = 0;

    while (offset < SIZE) {
        const struct ext2_dirent *entry = ext2_dirent_at(block, SIZE, offset);

        assert_non_null(entry);
        offset += entry->length;
    }
    assert_int_equal(offset, SIZE);
}

static void names_are_found_again(void **state)
{
    (void)state;
    ext2_dirent_format(block, SIZE);
    assert_true(add(".", 2));
    assert_true(add("..", 2));
    assert_true(add("hello", 12));
    assert_int_equal(find("hello"), 12);
    assert_int_equal(find("hell"), 0);
    assert_int_equal(find("hello!"), 0);
    assert_int_equal(find("."), 2);
    check_chain();
}

static void emptiness_ignores_the_dots(void **state)
{
    bool broken;

    (void)state;
    ext2_dirent_format(block, SIZE);
    add(".", 2);
    add("..", 2);
    assert_true(ext2_dirent_is_empty(block, SIZE, &broken));
    add("...", 13);
    assert_false(ext2_dirent_is_empty(block, SIZE, &broken));
    take_away("...");
    assert_true(ext2_dirent_is_empty(block, SIZE, &broken));
}

static void room_is_used_again(void **state)
{
    char name[16];
    u32 count = 0;

    (void)state;
    ext2_dirent_format(block, SIZE);
    do {
        snprintf(name, sizeof(name), "file%04u", count);
    } while (add(name, ++count));
    assert_int_equal(count - 1, SIZE / 16);
    take_away("file0100");
    assert_int_equal(find("file0100"), 0);
    assert_int_equal(find("file0099"), 100);
    assert_int_equal(find("file0101"), 102);
    assert_true(add("new-0100", 7));
    assert_int_equal(find("new-0100"), 7);
    assert_false(add("another0", 8));
    check_chain();
}

static void random_changes_agree_with_a_table(void **state)
{
    bool there[64] = {false};

    (void)state;
    srand(1);
    ext2_dirent_format(block, SIZE);
    for (int step = 0; step < 20000; step++) {
        u32 which = (u32)rand() % 64;
        char name[80];

        memset(name, 'a' + (int)(which % 26), sizeof(name));
        snprintf(name + which, sizeof(name) - which, "%u", which);
        if (there[which]) {
            assert_int_equal(find(name), which + 1);
            take_away(name);
            there[which] = false;
        } else if (find(name) == 0) {
            there[which] = add(name, which + 1);
        }
        check_chain();
    }
    for (u32 which = 0; which < 64; which++) {
        char name[80];

        memset(name, 'a' + (int)(which % 26), sizeof(name));
        snprintf(name + which, sizeof(name) - which, "%u", which);
        assert_int_equal(find(name), there[which] ? which + 1 : 0);
    }
}

/* All names that were there before are found in `torn`, a mixture of sectors. */
static void check_torn(u8 *torn, const bool *there, u32 changed)
{
    for (u32 which = 0; which < 200; which++) {
        char name[16];
        bool broken;

        snprintf(name, sizeof(name), "%0*u", (int)(which % 9 + 3), which);
        if (there[which] && which != changed) {
            assert_int_not_equal(
                ext2_dirent_find(torn, SIZE, name, (u32)strlen(name), &broken), EXT2_NO_ENTRY);
        }
        ext2_dirent_find(torn, SIZE, "none", 4, &broken);
        assert_false(broken);
    }
}

/* A power cut in the middle of writing the block: some sectors are new, some are old. */
static void a_torn_block_keeps_its_names(void **state)
{
    static _Alignas(8) u8 before[SIZE], torn[SIZE];
    bool there[200] = {false};

    (void)state;
    srand(3);
    /* As mke2fs makes it: one entry over everything. */
    memset(block, 0, SIZE);
    ((struct ext2_dirent *)block)->length = SIZE;
    for (int step = 0; step < 500; step++) {
        u32 which = (u32)rand() % 200;
        struct ext2_new_name new;
        struct ext2_dirent_link link;
        char name[16];

        snprintf(name, sizeof(name), "%0*u", (int)(which % 9 + 3), which);
        new = (struct ext2_new_name){name, (u32)strlen(name), which + 1, EXT2_TYPE_REGULAR};
        memcpy(before, block, SIZE);
        if (there[which]) {
            take_away(name);
            there[which] = false;
        } else {
            enum ext2_dirent_added added = ext2_dirent_add(block, SIZE, &new, &link);

            there[which] = added != EXT2_DIRENT_FULL;
            if (added == EXT2_DIRENT_UNLINKED) { /* the block is written here */
                memcpy(before, block, SIZE);
                ext2_dirent_apply(block, &link);
            }
        }
        for (u32 mask = 0; mask < 256; mask += step % 20 ? 37 : 1) {
            for (u32 sector = 0; sector < 8; sector++) {
                memcpy(torn + sector * 512, (mask >> sector & 1 ? block : before) + sector * 512,
                       512);
            }
            check_torn(torn, there, which);
        }
    }
    check_chain();
}

static void broken_chains_are_noticed(void **state)
{
    static const u16 lengths[] = {0, 4, 8, 11, 13, 4097, 65535, SIZE - 3};
    struct ext2_dirent_link link;
    bool broken;

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        ext2_dirent_format(block, SIZE);
        ((struct ext2_dirent *)block)->length = lengths[i];
        assert_int_equal(ext2_dirent_find(block, SIZE, "x", 1, &broken), EXT2_NO_ENTRY);
        assert_true(broken);
        assert_int_equal(
            ext2_dirent_add(block, SIZE, &(struct ext2_new_name){"x", 1, 5, 1}, &link),
            EXT2_DIRENT_BROKEN);
    }
    /* A name longer than its entry. */
    ext2_dirent_format(block, SIZE);
    ((struct ext2_dirent *)block)->length = 12;
    ((struct ext2_dirent *)block)->name_length = 5;
    assert_null(ext2_dirent_at(block, SIZE, 0));
    /* An entry that would end outside. */
    assert_null(ext2_dirent_at(block, SIZE, SIZE - 8));
    assert_null(ext2_dirent_at(block, SIZE, SIZE));
    assert_null(ext2_dirent_at(block, SIZE, 2));
}

static void random_bytes_do_no_harm(void **state)
{
    /* A guard behind the block would show a write outside it (run with a sanitizer). */
    u8 *guarded = malloc(SIZE);

    (void)state;
    srand(2);
    for (int step = 0; step < 2000; step++) {
        struct ext2_dirent_link link;
        bool broken;
        u32 offset;

        for (u32 i = 0; i < SIZE; i++) {
            guarded[i] = (u8)(rand() % 5 ? 0 : rand());
        }
        offset = ext2_dirent_find(guarded, SIZE, "a", 1, &broken);
        if (offset != EXT2_NO_ENTRY) {
            ext2_dirent_remove(guarded, SIZE, offset);
        }
        ext2_dirent_is_empty(guarded, SIZE, &broken);
        if (ext2_dirent_add(guarded, SIZE, &(struct ext2_new_name){"name", 4, 9, 1}, &link) ==
            EXT2_DIRENT_UNLINKED) {
            ext2_dirent_apply(guarded, &link);
        }
    }
    free(guarded);
}

static void types_follow_modes(void **state)
{
    (void)state;
    assert_int_equal(ext2_type_of_mode(0100644), EXT2_TYPE_REGULAR);
    assert_int_equal(ext2_type_of_mode(0040755), EXT2_TYPE_DIRECTORY);
    assert_int_equal(ext2_type_of_mode(0120777), EXT2_TYPE_SYMLINK);
    assert_int_equal(ext2_type_of_mode(0010600), EXT2_TYPE_FIFO);
    assert_int_equal(ext2_type_of_mode(0070000), EXT2_TYPE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(emptiness_ignores_the_dots),
        cmocka_unit_test(room_is_used_again),
        cmocka_unit_test(random_changes_agree_with_a_table),
        cmocka_unit_test(a_torn_block_keeps_its_names),
        cmocka_unit_test(broken_chains_are_noticed),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(types_follow_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
