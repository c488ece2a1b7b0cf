/* SPDX-License-Identifier: MIT */
/* path_name.c - splitting paths into names: no more than text, unit-tested on the host. */
#include "abi/fcntl.h"
#include "lib/errno.h"
#include "fs/path_name.h"

int path_next_component(const char **path, const char **name, size_t *length)
{
    const char *start = *path;
    const char *end;

    while (*start == '/') {
        start++;
    }
    end = start;
    while (*end != 0 && *end != '/') {
        end++;
    }
    *name = start;
    *length = (size_t)(end - start);
    *path = end;
    if (*length > NAME_MAX) {
        return -ENAMETOOLONG;
    }
    return *length > 0;
}

bool path_is_last(const char *rest, bool *trailing_slash)
{
    *trailing_slash = *rest == '/';
    while (*rest == '/') {
        rest++;
    }
    return *rest == 0;
}

bool name_is_dot(const char *name, size_t length)
{
    return length == 1 && name[0] == '.';
}

bool name_is_dot_dot(const char *name, size_t length)
{
    return length == 2 && name[0] == '.' && name[1] == '.';
}
