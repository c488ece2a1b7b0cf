/* SPDX-License-Identifier: MIT */
/*
 * explain.h - why something happened and what the kernel did about it, in plain words, for somebody
 * who is learning it.  English or Chinese; one table (explain.def) for terminal, JSON and map.
 */
#ifndef FAULTLINE_OBSERVE_EXPLAIN_H
#define FAULTLINE_OBSERVE_EXPLAIN_H

#include "emu/base/buffer.h"
#include "emu/trace/record.h"

enum explain_language { EXPLAIN_ENGLISH, EXPLAIN_CHINESE };

/* By LC_ALL, LC_MESSAGES, LANG, the first that is set: Chinese when it begins with "zh". */
enum explain_language explain_language(void);
/* "en" or "zh" (or longer: "zh_CN"); false for others. */
bool explain_language_by_name(const char *name, enum explain_language *out);

/* What is known besides the record; any of them may be NULL. */
struct explain_facts {
    const char *program; /* name of the process */
    const char *where;   /* the instruction: "memset+0x1c" or "memset+0x1c (string.c:12)" */
    const char *file;    /* name of the file behind the area */
};

/*
 * Appends sentences about a record of any type (UTF-8, each paragraph ends with a newline; nothing
 * for a record there is nothing to say about).  facts may be NULL.
 */
void explain_record(const struct trace_record *record, const struct explain_facts *facts,
                    enum explain_language language, struct buffer *out);
/* The lesson of a fault kind alone; NULL for unknown ones. */
const char *explain_lesson(unsigned kind, enum explain_language language);

#endif
