/* SPDX-License-Identifier: MIT */
/* explain_say.h - saying one thing in the reader's language; for the explain_*.c files only. */
#ifndef FAULTLINE_OBSERVE_EXPLAIN_SAY_H
#define FAULTLINE_OBSERVE_EXPLAIN_SAY_H

#include <inttypes.h>

#include "emu/observe/explain.h"

struct speaker {
    const struct trace_record *record;
    struct explain_facts facts;
    bool chinese;
    struct buffer *out;
};

/* The two formats take the same values; "%2$s" where the order differs. */
#define SAY(speaker, english, ...)                              \
    do {                                                        \
        if ((speaker)->chinese)                                 \
            SAY_CHINESE_((speaker)->out, __VA_ARGS__);          \
        else                                                    \
            SAY_ENGLISH_((speaker)->out, english, __VA_ARGS__); \
    } while (0)
#define SAY_CHINESE_(out, ...) buffer_printf(out, __VA_ARGS__)
#define SAY_ENGLISH_(out, english, chinese, ...) buffer_printf(out, english, ##__VA_ARGS__)

/* One of two texts. */
static inline const char *speak(const struct speaker *s, const char *english, const char *chinese)
{
    return s->chinese ? chinese : english;
}

/* explain_event.c: what the kernel told that is no fault, and disk requests. */
void explain_event(const struct speaker *s);

#endif
