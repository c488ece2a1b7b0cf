/* SPDX-License-Identifier: MIT */
/* ext2image.c - see ext2image.h. */
#include "devices/backend/ext2image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emu/base/bits.h"

#define GROUP_BLOCKS 32768u
#define INODE_SIZE 256u
#define INODES_PER_BLOCK (EXT2_BLOCK / INODE_SIZE)
#define POINTERS (EXT2_BLOCK / 4u)
#define DIRECT 12u
#define ROOT_INODE 2u
#define FIRST_INODE 11u
#define MAX_GROUPS 128u /* descriptors of all groups fit into one block; 16 GiB */
#define TYPE_FILE 1u
#define TYPE_DIRECTORY 2u

/* The making of an image: where each group's data begin, and how far they are used. */
struct maker {
    struct ext2_image *image;
    u32 time;
    u32 groups, inodes_per_group;
    u32 group, next; /* next free block, in this group */
    size_t extent_room, page_room;
    u8 *inode_table[MAX_GROUPS]; /* of as many blocks as inodes_per_group need */
    u32 directories[MAX_GROUPS];
    bool failed; /* out of memory or blocks */
};

static bool has_backup(u32 group)
{
    if (group <= 1) {
        return true;
    }
    for (u32 base = 3; base <= 7; base += 2) {
        u32 power = base;
        while (power < group) {
            power *= base;
        }
        if (power == group) {
            return true;
        }
    }
    return false;
}

static u32 table_blocks(const struct maker *k)
{
    return k->inodes_per_group / INODES_PER_BLOCK;
}

/* Super block and descriptors, two bitmaps, inode table. */
static u32 first_data(const struct maker *k, u32 group)
{
    return group * GROUP_BLOCKS + (has_backup(group) ? 2 : 0) + 2 + table_blocks(k);
}

static bool grow(void **array, size_t *room, size_t used, size_t item)
{
    if (used < *room) {
        return true;
    }
    size_t want = *room ? *room * 2 : 64;
    void *bigger = realloc(*array, want * item);
    if (!bigger) {
        return false;
    }
    *array = bigger;
    *room = want;
    return true;
}

static u8 *new_pages(struct maker *k, size_t count)
{
    struct ext2_image *image = k->image;
    void *array = image->pages;
    u8 *pages = grow(&array, &k->page_room, image->page_count, sizeof(void *))
                    ? calloc(count, EXT2_BLOCK)
                    : NULL;
    image->pages = array;
    if (!pages) {
        k->failed = true;
        return NULL;
    }
    image->pages[image->page_count++] = pages;
    return pages;
}

static void add_extent(struct maker *k, struct ext2_extent e)
{
    struct ext2_image *image = k->image;
    struct ext2_extent *last = image->extents ? &image->extent[image->extents - 1] : NULL;
    if (last && !last->memory && !e.memory && last->node == e.node &&
        last->block + last->count == e.block && last->file_block + last->count == e.file_block) {
        last->count += e.count;
        return;
    }
    void *array = image->extent;
    if (!grow(&array, &k->extent_room, image->extents, sizeof e)) {
        k->failed = true;
        return;
    }
    image->extent = array;
    image->extent[image->extents++] = e;
}

static u32 take_block(struct maker *k)
{
    if (k->next == (k->group + 1) * GROUP_BLOCKS) {
        k->group++;
        k->next = k->group < k->groups ? first_data(k, k->group) : k->next;
    }
    if (k->group >= k->groups) {
        k->failed = true;
        return 0;
    }
    return k->next++;
}

/* What the blocks of one file or directory are filled with. */
struct content {
    const u8 *memory; /* whole blocks; NULL: the node's fd */
    u32 node;
    u32 blocks, done;
    u32 indirect; /* pointer blocks made */
};

static u32 take_content_block(struct maker *k, struct content *c)
{
    u32 block = take_block(k);
    add_extent(k, (struct ext2_extent){
                      .block = block,
                      .count = 1,
                      .memory = c->memory ? c->memory + (size_t)c->done * EXT2_BLOCK : NULL,
                      .node = c->node,
                      .file_block = c->done});
    c->done++;
    return block;
}

/* A pointer block `level` steps above the data, with all that hangs below it. */
static u32 make_pointers(struct maker *k, struct content *c, unsigned level)
{
    u8 *pointers = new_pages(k, 1);
    if (!pointers) {
        return 0;
    }
    u32 block = take_block(k);
    add_extent(k, (struct ext2_extent){.block = block, .count = 1, .memory = pointers});
    c->indirect++;
    for (u32 i = 0; i < POINTERS && c->done < c->blocks && !k->failed; i++) {
        u32 below = level == 1 ? take_content_block(k, c) : make_pointers(k, c, level - 1);
        store_u32(pointers + 4 * i, below);
    }
    return block;
}

static u8 *inode_at(struct maker *k, u32 number)
{
    u32 group = (number - 1) / k->inodes_per_group;
    return k->inode_table[group] + (size_t)((number - 1) % k->inodes_per_group) * INODE_SIZE;
}

static void make_inode(struct maker *k, u32 number, u16 mode, u16 links, u64 size,
                       struct content *c)
{
    u8 *inode = inode_at(k, number);
    for (u32 i = 0; i < DIRECT && c->done < c->blocks && !k->failed; i++) {
        store_u32(inode + 40 + 4 * i, take_content_block(k, c));
    }
    for (u32 level = 1; level <= 3 && c->done < c->blocks && !k->failed; level++) {
        store_u32(inode + 40 + 4 * (DIRECT + level - 1), make_pointers(k, c, level));
    }
    store_u16(inode, mode);
    store_u32(inode + 4, (u32)size);
    store_u32(inode + 8, k->time);
    store_u32(inode + 12, k->time);
    store_u32(inode + 16, k->time);
    store_u16(inode + 26, links);
    store_u32(inode + 28, (c->done + c->indirect) * (EXT2_BLOCK / 512));
    store_u32(inode + 108, mode >> 12 == 8 ? (u32)(size >> 32) : 0);
    store_u16(inode + 128, 28); /* i_extra_isize */
}

/* lost+found has the first free inode; nodes follow it. */
static u32 inode_of(u32 node)
{
    return node == 0 ? ROOT_INODE : FIRST_INODE + node;
}

/* A directory's blocks while entries are appended. */
struct listing {
    u8 *pages;
    u32 blocks, used; /* bytes used of the last block */
    u8 *last;         /* the entry that fills the last block up */
};

static u32 entry_size(size_t name)
{
    return (u32)align_up(8 + name, 4);
}

static void add_entry(struct listing *l, u32 inode, const char *name, u8 type)
{
    size_t length = strlen(name);
    u32 size = entry_size(length);
    if (l->blocks == 0 || l->used + size > EXT2_BLOCK) {
        l->blocks++;
        l->used = 0;
    } else {
        u8 *block = l->pages + (size_t)(l->blocks - 1) * EXT2_BLOCK;
        store_u16(l->last + 4, (u16)(block + l->used - l->last));
    }
    u8 *entry = l->pages + (size_t)(l->blocks - 1) * EXT2_BLOCK + l->used;
    store_u32(entry, inode);
    store_u16(entry + 4, (u16)(EXT2_BLOCK - l->used));
    entry[6] = (u8)length;
    entry[7] = type;
    memcpy(entry + 8, name, length);
    l->last = entry;
    l->used += size;
}

static void make_directory(struct maker *k, u32 number, u32 parent, u32 node)
{
    const struct ext2_image *image = k->image;
    size_t bytes = EXT2_BLOCK;
    u16 links = 2;
    bool is_node = node < image->nodes;
    for (u32 i = 1; is_node && i < image->nodes; i++) {
        bytes += image->node[i].parent == node ? entry_size(strlen(image->node[i].name)) + 16 : 0;
    }
    struct listing l = {.pages = new_pages(k, 2 * bytes / EXT2_BLOCK + 1)};
    if (!l.pages) {
        return;
    }
    add_entry(&l, number, ".", TYPE_DIRECTORY);
    add_entry(&l, parent, "..", TYPE_DIRECTORY);
    if (number == ROOT_INODE) {
        add_entry(&l, FIRST_INODE, "lost+found", TYPE_DIRECTORY);
        links++;
    }
    for (u32 i = 1; is_node && i < image->nodes; i++) {
        const struct ext2_node *n = &image->node[i];
        if (n->parent == node) {
            add_entry(&l, inode_of(i), n->name, n->directory ? TYPE_DIRECTORY : TYPE_FILE);
            links = (u16)(links + n->directory);
        }
    }
    struct content c = {.memory = l.pages, .blocks = l.blocks};
    make_inode(k, number, 0x41ed, links, (u64)l.blocks * EXT2_BLOCK, &c);
    k->directories[(number - 1) / k->inodes_per_group]++;
}

static void make_file(struct maker *k, u32 node)
{
    const struct ext2_node *n = &k->image->node[node];
    struct content c = {.node = node, .blocks = (u32)((n->size + EXT2_BLOCK - 1) / EXT2_BLOCK)};
    if (n->content) {
        u8 *pages = new_pages(k, c.blocks + 1);
        if (!pages) {
            return;
        }
        memcpy(pages, n->content, n->size);
        c.memory = pages;
    }
    make_inode(k, inode_of(node), n->executable ? 0x81ed : 0x81a4, 1, n->size, &c);
}

static void set_bits(u8 *map, u32 from, u32 to)
{
    for (u32 i = from; i < to; i++) {
        map[i / 8] = (u8)(map[i / 8] | 1u << i % 8);
    }
}

/* Bitmaps, inode table and descriptor of one group. */
static void make_group(struct maker *k, u32 group, u8 *descriptor)
{
    u32 start = group * GROUP_BLOCKS;
    u32 bitmap = start + (has_backup(group) ? 2 : 0);
    u32 inodes = FIRST_INODE + k->image->nodes - 1;
    u32 first = group * k->inodes_per_group;
    u32 used = inodes <= first ? 0 : inodes - first;
    u8 *maps = new_pages(k, 2);
    if (!maps) {
        return;
    }
    used = used < k->inodes_per_group ? used : k->inodes_per_group;
    /* The volume ends with the last block in use, so every block that exists is taken. */
    set_bits(maps, 0, GROUP_BLOCKS);
    set_bits(maps + EXT2_BLOCK, 0, used);
    set_bits(maps + EXT2_BLOCK, k->inodes_per_group, GROUP_BLOCKS);
    store_u32(descriptor, bitmap);
    store_u32(descriptor + 4, bitmap + 1);
    store_u32(descriptor + 8, bitmap + 2);
    store_u16(descriptor + 14, (u16)(k->inodes_per_group - used));
    store_u16(descriptor + 16, (u16)k->directories[group]);
    for (u32 i = 0; i < 2; i++) {
        add_extent(k, (struct ext2_extent){
                          .block = bitmap + i, .count = 1, .memory = maps + i * EXT2_BLOCK});
    }
    add_extent(k, (struct ext2_extent){.block = bitmap + 2,
                                       .count = table_blocks(k),
                                       .memory = k->inode_table[group]});
}

static void make_super(struct maker *k, u8 *super, u32 blocks, u32 group, const char *label)
{
    u32 used_inodes = FIRST_INODE + k->image->nodes - 1;
    const struct {
        u32 offset, value;
    } words[] = {
        {0, k->groups * k->inodes_per_group},
        {4, blocks},
        {16, k->groups * k->inodes_per_group - used_inodes},
        {24, 2},
        {28, 2},
        {32, GROUP_BLOCKS},
        {36, GROUP_BLOCKS},
        {40, k->inodes_per_group},
        {48, k->time},
        {64, k->time},
        {76, 1},
        {84, FIRST_INODE},
        {96, 2},
        {100, 3},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        store_u32(super + words[i].offset, words[i].value);
    }
    store_u16(super + 54, 0xffff);
    store_u16(super + 56, 0xef53);
    store_u16(super + 58, 1);
    store_u16(super + 60, 1);
    store_u16(super + 88, INODE_SIZE);
    store_u16(super + 90, (u16)group);
    memcpy(super + 104, "faultline-files!", 16); /* UUID: any will do */
    memcpy(super + 120, label, strlen(label) < 16 ? strlen(label) : 16);
}

static void make_metadata(struct maker *k, const char *label)
{
    u32 blocks = k->next;
    u8 *descriptors = new_pages(k, 1);
    if (!descriptors) {
        return;
    }
    for (u32 g = 0; g < k->groups && !k->failed; g++) {
        make_group(k, g, descriptors + 32 * g);
    }
    for (u32 g = 0; g < k->groups && !k->failed; g++) {
        u8 *super = has_backup(g) ? new_pages(k, 1) : NULL;
        if (!super) {
            continue;
        }
        make_super(k, super + (g == 0 ? 1024 : 0), blocks, g, label);
        add_extent(k, (struct ext2_extent){.block = g * GROUP_BLOCKS, .count = 1, .memory = super});
        add_extent(k, (struct ext2_extent){
                          .block = g * GROUP_BLOCKS + 1, .count = 1, .memory = descriptors});
    }
    k->image->blocks = blocks;
}

static int by_block(const void *a, const void *b)
{
    u32 x = ((const struct ext2_extent *)a)->block, y = ((const struct ext2_extent *)b)->block;
    return (x > y) - (x < y);
}

/* Groups needed for the contents; generous for pointer blocks. 0: too large. */
static u32 count_groups(const struct maker *k)
{
    u64 blocks = 16;
    for (u32 i = 0; i < k->image->nodes; i++) {
        u64 own = k->image->node[i].size / EXT2_BLOCK + 2;
        blocks += own + own / POINTERS + 4;
    }
    u64 per_group = GROUP_BLOCKS - 4 - table_blocks(k);
    u64 groups = (blocks + per_group - 1) / per_group;
    return groups <= MAX_GROUPS ? (u32)groups : 0;
}

static bool start(struct maker *k, struct error *err)
{
    u32 inodes = FIRST_INODE + k->image->nodes;
    k->inodes_per_group = (u32)align_up(inodes, INODES_PER_BLOCK);
    if (k->inodes_per_group > GROUP_BLOCKS / 2) {
        return error_set(err, EFBIG, "too many files for the guest: %u", k->image->nodes);
    }
    k->groups = count_groups(k);
    if (k->groups == 0) {
        return error_set(err, EFBIG, "the files for the guest are larger than 15 GiB");
    }
    for (u32 g = 0; g < k->groups; g++) {
        k->inode_table[g] = new_pages(k, table_blocks(k));
    }
    k->next = first_data(k, 0);
    return !k->failed || error_set(err, ENOMEM, "out of memory");
}

bool ext2_image_build(struct ext2_image *image, const struct ext2_node *node, u32 nodes,
                      const char *label, u32 time, struct error *err)
{
    struct maker k = {.image = image, .time = time};
    *image = (struct ext2_image){.node = node, .nodes = nodes};
    if (!start(&k, err)) {
        ext2_image_free(image);
        return false;
    }
    make_directory(&k, FIRST_INODE, ROOT_INODE, UINT32_MAX);
    for (u32 i = 0; i < nodes && !k.failed; i++) {
        if (node[i].directory) {
            make_directory(&k, inode_of(i), inode_of(node[i].parent), i);
        } else {
            make_file(&k, i);
        }
    }
    k.groups = k.group + 1; /* what was estimated and not needed goes */
    if (!k.failed) {
        make_metadata(&k, label);
    }
    if (k.failed) {
        ext2_image_free(image);
        return error_set(err, ENOMEM, "out of memory");
    }
    qsort(image->extent, image->extents, sizeof *image->extent, by_block);
    return true;
}

void ext2_image_free(struct ext2_image *image)
{
    for (size_t i = 0; i < image->page_count; i++) {
        free(image->pages[i]);
    }
    free(image->pages);
    free(image->extent);
    *image = (struct ext2_image){0};
}

const struct ext2_extent *ext2_image_find(const struct ext2_image *image, u32 block)
{
    size_t low = 0, high = image->extents;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct ext2_extent *e = &image->extent[middle];
        if (block < e->block) {
            high = middle;
        } else if (block - e->block < e->count) {
            return e;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
