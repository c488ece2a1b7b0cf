/* SPDX-License-Identifier: MIT */
/*
 * jit.h - the translating engine, for x86-64 hosts.
 *
 * It gives the machine state that the interpreter gives, TLB included, after every instruction
 * count; what it has no code for it leaves to an interpreter of its own.
 */
#ifndef FAULTLINE_JIT_JIT_H
#define FAULTLINE_JIT_JIT_H

#include "emu/base/error.h"
#include "emu/hart/engine.h"

struct hart;

/* True when this host can run translated code: an x86-64 that lets a process map code. */
bool jit_supported(void);

/* As interp_create(); NULL with *err set, also where the host is not supported. */
struct engine *jit_create(struct hart *const *harts, unsigned count, struct error *err);

/* For tests: code is translated when it is first met, not when it has become worth the while. */
void jit_translate_at_once(struct engine *engine);

/* For tests: with so little memory for code that it is used again and again. */
void jit_use_little_memory(struct engine *engine);

/* For tests: translates as on a host that has nothing beyond SSE2 (no FMA, BMI, POPCNT, LZCNT). */
void jit_pretend_old_host(struct engine *engine);

/* For tests: guesses the pages of all accesses, those of a kernel's code too. */
void jit_guess_pages(struct engine *engine);

#endif
