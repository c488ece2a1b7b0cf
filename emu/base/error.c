/* SPDX-License-Identifier: MIT */
/* error.c - see error.h. */
#include "emu/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, int code, const char *format, ...)
{
    if (error && error->code == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof(error->text), format, args);
        va_end(args);
        error->code = code != 0 ? code : EINVAL;
    }
    return false;
}

void error_clear(struct error *error)
{
    error->code = 0;
    error->text[0] = 0;
}
