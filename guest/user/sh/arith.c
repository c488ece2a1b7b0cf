/* SPDX-License-Identifier: MIT */
/*
 * arith.c - $((...)): signed 64-bit integers with C's operators (POSIX 2.6.4).
 */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arith {
    const char *at;
    int skip; /* > 0 in a branch that is not taken: no assignments, no errors */
};

static long parse_assignment(struct arith *a);

static void skip_blanks(struct arith *a)
{
    while (isspace((unsigned char)*a->at))
        a->at++;
}

static long variable_number(const char *name)
{
    const char *value = var_get(name);

    return value != NULL ? strtol(value, NULL, 0) : 0;
}

/* A name at the place, copied to `name`; its length or 0. */
static size_t take_name(struct arith *a, char *name, size_t size)
{
    size_t n = 0;

    if (!isalpha((unsigned char)*a->at) && *a->at != '_')
        return 0;
    while (n + 1 < size && (isalnum((unsigned char)a->at[n]) || a->at[n] == '_')) {
        name[n] = a->at[n];
        n++;
    }
    name[n] = '\0';
    a->at += n;
    return n;
}

static long parse_unary(struct arith *a)
{
    char name[64];
    char *end;
    long value;

    skip_blanks(a);
    switch (*a->at) {
    case '(':
        a->at++;
        value = parse_assignment(a);
        skip_blanks(a);
        if (*a->at != ')')
            sh_fail("arithmetic: expected )");
        a->at++;
        return value;
    case '-':
        a->at++;
        return (long)(0ul - (unsigned long)parse_unary(a));
    case '+':
        a->at++;
        return parse_unary(a);
    case '!':
        a->at++;
        return !parse_unary(a);
    case '~':
        a->at++;
        return ~parse_unary(a);
    default:
        break;
    }
    if (take_name(a, name, sizeof name) > 0)
        return variable_number(name);
    if (!isdigit((unsigned char)*a->at))
        sh_fail("arithmetic: a number is missing at '%s'", a->at);
    value = (long)strtoul(a->at, &end, 0);
    a->at = end;
    return value;
}

/* Binary operators from the loosest to the tightest. */
static const struct operation {
    const char *text;
    int level;
} operations[] = {{"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<<", 8}, {">>", 8},
                  {"<=", 7}, {">=", 7}, {"|", 3},  {"^", 4},  {"&", 5},  {"<", 7},
                  {">", 7},  {"+", 9},  {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10}};

static const struct operation *peek_operation(struct arith *a)
{
    skip_blanks(a);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strncmp(a->at, operations[i].text, strlen(operations[i].text)) == 0)
            return &operations[i];
    }
    return NULL;
}

static long divide(struct arith *a, char op, long x, long y)
{
    if (y == 0) {
        if (a->skip == 0)
            sh_fail("arithmetic: division by zero");
        return 0;
    }
    if (y == -1)
        return op == '/' ? (long)(0ul - (unsigned long)x) : 0;
    return op == '/' ? x / y : x % y;
}

static long apply(struct arith *a, const char *op, long x, long y)
{
    unsigned long ux = (unsigned long)x, uy = (unsigned long)y;

    switch (op[0]) {
    case '*':
        return (long)(ux * uy);
    case '/':
    case '%':
        return divide(a, op[0], x, y);
    case '+':
        return (long)(ux + uy);
    case '-':
        return (long)(ux - uy);
    case '<':
        return op[1] == '<' ? (long)(ux << (uy & 63)) : op[1] == '=' ? x <= y : x < y;
    case '>':
        return op[1] == '>' ? x >> (uy & 63) : op[1] == '=' ? x >= y : x > y;
    case '=':
        return x == y;
    case '!':
        return x != y;
    case '&':
        return op[1] == '&' ? x && y : x & y;
    case '|':
        return op[1] == '|' ? x || y : x | y;
    default:
        return x ^ y;
    }
}

static long parse_binary(struct arith *a, int level)
{
    long value = parse_unary(a);

    for (;;) {
        const struct operation *op = peek_operation(a);
        bool short_cut;
        long right;

        if (op == NULL || op->level < level)
            return value;
        a->at += strlen(op->text);
        short_cut = (op->level == 1 && value != 0) || (op->level == 2 && value == 0);
        a->skip += short_cut;
        right = parse_binary(a, op->level + 1);
        a->skip -= short_cut;
        value = apply(a, op->text, value, right);
    }
}

static long parse_conditional(struct arith *a)
{
    long condition = parse_binary(a, 1), yes, no;

    skip_blanks(a);
    if (*a->at != '?')
        return condition;
    a->at++;
    a->skip += condition == 0;
    yes = parse_assignment(a);
    a->skip -= condition == 0;
    skip_blanks(a);
    if (*a->at != ':')
        sh_fail("arithmetic: expected :");
    a->at++;
    a->skip += condition != 0;
    no = parse_assignment(a);
    a->skip -= condition != 0;
    return condition != 0 ? yes : no;
}

/* The assignment operator at the place (behind a name), or NULL. */
static const char *peek_assignment(struct arith *a)
{
    static const char *const texts[] = {
        "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="};

    skip_blanks(a);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strncmp(a->at, texts[i], strlen(texts[i])) == 0 &&
            !(texts[i][0] == '=' && a->at[1] == '='))
            return texts[i];
    }
    return NULL;
}

static long parse_assignment(struct arith *a)
{
    const char *start, *op;
    char name[64], digits[32];
    long value;

    skip_blanks(a);
    start = a->at;
    if (take_name(a, name, sizeof name) > 0 && (op = peek_assignment(a)) != NULL) {
        a->at += strlen(op);
        value = parse_assignment(a);
        if (op[0] != '=')
            value = apply(a, op, variable_number(name), value);
        if (a->skip == 0) {
            snprintf(digits, sizeof digits, "%ld", value);
            var_set(name, digits);
        }
        return value;
    }
    a->at = start;
    return parse_conditional(a);
}

long arith_evaluate(const char *text)
{
    struct arith a = {text, 0};
    long value;

    skip_blanks(&a);
    if (*a.at == '\0')
        return 0;
    value = parse_assignment(&a);
    skip_blanks(&a);
    if (*a.at != '\0')
        sh_fail("arithmetic: cannot understand '%s'", a.at);
    return value;
}
