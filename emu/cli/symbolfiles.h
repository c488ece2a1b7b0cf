/* SPDX-License-Identifier: MIT */
/* symbolfiles.h - where names of guest code come from by the command line. */
#ifndef FAULTLINE_CLI_SYMBOLFILES_H
#define FAULTLINE_CLI_SYMBOLFILES_H

#include "emu/base/error.h"

struct symbols;
struct options;

/*
 * The bundled pack (unless another kernel or disk runs and the pack would lie: of programs it is
 * used all the same, the kernel's image tells the kernel's names), the program of `run`, the files
 * of
 * --symbols.  False with *err set.
 */
bool symbolfiles_add(struct symbols *s, const struct options *o, struct error *err);
/* The bundled pack alone. */
void symbolfiles_add_bundled(struct symbols *s);

#endif
