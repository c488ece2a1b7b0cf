/* SPDX-License-Identifier: MIT */
/*
 * assert.h - what to do when an invariant does not hold: say where, and stop.
 * Invariants only; bad input from users or disks is an error code.
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

/* Print, tell the emulator, stop all harts and end the machine with status 126. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define kassert(condition)                                                 \
    do {                                                                   \
        if (__builtin_expect(!(condition), 0)) {                           \
            panic("%s:%d: must hold: %s", __FILE__, __LINE__, #condition); \
        }                                                                  \
    } while (0)

#endif
