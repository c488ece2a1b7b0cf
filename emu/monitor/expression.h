/* SPDX-License-Identifier: MIT */
/*
 * expression.h - sums of numbers, registers, symbols and what memory holds, read once and
 * evaluated as often as needed.
 *
 *   sum   TERM +|- TERM ...
 *   TERM  number  $register  symbol  [sum] (the 8 bytes at that address of the space in use)
 *   condition  sum ==|!=|<|<=|>|>=|& sum;  a sum alone means $pc == sum
 */
#ifndef FAULTLINE_MONITOR_EXPRESSION_H
#define FAULTLINE_MONITOR_EXPRESSION_H

#include "emu/monitor/command.h"
#include "emu/monitor/names.h"

#define EXPRESSION_ITEMS 24
#define EXPRESSION_DEPTH 8

struct hart;

struct expression {
    struct {
        enum { ITEM_NUMBER, ITEM_REGISTER, ITEM_LOAD, ITEM_ADD, ITEM_SUBTRACT } kind;
        u64 value;            /* number; offset of the register in struct hart */
    } item[EXPRESSION_ITEMS]; /* operands before operators */
    unsigned count;
};

struct condition {
    struct expression left, right;
    enum {
        TEST_EQUAL,
        TEST_DIFFERENT,
        TEST_LESS,
        TEST_LESS_EQUAL,
        TEST_MORE,
        TEST_MORE_EQUAL,
        TEST_BITS
    } test;
};

/* False with call->error set. */
bool expression_parse(struct call *call, const struct place *place, const char *text, size_t length,
                      struct expression *out);
/* False: memory that cannot be read. */
bool expression_value(const struct observer *o, const struct hart *h, u64 satp,
                      const struct expression *e, u64 *out);
bool condition_parse(struct call *call, const char *text, struct condition *out);
/* What cannot be read does not hold. */
bool condition_holds(const struct observer *o, const struct hart *h, const struct condition *c);

#endif
