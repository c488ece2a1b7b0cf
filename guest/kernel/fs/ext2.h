/* SPDX-License-Identifier: MIT */
/*
 * ext2.h - a mounted ext2 file system, between its parts:
 *   ext2_super.c   mounting, checking, clean and dirty
 *   ext2_blocks.c  the cache of metadata blocks
 *   ext2_alloc.c   bitmaps: giving out and taking back blocks and inodes
 *   ext2_map.c     from a page of a file to a block of the disk
 *   ext2_inode.c   inodes in memory and on the disk
 *   ext2_data.c    file data, symbolic links
 *   ext2_dir.c     directories (entries within a block: ext2_dirent.c)
 *   ext2_names.c   making and removing names
 *   ext2_commit.c  in which order changes reach the disk
 *
 * Everything but file data - superblock, descriptors, bitmaps, inodes, indirect blocks,
 * directories - is changed in a page cache with one block in each page (`metadata`), so one
 * write-back of that makes all of it durable.  Where a block is a page that is the cache of the
 * disk itself; smaller blocks, of 1 or 2 KiB, have one of their own (ext2_blocks.c).  An inode is
 * written to its place there at each change; there are no "dirty inodes".  A page of a file lies
 * in 1, 2 or 4 blocks; while it may be dirty all of them up to the end of the file have a place.
 *
 * Locks, after inode->lock: inode->map_lock -> fs commit_lock -> allocate_lock -> BUSY pages of
 * the disk.
 * Looking a block up takes no lock: pointers are single words, and blocks are only
 * freed once no page that uses them is left in the cache.
 */
#ifndef KERNEL_FS_EXT2_H
#define KERNEL_FS_EXT2_H

#include "dev/block.h"
#include "fs/ext2_format.h"
#include "fs/file.h"
#include "fs/vfs.h"

/* What was freed and is held back until the disk knows it: see ext2_commit.c. */
enum ext2_held_kind { EXT2_HELD_BLOCKS, EXT2_HELD_INODES, EXT2_HELD_KINDS };

struct ext2_held {
    u64 *bits; /* a page; NULL = nothing */
    u32 first; /* no bit below is set */
};

#define EXT2_FRESH_BLOCKS 64u

/* What is needed of a group, checked at mount so that it can be relied on. */
struct ext2_group {
    u32 block_bitmap, inode_bitmap, inode_table;
    u32 blocks;    /* fewer in the last group */
    /* allocate_lock: */
    u32 full_hint; /* no free block below this bit */
    struct ext2_held held[EXT2_HELD_KINDS][2]; /* [][held_turn]: since the commit began */
};

struct ext2 {
    struct filesystem *fs;
    struct block_device *disk;
    struct inode *metadata; /* its cache: page N holds block N */
    u32 block_bits, block_size, sectors_per_block;
    u32 page_bits;          /* 1 << page_bits blocks in a page of a file */
    u32 pointer_bits;       /* 1 << pointer_bits pointers in an indirect block */
    u32 first_block;        /* of group 0: 1 if the superblock has block 1 for itself */
    u32 block_count, inode_count, first_inode;
    u32 blocks_per_group, inodes_per_group, group_count, inode_size, table_blocks;
    bool was_clean; /* when mounted */
    bool broken;    /* an inconsistency was found: no more writing */

    struct mutex allocate_lock;
    bool marked_dirty;          /* the disk says "not clean" */
    struct ext2_group *group;   /* [group_count] */
    struct frame *super_frame;  /* block 0, a reference is held */
    struct frame **descriptors; /* blocks of the descriptor table, references are held */
    u32 held_turn;              /* allocate_lock */
    bool held_any;              /* of this turn */

    struct mutex commit_lock;
    struct spinlock fresh_lock; /* spin; for: */
    struct list fresh_files;    /* with data in new blocks */
    u32 fresh_blocks[EXT2_FRESH_BLOCKS], fresh_count; /* new blocks of metadata */
    bool fresh_unflushed;       /* some were written already */
};

struct ext2_inode {
    struct inode inode;    /* first */
    struct mutex map_lock; /* changes of `block` and of indirect blocks */
    u32 block[15];
    u32 flags, generation, attributes_block;
    u32 delete_time;
    struct list fresh_link; /* on fresh_files, or alone */
    u32 goal; /* block behind the one given out last: where the next should be */
};

static inline struct ext2 *ext2_of(const struct inode *inode)
{
    return inode->fs->private;
}

static inline u32 ext2_group_of(const struct ext2 *ext2, u32 block)
{
    return (block - ext2->first_block) / ext2->blocks_per_group;
}

/* The first block of a group. */
static inline u32 ext2_group_start(const struct ext2 *ext2, u32 group)
{
    return ext2->first_block + group * ext2->blocks_per_group;
}

static inline struct ext2_inode *ext2_inode_of(struct inode *inode)
{
    return container_of(inode, struct ext2_inode, inode);
}

/* --- super ------------------------------------------------------------------------------- */

struct ext2_super_block *ext2_super_block(const struct ext2 *ext2);
struct ext2_group_descriptor *ext2_descriptor(const struct ext2 *ext2, u32 group);
/* The superblock / a group's descriptor was changed. */
void ext2_super_changed(struct ext2 *ext2);
void ext2_descriptor_changed(struct ext2 *ext2, u32 group);
/* Say on the disk that it is being changed.  => 0, -EROFS, -EIO */
int ext2_begin_change(struct ext2 *ext2);
/* Report an inconsistency; from then on nothing is written.  => -EIO */
int ext2_corrupt(struct ext2 *ext2, const char *what, u64 number);

/* --- blocks ------------------------------------------------------------------------------ */

/* Choose the cache of metadata; block_size is known.  => 0 or -ENOMEM */
int ext2_blocks_open(struct ext2 *ext2);
void ext2_blocks_close(struct ext2 *ext2); /* nobody holds a block any more */
bool ext2_block_is_valid(const struct ext2 *ext2, u32 block);
/* A block of metadata, referenced, at the start of the frame.  => NULL with *error */
struct frame *ext2_block(struct ext2 *ext2, u32 block, int *error);
/* The same for a block just given out: zeroed, and marked as changed. */
struct frame *ext2_block_new(struct ext2 *ext2, u32 block, int *error);
void ext2_block_changed(struct ext2 *ext2, struct frame *frame);
/* It is about to be freed: changes of it are not written any more. */
void ext2_block_forget(struct ext2 *ext2, u32 block);
/* Write it now, if it was changed; no flush.  => 0 or -EIO */
int ext2_block_write(struct ext2 *ext2, u32 block);

/* --- commit ------------------------------------------------------------------------------ */

/* Everything written, in order, and flushed.  => 0 or -EIO */
int ext2_write_metadata(struct ext2 *ext2, enum writeback_reason reason);
/* Only what is new, which has to come first.  => 0 or -EIO; commit_lock is held or not */
int ext2_write_fresh(struct ext2 *ext2);
/* The file has got a block for data / the block is metadata just given out. */
void ext2_note_fresh_data(struct inode *inode);
void ext2_note_fresh_block(struct ext2 *ext2, u32 block);
void ext2_forget_fresh_data(struct inode *inode);
/* allocate_lock is held: */
void ext2_hold(struct ext2 *ext2, u32 group, enum ext2_held_kind kind, u32 bit);
bool ext2_is_held(const struct ext2 *ext2, u32 group, enum ext2_held_kind kind, u32 bit);
/* The disk is full: let go what is held back.  => true if there was anything; no lock is held */
bool ext2_free_held(struct ext2 *ext2);
void ext2_release_all(struct ext2 *ext2); /* unmounting */
int ext2_before_metadata(struct block_device *disk); /* block_device.write_first */

/* --- alloc ------------------------------------------------------------------------------- */

/* One block, near `goal`.  => 0 with *block, -ENOSPC, -EIO */
int ext2_allocate_block(struct ext2 *ext2, u32 goal, u32 *block);
/* Blocks of metadata must have been forgotten by the cache before.  => 0 or -EIO */
int ext2_free_block(struct ext2 *ext2, u32 block);
/* An inode number near the directory's.  => 0 with *number, -ENOSPC, -EIO */
int ext2_allocate_inode(struct ext2 *ext2, u64 parent, bool directory, u32 *number);
int ext2_free_inode(struct ext2 *ext2, u32 number, bool directory);

/* --- map --------------------------------------------------------------------------------- */

/* Where block `index` of the file is on the disk.  => 0 with *block (0 = a hole) or -EIO */
int ext2_map(struct inode *inode, u64 index, u32 *block);
/* The same, filling a hole; *fresh: it was one.  => 0, -ENOSPC, -EFBIG, -EIO */
int ext2_map_allocate(struct inode *inode, u64 index, u32 *block, bool *fresh);
/* Free all from block `first` of the file on.  => nothing of them is being written, or will be */
int ext2_free_from(struct inode *inode, u64 first);
/* inode_ops.punch and next_data: of pages */
int ext2_punch(struct inode *inode, u64 first, u64 end);
u64 ext2_next_data(struct inode *inode, u64 index);
u64 ext2_size_limit(const struct ext2 *ext2); /* bytes of the longest file */

/* --- inode ------------------------------------------------------------------------------- */

int ext2_get_inode(struct filesystem *fs, u64 number, struct inode **out);
/* A new one with that mode, in the table, links = 1 (2 for directories).  rdev for devices. */
int ext2_new_inode(struct inode *directory, u32 mode, u32 rdev, struct inode **out);
/* Write it to its place in the inode table's page. */
int ext2_store_inode(struct inode *inode);
void ext2_evict(struct inode *inode);
int ext2_truncate(struct inode *inode, u64 size);
extern const struct inode_ops ext2_file_inode_ops; /* files, links, devices */

/* --- dir --------------------------------------------------------------------------------- */

/* Where a name is: a referenced block of the directory and the entry's offset. */
struct ext2_place {
    struct frame *frame;
    u32 offset;
    u32 inode;
    u64 index; /* which block of the directory */
};

/* directory->lock is held in all of these. */
int ext2_directory_find(struct inode *directory, const char *name, size_t length,
                        struct ext2_place *place); /* => 0, -ENOENT, -EIO */
int ext2_directory_add(struct inode *directory, const char *name, size_t length, u32 number,
                       u32 mode); /* => 0, -ENOSPC, -EIO; the caller knows it is not there */
/* Block `index` of a directory is on the disk when this returns.  => 0 or -EIO */
int ext2_write_block_now(struct inode *directory, u64 index);
/* Remove / redirect the entry that was found; the reference to the block goes. */
int ext2_directory_remove(struct inode *directory, struct ext2_place *place);
int ext2_directory_redirect(struct inode *directory, struct ext2_place *place, u32 number,
                            u32 mode);
/* Write "." and ".." into a new directory. */
int ext2_directory_begin(struct inode *directory, struct inode *parent);
int ext2_directory_is_empty(struct inode *directory); /* => 1, 0, -EIO */
int ext2_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset);
int ext2_lookup(struct inode *directory, const char *name, size_t length, struct inode **out);
int ext2_sync_inode(struct inode *inode, bool datasync);

extern const struct inode_ops ext2_directory_inode_ops; /* ext2_names.c */

#endif
