/* SPDX-License-Identifier: MIT */
/*
 * ext2_super.c - mounting ext2, and saying on the disk whether it is consistent.
 *
 * A disk image is somebody else's file: every number that is used as a size, an index or
 * a divisor is checked here once, or where it is read.
 * The first change after mounting or after a sync clears the "clean" bit on the disk
 * before anything else is written; a sync sets it again when all else is there.
 */
#include "fs/ext2.h"
#include "fs/filesystems.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kalloc.h"

#define GROUP_LIMIT 32768u

struct ext2_super_block *ext2_super_block(const struct ext2 *ext2)
{
    u32 within = EXT2_SUPER_OFFSET & (ext2->block_size - 1);

    return (struct ext2_super_block *)((u8 *)frame_to_virt(ext2->super_frame) + within);
}

static u32 descriptors_per_block(const struct ext2 *ext2)
{
    return ext2->block_size / (u32)sizeof(struct ext2_group_descriptor);
}

static u32 descriptor_blocks(const struct ext2 *ext2)
{
    return (ext2->group_count + descriptors_per_block(ext2) - 1) / descriptors_per_block(ext2);
}

struct ext2_group_descriptor *ext2_descriptor(const struct ext2 *ext2, u32 group)
{
    u32 count = descriptors_per_block(ext2);
    struct ext2_group_descriptor *table = frame_to_virt(ext2->descriptors[group / count]);

    return &table[group % count];
}

void ext2_super_changed(struct ext2 *ext2)
{
    ext2_block_changed(ext2, ext2->super_frame);
}

void ext2_descriptor_changed(struct ext2 *ext2, u32 group)
{
    ext2_block_changed(ext2, ext2->descriptors[group / descriptors_per_block(ext2)]);
}

int ext2_corrupt(struct ext2 *ext2, const char *what, u64 number)
{
    log_error("ext2 on %s: %s (%llu); no more writing to it", ext2->disk->name, what,
              (unsigned long long)number);
    ext2->broken = true;
    ext2->fs->flags |= MS_RDONLY;
    return -EIO;
}

/* --- clean and dirty --------------------------------------------------------------------- */

/* Write the superblock now, and be sure of it.  => 0 or -EIO */
static int write_super_block(struct ext2 *ext2)
{
    int error;

    ext2_super_changed(ext2);
    error = ext2_block_write(ext2, EXT2_SUPER_OFFSET >> ext2->block_bits);
    return error ? error : block_flush(ext2->disk);
}

int ext2_begin_change(struct ext2 *ext2)
{
    struct ext2_super_block *super = ext2_super_block(ext2);
    int error = 0;

    if (ext2->broken || (ext2->fs->flags & MS_RDONLY)) {
        return ext2->broken ? -EIO : -EROFS;
    }
    if (ext2->marked_dirty) {
        return 0;
    }
    mutex_lock(&ext2->allocate_lock);
    if (!ext2->marked_dirty) {
        super->state = (u16)(super->state & ~EXT2_STATE_CLEAN);
        super->write_time = (u32)time_realtime().sec;
        error = write_super_block(ext2);
        ext2->marked_dirty = error == 0;
    }
    mutex_unlock(&ext2->allocate_lock);
    return error;
}

static int ext2_sync(struct filesystem *fs)
{
    struct ext2 *ext2 = fs->private;
    int error;

    if (fs->flags & MS_RDONLY) {
        return 0;
    }
    error = ext2_write_metadata(ext2, WRITEBACK_SYNC);
    if (error || !ext2->marked_dirty) {
        return error;
    }
    mutex_lock(&ext2->allocate_lock);
    if (ext2->was_clean && ext2->metadata->cache.dirty == 0) {
        struct ext2_super_block *super = ext2_super_block(ext2);

        super->state = (u16)(super->state | EXT2_STATE_CLEAN);
        super->write_time = (u32)time_realtime().sec;
        ext2->marked_dirty = false;
        error = write_super_block(ext2);
    }
    mutex_unlock(&ext2->allocate_lock);
    return error;
}

/* --- mounting ---------------------------------------------------------------------------- */

static int refuse(const struct block_device *disk, const char *why, u32 value)
{
    log_error("ext2 on %s: %s (%u)", disk->name, why, value);
    return -EINVAL;
}

/* Are features in use that we do not know?  Read-only ones make the mount read-only. */
static int check_features(struct filesystem *fs, const struct ext2_super_block *super)
{
    u32 unknown = super->incompatible & ~EXT2_INCOMPAT_FILETYPE;
    u32 unknown_write =
        super->read_only_compatible & ~(EXT2_RO_COMPAT_SPARSE_SUPER | EXT2_RO_COMPAT_LARGE_FILE);

    if (super->revision == 0) {
        return 0; /* none of the feature fields exist */
    }
    if (unknown) {
        log_error("ext2 on %s: needs features %#x that this kernel does not have%s%s%s; "
                  "make it with: mke2fs -t ext2",
                  fs->block->name, unknown, unknown & 0x40 ? " (extents: ext4)" : "",
                  unknown & 0x80 ? " (64bit: ext4)" : "",
                  unknown & 0x4 ? " (a journal to be replayed: run e2fsck)" : "");
        return -EINVAL;
    }
    if (unknown_write && !(fs->flags & MS_RDONLY)) {
        log_warn("ext2 on %s: features %#x: mounted read-only", fs->block->name, unknown_write);
        fs->flags |= MS_RDONLY;
    }
    return 0;
}

/* The size of blocks and what follows from it.  => 0 or -EINVAL with a message */
static int check_block_size(struct ext2 *ext2, const struct ext2_super_block *super)
{
    u32 bits = super->log_block_size + EXT2_LEAST_BLOCK_BITS;

    if (super->magic != EXT2_MAGIC) {
        return refuse(ext2->disk, "no ext2 file system here", super->magic);
    }
    if (super->log_block_size > EXT2_MOST_BLOCK_BITS - EXT2_LEAST_BLOCK_BITS) {
        return refuse(ext2->disk,
                      "blocks are not of 1, 2 or 4 KiB; make it with: mke2fs -t ext2 -b 4096",
                      super->log_block_size < 22 ? 1024u << super->log_block_size : 0);
    }
    ext2->block_bits = bits;
    ext2->block_size = 1u << bits;
    ext2->sectors_per_block = ext2->block_size / SECTOR_SIZE;
    ext2->page_bits = PAGE_SHIFT - bits;
    ext2->pointer_bits = bits - 2;
    ext2->first_block = bits == EXT2_LEAST_BLOCK_BITS ? 1 : 0;
    ext2->fs->block_size = ext2->block_size;
    return 0;
}

/* Groups and inodes.  => 0 or -EINVAL with a message */
static int check_super_block(struct ext2 *ext2, const struct ext2_super_block *super)
{
    const struct block_device *disk = ext2->disk;
    u32 inode_size = super->revision == 0 ? 128 : super->inode_size;

    if (super->block_count < 8 || super->block_count > disk->sectors / ext2->sectors_per_block) {
        return refuse(disk, "the number of blocks does not fit the disk", super->block_count);
    }
    if (super->first_data_block != ext2->first_block || super->blocks_per_group < 8 ||
        super->blocks_per_group > 8 * ext2->block_size) {
        return refuse(disk, "bad number of blocks in a group", super->blocks_per_group);
    }
    if (inode_size < 128 || inode_size > ext2->block_size || (inode_size & (inode_size - 1))) {
        return refuse(disk, "bad size of inodes", inode_size);
    }
    ext2->block_count = super->block_count;
    ext2->inode_size = inode_size;
    ext2->blocks_per_group = super->blocks_per_group;
    ext2->inodes_per_group = super->inodes_per_group;
    ext2->group_count = ext2_group_of(ext2, super->block_count - 1) + 1;
    if (ext2->group_count > GROUP_LIMIT) {
        return refuse(disk, "too many groups", ext2->group_count);
    }
    if (super->inodes_per_group == 0 || super->inodes_per_group > 8 * ext2->block_size ||
        super->inodes_per_group % (ext2->block_size / inode_size) != 0 ||
        (u64)super->inodes_per_group * ext2->group_count != super->inode_count) {
        return refuse(disk, "bad number of inodes", super->inode_count);
    }
    ext2->inode_count = super->inode_count;
    ext2->table_blocks = ext2->inodes_per_group / (ext2->block_size / inode_size);
    ext2->first_inode = super->revision == 0 ? 11 : super->first_inode;
    if (ext2->first_inode <= EXT2_ROOT_INODE || ext2->first_inode > ext2->inode_count) {
        return refuse(disk, "bad first inode", ext2->first_inode);
    }
    ext2->was_clean = (super->state & EXT2_STATE_CLEAN) && !(super->state & EXT2_STATE_ERRORS);
    return 0;
}

/* Read and check the group descriptors.  => 0, -EINVAL, -EIO, -ENOMEM */
static int load_groups(struct ext2 *ext2)
{
    u32 blocks = descriptor_blocks(ext2);
    int error = 0;

    ext2->group = kalloc(sizeof(*ext2->group) * ext2->group_count);
    ext2->descriptors = kalloc(sizeof(struct frame *) * blocks);
    if (!ext2->group || !ext2->descriptors) {
        return -ENOMEM;
    }
    for (u32 i = 0; i < blocks; i++) {
        ext2->descriptors[i] = ext2_block(ext2, ext2->first_block + 1 + i, &error);
        if (!ext2->descriptors[i]) {
            return error;
        }
        frame_pin(ext2->descriptors[i]);
    }
    for (u32 i = 0; i < ext2->group_count; i++) {
        const struct ext2_group_descriptor *descriptor = ext2_descriptor(ext2, i);
        struct ext2_group *group = &ext2->group[i];

        group->block_bitmap = descriptor->block_bitmap;
        group->inode_bitmap = descriptor->inode_bitmap;
        group->inode_table = descriptor->inode_table;
        group->blocks =
            (u32)min_u64(ext2->blocks_per_group, ext2->block_count - ext2_group_start(ext2, i));
        if (!ext2_block_is_valid(ext2, group->block_bitmap) ||
            !ext2_block_is_valid(ext2, group->inode_bitmap) ||
            !ext2_block_is_valid(ext2, group->inode_table) ||
            group->inode_table > ext2->block_count - ext2->table_blocks) {
            return refuse(ext2->disk, "a group's descriptor is broken", i);
        }
    }
    return 0;
}

static void free_mount(struct ext2 *ext2)
{
    if (ext2->group) {
        ext2_release_all(ext2);
    }
    for (u32 i = 0; ext2->descriptors && i < descriptor_blocks(ext2); i++) {
        if (ext2->descriptors[i]) {
            frame_unpin(ext2->descriptors[i]);
            cache_put(ext2->descriptors[i]);
        }
    }
    if (ext2->super_frame) {
        frame_unpin(ext2->super_frame);
        cache_put(ext2->super_frame);
    }
    if (ext2->metadata) {
        ext2_blocks_close(ext2);
    }
    kfree(ext2->descriptors);
    kfree(ext2->group);
    kfree(ext2);
}

/* From the disk's own cache, before it is known which cache the blocks are in.  => 0 or -errno */
static int find_block_size(struct ext2 *ext2)
{
    int error = 0;
    struct frame *frame = cache_get(&ext2->disk->inode, 0, &error);

    if (frame) {
        error =
            check_block_size(ext2, (const struct ext2_super_block *)((u8 *)frame_to_virt(frame) +
                                                                     EXT2_SUPER_OFFSET));
        cache_put(frame);
    }
    return error;
}

static int load(struct ext2 *ext2)
{
    struct filesystem *fs = ext2->fs;
    const struct ext2_super_block *super;
    int error = 0;

    error = find_block_size(ext2);
    if (!error) {
        error = ext2_blocks_open(ext2);
    }
    if (error) {
        return error;
    }
    ext2->super_frame = cache_get(ext2->metadata, EXT2_SUPER_OFFSET >> ext2->block_bits, &error);
    if (!ext2->super_frame) {
        return error;
    }
    frame_pin(ext2->super_frame);
    super = ext2_super_block(ext2);
    error = check_super_block(ext2, super);
    if (!error) {
        error = check_features(fs, super);
    }
    if (!error) {
        error = load_groups(ext2);
    }
    if (!error && !ext2->was_clean) {
        log_warn("ext2 on %s: was not unmounted cleanly; e2fsck can check it", ext2->disk->name);
    }
    if (!error) {
        error = ext2_get_inode(fs, EXT2_ROOT_INODE, &fs->root);
    }
    if (!error && !S_ISDIR(fs->root->mode)) {
        inode_put(fs->root);
        error = refuse(ext2->disk, "the root is not a directory", fs->root->mode);
    }
    return error;
}

static int ext2_mount(struct filesystem *fs, const char *options)
{
    struct ext2 *ext2 = kalloc(sizeof(*ext2));
    int error;

    (void)options;
    if (!ext2) {
        return -ENOMEM;
    }
    ext2->fs = fs;
    ext2->disk = fs->block;
    mutex_init(&ext2->allocate_lock, "ext2 allocate");
    mutex_init(&ext2->commit_lock, "ext2 commit");
    spin_init(&ext2->fresh_lock, "ext2 fresh");
    list_init(&ext2->fresh_files);
    fs->private = ext2;
    fs->magic = EXT2_MAGIC;
    error = load(ext2);
    if (error) {
        free_mount(ext2);
    } else {
        ext2->disk->mounted = fs;
        ext2->disk->write_first = ext2_before_metadata;
    }
    return error;
}

static void ext2_unmount(struct filesystem *fs)
{
    struct ext2 *ext2 = fs->private;

    inode_put(fs->root);
    inode_evict_all(fs);
    ext2->disk->write_first = NULL;
    ext2->disk->mounted = NULL;
    free_mount(ext2);
}

static void ext2_statfs(struct filesystem *fs, struct abi_statfs *out)
{
    struct ext2 *ext2 = fs->private;
    const struct ext2_super_block *super = ext2_super_block(ext2);
    u32 reserved = super->reserved_blocks;

    out->blocks = ext2->block_count;
    out->bfree = super->free_blocks;
    out->bavail = super->free_blocks > reserved ? super->free_blocks - reserved : 0;
    out->files = ext2->inode_count;
    out->ffree = super->free_inodes;
}

bool ext2_is_on_disk(struct block_device *disk)
{
    int error = 0;
    struct frame *frame = cache_get(&disk->inode, 0, &error);
    const struct ext2_super_block *super;
    bool found;

    if (!frame) {
        return false;
    }
    super = (const struct ext2_super_block *)((u8 *)frame_to_virt(frame) + EXT2_SUPER_OFFSET);
    /* What --file and `run` bring in is no root. */
    found = super->magic == EXT2_MAGIC && strncmp(super->label, "faulthost", 16) != 0;
    cache_put(frame);
    return found;
}

const struct filesystem_ops ext2_filesystem = {
    .type = "ext2",
    .needs_device = true,
    .mount = ext2_mount,
    .get_inode = ext2_get_inode,
    .readdir = ext2_readdir,
    .evict = ext2_evict,
    .statfs = ext2_statfs,
    .sync = ext2_sync,
    .unmount = ext2_unmount,
};
