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

bool ext2_dirent_add(u8 *block, u32 size, const char *name, u32 length, u32 inode, u8 type,
                     bool *broken)
{
    u32 needed = ext2_dirent_size(length);

    *broken = false;
    for (u32 offset = 0; offset < size;) {
        struct ext2_dirent *entry = ext2_dirent_at(block, size, offset);
        u32 used;

        if (!entry) {
            *broken = true;
            break;
        }
        used = entry->inode == 0 ? 0 : ext2_dirent_size(entry->name_length);
        if (entry->length - used >= needed) {
            u32 whole = entry->length;

            if (used > 0) { /* the new entry takes what this one does not need */
                entry->length = (u16)used;
                entry = (struct ext2_dirent *)(block + offset + used);
            }
            entry->length = (u16)(whole - used);
            entry->inode = inode;
            entry->name_length = (u8)length;
            entry->type = type;
            memcpy(entry->name, name, length);
            return true;
        }
        offset += entry->length;
    }
    return false;
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
    if (before) { /* its room goes to the one before */
        before->length = (u16)(before->length + entry->length);
    }
}

void ext2_dirent_format(u8 *block, u32 size)
{
    struct ext2_dirent *entry = (struct ext2_dirent *)block;

    memset(block, 0, size);
    entry->length = (u16)size;
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
