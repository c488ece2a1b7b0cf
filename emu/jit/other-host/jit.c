/* SPDX-License-Identifier: MIT */
/* jit.c - the translator of hosts for which there is none: the interpreter is all they have. */
#include "emu/jit/jit.h"

#include <errno.h>

bool jit_supported(void)
{
    return false;
}

struct engine *jit_create(struct hart *const *harts, unsigned count, struct error *err)
{
    (void)harts;
    (void)count;
    error_set(err, ENOTSUP, "the translator needs an x86-64 host; use --engine interp");
    return NULL;
}

void jit_translate_at_once(struct engine *engine)
{
    (void)engine;
}

void jit_pretend_old_host(struct engine *engine)
{
    (void)engine;
}

void jit_guess_pages(struct engine *engine)
{
    (void)engine;
}
