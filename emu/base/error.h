/* SPDX-License-Identifier: MIT */
/*
 * error.h - why something failed, in words for the user.
 *
 * A function that can fail at set-up takes a `struct error *`, fills it in and returns false or
 * NULL.  The first message wins: it is nearest to the cause.
 */
#ifndef FAULTLINE_ERROR_H
#define FAULTLINE_ERROR_H

#include "emu/base/types.h"

struct error {
    int code; /* positive errno value, 0: nothing went wrong */
    char text[256];
};

/*
 * Sets code (0 is taken as EINVAL) and message unless one is set already.  `error` may be NULL.
 * Always returns false: `return error_set(err, EINVAL, "...")`.
 */
bool error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void error_clear(struct error *error);

#endif
