/* SPDX-License-Identifier: MIT */
/*
 * param.c - what follows a dollar: parameters with their operators, command
 * substitution, arithmetic (POSIX 2.6.2 to 2.6.4).
 */
#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The place behind a quoted or nested construct that starts at s. */
const char *skip_quoted(const char *s)
{
    char close;

    if (*s == '\\')
        return s[1] != '\0' ? s + 2 : s + 1;
    if (*s == '\'' || *s == '`') {
        close = *s++;
        while (*s != '\0' && *s != close)
            s += *s == '\\' && close == '`' && s[1] != '\0' ? 2 : 1;
        return *s != '\0' ? s + 1 : s;
    }
    if (*s == '"') {
        for (s++; *s != '\0' && *s != '"';)
            s = *s == '\\' || *s == '$' || *s == '`' ? skip_quoted(s) : s + 1;
        return *s != '\0' ? s + 1 : s;
    }
    if (*s == '$' && (s[1] == '(' || s[1] == '{')) {
        char open = s[1];
        int depth = 1;

        close = open == '(' ? ')' : '}';
        for (s += 2; *s != '\0' && depth > 0;) {
            if (*s == open) {
                depth++;
                s++;
            } else if (*s == close) {
                depth--;
                s++;
            } else {
                s = skip_quoted(s);
            }
        }
        return s;
    }
    return s + 1;
}

static char *join_arguments(void)
{
    const char *ifs = var_get("IFS");
    struct text text = {0};

    for (size_t i = 0; i < shell.argument_count; i++) {
        if (i > 0 && (ifs == NULL || *ifs != '\0'))
            text_put(&text, ifs != NULL ? *ifs : ' ');
        text_add(&text, shell.arguments[i]);
    }
    return text_end(&text);
}

static char *number_text(long value)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%ld", value);
    return sh_copy(digits);
}

/* The value of a parameter, caller frees; NULL when unset. */
static char *parameter_value(const char *name)
{
    const char *value;
    char flags[8];
    size_t n = 0;

    if (isdigit((unsigned char)name[0])) {
        size_t number = strtoul(name, NULL, 10);

        if (number == 0)
            return sh_copy(shell.name);
        return number <= shell.argument_count ? sh_copy(shell.arguments[number - 1]) : NULL;
    }
    switch (name[0]) {
    case '?':
        return number_text(shell.status);
    case '$':
        return number_text(shell.pid);
    case '#':
        return number_text((long)shell.argument_count);
    case '!':
        return shell.last_background != 0 ? number_text(shell.last_background) : NULL;
    case '-':
        if (shell.flag_e)
            flags[n++] = 'e';
        if (shell.flag_f)
            flags[n++] = 'f';
        if (shell.flag_u)
            flags[n++] = 'u';
        if (shell.flag_x)
            flags[n++] = 'x';
        if (shell.interactive)
            flags[n++] = 'i';
        flags[n] = '\0';
        return sh_copy(flags);
    case '*':
    case '@':
        return shell.argument_count > 0 ? join_arguments() : NULL;
    default:
        value = var_get(name);
        return value != NULL ? sh_copy(value) : NULL;
    }
}

static void put_value(struct pieces *out, const char *value, bool quoted)
{
    pieces_add(out, value, quoted ? HOW_QUOTED : HOW_SPLIT);
}

/* $@ and $*: each argument a field of its own, except "$*". */
static void put_arguments(struct pieces *out, char which, bool quoted)
{
    if (which == '*' && quoted) {
        char *joined = join_arguments();

        put_value(out, joined, true);
        free(joined);
        return;
    }
    for (size_t i = 0; i < shell.argument_count; i++) {
        if (i > 0)
            pieces_put(out, ' ', quoted ? HOW_BREAK : HOW_SPLIT);
        if (quoted)
            pieces_put(out, 0, HOW_SEEN_QUOTE);
        put_value(out, shell.arguments[i], quoted);
    }
}

/* Removes the shortest or longest prefix or suffix that matches; returns a new string. */
static char *trim(const char *value, const char *pattern, char side, bool longest)
{
    size_t length = strlen(value);

    for (size_t step = 0; step <= length; step++) {
        size_t part = longest ? length - step : step;
        char *copy = sh_copy(value);
        bool matches;

        if (side == '#') {
            copy[part] = '\0';
            matches = pattern_matches(pattern, copy);
            strcpy(copy, value + part);
        } else {
            matches = pattern_matches(pattern, value + length - part);
            copy[length - part] = '\0';
        }
        if (matches)
            return copy;
        free(copy);
    }
    return sh_copy(value);
}

/* ${name#pattern} and its three relatives. */
static void put_trimmed(struct pieces *out, const char *value, const char *op, bool quoted)
{
    bool longest = op[1] == op[0];
    char *pattern = expand_pattern(op + (longest ? 2 : 1));
    char *rest = trim(value, pattern, op[0], longest);

    put_value(out, rest, quoted);
    free(rest);
    free(pattern);
}

/* ${name:-word} and relatives; `op` is at the operator, `value` NULL when unset. */
static void put_conditional(struct pieces *out, const char *name, const char *value, const char *op,
                            bool quoted)
{
    bool colon = *op == ':';
    char kind = colon ? op[1] : op[0];
    const char *word = op + (colon ? 2 : 1);
    bool missing = value == NULL || (colon && *value == '\0');
    char *text;

    switch (kind) {
    case '-':
        if (missing)
            expand_into(out, word, quoted);
        else
            put_value(out, value, quoted);
        return;
    case '+':
        if (!missing)
            expand_into(out, word, quoted);
        return;
    case '=':
        text = missing ? expand_one(word) : sh_copy(value);
        if (missing)
            var_set(name, text);
        put_value(out, text, quoted);
        free(text);
        return;
    case '?':
        if (!missing) {
            put_value(out, value, quoted);
            return;
        }
        text = expand_one(word);
        sh_fail("%s: %s", name, *text != '\0' ? text : "parameter not set");
    default:
        sh_fail("${%s%s}: bad substitution", name, op);
    }
}

static size_t name_length(const char *s)
{
    size_t n = 0;

    if (isdigit((unsigned char)*s)) {
        while (isdigit((unsigned char)s[n]))
            n++;
        return n;
    }
    if (*s != '\0' && strchr("?$#!-*@", *s) != NULL)
        return 1;
    while (isalnum((unsigned char)s[n]) || s[n] == '_')
        n++;
    return n;
}

static char *need_value(const char *name)
{
    char *value = parameter_value(name);

    if (value == NULL && shell.flag_u && name[0] != '@' && name[0] != '*')
        sh_fail("%s: parameter not set", name);
    return value;
}

static void put_plain(struct pieces *out, const char *name, bool quoted)
{
    char *value;

    if (name[0] == '@' || name[0] == '*') {
        put_arguments(out, name[0], quoted);
        return;
    }
    value = need_value(name);
    if (value != NULL)
        put_value(out, value, quoted);
    free(value);
}

/* The inside of ${...}. */
static void expand_braces(struct pieces *out, char *inside, bool quoted)
{
    bool want_length = inside[0] == '#' && inside[1] != '\0' && strchr(":-+=?%", inside[1]) == NULL;
    char *start = inside + (want_length ? 1 : 0);
    size_t length = name_length(start);
    char *name = strndup(start, length), *value;
    const char *op = start + length;

    if (name == NULL || length == 0)
        sh_fail("${%s}: bad substitution", inside);
    if (*op == '\0' && !want_length) {
        put_plain(out, name, quoted);
    } else if (want_length) {
        value = name[0] == '@' || name[0] == '*' ? number_text((long)shell.argument_count)
                                                 : need_value(name);
        if (name[0] != '@' && name[0] != '*') {
            char *digits = number_text(value != NULL ? (long)strlen(value) : 0);

            free(value);
            value = digits;
        }
        put_value(out, value, quoted);
        free(value);
    } else if (*op == '#' || *op == '%') {
        value = need_value(name);
        put_trimmed(out, value != NULL ? value : "", op, quoted);
        free(value);
    } else {
        value = parameter_value(name);
        put_conditional(out, name, value, op, quoted);
        free(value);
    }
    free(name);
}

/* $(...) or `...`: output without its last newlines. */
static void put_output(struct pieces *out, const char *command, bool quoted)
{
    char *output = run_capture(command);
    size_t length = strlen(output);

    while (length > 0 && output[length - 1] == '\n')
        output[--length] = '\0';
    put_value(out, output, quoted);
    free(output);
}

static const char *expand_back(struct pieces *out, const char *s, bool quoted)
{
    struct text command = {0};

    for (s++; *s != '\0' && *s != '`'; s++) {
        if (*s == '\\' && s[1] != '\0' && (strchr("$`\\", s[1]) != NULL || (quoted && s[1] == '"')))
            s++;
        text_put(&command, *s);
    }
    put_output(out, text_end(&command), quoted);
    text_free(&command);
    return *s == '`' ? s + 1 : s;
}

static void put_arithmetic(struct pieces *out, const char *inside, bool quoted)
{
    char *text = expand_here(inside);
    char *digits = number_text(arith_evaluate(text));

    put_value(out, digits, quoted);
    free(digits);
    free(text);
}

const char *expand_dollar(struct pieces *out, const char *s, bool quoted)
{
    const char *end;
    char *inside;
    size_t length;

    if (*s == '`')
        return expand_back(out, s, quoted);
    if (s[1] == '(' || s[1] == '{') {
        end = skip_quoted(s);
        length = (size_t)(end - s);
        inside = strndup(s + 2, length - 3);
        if (inside == NULL)
            sh_exit(2);
        if (s[1] == '{') {
            expand_braces(out, inside, quoted);
        } else if (inside[0] == '(' && length > 4 && inside[length - 4] == ')') {
            inside[length - 4] = '\0';
            put_arithmetic(out, inside + 1, quoted);
        } else {
            put_output(out, inside, quoted);
        }
        free(inside);
        return end;
    }
    length = isdigit((unsigned char)s[1]) ? 1 : name_length(s + 1);
    if (length == 0) {
        pieces_put(out, '$', quoted ? HOW_QUOTED : HOW_LITERAL);
        return s + 1;
    }
    inside = strndup(s + 1, length);
    if (inside == NULL)
        sh_exit(2);
    put_plain(out, inside, quoted);
    free(inside);
    return s + 1 + length;
}
