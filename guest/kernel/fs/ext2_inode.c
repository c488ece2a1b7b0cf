/* SPDX-License-Identifier: MIT */
/*
 * ext2_inode.c - inodes of ext2 in memory and on the disk.
 */
#include "fs/permission.h"
#include "fs/ext2.h"
#include "lib/errno.h"
#include "lib/string.h"

#define DIRECTORY_LIMIT (1u << 30)
#define LARGE_FILE_SIZE (1ull << 31)

/* The inode's place in its table: a referenced page and the bytes in it. */
static struct frame *table_place(struct ext2 *ext2, u64 number, struct ext2_disk_inode **place,
                                 int *error)
{
    u32 index = (u32)(number - 1) / ext2->inodes_per_group;
    u32 within = (u32)(number - 1) % ext2->inodes_per_group * ext2->inode_size;
    struct frame *frame =
        ext2_block(ext2, ext2->group[index].inode_table + (within >> ext2->block_bits), error);

    if (frame) {
        within &= ext2->block_size - 1;
        *place = (struct ext2_disk_inode *)((u8 *)frame_to_virt(frame) + within);
    }
    return frame;
}

/* --- reading ----------------------------------------------------------------------------- */

/* Is what the disk says usable?  => 0 or -EIO with a message */
static int check(struct ext2 *ext2, const struct inode *inode, const struct ext2_inode *own)
{
    u64 number = inode->number;

    if (inode->links == 0) {
        return ext2_corrupt(ext2, "a name leads to a deleted inode", number);
    }
    if (own->flags & EXT2_FLAG_EXTENTS) {
        return ext2_corrupt(ext2, "an inode uses extents", number);
    }
    switch (inode->mode & S_IFMT) {
    case S_IFREG:
        return inode->size <= ext2_size_limit(ext2)
                   ? 0
                   : ext2_corrupt(ext2, "a file is too long", number);
    case S_IFDIR:
        return inode->size % ext2->block_size == 0 && inode->size <= DIRECTORY_LIMIT
                   ? 0
                   : ext2_corrupt(ext2, "a directory has a bad size", number);
    case S_IFLNK:
        return inode->size < (inode->blocks ? ext2->block_size : EXT2_FAST_LINK_SIZE)
                   ? 0
                   : ext2_corrupt(ext2, "a symbolic link has a bad size", number);
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return 0;
    default:
        return ext2_corrupt(ext2, "an inode is of no known kind", number);
    }
}

static void fill(struct inode *inode, const struct ext2_disk_inode *disk)
{
    struct ext2_inode *own = ext2_inode_of(inode);

    inode->mode = disk->mode;
    inode->uid = disk->uid | (u32)disk->uid_high << 16;
    inode->gid = disk->gid | (u32)disk->gid_high << 16;
    inode->links = disk->links;
    inode->size = disk->size;
    if (S_ISREG(inode->mode)) {
        inode->size |= (u64)disk->size_high << 32;
    }
    inode->blocks = disk->sectors;
    inode->atime = (struct timespec64){(i32)disk->atime, 0};
    inode->mtime = (struct timespec64){(i32)disk->mtime, 0};
    inode->ctime = (struct timespec64){(i32)disk->ctime, 0};
    own->flags = disk->flags;
    own->generation = disk->generation;
    own->attributes_block = disk->attributes_block;
    memcpy(own->block, disk->block, sizeof(own->block));
    if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) {
        inode->rdev = disk->block[0] ? disk->block[0] : disk->block[1];
    }
}

static struct inode *new_in_memory(struct filesystem *fs, u64 number, u32 mode)
{
    struct inode *inode = inode_create(
        fs, number, mode, S_ISDIR(mode) ? &ext2_directory_inode_ops : &ext2_file_inode_ops,
        sizeof(struct ext2_inode));

    if (inode) {
        struct ext2 *ext2 = fs->private;

        inode->flags |= ext2->page_bits != 0 ? INODE_PARTS : 0;
        mutex_init(&ext2_inode_of(inode)->map_lock, "ext2 map");
        list_init(&ext2_inode_of(inode)->fresh_link);
        ext2_inode_of(inode)->goal =
            ext2_group_start(ext2, (u32)(number - 1) / ext2->inodes_per_group);
    }
    return inode;
}

int ext2_get_inode(struct filesystem *fs, u64 number, struct inode **out)
{
    struct ext2 *ext2 = fs->private;
    struct inode *inode = inode_find(fs, number);
    struct ext2_disk_inode *disk;
    struct frame *frame;
    int error = 0;

    if (inode) {
        *out = inode;
        return 0;
    }
    if (number > ext2->inode_count || (number < ext2->first_inode && number != EXT2_ROOT_INODE)) {
        return ext2_corrupt(ext2, "a name leads to an inode that cannot be", number);
    }
    frame = table_place(ext2, number, &disk, &error);
    if (!frame) {
        return error;
    }
    inode = new_in_memory(fs, number, disk->mode);
    if (!inode) {
        cache_put(frame);
        return -ENOMEM;
    }
    fill(inode, disk);
    cache_put(frame);
    error = check(ext2, inode, ext2_inode_of(inode));
    inode = inode_publish(inode); /* also a bad one: that is how it is freed */
    if (error) {
        inode_put(inode);
        return error;
    }
    *out = inode;
    return 0;
}

/* --- writing ----------------------------------------------------------------------------- */

int ext2_store_inode(struct inode *inode)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct ext2_inode *own = ext2_inode_of(inode);
    struct ext2_disk_inode *disk;
    struct frame *frame;
    int error = ext2_begin_change(ext2);

    frame = error ? NULL : table_place(ext2, inode->number, &disk, &error);
    if (!frame) {
        return error;
    }
    disk->mode = (u16)inode->mode;
    disk->uid = (u16)inode->uid;
    disk->uid_high = (u16)(inode->uid >> 16);
    disk->gid = (u16)inode->gid;
    disk->gid_high = (u16)(inode->gid >> 16);
    disk->size = (u32)inode->size;
    disk->size_high = S_ISREG(inode->mode) ? (u32)(inode->size >> 32) : 0;
    disk->atime = (u32)inode->atime.sec;
    disk->mtime = (u32)inode->mtime.sec;
    disk->ctime = (u32)inode->ctime.sec;
    disk->dtime = own->delete_time;
    disk->links = (u16)inode->links;
    disk->sectors = (u32)inode->blocks;
    disk->flags = own->flags;
    disk->generation = own->generation;
    disk->attributes_block = own->attributes_block;
    memcpy(disk->block, own->block, sizeof(disk->block));
    ext2_block_changed(ext2, frame);
    cache_put(frame);
    if (inode->size >= LARGE_FILE_SIZE) {
        struct ext2_super_block *super = ext2_super_block(ext2);

        super->read_only_compatible |= EXT2_RO_COMPAT_LARGE_FILE;
        ext2_super_changed(ext2);
    }
    return 0;
}

int ext2_new_inode(struct inode *directory, u32 mode, u32 rdev, struct inode **out)
{
    struct ext2 *ext2 = ext2_of(directory);
    struct ext2_disk_inode *disk;
    struct frame *frame;
    struct inode *inode;
    u32 number;
    int error = ext2_allocate_inode(ext2, directory->number, S_ISDIR(mode), &number);

    if (error) {
        return error;
    }
    inode = new_in_memory(directory->fs, number, mode);
    frame = inode ? table_place(ext2, number, &disk, &error) : NULL;
    if (!frame) {
        ext2_free_inode(ext2, number, S_ISDIR(mode));
        if (inode) {
            inode->links = 0;
            ext2_inode_of(inode)->delete_time = 1; /* nothing of it is on the disk */
            inode_put(inode);
        }
        return error ? error : -ENOMEM;
    }
    ext2_inode_of(inode)->generation = disk->generation + 1;
    memset(disk, 0, ext2->inode_size); /* whoever had it before left its traces */
    cache_put(frame);
    permission_set_owner(inode, directory);
    if (S_ISCHR(mode) || S_ISBLK(mode)) {
        inode->rdev = rdev;
        ext2_inode_of(inode)->block[rdev > 0xffff] = rdev;
    }
    inode->links = S_ISDIR(mode) ? 2 : 1;
    error = ext2_store_inode(inode);
    *out = inode_publish(inode);
    return error;
}

/* Drop one reference to the block of extended attributes, which several inodes may share. */
static void free_attributes(struct ext2 *ext2, struct ext2_inode *own)
{
    struct frame *frame;
    int error = 0;
    u32 block = own->attributes_block;
    u32 *words;

    own->attributes_block = 0;
    frame = block ? ext2_block(ext2, block, &error) : NULL;
    if (!frame) {
        return;
    }
    words = frame_to_virt(frame); /* magic, references, blocks, hash */
    if (words[1] > 1) {
        words[1]--;
        ext2_block_changed(ext2, frame);
        cache_put(frame);
        return;
    }
    cache_put(frame);
    ext2_block_forget(ext2, block);
    ext2_free_block(ext2, block);
}

/* Do the pointers of this inode lead to blocks?  (Short links and devices keep other things.) */
static bool has_blocks(const struct inode *inode)
{
    return S_ISREG(inode->mode) || S_ISDIR(inode->mode) ||
           (S_ISLNK(inode->mode) && inode->size >= EXT2_FAST_LINK_SIZE);
}

void ext2_evict(struct inode *inode)
{
    struct ext2 *ext2 = ext2_of(inode);
    struct ext2_inode *own = ext2_inode_of(inode);
    int error = 0;

    ext2_forget_fresh_data(inode); /* it was written, or nobody will read it */
    if (inode->links > 0 || own->delete_time != 0 || ext2->broken ||
        (inode->fs->flags & MS_RDONLY)) {
        return;
    }
    cache_drop(inode); /* nothing may be written to its blocks any more */
    if (has_blocks(inode)) {
        error = ext2_free_from(inode, 0);
    }
    free_attributes(ext2, own);
    own->delete_time = (u32)time_realtime().sec;
    own->delete_time += own->delete_time == 0; /* 0 would mean "in use" */
    inode->size = 0;
    if (!error && ext2_store_inode(inode) == 0) {
        ext2_free_inode(ext2, (u32)inode->number, S_ISDIR(inode->mode));
    }
}
