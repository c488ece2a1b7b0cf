/* SPDX-License-Identifier: MIT */
/*
 * procfs.c - /proc: a fixed tree built from tables, and a directory for each process.
 *
 * The fixed tree is an array of nodes filled at boot and never changed afterwards, so it
 * needs no lock.
 */
#include "fs/filesystems.h"
#include "fs/procfs_node.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

#define PROCFS_MAGIC 0x9fa0u
#define NODE_LIMIT 256u
#define ROOT 0u                   /* the first node */
#define FIRST_PID_OFFSET 0x10000u /* listing of /proc: fixed nodes first, then pids */

struct node {
    const char *name;
    size_t length;
    u32 parent;                      /* index */
    const struct procfs_entry *file; /* both NULL: a directory */
    const struct file_ops *ops;      /* a file that is no text */
};

static struct node nodes[NODE_LIMIT];
static u32 node_count;

/* --- the fixed tree ---------------------------------------------------------------------- */

/* => the index of the node, or node_count if there is none */
static u32 find_node(u32 parent, const char *name, size_t length)
{
    u32 i;

    for (i = 1; i < node_count; i++) {
        if (nodes[i].parent == parent && nodes[i].length == length &&
            memcmp(nodes[i].name, name, length) == 0) {
            break;
        }
    }
    return i;
}

static u32 find_or_add_node(u32 parent, const char *name, size_t length)
{
    u32 index = find_node(parent, name, length);

    if (index == node_count && node_count < NODE_LIMIT) {
        nodes[node_count++] = (struct node){.name = name, .length = length, .parent = parent};
    }
    return index;
}

/* The node of a path, made with its directories if need be.  => NULL: no room */
static struct node *node_of_path(const char *path)
{
    const char *rest = path, *name;
    size_t length;
    u32 at = ROOT;

    if (node_count == 0) {
        node_count = 1; /* the root */
    }
    while (path_next_component(&rest, &name, &length) == 1 && at < NODE_LIMIT) {
        at = find_or_add_node(at, name, length);
    }
    if (at >= NODE_LIMIT) {
        log_error("procfs: no room for %s", path);
        return NULL;
    }
    return &nodes[at];
}

void procfs_register(const struct procfs_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct node *node = node_of_path(entries[i].path);

        if (node) {
            node->file = &entries[i];
        }
    }
}

void procfs_register_file(const char *path, const struct file_ops *ops)
{
    struct node *node = node_of_path(path);

    if (node) {
        node->ops = ops;
    }
}

static u32 place_of_node(u32 index)
{
    return index + 1; /* inode numbers start at 1 */
}

static u32 node_of_place(u32 place)
{
    return place - 1;
}

/* --- text of fixed files ----------------------------------------------------------------- */

static int show_fixed(u32 pid, u32 place, struct text_buffer *out)
{
    (void)pid;
    return nodes[node_of_place(place)].file->show(out);
}

static int store_fixed(u32 pid, u32 place, const char *text, size_t length)
{
    const struct procfs_entry *file = nodes[node_of_place(place)].file;

    (void)pid;
    return file->store ? file->store(text, length) : -EACCES;
}

static struct procfs_text_source fixed_source = {show_fixed, store_fixed};

/* --- inodes ------------------------------------------------------------------------------ */

static int procfs_lookup(struct inode *directory, const char *name, size_t length,
                         struct inode **out);
static int procfs_get_inode(struct filesystem *fs, u64 number, struct inode **out);

static const struct inode_ops directory_inode_ops = {
    .lookup = procfs_lookup,
    .release = inode_release,
};

static ssize_t self_readlink(struct inode *inode, char *buffer, size_t size)
{
    char text[12];
    size_t length;

    (void)inode;
    if (!proc_view_ops) {
        return -ENOENT;
    }
    length = (size_t)snprintf(text, sizeof(text), "%u", proc_view_ops->current_pid());
    length = min_u64(length, size);
    memcpy(buffer, text, length);
    return (ssize_t)length;
}

static const struct inode_ops self_inode_ops = {
    .readlink = self_readlink,
    .release = inode_release,
};

static const struct inode_ops file_inode_ops = {.release = inode_release};

struct inode *procfs_inode(struct filesystem *fs, u64 number, u32 mode)
{
    struct inode *inode =
        inode_create(fs, number, mode, S_ISDIR(mode) ? &directory_inode_ops : &file_inode_ops,
                     sizeof(struct inode));

    if (inode && S_ISDIR(mode)) {
        inode->links = 2;
    }
    return inode;
}

u32 procfs_process_of(const struct inode *inode)
{
    return inode->ops == &directory_inode_ops && procfs_place(inode) == PROCFS_PID_DIRECTORY
               ? procfs_pid(inode)
               : 0;
}

#define SELF_PLACE 0xffffu /* of /proc/self among the fixed ones */

static int fixed_inode(struct filesystem *fs, u32 place, struct inode **out)
{
    const struct procfs_entry *file;
    struct inode *inode;

    if (place == SELF_PLACE) {
        inode = procfs_inode(fs, procfs_number(0, place), S_IFLNK | 0777);
        if (inode) {
            inode->ops = &self_inode_ops;
        }
    } else if (place == 0 || node_of_place(place) >= node_count) {
        return -ENOENT;
    } else if (nodes[node_of_place(place)].ops) {
        inode = procfs_inode(fs, procfs_number(0, place), S_IFREG | 0400);
        if (inode) {
            inode->fops = nodes[node_of_place(place)].ops;
        }
    } else {
        file = nodes[node_of_place(place)].file;
        inode = procfs_inode(fs, procfs_number(0, place),
                             !file         ? S_IFDIR | 0555
                             : file->store ? S_IFREG | 0644
                                           : S_IFREG | 0444);
        if (inode && file) {
            inode->fops = &procfs_text_ops;
            inode->private = &fixed_source;
        }
    }
    *out = inode;
    return inode ? 0 : -ENOMEM;
}

static int procfs_get_inode(struct filesystem *fs, u64 number, struct inode **out)
{
    u32 pid = (u32)(number >> 32);

    if (number == fs->root->number) {
        *out = inode_get(fs->root);
        return 0;
    }
    return pid ? procfs_pid_inode(fs, pid, (u32)number, out) : fixed_inode(fs, (u32)number, out);
}

bool procfs_parse_number(const char *name, size_t length, u32 *value)
{
    u64 number = 0;

    if (length == 0 || length > 10 || (name[0] == '0' && length > 1)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return false;
        }
        number = number * 10 + (u64)(name[i] - '0');
    }
    *value = (u32)number;
    return number <= 0x3fffffff;
}

static u64 parent_number(const struct inode *directory)
{
    u32 pid = procfs_pid(directory);

    if (pid == 0) {
        return procfs_number(0,
                             place_of_node(nodes[node_of_place(procfs_place(directory))].parent));
    }
    if (procfs_place(directory) == PROCFS_PID_DIRECTORY) {
        return procfs_number(0, place_of_node(ROOT));
    }
    return procfs_number(pid, procfs_place(directory) & PROCFS_PID_TASK ? PROCFS_PID_TASK_DIRECTORY
                                                                        : PROCFS_PID_DIRECTORY);
}

static int procfs_lookup(struct inode *directory, const char *name, size_t length,
                         struct inode **out)
{
    struct filesystem *fs = directory->fs;
    u32 at, found, pid;

    if (name_is_dot_dot(name, length)) {
        return procfs_get_inode(fs, parent_number(directory), out);
    }
    if (procfs_pid(directory) != 0) {
        return procfs_pid_lookup(directory, name, length, out);
    }
    at = node_of_place(procfs_place(directory));
    found = find_node(at, name, length);
    if (found < node_count) {
        return fixed_inode(fs, place_of_node(found), out);
    }
    if (at != ROOT || !proc_view_ops) {
        return -ENOENT;
    }
    if (length == 4 && memcmp(name, "self", 4) == 0) {
        return fixed_inode(fs, SELF_PLACE, out);
    }
    if (!procfs_parse_number(name, length, &pid) || pid == 0) {
        return -ENOENT;
    }
    return procfs_pid_inode(fs, pid, PROCFS_PID_DIRECTORY, out);
}

/* --- listings ---------------------------------------------------------------------------- */

bool procfs_emit_dots(struct directory_reader *reader, u64 number, u64 parent, u64 *offset)
{
    if (*offset == 0) {
        if (!reader->emit(reader, ".", 1, number, DT_DIR, 1)) {
            return false;
        }
        *offset = 1;
    }
    if (*offset == 1) {
        if (!reader->emit(reader, "..", 2, parent, DT_DIR, 2)) {
            return false;
        }
        *offset = 2;
    }
    return true;
}

/* Processes and "self", behind the fixed names of /proc. */
static void emit_processes(struct directory_reader *reader, u64 *offset)
{
    u32 pid;

    if (*offset < FIRST_PID_OFFSET) {
        if (!reader->emit(reader, "self", 4, procfs_number(0, SELF_PLACE), DT_LNK,
                          FIRST_PID_OFFSET)) {
            return;
        }
        *offset = FIRST_PID_OFFSET;
    }
    pid = (u32)(*offset - FIRST_PID_OFFSET);
    while ((pid = proc_view_ops->next_pid(pid)) != 0) {
        char name[12];
        size_t length = (size_t)snprintf(name, sizeof(name), "%u", pid);

        if (!reader->emit(reader, name, length, procfs_number(pid, PROCFS_PID_DIRECTORY), DT_DIR,
                          FIRST_PID_OFFSET + pid)) {
            return;
        }
        *offset = FIRST_PID_OFFSET + pid;
    }
}

static int procfs_readdir(struct inode *directory, struct directory_reader *reader, u64 *offset)
{
    u32 at;

    if (!procfs_emit_dots(reader, directory->number, parent_number(directory), offset)) {
        return 0;
    }
    if (procfs_pid(directory) != 0) {
        return procfs_pid_readdir(directory, reader, offset);
    }
    at = node_of_place(procfs_place(directory));
    for (u32 i = *offset < 2 ? 1 : (u32)min_u64(*offset - 1, node_count); i < node_count; i++) {
        const struct node *node = &nodes[i];

        if (node->parent == at &&
            !reader->emit(reader, node->name, node->length, procfs_number(0, place_of_node(i)),
                          node->file || node->ops ? DT_REG : DT_DIR, i + 2)) {
            return 0;
        }
        *offset = i + 2;
    }
    if (at == ROOT && proc_view_ops) {
        emit_processes(reader, offset);
    }
    return 0;
}

/* --- the file system --------------------------------------------------------------------- */

static int procfs_mount(struct filesystem *fs, const char *options)
{
    (void)options;
    fs->magic = PROCFS_MAGIC;
    return fixed_inode(fs, place_of_node(ROOT), &fs->root);
}

static void procfs_unmount(struct filesystem *fs)
{
    inode_put(fs->root);
}

const struct filesystem_ops procfs_filesystem = {
    .type = "proc",
    .mount = procfs_mount,
    .get_inode = procfs_get_inode,
    .readdir = procfs_readdir,
    .unmount = procfs_unmount,
};

void procfs_init(void)
{
    procfs_register_memory();
    procfs_register_frames();
    procfs_register_system();
}
