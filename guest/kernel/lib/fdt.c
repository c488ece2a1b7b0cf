/* SPDX-License-Identifier: MIT */
/*
 * fdt.c - reading the flattened device tree where the firmware left it.
 */
#include "lib/fdt.h"
#include "lib/string.h"

enum { TOKEN_BEGIN = 1, TOKEN_END = 2, TOKEN_PROPERTY = 3, TOKEN_NOP = 4, TOKEN_FINISH = 9 };

#define FDT_MAGIC 0xd00dfeedu
#define HEADER_SIZE 40u

/* Set once by fdt_init(): the tree and its two blocks, all inside `size` bytes. */
static struct {
    const u8 *start, *structure, *strings;
    u32 size, structure_size, strings_size;
} tree;

static u32 big_endian(const void *bytes)
{
    const u8 *at = bytes;

    return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

bool fdt_init(const void *start)
{
    const u8 *header = start;
    u32 size, structure, strings;

    if (start == NULL || ((uintptr_t)start & 7) != 0 || big_endian(header) != FDT_MAGIC) {
        return false;
    }
    size = big_endian(header + 4);
    structure = big_endian(header + 8);
    strings = big_endian(header + 12);
    tree.strings_size = big_endian(header + 32);
    tree.structure_size = big_endian(header + 36);
    if (size < HEADER_SIZE || size > (64u << 20) || structure > size || strings > size ||
        tree.structure_size > size - structure || tree.strings_size > size - strings) {
        return false;
    }
    tree.start = header;
    tree.size = size;
    tree.structure = header + structure;
    tree.strings = header + strings;
    return fdt_next(FDT_NONE) != FDT_NONE;
}

const void *fdt_start(void)
{
    return tree.start;
}

u32 fdt_size(void)
{
    return tree.size;
}

/* One token of the structure block; the offset behind it in *next. */
struct token {
    u32 kind;
    u32 next;
    const char *name;  /* BEGIN: node name; PROPERTY: its name */
    const void *value; /* PROPERTY */
    u32 size;
};

static bool read_property(u32 offset, struct token *token)
{
    u32 name;

    if (tree.structure_size - offset < 8) {
        return false;
    }
    token->size = big_endian(tree.structure + offset);
    name = big_endian(tree.structure + offset + 4);
    offset += 8;
    if (token->size > tree.structure_size - offset || name >= tree.strings_size ||
        memchr(tree.strings + name, 0, tree.strings_size - name) == NULL) {
        return false;
    }
    token->name = (const char *)tree.strings + name;
    token->value = tree.structure + offset;
    token->next = (u32)round_up(offset + token->size, 4);
    return true;
}

/* => false at the end of the tree or where it is broken. */
static bool read_token(u32 offset, struct token *token)
{
    const u8 *end;

    if (offset > tree.structure_size || tree.structure_size - offset < 4) {
        return false;
    }
    token->kind = big_endian(tree.structure + offset);
    offset += 4;
    token->next = offset;
    switch (token->kind) {
    case TOKEN_BEGIN:
        end = memchr(tree.structure + offset, 0, tree.structure_size - offset);
        if (end == NULL) {
            return false;
        }
        token->name = (const char *)tree.structure + offset;
        token->next = (u32)round_up((u64)(end - tree.structure) + 1, 4);
        return true;
    case TOKEN_PROPERTY:
        return read_property(offset, token);
    case TOKEN_END:
    case TOKEN_NOP:
        return true;
    default:
        return false;
    }
}

int fdt_next(int node)
{
    u32 offset = 0;
    struct token token;

    if (node != FDT_NONE) {
        if (!read_token((u32)node, &token)) {
            return FDT_NONE;
        }
        offset = token.next;
    }
    while (read_token(offset, &token)) {
        if (token.kind == TOKEN_BEGIN) {
            return (int)offset;
        }
        offset = token.next;
    }
    return FDT_NONE;
}

/* Walk from the start to `node`, keeping the chain of open nodes. */
static int walk_to(int node, int *parent)
{
    int open[16], depth = -1;
    u32 offset = 0;
    struct token token;

    *parent = FDT_NONE;
    while (read_token(offset, &token)) {
        if (token.kind == TOKEN_BEGIN) {
            depth++;
            if ((int)offset == node) {
                *parent =
                    depth > 0 && depth <= (int)ARRAY_LENGTH(open) ? open[depth - 1] : FDT_NONE;
                return depth;
            }
            if (depth < (int)ARRAY_LENGTH(open)) {
                open[depth] = (int)offset;
            }
        } else if (token.kind == TOKEN_END) {
            depth--;
        }
        offset = token.next;
    }
    return -1;
}

int fdt_depth(int node)
{
    int parent;

    return walk_to(node, &parent);
}

int fdt_parent(int node)
{
    int parent;

    walk_to(node, &parent);
    return parent;
}

const char *fdt_name(int node)
{
    struct token token;

    return read_token((u32)node, &token) && token.kind == TOKEN_BEGIN ? token.name : "";
}

/* Does a node's name equal the path component (with or without its unit address)? */
static bool name_matches(const char *name, const char *component, size_t length)
{
    return strncmp(name, component, length) == 0 && (name[length] == '\0' || name[length] == '@');
}

int fdt_find_path(const char *path)
{
    int node = fdt_next(FDT_NONE); /* the root */

    while (node != FDT_NONE) {
        const char *end;
        int child, depth = fdt_depth(node);

        while (*path == '/') {
            path++;
        }
        if (*path == '\0') {
            return node;
        }
        end = strchr(path, '/');
        end = end != NULL ? end : path + strlen(path);
        for (child = fdt_next(node); child != FDT_NONE; child = fdt_next(child)) {
            int child_depth = fdt_depth(child);

            if (child_depth <= depth) {
                return FDT_NONE;
            }
            if (child_depth == depth + 1 &&
                name_matches(fdt_name(child), path, (size_t)(end - path))) {
                break;
            }
        }
        node = child;
        path = end;
    }
    return FDT_NONE;
}

const void *fdt_property(int node, const char *name, u32 *size)
{
    struct token token;

    if (node == FDT_NONE || !read_token((u32)node, &token)) {
        return NULL;
    }
    while (read_token(token.next, &token)) {
        if (token.kind == TOKEN_PROPERTY) {
            if (strcmp(token.name, name) == 0) {
                *size = token.size;
                return token.value;
            }
        } else if (token.kind != TOKEN_NOP) {
            break;
        }
    }
    return NULL;
}

const char *fdt_string(int node, const char *name)
{
    u32 size;
    const char *text = fdt_property(node, name, &size);

    return text != NULL && size > 0 && memchr(text, 0, size) != NULL ? text : NULL;
}

u32 fdt_cell(int node, const char *name, u32 otherwise)
{
    u32 size;
    const void *cell = fdt_property(node, name, &size);

    return cell != NULL && size >= 4 ? big_endian(cell) : otherwise;
}

bool fdt_is_compatible(int node, const char *compatible)
{
    u32 size;
    const char *list = fdt_property(node, "compatible", &size);

    while (list != NULL && size > 0) {
        size_t length = strnlen(list, size);

        if (length == strlen(compatible) && strncmp(list, compatible, length) == 0) {
            return true;
        }
        if (length == size) {
            break;
        }
        list += length + 1;
        size -= (u32)length + 1;
    }
    return false;
}

int fdt_find_compatible(int node, const char *compatible)
{
    do {
        node = fdt_next(node);
    } while (node != FDT_NONE && !fdt_is_compatible(node, compatible));
    return node;
}

static u64 read_cells(const u8 *at, u32 cells)
{
    u64 value = 0;

    for (; cells > 0; cells--, at += 4) {
        value = value << 32 | big_endian(at);
    }
    return value;
}

bool fdt_reg(int node, unsigned entry, u64 *address, u64 *size)
{
    int parent = fdt_parent(node);
    u32 address_cells = fdt_cell(parent, "#address-cells", 2);
    u32 size_cells = fdt_cell(parent, "#size-cells", 1);
    u32 length, stride = (address_cells + size_cells) * 4;
    const u8 *reg = fdt_property(node, "reg", &length);

    if (reg == NULL || address_cells > 2 || size_cells > 2 || stride == 0 ||
        entry >= length / stride) {
        return false;
    }
    reg += entry * stride;
    *address = read_cells(reg, address_cells);
    *size = read_cells(reg + address_cells * 4, size_cells);
    return true;
}

const char *boot_arguments(void)
{
    const char *text = fdt_string(fdt_find_path("/chosen"), "bootargs");

    return text != NULL ? text : "";
}

bool boot_option(const char *name, char *buffer, size_t size)
{
    const char *at = boot_arguments();
    size_t name_length = strlen(name);

    while (*at != '\0') {
        size_t length = 0;

        while (*at == ' ') {
            at++;
        }
        if (strncmp(at, "exec=", 5) == 0) {
            length = strlen(at); /* the rest of the line is the command */
        } else {
            while (at[length] != '\0' && at[length] != ' ') {
                length++;
            }
        }
        if (length >= name_length && strncmp(at, name, name_length) == 0 &&
            (at[name_length] == '=' || length == name_length)) {
            size_t skip = length == name_length ? length : name_length + 1;

            length = length - skip < size ? length - skip : size - 1;
            memcpy(buffer, at + skip, length);
            buffer[length] = '\0';
            return true;
        }
        at += length;
    }
    return false;
}
