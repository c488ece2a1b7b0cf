/* SPDX-License-Identifier: MIT */
/* symbolfiles.c - see symbolfiles.h. */
#include "emu/cli/symbolfiles.h"

#include "emu/cli/bundled.h"
#include "emu/cli/options.h"
#include "emu/observe/symbols.h"

void symbolfiles_add_bundled(struct symbols *s)
{
    if (bundled_symbols)
        symbols_add_pack(s, bundled_symbols, (size_t)(bundled_symbols_end - bundled_symbols));
}

bool symbolfiles_add(struct symbols *s, const struct options *o, struct error *err)
{
    struct error ignored = {0};

    /* The bundled kernel's lines say nothing about another kernel. */
    if (!o->kernel && !(o->image && !o->run))
        symbolfiles_add_bundled(s);
    /* A stripped program runs as well; it only has no names. */
    if (o->run && o->program && o->program[0])
        symbols_add_file(s, o->program[0], &ignored);
    for (unsigned i = 0; i < o->symbol_files; i++)
        if (!symbols_add_file(s, o->symbols[i], err))
            return false;
    return true;
}
