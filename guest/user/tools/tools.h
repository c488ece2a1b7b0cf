/* SPDX-License-Identifier: MIT */
/*
 * tools.h - what the tools share.  Each tool is a function tool_NAME(argc, argv)
 * that returns its exit status; the table is tools.def.
 */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define TOOL(function, name, help) int tool_##function(int argc, char **argv);
#include "tools.def"
#undef TOOL

/* "NAME: FORMAT" on standard error; returns 1. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a path with the text of errno. */
int complain_about(const char *path);
/* Prints the tool's row of the table; returns 2. */
int usage(void);

/* Opens a path for reading, "-" being standard input; NULL after a complaint. */
FILE *open_input(const char *path);
void close_input(FILE *file);

/*
 * Options: single letters from `allowed`; a letter followed by ':' takes a value.
 * Returns the index of the first operand, or -1 after a complaint.
 */
struct options {
    bool set[128];
    const char *value[128];
};
int take_options(int argc, char **argv, const char *allowed, struct options *options);

/* Calls fn for each input named (standard input when there is none); ORs the results. */
int for_inputs(int argc, char **argv, int at, int (*fn)(FILE *, const char *, void *), void *data);

/* directory + "/" + name, caller frees. */
char *join_path(const char *directory, const char *name);
/* The last component. */
const char *base_name(const char *path);
/* Reads a small file into a zero-terminated buffer; false when it cannot be read. */
bool read_small(const char *path, char *to, size_t size);
/* The number behind `key` in the text of a /proc file ("Key:   123 kB"), or 0. */
uint64_t number_after(const char *text, const char *key);
/* A signal by number or name; -1 when unknown. */
int signal_by_name(const char *name);

#endif
