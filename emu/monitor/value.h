/* SPDX-License-Identifier: MIT */
/*
 * value.h - making the value trees that commands answer with, and reading them again for text.
 *
 * A command answers with JSON values; the text for people is made from the same values, so the two
 * cannot say different things.  Addresses, PTEs and whatever may exceed 2^53 are hex strings.
 */
#ifndef FAULTLINE_MONITOR_VALUE_H
#define FAULTLINE_MONITOR_VALUE_H

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "emu/base/buffer.h"
#include "emu/base/types.h"

/* A new reference: "0x80412008". */
json_t *value_hex(u64 number);
/* A new reference: an integer, or a hex string beyond 2^53. */
json_t *value_count(u64 number);
/* A string of bytes that may not be UTF-8. */
json_t *value_text(const char *text);
void value_set_hex(json_t *object, const char *key, u64 number);
void value_set_count(json_t *object, const char *key, u64 number);
void value_set_text(json_t *object, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void value_set_flag(json_t *object, const char *key, bool flag);

/* A member as text, "" when it is not a string. */
const char *value_string(const json_t *object, const char *key);
/* A member as a number, hex strings included. */
u64 value_u64(const json_t *object, const char *key);
bool value_flag(const json_t *object, const char *key);
const json_t *value_list(const json_t *object, const char *key);

#endif
