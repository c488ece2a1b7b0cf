/* SPDX-License-Identifier: MIT */
/* path_name.h - splitting paths into names.  Pure text: unit-tested on the host. */
#ifndef KERNEL_FS_PATH_NAME_H
#define KERNEL_FS_PATH_NAME_H

#include "lib/types.h"

/*
 * The next component of *path: skips slashes, sets *name and *length, moves *path behind it.
 * => 1; 0 at the end; -ENAMETOOLONG if it has more than 255 bytes
 */
int path_next_component(const char **path, const char **name, size_t *length);
/* Is there no further component?  Says too whether a slash follows the one before. */
bool path_is_last(const char *rest, bool *trailing_slash);
bool name_is_dot(const char *name, size_t length);
bool name_is_dot_dot(const char *name, size_t length);

#endif
