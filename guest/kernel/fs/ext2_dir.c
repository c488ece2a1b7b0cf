/* SPDX-License-Identifier: MIT */
/*
 * ext2_dir.c - directories of ext2: finding, adding, removing names block by block.
 * What is inside one block is in ext2_dirent.c.
 */
#include "fs/ext2.h"
#include "fs/ext2_dirent.h"
#include "lib/errno.h"

static u32 block_size(const struct inode *directory)
{
    return ext2_of(directory)->block_size;
}

static u64 block_count(const struct inode *directory)
{
    return directory->size >> ext2_of(directory)->block_bits;
}

/* Block `index` of a directory, referenced.  A directory has no holes. */
static struct frame *directory_block(struct inode *directory, u64 index, int *error)
{
    u32 block;

    *error = ext2_map(directory, index, &block);
    if (!*error && block == 0) {
        *error = ext2_corrupt(ext2_of(directory), "a directory has a hole", directory->number);
    }
    return *error ? NULL : ext2_block(ext2_of(directory), block, error);
}

static int broken_chain(const struct inode *directory)
{
    return ext2_corrupt(ext2_of(directory), "a directory's entries are broken", directory->number);
}

/* The type byte of an entry: only there if the file system has the feature. */
static u8 type_byte(const struct inode *directory, u32 mode)
{
    const struct ext2_super_block *super = ext2_super_block(ext2_of(directory));

    return super->revision > 0 && (super->incompatible & EXT2_INCOMPAT_FILETYPE)
               ? ext2_type_of_mode(mode)
               : EXT2_TYPE_UNKNOWN;
}

/* The names have changed: times, and the hash tree that we do not keep up is dropped. */
static int changed(struct inode *directory)
{
    ext2_inode_of(directory)->flags &= ~EXT2_FLAG_INDEX;
    inode_touch(directory, TOUCH_MODIFY | TOUCH_CHANGE);
    return ext2_store_inode(directory);
}

int ext2_directory_find(struct inode *directory, const char *name, size_t length,
                        struct ext2_place *place)
{
    for (u64 i = 0; i < block_count(directory); i++) {
        bool broken;
        int error;
        struct frame *frame = directory_block(directory, i, &error);
        u32 offset;

        if (!frame) {
            return error;
        }
        offset = ext2_dirent_find(frame_to_virt(frame), block_size(directory), name, (u32)length,
                                  &broken);
        if (offset != EXT2_NO_ENTRY) {
            const struct ext2_dirent *entry =
                ext2_dirent_at(frame_to_virt(frame), block_size(directory), offset);

            *place = (struct ext2_place){frame, offset, entry->inode, i};
            return 0;
        }
        cache_put(frame);
        if (broken) {
            return broken_chain(directory);
        }
    }
    return -ENOENT;
}

/* A new block at the end with one free entry.  => referenced, or NULL with *error */
static struct frame *extend(struct inode *directory, int *error)
{
    struct ext2 *ext2 = ext2_of(directory);
    struct frame *frame;
    u32 block;
    bool fresh;

    *error = ext2_map_allocate(directory, block_count(directory), &block, &fresh);
    if (*error) {
        return NULL;
    }
    frame = ext2_block_new(ext2, block, error);
    if (!frame) {
        ext2_free_from(directory, block_count(directory));
        return NULL;
    }
    ext2_dirent_format(frame_to_virt(frame), block_size(directory));
    ext2_block_changed(ext2, frame);
    directory->size += ext2->block_size;
    return frame;
}

/* Put the name into one block.  => 0, -ENOSPC, -EIO */
static int add_in_block(struct inode *directory, u64 index, struct frame *frame,
                        const struct ext2_new_name *name)
{
    struct ext2 *ext2 = ext2_of(directory);
    struct ext2_dirent_link link;
    int error = 0;

    switch (ext2_dirent_add(frame_to_virt(frame), block_size(directory), name, &link)) {
    case EXT2_DIRENT_ADDED:
        ext2_block_changed(ext2, frame);
        return 0;
    case EXT2_DIRENT_UNLINKED:
        ext2_block_changed(ext2, frame);
        error = ext2_write_block_now(directory, index);
        if (!error) {
            ext2_dirent_apply(frame_to_virt(frame), &link);
            ext2_block_changed(ext2, frame);
        }
        return error;
    case EXT2_DIRENT_FULL:
        return -ENOSPC;
    default:
        return broken_chain(directory);
    }
}

int ext2_write_block_now(struct inode *directory, u64 index)
{
    struct ext2 *ext2 = ext2_of(directory);
    u32 block;
    int error = ext2_map(directory, index, &block);

    if (!error) {
        error = ext2_block_write(ext2, block);
    }
    return error ? error : block_flush(ext2->disk);
}

int ext2_directory_add(struct inode *directory, const char *name, size_t length, u32 number,
                       u32 mode)
{
    struct ext2_new_name new = {name, (u32)length, number, type_byte(directory, mode)};
    u64 blocks = block_count(directory);
    int error = ext2_begin_change(ext2_of(directory));

    for (u64 i = 0; !error && i <= blocks; i++) {
        struct frame *frame =
            i < blocks ? directory_block(directory, i, &error) : extend(directory, &error);

        if (!frame) {
            break;
        }
        error = add_in_block(directory, i, frame, &new);
        cache_put(frame);
        if (error == 0) {
            return changed(directory);
        }
        if (error == -ENOSPC) { /* not in this one */
            error = 0;
        }
    }
    return error ? error : -ENOSPC;
}

int ext2_directory_remove(struct inode *directory, struct ext2_place *place)
{
    int error = ext2_begin_change(ext2_of(directory));

    if (!error) {
        ext2_dirent_remove(frame_to_virt(place->frame), block_size(directory), place->offset);
        ext2_block_changed(ext2_of(directory), place->frame);
    }
    cache_put(place->frame);
    return error ? error : changed(directory);
}

int ext2_directory_redirect(struct inode *directory, struct ext2_place *place, u32 number, u32 mode)
{
    struct ext2_dirent *entry =
        ext2_dirent_at(frame_to_virt(place->frame), block_size(directory), place->offset);
    int error = ext2_begin_change(ext2_of(directory));

    if (!error) {
        entry->inode = number;
        entry->type = type_byte(directory, mode);
        ext2_block_changed(ext2_of(directory), place->frame);
    }
    cache_put(place->frame);
    return error ? error : changed(directory);
}

int ext2_directory_begin(struct inode *directory, struct inode *parent)
{
    int error = ext2_directory_add(directory, ".", 1, (u32)directory->number, S_IFDIR);

    return error ? error : ext2_directory_add(directory, "..", 2, (u32)parent->number, S_IFDIR);
}

int ext2_directory_is_empty(struct inode *directory)
{
    for (u64 i = 0; i < block_count(directory); i++) {
        int error;
        bool broken, empty;
        struct frame *frame = directory_block(directory, i, &error);

        if (!frame) {
            return error;
        }
        empty = ext2_dirent_is_empty(frame_to_virt(frame), block_size(directory), &broken);
        cache_put(frame);
        if (broken) {
            return broken_chain(directory);
        }
        if (!empty) {
            return 0;
        }
    }
    return 1;
}

static u8 to_dirent_type(u8 type)
{
    static const u8 types[] = {DT_UNKNOWN, DT_REG,  DT_DIR,  DT_CHR,
                               DT_BLK,     DT_FIFO, DT_SOCK, DT_LNK};

    return type < sizeof(types) ? types[type] : DT_UNKNOWN;
}

/*
 * Emit a block's entries from *offset (a position in the directory) on.  The walk starts at the
 * block's first entry: *offset may lie within one that grew since it was handed out.
 * => 1 if the reader is full, 0, -EIO
 */
static int emit_block(struct inode *directory, u64 index, struct directory_reader *reader,
                      u64 *offset)
{
    u64 base = index * block_size(directory);
    int error;
    struct frame *frame = directory_block(directory, index, &error);
    int result = 0;

    if (!frame) {
        return error;
    }
    for (u32 at = 0; at < block_size(directory) && result == 0;) {
        const struct ext2_dirent *entry =
            ext2_dirent_at(frame_to_virt(frame), block_size(directory), at);

        if (!entry) {
            result = broken_chain(directory);
            break;
        }
        at += entry->length;
        if (base + at <= *offset) {
            continue;
        }
        if (entry->inode != 0 && entry->name_length > 0 &&
            !reader->emit(reader, entry->name, entry->name_length, entry->inode,
                          to_dirent_type(entry->type), base + at)) {
            result = 1;
            break;
        }
        *offset = base + at;
    }
    cache_put(frame);
    return result;
}

int ext2_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset)
{
    int result = 0;

    while (result == 0 && *offset < directory->size) {
        result = emit_block(directory, *offset / block_size(directory), reader, offset);
    }
    return result < 0 ? result : 0;
}
