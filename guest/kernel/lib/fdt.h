/* SPDX-License-Identifier: MIT */
/*
 * fdt.h - read the flattened device tree (Devicetree Specification 0.4, ch. 5)
 * that the firmware passes.  A node is its offset in the structure block;
 * every access is bounds-checked, so a broken tree gives "not found".
 */
#ifndef LIB_FDT_H
#define LIB_FDT_H

#include "lib/types.h"

/* Check the header and remember the tree.  => false if it is not a usable tree. */
bool fdt_init(const void *tree);
const void *fdt_start(void);
u32 fdt_size(void);

#define FDT_NONE (-1)

/* Walk all nodes in order: start with FDT_NONE.  => the next node, FDT_NONE at the end. */
int fdt_next(int node);
int fdt_depth(int node);  /* the root has depth 0 */
int fdt_parent(int node); /* => FDT_NONE for the root */
const char *fdt_name(int node);

/* => the node at an absolute path ("/chosen"; unit addresses may be left out), or FDT_NONE. */
int fdt_find_path(const char *path);
/* => the next node after `node` (FDT_NONE: from the start) that is `compatible`, or FDT_NONE. */
int fdt_find_compatible(int node, const char *compatible);
bool fdt_is_compatible(int node, const char *compatible);

/* => the property's bytes (in the tree) and *size, or NULL. */
const void *fdt_property(int node, const char *name, u32 *size);
/* => the property as a string, or NULL if absent or not zero-terminated. */
const char *fdt_string(int node, const char *name);
/* => the first cell of the property, or `otherwise`. */
u32 fdt_cell(int node, const char *name, u32 otherwise);
/* => false if there is no such entry in `reg`. Uses the parent's #address-cells and #size-cells. */
bool fdt_reg(int node, unsigned entry, u64 *address, u64 *size);

/* The boot arguments (/chosen bootargs), "" if there are none. */
const char *boot_arguments(void);
/*
 * The value of `name=value` among them (or "" for a bare `name`); `exec=` takes the
 * rest of the line.  => false if it is not there.
 */
bool boot_option(const char *name, char *buffer, size_t size);

#endif
