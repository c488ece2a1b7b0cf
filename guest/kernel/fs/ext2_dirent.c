/* SPDX-License-Identifier: MIT */
/* ext2_dirent.c - directory entries within a block.  See ext2_dirent.h. */
#include "fs/ext2_dirent.h"
#include "lib/string.h"

struct ext2_dirent *ext2_dirent_at(u8 *block, u32 size, u32 offset)
{
    struct ext2_dirent *entry;

    if (offset % 4 != 0 || offset > size || size - offset < EXT2_DIRENT_HEADER + 4) {
        return NULL;
    }
    entry = (struct ext2_dirent *)(block + offset);
    if (entry->length < EXT2_DIRENT_HEADER + 4 || entry->length % 4 != 0 ||
        entry->length > size - offset || ext2_dirent_size(entry->name_length) > entry->length) {
        return NULL;
    }
    return entry;
}

u32 ext2_dirent_find(u8 *block, u32 size, const char *name, u32 length, bool *broken)
{
    *broken = false;
    for (u32 offset = 0; offset < size;) {
        const struct ext2_dirent *entry = ext2_dirent_at(block, size, offset);

        if (!entry) {
            *broken = true;
            break;
        }
        if (entry->inode != 0 && entry->name_length == length &&
            memcmp(entry->name, name, length) == 0) {
            return offset;
        }
        offset += entry->length;
    }
    return EXT2_NO_ENTRY;
}

static bool same_sector(u32 first, u32 last)
{
    return first / EXT2_SECTOR == last / EXT2_SECTOR;
}

static void fill_entry(u8 *block, u32 offset, u32 whole, const struct ext2_new_name *name)
{
    struct ext2_dirent *entry = (struct ext2_dirent *)(block + offset);

    entry->length = (u16)whole;
    entry->inode = name->inode;
    entry->name_length = (u8)name->length;
    entry->type = name->type;
    memcpy(entry->name, name->text, name->length);
}

/* Put the name into this entry, which is free, or behind its own name.  => false: no room */
static bool add_in_sector(u8 *block, u32 offset, const struct ext2_new_name *name)
{
    struct ext2_dirent *entry = (struct ext2_dirent *)(block + offset);
    u32 used = entry->inode == 0 ? 0 : ext2_dirent_size(entry->name_length);
    u32 needed = ext2_dirent_size(name->length), whole = entry->length;

    if (whole - used < needed || !same_sector(offset, offset + used + needed - 1)) {
        return false;
    }
    if (used > 0) { /* the new entry takes what this one does not need */
        entry->length = (u16)used;
    }
    fill_entry(block, offset + used, whole - used, name);
    return true;
}

/* The same at the next beginning of a sector within this entry's room; not linked yet. */
static bool add_apart(u8 *block, u32 offset, const struct ext2_new_name *name,
                      struct ext2_dirent_link *link)
{
    const struct ext2_dirent *entry = (const struct ext2_dirent *)(block + offset);
    u32 used = entry->inode == 0 ? EXT2_DIRENT_HEADER + 4 : ext2_dirent_size(entry->name_length);
    u32 start = (offset + used + EXT2_SECTOR - 1) / EXT2_SECTOR * EXT2_SECTOR;
    u32 end = offset + entry->length;

    if (start >= end || end - start < ext2_dirent_size(name->length)) {
        return false;
    }
    fill_entry(block, start, end - start, name);
    *link = (struct ext2_dirent_link){offset, start - offset};
    return true;
}

enum ext2_dirent_added ext2_dirent_add(u8 *block, u32 size, const struct ext2_new_name *name,
                                       struct ext2_dirent_link *link)
{
    for (u32 round = 0; round < 2; round++) {
        for (u32 offset = 0; offset < size;) {
            struct ext2_dirent *entry = ext2_dirent_at(block, size, offset);

            if (!entry) {
                return EXT2_DIRENT_BROKEN;
            }
            if (round == 0 ? add_in_sector(block, offset, name)
                           : add_apart(block, offset, name, link)) {
                return round == 0 ? EXT2_DIRENT_ADDED : EXT2_DIRENT_UNLINKED;
            }
            offset += entry->length;
        }
    }
    return EXT2_DIRENT_FULL;
}

void ext2_dirent_apply(u8 *block, const struct ext2_dirent_link *link)
{
    ((struct ext2_dirent *)(block + link->offset))->length = (u16)link->length;
}

void ext2_dirent_remove(u8 *block, u32 size, u32 offset)
{
    struct ext2_dirent *entry = ext2_dirent_at(block, size, offset);
    struct ext2_dirent *before = NULL;

    if (!entry) {
        return;
    }
    for (u32 at = 0; at < offset;) {
        before = ext2_dirent_at(block, size, at);
        if (!before) {
            return;
        }
        at += before->length;
    }
    entry->inode = 0;
    if (before && offset % EXT2_SECTOR != 0) { /* its room goes to the one before */
        before->length = (u16)(before->length + entry->length);
    }
}

void ext2_dirent_format(u8 *block, u32 size)
{
    memset(block, 0, size);
    for (u32 offset = 0; offset < size; offset += EXT2_SECTOR) {
        ((struct ext2_dirent *)(block + offset))->length = EXT2_SECTOR;
    }
}

bool ext2_dirent_is_empty(u8 *block, u32 size, bool *broken)
{
    *broken = false;
    for (u32 offset = 0; offset < size;) {
        const struct ext2_dirent *entry = ext2_dirent_at(block, size, offset);

        if (!entry) {
            *broken = true;
            return false;
        }
        if (entry->inode != 0 && !(entry->name_length == 1 && entry->name[0] == '.') &&
            !(entry->name_length == 2 && entry->name[0] == '.' && entry->name[1] == '.')) {
            return false;
        }
        offset += entry->length;
    }
    return true;
}

u8 ext2_type_of_mode(u32 mode)
{
    static const u8 types[16] = {
        [1] = EXT2_TYPE_FIFO,    [2] = EXT2_TYPE_CHARACTER, [4] = EXT2_TYPE_DIRECTORY,
        [6] = EXT2_TYPE_BLOCK,   [8] = EXT2_TYPE_REGULAR,   [10] = EXT2_TYPE_SYMLINK,
        [12] = EXT2_TYPE_SOCKET,
    };

    return types[(mode >> 12) & 15];
}
