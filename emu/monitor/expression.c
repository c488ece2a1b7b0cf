/* SPDX-License-Identifier: MIT */
/* expression.c - see expression.h. */
#include "emu/monitor/expression.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/hart/hart.h"
#include "emu/isa/disasm.h"

struct reader {
    struct call *call;
    const struct place *place;
    const char *at, *end;
    struct expression *out;
    unsigned depth;
};

static bool add(struct reader *r, unsigned kind, u64 value)
{
    struct expression *e = r->out;

    if (e->count == EXPRESSION_ITEMS)
        return error_set(&r->call->error, E2BIG, "the expression is too long");
    e->item[e->count].kind = kind;
    e->item[e->count++].value = value;
    return true;
}

static const struct {
    const char *name;
    size_t offset;
} named_register[] = {
    {"pc", offsetof(struct hart, pc)},         {"satp", offsetof(struct hart, satp)},
    {"sepc", offsetof(struct hart, sepc)},     {"stval", offsetof(struct hart, stval)},
    {"scause", offsetof(struct hart, scause)}, {"sscratch", offsetof(struct hart, sscratch)},
    {"stvec", offsetof(struct hart, stvec)},   {"mstatus", offsetof(struct hart, mstatus)},
    {"mepc", offsetof(struct hart, mepc)},     {"mcause", offsetof(struct hart, mcause)},
    {"mtval", offsetof(struct hart, mtval)}};

static bool is_text(const char *known, const char *name, size_t length)
{
    return strlen(known) == length && !strncmp(known, name, length);
}

static bool add_register(struct reader *r, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(named_register); i++)
        if (is_text(named_register[i].name, name, length))
            return add(r, ITEM_REGISTER, named_register[i].offset);
    for (unsigned i = 0; i < 32; i++) {
        char number[8];
        snprintf(number, sizeof number, "x%u", i);
        if (is_text(insn_x_name(i), name, length) || is_text(number, name, length) ||
            (i == 8 && is_text("fp", name, length)))
            return add(r, ITEM_REGISTER, offsetof(struct hart, x) + i * sizeof(u64));
    }
    return error_set(&r->call->error, EINVAL, "there is no register '$%.*s' (info regs lists them)",
                     (int)(length < 40 ? length : 40), name);
}

static bool sum(struct reader *r);

static bool load(struct reader *r)
{
    r->at++;
    if (++r->depth > EXPRESSION_DEPTH)
        return error_set(&r->call->error, E2BIG, "brackets inside brackets, too many");
    if (!sum(r))
        return false;
    if (r->at == r->end || *r->at != ']')
        return error_set(&r->call->error, EINVAL, "a ']' is missing");
    r->at++;
    r->depth--;
    return add(r, ITEM_LOAD, 0);
}

static bool number(struct reader *r, const char *text, size_t length)
{
    char copy[40], *end;

    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    errno = 0;
    u64 value = strtoull(copy, &end, 0);
    if (errno || *end || length >= sizeof copy)
        return error_set(&r->call->error, EINVAL, "'%s' is not a number", copy);
    return add(r, ITEM_NUMBER, value);
}

static bool term(struct reader *r)
{
    u64 value;

    while (r->at < r->end && *r->at == ' ')
        r->at++;
    if (r->at < r->end && *r->at == '[')
        return load(r);
    const char *from = r->at;
    while (r->at < r->end && !strchr("+-[] ", *r->at))
        r->at++;
    size_t length = (size_t)(r->at - from);
    while (r->at < r->end && *r->at == ' ')
        r->at++;
    if (!length || length >= 128)
        return error_set(&r->call->error, EINVAL,
                         length ? "a name of 128 characters or more" : "an address is missing");
    if (*from == '$' && length > 1)
        return add_register(r, from + 1, length - 1);
    if (*from >= '0' && *from <= '9')
        return number(r, from, length);
    return names_value(r->call, r->place, from, length, &value) && add(r, ITEM_NUMBER, value);
}

static bool sum(struct reader *r)
{
    if (!term(r))
        return false;
    while (r->at < r->end && (*r->at == '+' || *r->at == '-')) {
        bool minus = *r->at++ == '-';
        if (!term(r) || !add(r, minus ? ITEM_SUBTRACT : ITEM_ADD, 0))
            return false;
    }
    return true;
}

bool expression_parse(struct call *call, const struct place *place, const char *text, size_t length,
                      struct expression *out)
{
    struct reader r = {call, place, text, text + length, out, 0};

    out->count = 0;
    if (!sum(&r))
        return false;
    if (r.at == r.end)
        return true;
    return error_set(&call->error, EINVAL, "what is '%.*s'?",
                     (int)(r.end - r.at < 40 ? r.end - r.at : 40), r.at);
}

/* The bytes may lie across two pages. */
static bool load_word(const struct observer *o, u64 satp, u64 va, u64 *out)
{
    u8 bytes[8];

    for (unsigned i = 0; i < 8; i++) {
        struct peek peek;
        observer_walk(o, satp, va + i, &peek);
        if (peek.result != PEEK_LEAF && peek.result != PEEK_BARE)
            return false;
        if (!observer_read(o, peek.pa, &bytes[i], 1))
            return false;
    }
    memcpy(out, bytes, sizeof bytes);
    return true;
}

bool expression_value(const struct observer *o, const struct hart *h, u64 satp,
                      const struct expression *e, u64 *out)
{
    u64 stack[EXPRESSION_ITEMS];
    unsigned n = 0;

    for (unsigned i = 0; i < e->count; i++) {
        switch (e->item[i].kind) {
        case ITEM_NUMBER:
            stack[n++] = e->item[i].value;
            break;
        case ITEM_REGISTER:
            memcpy(&stack[n++], (const char *)h + e->item[i].value, sizeof(u64));
            break;
        case ITEM_LOAD:
            if (!load_word(o, satp, stack[n - 1], &stack[n - 1]))
                return false;
            break;
        default:
            n--;
            stack[n - 1] += e->item[i].kind == ITEM_ADD ? stack[n] : -stack[n];
        }
    }
    *out = n ? stack[0] : 0;
    return n == 1;
}

/* ---- conditions ---- */

static const struct {
    const char *text;
    unsigned test;
} operator[] = {{"==", TEST_EQUAL},      {"!=", TEST_DIFFERENT}, {"<=", TEST_LESS_EQUAL},
                {">=", TEST_MORE_EQUAL}, {"<", TEST_LESS},       {">", TEST_MORE},
                {"&", TEST_BITS}};

bool condition_parse(struct call *call, const char *text, struct condition *out)
{
    struct place place = names_here(call);
    static const char program_counter[] = "$pc";

    for (const char *at = text; *at; at++) {
        for (size_t i = 0; i < ARRAY_LENGTH(operator); i++) {
            size_t length = strlen(operator[i].text);
            if (strncmp(at, operator[i].text, length) != 0)
                continue;
            out->test = operator[i].test;
            return expression_parse(call, &place, text, (size_t)(at - text), &out->left) &&
                   expression_parse(call, &place, at + length, strlen(at + length), &out->right);
        }
    }
    out->test = TEST_EQUAL;
    return expression_parse(call, &place, program_counter, sizeof program_counter - 1,
                            &out->left) &&
           expression_parse(call, &place, text, strlen(text), &out->right);
}

bool condition_holds(const struct observer *o, const struct hart *h, const struct condition *c)
{
    u64 left, right, satp = h->priv == PRIV_MACHINE ? 0 : h->satp;

    if (!expression_value(o, h, satp, &c->left, &left) ||
        !expression_value(o, h, satp, &c->right, &right))
        return false;
    switch (c->test) {
    case TEST_EQUAL:
        return left == right;
    case TEST_DIFFERENT:
        return left != right;
    case TEST_LESS:
        return left < right;
    case TEST_LESS_EQUAL:
        return left <= right;
    case TEST_MORE:
        return left > right;
    case TEST_MORE_EQUAL:
        return left >= right;
    default:
        return (left & right) != 0;
    }
}
